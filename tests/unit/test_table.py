import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromapal.errors import InputError
from chromapal.worms import skipped, table
from chromapal.worms.collect import collect
from chromapal.worms.slugs import fault, slug, slugs, worm_paths


def worm(name="w1", lab="EY", ids=("AVAL", "", "RIR"), fold="", **changes) -> pd.DataFrame:
    rows = len(ids)
    ramp = np.arange(rows)
    columns = {
        "worm": [name] * rows,
        "lab": [lab] * rows,
        **{axis: ramp + k for k, axis in enumerate("xyz")},
        **{axis: ramp * 0.5 + k for k, axis in enumerate(("xr", "yr", "zr"))},
        "weight": np.ones(rows),
        **{channel: 100.0 * (k + 1) + ramp for k, channel in enumerate("RGBW")},
        "full_scale": np.full(rows, 4095.0),
        "ID": list(ids),
        "fold": [fold] * rows,
        "session": ["2022-06-14"] * rows,
        "strain": ["OH16230"] * rows,
        "sex": ["O"] * rows,
        "stage": ["YA"] * rows,
        "part": ["head"] * rows,
    }
    return pd.DataFrame(columns | changes)


def test_a_table_comes_back_from_disk_as_it_was(tmp_path):
    healthy = worm(W=np.full(3, np.nan)).assign(note="extra")
    table.write(healthy[["note", *reversed(table.COLUMNS)]], tmp_path / "t.parquet")
    back = table.read(tmp_path / "t.parquet")
    assert list(back) == [*table.COLUMNS, "note"]
    assert back["x"].dtype == np.int64 and back["R"].dtype == np.float64
    assert back["ID"].tolist() == ["AVAL", "", "RIR"]
    assert back["W"].isna().all()


@pytest.mark.parametrize("column", table.PER_WORM)
def test_a_missing_fact_about_an_worm_means_none(column):
    checked = table.validate(worm().drop(columns=column), "t")
    assert checked[column].tolist() == ["", "", ""]
    assert list(checked) == list(table.COLUMNS)


def test_a_file_written_before_there_were_sessions_is_read(tmp_path):
    worm().drop(columns="session").to_parquet(tmp_path / "old.parquet")
    assert table.read(tmp_path / "old.parquet")["session"].tolist() == ["", "", ""]


def test_an_empty_table_is_valid():
    assert list(table.validate(table.empty(), "t")) == list(table.COLUMNS)


BAD_CELLS = {
    "R": [(-3.0, "R = -3.0"), (np.nan, "R = nan"), (np.inf, "R = inf"), (4096.0, "R = 4096.0")],
    "W": [(-1.0, "W = -1.0")],
    "x": [(-2, "x = -2")],
    "xr": [(np.nan, "xr = nan"), (np.inf, "xr = inf")],
    "weight": [(-1.0, "weight = -1.0"), (np.nan, "weight = nan")],
    "full_scale": [(0.0, "full_scale = 0.0")],
    "worm": [("", "worm = ''"), (" ", "worm = ' '"), ("a\nb", r"worm = 'a\nb'")],
    "lab": [("", "lab = ''")],
    "ID": [("\x07", r"ID = '\x07'")],
    "fold": [("3", "fold = '3'")],
    "session": [
        ("2022-02-30", "session = '2022-02-30'"),
        ("20220614", "session = '20220614'"),
        ("2022-06-15", "session = '2022-06-15'"),
        ("", "session = ''"),
    ],
}


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [(column, *case) for column, cases in BAD_CELLS.items() for case in cases],
)
def test_an_offending_value_is_named_with_file_column_and_neuron(column, value, found):
    bad = worm()
    bad.loc[1, column] = value
    with pytest.raises(InputError) as caught:
        table.validate(bad, "folder/t.csv")
    line = str(caught.value)
    assert line.startswith("folder/t.csv: found ") and found in line
    if column != "fold":  # a bad fold is one that differs from the first
        assert "at neuron 1" in line
    assert "\n" not in line


def test_the_first_offending_value_is_the_one_named():
    with pytest.raises(InputError, match=r"R = -5.0 at neuron 1 "):
        table.validate(worm(R=[1.0, -5.0, -7.0]), "t.csv")


def test_a_missing_column_and_a_wrong_type_are_named():
    with pytest.raises(InputError, match=r"t.csv: found no column G, W;"):
        table.validate(worm().drop(columns=["G", "W"]), "t.csv")
    with pytest.raises(InputError, match=r"t.csv: found column x of type float64"):
        table.validate(worm(x=[0.5, 1.5, 2.5]), "t.csv")


def test_a_channel_empty_for_one_worm_only_is_fine():
    both = pd.concat([worm("a"), worm("b", R=np.full(3, np.nan))])
    assert table.validate(both, "t")["R"].isna().tolist() == [False] * 3 + [True] * 3


@pytest.mark.parametrize(
    ("largest", "scale"),
    [(0, 255), (255, 255), (256, 4095), (4095, 4095), (4096, 65535), (65535, 65535)],
)
def test_full_scale_is_the_next_camera_depth(largest, scale):
    assert table.full_scale_of(np.array([[1.0, np.nan], [largest, 0.0]])) == scale


def test_full_scale_without_any_count_and_above_every_camera():
    assert table.full_scale_of(np.full((2, 2), np.nan)) == 255
    with pytest.raises(InputError, match="a count of 65536"):
        table.full_scale_of(np.array([65536.0]), "f.nwb")


def test_names_are_cleaned():
    given = [" AVAL ", "AVAR?", "VB02", "VB02?", "nan", "NaN", "SIA?L", "RMDD?", "", "?", "AS10"]
    clean = ["AVAL", "AVAR", "VB2", "VB2", "", "", "SIA?L", "RMDD", "", "", "AS10"]
    names = pd.Series([*given, "IL2VL", "I1R", "AVAL ??", "AVAL? ?"])
    assert table.clean_name(names).tolist() == [*clean, "IL2VL", "I1R", "AVAL", "AVAL"]


def test_ids_keep_their_question_mark():
    cleaned = table.clean_id(pd.Series([" AVAR? ", "nan", None, "VB02"], dtype="object"))
    assert cleaned.tolist() == ["AVAR?", "", "", "VB02"]


@given(st.lists(st.text(alphabet="AVB012?n LR", max_size=6), min_size=1))
def test_cleaning_twice_changes_nothing(names):
    once = table.clean_name(pd.Series(names, dtype="str"))
    assert table.clean_name(once).tolist() == once.tolist()


def test_a_far_neuron_leaves_out_its_worm(tmp_path):
    # where linear algebra breaks, with a wide margin; a stage may count from anywhere
    for bad in (1e9, 1e308, 2e4, -1e9):
        with pytest.raises(InputError, match=r"xr = .* at neuron 1 .*position in um"):
            table.validate(worm(xr=[0.0, bad, 1.0]), "t.csv")
    table.validate(worm(xr=[1e6, 1e6 + 900, 1e6]), "t.csv")
    for column, bad in {"x": 2**40, "weight": 1e300, "full_scale": 1e300}.items():
        wrong = worm()
        wrong.loc[1, column] = bad
        with pytest.raises(InputError, match=rf"{column} = "):
            table.validate(wrong, "t.csv")


def test_names_of_worms_and_laboratories_have_one_unicode_form():
    checked = table.validate(worm("u\u0308", "M\u0308"), "t.csv")
    assert checked.loc[0, ["worm", "lab"]].tolist() == ["\xfc", "M\u0308"]


def test_the_side_goes_from_pairs_only():
    sides = {
        "AVAL": "AVA", "AVAR": "AVA", "AVL": "AVL", "RIR": "RIR", "AQR": "AQR", "IL2VL": "IL2V",
        "IL2L": "IL2", "RMDDL": "RMDD", "RMDL": "RMD", "RMER": "RME", "RMED": "RMED",
        "SIA?L": "SIA?L", "AMSOR": "AMSO", "I1R": "I1", "M1": "M1", "": "", "RMD": "RMD",
        "background": "background", "MI": "MI", "NSML": "NSM",
    }  # fmt: skip
    assert table.neuron_class(pd.Series(list(sides))).tolist() == list(sides.values())


@pytest.mark.parametrize("text", ["../../etc", "a/b", "a b", "<b>x</b>", "'\"", ".", "..", ".hid"])
def test_a_hostile_name_becomes_a_harmless_file_name(text):
    safe = slug(text)
    assert safe not in (".", "..") and not safe.startswith((".", "-"))
    assert not set(safe) & set("/\\ <>'\"&;") and safe != text


def test_a_harmless_name_stays():
    assert slug("2022-02-11-w03-NP1") == "2022-02-11-w03-NP1"


@given(st.text(max_size=120), st.text(max_size=120))
def test_slugs_differ_where_texts_do(one, other):
    assert (slug(one) == slug(other)) == (one == other)
    assert 0 < len(slug(one)) <= 89


def test_a_text_cannot_pose_as_the_slug_of_another():
    assert slug(slug("a/b")) != slug("a/b")


def test_names_that_are_refused():
    assert fault("a\tb") and fault("") and fault("  ") and fault("a\u202eb")
    assert not fault("../a b'\"<i>/é")


def write_parts(folder, *parts):
    """Write tables as `load` does, each with an empty list of what was left out."""
    paths, lists = [], []
    for number, (file, part) in enumerate(parts):
        paths.append(folder / f"{number}.parquet")
        lists.append(folder / f"{number}.csv")
        table.write(part.assign(file=file), paths[-1])
        skipped.write([], lists[-1])
    return paths, lists


def collect_all(folder, paths, lists, stated, neurons="n", listed="s", no_files=()):
    outs = folder / f"{neurons}.parquet", folder / f"{listed}.csv"
    collect(paths, *outs, lists, stated, no_files, folder / "labels.csv", folder / "q.csv")


def gather(folder, *parts):
    paths, lists = write_parts(folder, *parts)
    collect_all(folder, paths, lists, {}, "neurons", "skipped")
    return table.read(folder / "neurons.parquet"), skipped.read(folder / "skipped.csv")


def test_worms_are_sorted_and_rows_are_not(tmp_path):
    neurons, entries = gather(
        tmp_path,
        ("f1", pd.concat([worm("b", "SF"), worm("a", "SF", ("VB02?", "AVL"))])),
        ("f2", worm("z", "EY")),
    )
    assert neurons[["lab", "worm"]].drop_duplicates().values.tolist() == [
        ["EY", "z"], ["SF", "a"], ["SF", "b"],
    ]  # fmt: skip
    assert neurons["ID"].tolist() == ["AVAL", "", "RIR", "VB02?", "AVL", "AVAL", "", "RIR"]
    assert neurons["name"].tolist() == ["AVAL", "", "RIR", "VB2", "AVL", "AVAL", "", "RIR"]
    assert list(neurons) == [*table.COLUMNS, "name", "handedness"] and entries.empty


def test_of_a_worm_in_two_files_the_first_file_counts_whatever_the_order(tmp_path):
    neurons, entries = gather(
        tmp_path,
        ("n/2.csv", worm("w", ids=("X", "X"))),
        ("n/1.csv", worm("w", ids=("Y", "Y"))),
        ("n/3.csv", worm("other")),
        ("n/4.csv", worm("w", lab="SF")),
    )
    same = neurons[(neurons["worm"] == "w") & (neurons["lab"] == "EY")]
    assert same["ID"].tolist() == ["Y", "Y"]
    (entry,) = entries.to_dict("records")
    assert (entry["file"], entry["lab"], entry["worm"]) == ("n/2.csv", "EY", "w")
    assert "n/1.csv" in entry["reason"] and "n/2.csv" in entry["reason"]
    assert entry["stage"] == "source"


def test_a_laboratory_has_one_full_scale(tmp_path):
    dim, bright = worm("a", full_scale=np.full(3, 255.0), R=np.ones(3)), worm("b")
    dim[list("GBW")] = 1.0
    neurons, _ = gather(tmp_path, ("f1", dim), ("f2", bright), ("f3", worm("c", "SF")))
    assert set(neurons["full_scale"]) == {4095.0}


def test_handedness_is_the_worms_else_the_laboratorys(tmp_path):
    parts = ("f1", pd.concat([worm("a", "SF"), worm("b", "SF")])), ("f2", worm("c", "EY"))
    paths, lists = write_parts(tmp_path, *parts)
    stated = {"SF": {"handedness": "mirrored", "worms": {"b": "right"}}, "NP": {}}
    collect_all(tmp_path, paths, lists, stated)
    found = table.read(tmp_path / "n.parquet").groupby("worm")["handedness"].unique()
    assert found.map(list).to_dict() == {"a": [-1], "b": [1], "c": [0]}


@pytest.mark.parametrize(
    ("labels", "kept"),
    [("all", ["AVA?", "RMDD?L", "AVB"]), ("certain", ["", "", "AVB"]), ("none", ["", "", ""])],
)
def test_a_study_says_which_labels_of_a_laboratory_it_keeps(tmp_path, caplog, labels, kept):
    names = ["AVA?", "RMDD?L", "AVB"]
    parts = [(f"f{lab}", worm("a", lab, ID=names)) for lab in ("SF", "EY")]
    paths, lists = write_parts(tmp_path, *parts)
    stated = {"SF": {"labels": labels}}
    with caplog.at_level("INFO"):
        collect_all(tmp_path, paths, lists, stated)
    neurons = table.read(tmp_path / "n.parquet")
    found = neurons.groupby("lab")["ID"].agg(list)
    assert found["SF"] == kept and found["EY"] == names
    told = f"SF: 1 worms, full scale 4095 counts, {sum(map(bool, kept))} of 3 neurons"
    assert told in caplog.text
    entries = skipped.read(tmp_path / "s.csv")
    assert entries["lab"].tolist() == (["SF"] if labels == "none" else [])


def state(folder, stated, *entries):
    """Collect worms SF a, SF b10 and EY c under what a study states."""
    parts = ("f1", pd.concat([worm("a", "SF"), worm("b10", "SF")])), ("f2", worm("c", "EY"))
    paths, lists = write_parts(folder, *parts)
    skipped.write(entries, lists[0])
    collect_all(folder, paths, lists, stated)
    neurons = table.read(folder / "n.parquet")
    return neurons.groupby("worm")["handedness"].first().to_dict()


def test_facts_about_a_worm_that_is_not_there_are_one_line(tmp_path):
    with pytest.raises(InputError) as caught:
        state(tmp_path, {"SF": {"worms": {"a": "right", "b01": "right"}}})
    assert str(caught.value) == (
        "config key 'laboratories': found worm 'b01' of laboratory 'SF'; expected one of its 2 "
        "worms, such as b10, a; correct the name, and put a name of digits in quotes"
    )
    assert not (tmp_path / "n.parquet").exists()


def test_facts_about_what_was_left_out_are_a_warning(tmp_path, caplog):
    found = state(tmp_path, {"NP": {"handedness": "right", "worms": {"a": "mirrored"}}})
    assert found == {"a": 0, "b10": 0, "c": 0}
    assert "config key 'laboratories': no worm of laboratory NP" in caplog.text
    caplog.clear()
    # a worm left out by name, and any worm of a file that could not be read
    for name in ("gone", ""):
        entry = skipped.entry("f3", "SF", name, "bad")
        stated = {"SF": {"worms": {"gone": "right", "a": "mirrored"}}}
        assert state(tmp_path, stated, entry) == {"a": -1, "b10": 0, "c": 0}
        assert "worm gone of SF" in caplog.text
        caplog.clear()
    assert state(tmp_path, {"EY": {"full_scale": 255}}) == {"a": 0, "b10": 0, "c": 0}
    assert not caplog.text


def test_a_worm_named_by_digits_may_stand_without_quotes(tmp_path):
    paths, lists = write_parts(tmp_path, ("f1", worm("7", "SF")), ("f2", worm("c", "EY")))
    stated = {"SF": {"worms": {7: "mirrored"}}}
    collect_all(tmp_path, paths, lists, stated)
    found = table.read(tmp_path / "n.parquet").groupby("worm")["handedness"].first()
    assert found.to_dict() == {"7": -1, "c": 0}


def test_a_worm_without_label_is_kept_and_listed_for_identity(tmp_path):
    neurons, entries = gather(tmp_path, ("f1", worm("a", ids=("", "nan", "?"))), ("f2", worm("b")))
    assert set(neurons["worm"]) == {"a", "b"}
    (entry,) = entries.to_dict("records")
    assert (entry["worm"], entry["stage"]) == ("a", "identity")
    assert "f1" in entry["reason"] and "no label" in entry["reason"]


def test_labels_that_no_list_knows_are_kept_and_counted(tmp_path):
    ids = ["Q/H", "Q/H", "avaL", "SIA?L", "CEMDL", "AS12", "", "unknown"]
    parts = ("f1", worm("a", ids=ids)), ("f2", worm("b", ids=["Q/H"])), ("f3", worm("c", "SF"))
    neurons, entries = gather(tmp_path, *parts)
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert labels.values.tolist() == [["EY", "Q/H", 3, 2], ["EY", "AS12", 1, 1]]
    assert neurons["name"].eq("Q/H").sum() == 3 and entries.empty


def test_what_is_no_file_is_listed(tmp_path):
    paths, lists = write_parts(tmp_path, ("f1", worm("a")), ("f2", worm("b")))
    collect_all(tmp_path, paths, lists, {}, no_files=[("x/w.nwb", "x", "x/w.nwb: found a link")])
    (entry,) = skipped.read(tmp_path / "s.csv").to_dict("records")
    assert (entry["file"], entry["lab"], entry["worm"]) == ("x/w.nwb", "x", "")
    assert entry["reason"] == "x/w.nwb: found a link"


def test_as_many_laboratories_as_worms_are_a_warning(tmp_path, caplog):
    gather(tmp_path, *((f"f{k}", worm(f"w{k}", f"sub-{k}")) for k in range(3)))
    assert "3 worms of as many laboratories" in caplog.text and "'laboratory'" in caplog.text
    caplog.clear()
    gather(tmp_path, *((f"f{k}", worm(f"w{k}", f"L{k % 2}")) for k in range(3)))
    assert "as many" not in caplog.text


def test_reasons_of_the_parts_are_kept_as_text(tmp_path):
    paths, lists = write_parts(tmp_path, ("f1", worm("NA")), ("f2", worm("007")))
    skipped.write([skipped.entry("f3", "", name, "bad") for name in ("1e5", "NA")], lists[0])
    collect_all(tmp_path, paths, lists, {})
    assert skipped.read(tmp_path / "s.csv")["worm"].tolist() == ["1e5", "NA"]
    assert table.read(tmp_path / "n.parquet")["worm"].unique().tolist() == ["007", "NA"]


@pytest.mark.parametrize(("left", "found"), [(0, "no usable worm"), (1, "only one usable worm")])
def test_too_few_worms_are_an_error_after_all_reasons_are_logged(tmp_path, caplog, left, found):
    parts = [("f0", worm("a") if left else table.empty()), ("f1", table.empty())]
    paths, lists = write_parts(tmp_path, *parts)
    reasons = [f"f{number}: found an empty file" for number in (1, 2)]
    skipped.write([skipped.entry("f", "L", "", reason) for reason in reasons], lists[1])
    with pytest.raises(InputError, match=f"{found}.*first of 2 reasons above: {reasons[0]}"):
        collect_all(tmp_path, paths, lists, {})
    assert caplog.messages == [f"skipped: {reason}" for reason in reasons]
    assert not (tmp_path / "n.parquet").exists()


def test_an_unprintable_name_is_listed_escaped(tmp_path):
    skipped.write([skipped.entry("f", "L", "a\nb", "why")], tmp_path / "s.csv")
    assert skipped.read(tmp_path / "s.csv")["worm"].tolist() == [r"a\nb"]


def test_names_that_differ_in_case_get_files_that_do_not():
    texts = ["Worm1", "worm1", "WORM1", "worm2"]
    found = slugs(texts)
    assert len({name.casefold() for name in found.values()}) == 4
    assert found["worm2"] == "worm2" and found["worm1"].startswith("worm1-")
    # a worm may be called as another one's file
    assert len(set(slugs([*texts, found["worm1"]]).values())) == 5
    worms = [("EY", "1"), ("ey", "1"), ("EY", "2"), ("ey", "3"), ("A/b", "1")]
    paths = worm_paths(worms)
    assert len({path.casefold() for path in paths.values()}) == 5
    assert paths["EY", "2"] == "EY/2" and paths["ey", "1"].startswith("ey/1-")
    assert paths["A/b", "1"] == f"{slug('A/b')}/1"
