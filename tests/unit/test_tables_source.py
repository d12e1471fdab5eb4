import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import chromapal
from chromapal.errors import InputError
from chromapal.worms import registry, skipped, table, tables
from chromapal.worms.discover import discover, laboratory
from chromapal.worms.load import load

TABLES, NWB = (".csv", ".parquet"), (".nwb",)
HEADER = "worm,lab,x,y,z,xr,yr,zr,weight,R,G,B,W,ID,fold"
ROW = {
    "worm": "w1", "lab": "EY", "x": "1", "y": "2", "z": "3", "xr": "0.5", "yr": "1", "zr": "1.5",
    "weight": "1", "R": "10", "G": "20", "B": "30", "W": "40", "ID": "AVAL", "fold": "2",
}  # fmt: skip


def write_csv(path, *changes, columns=tuple(ROW)):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(columns)]
    lines += [",".join({**ROW, **change}[column] for column in columns) for change in changes]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def counted(kind, files):
    return registry.source(kind).count({"laboratory": ""}, files)


def read(path, **keys):
    neurons, skipped_worms = tables.read(path, **keys)
    return neurons, [entry["reason"] for entry in skipped_worms]


def test_a_csv_file_becomes_a_neuron_table(tmp_path):
    path = write_csv(tmp_path / "t.csv", {}, {"x": "7", "ID": " VB02? "}, {"ID": "nan"})
    neurons, reasons = read(path)
    assert not reasons
    assert neurons.iloc[1].to_dict() == {
        "worm": "w1", "lab": "EY", "x": 7, "y": 2, "z": 3, "xr": 0.5, "yr": 1.0, "zr": 1.5,
        "weight": 1.0, "R": 10.0, "G": 20.0, "B": 30.0, "W": 40.0, "full_scale": 255.0,
        "ID": "VB02?", "fold": "2", "session": "",
        "strain": "", "sex": "", "stage": "", "part": "",
    }  # fmt: skip
    assert neurons["ID"].tolist() == ["AVAL", "VB02?", ""]


def test_names_stay_the_text_they_are(tmp_path):
    names = ["1", "007", "1e5", "NA", "nan", "None", "1.0", "True", "../x", "a b", "<b>", "'"]
    path = write_csv(tmp_path / "t.csv", *({"worm": name, "ID": "NA"} for name in names))
    neurons, reasons = read(path)
    assert neurons["worm"].tolist() == names and not reasons
    assert neurons["ID"].tolist() == [""] * len(names)


DATED = "1/sub-2022-06-14-01-SWF702/sub-2022-06-14-01-SWF702_ses-20220614_ophys.nwb"


def sessions(path):
    neurons, reasons = read(path)
    assert not reasons
    return neurons["session"].tolist()


def test_the_day_of_recording_is_stated_or_in_the_path_or_in_the_name(tmp_path):
    named, dated = {"worm": "20190924_01"}, {"worm": "b", "path": DATED}
    stated = {"worm": "20190924_02", "path": DATED, "session": " 2020-02-29 "}
    unknown = {"worm": "20190924_03", "path": DATED, "session": "nan"}
    assert sessions(write_csv(tmp_path / "1.csv", named, {})) == ["2019-09-24", ""]
    columns = (*ROW, "path")
    rows = [dated, {**named, "path": "714/sub-1_ophys.nwb"}, {"worm": "7", "path": ""}]
    path = write_csv(tmp_path / "2.csv", *rows, columns=columns)
    assert sessions(path) == ["2022-06-14", "2019-09-24", ""]
    path = write_csv(tmp_path / "3.csv", stated, unknown, columns=(*columns, "session"))
    assert sessions(path) == ["2020-02-29", ""]


def test_paths_that_disagree_within_a_worm_tell_no_day(tmp_path):
    rows = [{"path": "20220614.tif"}, {"path": "20220615.tif"}, {"worm": "b", "path": DATED}]
    path = write_csv(tmp_path / "t.csv", *rows, columns=(*ROW, "path"))
    assert sessions(path) == ["", "", "2022-06-14"]


@pytest.mark.parametrize("value", ["2022-02-30", "20220614", "14.6.2022", "2022-06-15", ""])
def test_a_wrong_session_leaves_out_that_worm_alone(tmp_path, value):
    day = {"session": "2022-06-14"}
    bad = {**day, "worm": "bad"}
    rows = [day, bad, {**bad, "session": value}]
    neurons, (reason,) = read(write_csv(tmp_path / "t.csv", *rows, columns=(*ROW, "session")))
    assert neurons["session"].tolist() == ["2022-06-14"]
    assert f"found session = {value!r} at neuron 1 (worm 'bad')" in reason and "\n" not in reason


def test_sessions_of_a_parquet_file_may_be_dates(tmp_path):
    days = pd.to_datetime(["2022-06-14", None])
    path = parquet(tmp_path / "t.parquet", worm=["a", "b"], session=days)
    assert sessions(path) == ["2022-06-14", ""]
    path = parquet(tmp_path / "d.parquet", worm=["a", "b"], session=[days[0].date(), None])
    assert sessions(path) == ["2022-06-14", ""]


def test_extra_columns_are_ignored_and_lab_and_fold_are_optional(tmp_path):
    columns = [name for name in ROW if name not in ("lab", "fold")]
    path = write_csv(tmp_path / "SK2" / "t.csv", {}, columns=columns)
    path.write_text(path.read_text().replace("worm", "benchmark,worm").replace("w1", "True,w1"))
    assert read(path)[0][["lab", "fold"]].values.tolist() == [["SK2", ""]]
    assert read(path, lab="KK")[0]["lab"].tolist() == ["KK"]
    assert "benchmark" not in read(path)[0]


def test_a_lab_column_comes_before_the_config_and_an_empty_cell_after_it(tmp_path):
    path = write_csv(tmp_path / "P" / "t.csv", {"worm": "a"}, {"worm": "b", "lab": ""})
    assert read(path, lab="KK")[0]["lab"].tolist() == ["EY", "KK"]


def test_full_scale_by_laboratory(tmp_path, caplog):
    path = write_csv(
        tmp_path / "t.csv",
        {"worm": "a", "R": "300"}, {"worm": "b"}, {"worm": "c", "lab": "HL", "W": "5000"},
    )  # fmt: skip
    with caplog.at_level("INFO"):
        neurons, _ = read(path)
    assert neurons["full_scale"].tolist() == [4095.0, 4095.0, 65535.0]
    assert "laboratory EY inferred as 4095" in caplog.text
    stated, _ = read(path, full_scales={"EY": 1023})
    assert stated["full_scale"].tolist() == [1023.0, 1023.0, 65535.0]


def test_a_full_scale_column_counts_and_one_below_the_counts_is_refused(tmp_path):
    path = write_csv(tmp_path / "t.csv", {"R": "300"}, {"R": "300", "worm": "b"})
    text = path.read_text().replace("fold\n", "fold,full_scale\n").replace(",2\n", ",2,4000\n")
    path.write_text(text)
    assert set(read(path)[0]["full_scale"]) == {4000.0}
    _, reasons = read(path, full_scales={"EY": 255})
    assert len(reasons) == 2 and "R = 300.0" in reasons[0] and "full_scale" in reasons[0]


BAD = {
    "R": ["-3", "", "NaN", "abc", "inf"],
    "xr": ["", "nan", "1,5".replace(",", ";"), "inf"],
    "x": ["2.5", "-1", "", "1e400"],
    "weight": ["-1", ""],
    "ID": ["\x07"],
    "worm": ["", "\x01"],
    "fold": ["3"],
}


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column, values in BAD.items() for value in values]
)
def test_a_bad_worm_is_left_out_and_the_others_go_on(tmp_path, column, value):
    bad = {"worm": "bad"}
    path = write_csv(
        tmp_path / "t.csv", {"worm": "good"}, bad, {**bad, column: value}, {"worm": "last"}
    )
    neurons, reasons = read(path)
    expected = ["good", "bad", "last"] if column == "worm" else ["good", "last"]
    assert neurons["worm"].tolist() == expected
    (reason,) = reasons
    assert reason.startswith(f"{path}: found {column} = ") and "\n" not in reason


def test_a_wholly_empty_channel_is_fine(tmp_path):
    rows = [{"worm": "gray", "R": "", "G": "", "B": ""}] * 2
    neurons, reasons = read(write_csv(tmp_path / "t.csv", *rows, {}))
    assert not reasons and neurons["R"].isna().tolist() == [True, True, False]


def test_rows_of_worms_may_be_mixed_and_keep_their_order(tmp_path):
    changes = [{"worm": name, "x": str(k)} for k, name in enumerate("abab")]
    bad = {"worm": "c", "R": "-1"}
    neurons, _ = read(write_csv(tmp_path / "t.csv", *changes[:2], bad, *changes[2:]))
    assert neurons["x"].tolist() == [0, 1, 2, 3]


FILES = {
    "no column": (b"worm,x\n1,2\n", "found no column y, z, xr"),
    "nothing": (b"", "found no column"),
    "no row": (HEADER.encode() + b"\n", "found no row"),
    "binary": (b"\x89HDF\xff\xfe\x00", "no readable CSV file"),
    "twice": (HEADER.encode() + b",x\n", "two columns x"),
    "cut short": (HEADER.encode() + b"\nw1,EY,1,2\n", "line 2: found 4 cells; expected 15"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_used_is_an_error_naming_it(tmp_path, case):
    content, found = FILES[case]
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        tables.read(path)
    assert str(caught.value).startswith(str(path)) and found in str(caught.value)


def parquet(path, **changes):
    columns = {name: [value, value] for name, value in ROW.items()}
    numbers = {name: [1, 2] for name in ("x", "y", "z", "R", "G", "B", "W")}
    numbers |= {name: [1.0, 2.0] for name in ("xr", "yr", "zr", "weight")}
    pd.DataFrame(columns | numbers | changes).to_parquet(path)
    return path


def test_a_parquet_file_reads_like_a_csv_file(tmp_path):
    path = parquet(tmp_path / "t.parquet", worm=[1, 2], fold=[2.0, None], ID=["AVAL", None])
    neurons, reasons = read(path)
    assert neurons["worm"].tolist() == ["1", "2"] and not reasons
    assert neurons["fold"].tolist() == ["2", ""] and neurons["ID"].tolist() == ["AVAL", ""]
    assert neurons["R"].tolist() == [1.0, 2.0]


def test_a_parquet_file_with_wrong_types(tmp_path):
    with pytest.raises(InputError, match="column worm of type double"):
        tables.read(parquet(tmp_path / "t.parquet", worm=[1.5, 2.0]))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match=r"bad.parquet: found no readable Parquet file"):
        tables.read(tmp_path / "bad.parquet")
    path = parquet(tmp_path / "text.parquet", worm=["a", "b"], R=["1", "many"])
    neurons, reasons = read(path)
    assert neurons["worm"].tolist() == ["a"] and "R = 'many'" in reasons[0]


def test_load_lists_what_it_left_out(tmp_path):
    path = write_csv(tmp_path / "EY" / "t.csv", {}, {"worm": "../b", "R": "-1"})
    load([(str(path), "")], "tables", {}, tmp_path / "t.parquet", tmp_path / "s.csv")
    (entry,) = skipped.read(tmp_path / "s.csv").to_dict("records")
    assert (entry["file"], entry["lab"], entry["worm"]) == (str(path), "EY", "../b")
    assert entry["stage"] == "source" and "R = -1.0" in entry["reason"]
    assert table.read(tmp_path / "t.parquet")["file"].tolist() == [str(path)]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.nwb", "T.NWB"])
def test_load_of_a_broken_file_gives_an_empty_table_and_the_reason(tmp_path, name):
    path = tmp_path / "LAB" / name
    path.parent.mkdir()
    path.write_text("nonsense")
    kind = registry.by_suffix()[path.suffix.lower()].name
    load([(str(path), "")], kind, {}, tmp_path / "o.parquet", tmp_path / "s.csv")
    assert list(table.read(tmp_path / "o.parquet")) == [*table.COLUMNS, "file"]
    (entry,) = skipped.read(tmp_path / "s.csv").to_dict("records")
    assert entry["lab"] == "LAB" and entry["reason"].startswith(str(path))


def test_discovery_is_recursive_sorted_and_blind_to_hidden_files(tmp_path):
    for name in ("b/2.csv", "a/x/1.PARQUET", "a/.hidden/3.csv", "c.nwb", "a/note.txt", ".4.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(path.relative_to(tmp_path)) for path in discover(tmp_path, TABLES, "tables")]
    assert found == ["a/x/1.PARQUET", "b/2.csv"]
    assert discover(tmp_path, NWB, "nwb") == [tmp_path / "c.nwb"]


def test_discovery_of_nothing_is_an_error_naming_the_key(tmp_path):
    with pytest.raises(InputError, match=r"config key 'nwb': found no folder"):
        discover(tmp_path / "none", NWB, "nwb")
    with pytest.raises(InputError, match=r"config key 'tables': found no such file"):
        discover(tmp_path, TABLES, "tables")


def test_a_file_that_the_workflow_would_take_for_a_pattern_is_named(tmp_path):
    (tmp_path / "w{1}.csv").touch()
    with pytest.raises(InputError, match=r"w\{1\}.csv: found braces in its path; .*; rename it"):
        discover(tmp_path, TABLES, "tables")


def test_the_laboratory_is_the_parent_folder(tmp_path, monkeypatch):
    (tmp_path / "SF").mkdir()
    monkeypatch.chdir(tmp_path / "SF")
    assert laboratory("w.nwb") == "SF" and laboratory("w.nwb", "KK") == "KK"
    assert laboratory("../EY/w.nwb") == "EY" and laboratory("../w.nwb") == tmp_path.name


def test_the_laboratory_of_a_link_is_where_the_link_lies(tmp_path):
    stored = tmp_path / ".git/annex/objects/SHA256E-1"
    stored.mkdir(parents=True)
    (tmp_path / "SF").mkdir()
    for name in ("1.nwb", "2.nwb"):
        (stored / name).touch()
        (tmp_path / "SF" / name).symlink_to(stored / name)
    assert counted("nwb", discover(tmp_path, NWB, "nwb")) == ({"SF": 2}, ())


def test_worms_and_folds_are_counted_as_they_are_read(tmp_path):
    rows = [
        {"worm": "a"},
        {"worm": " a "},
        {"worm": "b", "fold": "0.0"},
        {"lab": "HL", "worm": "a"},
    ]
    one = write_csv(tmp_path / "t.csv", *rows, {"worm": "c", "fold": "original"})
    two = parquet(tmp_path / "t.parquet", worm=["a", "d"], fold=[10.0, None])
    other = tmp_path / "peers.csv"
    other.write_text("worm,lab,score\nq,EY,1\n")
    assert counted("tables", [one, two, other]) == ({"EY": 4, "HL": 1}, ("0", "2", "10"))
    assert counted("nwb", [tmp_path / "EY" / "1.nwb", tmp_path / "EY" / "2.nwb"]) == ({"EY": 2}, ())


def test_discovery_needs_the_standard_library_only(tmp_path):
    write_csv(tmp_path / "t.csv", {})
    source = Path(chromapal.__file__).parents[1]
    code = (
        "import sys\nfrom chromapal.worms import registry\n"
        f"config = {{'tables': {str(tmp_path)!r}, 'laboratory': ''}}\n"
        "tables = registry.source('tables')\n"
        "assert tables.count(config, tables.files(config).values())[0]\n"
        "assert {registry.source(name).words for name in registry.names()}\n"
        "sys.exit(bool({'numpy', 'pandas', 'torch', 'pyarrow', 'h5py'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(source)}, check=False)
    assert run.returncode == 0


def test_neurons_told_twice_are_a_warning(tmp_path, caplog):
    rows = [{"x": str(k), "xr": str(k)} for k in range(20)]
    read_log = []
    for name, copies in {"few": rows[:2], "most": rows[:15], "all": rows}.items():
        caplog.clear()
        path = write_csv(tmp_path / f"{name}.csv", *rows, *copies)
        load([(str(path), "")], "tables", {}, tmp_path / "t.parquet", tmp_path / "s.csv")
        read_log.append("stand in more than one row" in caplog.text)
        assert len(table.read(tmp_path / "t.parquet")) == 20 + len(copies)
    assert read_log == [False, True, True]
    assert "40 of 40 neurons of worm 'w1' of laboratory 'EY'" in caplog.text


def test_labels_that_no_list_knows_are_a_warning_with_counts(tmp_path, caplog):
    ids = ["AVAL", "Q/H", "Q/H", "MUTATION", "NA", "avar"]
    path = write_csv(tmp_path / "t.csv", *({"ID": name} for name in ids))
    load([(str(path), "")], "tables", {}, tmp_path / "t.parquet", tmp_path / "s.csv")
    assert "3 neurons bear 2 labels that no list of neurons knows ('Q/H' 2, 'MUTATION' 1)" in (
        caplog.text
    )
    assert skipped.read(tmp_path / "s.csv").empty
