"""A model names worms that it has never seen: gray, unlabelled, in files of all kinds."""

import json
import re
import shutil
import warnings

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile
import torch
from pynwb import validate

import chromapal
from chromapal.apply import plan
from chromapal.worms.nwb.writer import Volume, write_nwb
from chromapal.worms.simulate.render import render
from chromapal.worms.simulate.worms import FIRST_SESSION, SimulationParams, simulate_worm
from tests.nwb_files import add_traces
from tests.workflow.conftest import ROOT, against_umask, check_columns, snakemake

WORMS = SimulationParams(worms=14, laboratories=2, neurons=60)
TRAINED, SEED = 10, 3
STUDY = {
    "study": "kept",
    "seed": SEED,
    "source": "tables",
    "tables": "worms",
    "gray_source": "white",
    "folds": 2,
    "align": "nonrigid",
    "colorize": False,
    "identify": {"classifiers": ["atlas_student"], "variants": ["no_background"]},
    "params": {
        "classifiers": {"neuron_transformer": {"steps": 30, "width": 32, "layers": 1, "heads": 2}}
    },
    "training": {"threads": 1, "parallel": 2, "device": "cpu", "precision": "fp32"},
}
MODEL = "results/kept/model"
OUT = "results/applied/new"
# what each held-back worm is given as
TABLE, NWB, TIFF, LABELLED = range(TRAINED, TRAINED + 4)
SERIES = "CalciumActivity/SignalRawFluor/SignalCalciumImResponseSeries"
TRACED = (5, 0, 7)  # neurons of the NWB file that have a trace
LEAST = 0.2
APPLY = ("apply", "--config")
GRAY = ["x", "y", "z", "xr", "yr", "zr"]


def worm_of(index):
    return simulate_worm(WORMS, SEED, index)


def gray_volume(index):
    worm, truth = worm_of(index)
    drawn = render(worm, truth["shape"], truth["spacing_um"], np.random.default_rng(index))
    return worm, truth, drawn[..., 3:]


def write_inputs(folder):
    (folder / "worms").mkdir()
    trained = [worm_of(index)[0] for index in range(TRAINED)]
    pd.concat(trained).to_csv(folder / "worms/all.csv", index=False)
    worm, _ = worm_of(TABLE)
    lab = folder / "new" / worm["lab"].iloc[0]
    lab.mkdir(parents=True)
    worm[GRAY].assign(gray=worm["W"], sex="male").to_csv(lab / "table.csv", index=False)
    worm[GRAY].to_csv(lab / "no_gray.csv", index=False)
    worm[GRAY].assign(gray=-1).to_csv(lab / "negative.csv", index=False)
    trained[0].to_csv(lab / "trained.csv", index=False)
    shifted = trained[1].assign(worm="renamed", xr=trained[1]["xr"] + 5).iloc[::-1]
    shifted.to_csv(lab / "renamed.csv", index=False, float_format="%.2f")
    worm, truth, volume = gray_volume(NWB)
    write_nwb(
        folder / "new" / worm["lab"].iloc[0] / "w.nwb",
        worm.assign(ID=""),
        Volume(volume, truth["shape"], truth["spacing_um"], ["TagRFP-T"], [-1, -1, -1, 0]),
        FIRST_SESSION,
        "a laboratory",
    )
    values = np.add.outer(np.arange(4.0), 10 * np.arange(len(TRACED)))
    path = folder / "new" / worm["lab"].iloc[0] / "w.nwb"
    add_traces(path, own=True, regions=TRACED, data=values, rate=2.0)
    worm, truth, volume = gray_volume(TIFF)
    lab = folder / "new" / worm["lab"].iloc[0]
    sides = zip("XYZ", truth["spacing_um"], strict=True)
    sizes = {f"PhysicalSize{axis}": side for axis, side in sides}
    planes = volume[..., 0].transpose(2, 1, 0)
    tifffile.imwrite(lab / "t.ome.tif", planes, ome=True, metadata={"axes": "ZYX", **sizes})
    worm[["x", "y", "z"]].to_csv(lab / "t.csv", index=False)
    tifffile.imwrite(lab / "alone.tif", planes)
    worm, _ = worm_of(LABELLED)
    lab = folder / "new" / worm["lab"].iloc[0]
    worm[[*GRAY, "ID"]].assign(gray=worm["W"]).to_csv(lab / "labelled.csv", index=False)


def apply(folder, *keys, **settings):
    study, worms = folder / "results/kept", folder / "new"
    keys = [f"model={study}", f"worms={worms}", f"least_probability={LEAST}", *keys]
    return snakemake(folder, None, *APPLY, *keys, **settings)


@pytest.fixture(scope="module")
def applied(tmp_path_factory):
    """Return the folder of a study and what its model made of new worms; tests read it."""
    folder = tmp_path_factory.mktemp("apply")
    write_inputs(folder)
    before = {path: path.read_bytes() for path in (folder / "new").rglob("*.nwb")}
    done = snakemake(folder, STUDY, MODEL)
    assert done.returncode == 0, done.stdout + done.stderr
    done = apply(folder, "nwb=true")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "told.txt").write_text(done.stdout + done.stderr)
    assert {path: path.read_bytes() for path in before} == before
    return folder


def results(folder, index):
    worm, _ = worm_of(index)
    named = {TABLE: "table", TIFF: "t", LABELLED: "labelled"}.get(index, worm["worm"].iloc[0])
    return folder / OUT / "named" / worm["lab"].iloc[0] / named


def neurons(folder, index):
    table = pd.read_csv(results(folder, index) / "neurons.csv", keep_default_na=False)
    return table.sort_values("neuron", ignore_index=True)


def content(folder, index):
    """Return what a worm's page is given."""
    page = (results(folder, index) / "neurons.html").read_text()
    return json.loads(re.search('id="content">(.*?)</script>', page)[1])


def leads_away(page):
    """List what a page's tags and styles load or link to, but for its own parts."""
    plain = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    links = r"""(?:\b(?:src|href|data|action)\s*=|\burl\()\s*["']?+(?!#|data:)[^\s>]+|@import"""
    return re.findall(links, plain)


@pytest.mark.parametrize(
    "part",
    ["<script src=a.js></script>", "<a href = 'b'>", "<p style='background: url(c.png)'>"],
)
def test_a_page_that_leads_away_is_told_from_one_that_does_not(part):
    whole = "<a href='#x'><img src=\"data:,\"><script>f('src=d')</script>"
    assert leads_away(whole) == [] and len(leads_away(f"{whole}{part}{whole}")) == 1


def test_tables_have_the_columns_of_the_dictionary(applied):
    names = ("scope", "skipped", "classes", "accuracy")
    check_columns([applied / OUT / f"{name}.csv" for name in names])
    check_columns([*(applied / OUT / "named").rglob("neurons.csv")], "new_neurons")
    check_columns([*(applied / OUT / "named").rglob("traces.csv")])


@pytest.mark.parametrize("index", [TABLE, NWB, TIFF])
def test_names_and_colours_of_gray_unlabelled_worms_are_right(applied, index):
    worm, truth = worm_of(index)
    found = neurons(applied, index)
    assert found["row"].tolist() == list(range(len(worm)))
    assert found[["x", "y", "z"]].to_numpy().tolist() == worm[["x", "y", "z"]].to_numpy().tolist()
    assert np.allclose(found[["xr", "yr", "zr"]], worm[["xr", "yr", "zr"]], atol=1e-3)
    # one of some 60 names by chance
    assert (found["answer"].to_numpy() == np.array(truth["names"])).mean() > 0.6
    for colour, channel in zip(("red", "green", "blue"), "RGB", strict=True):
        assert found[colour].corr(worm[channel], method="spearman") > 0.5
        assert found[f"{colour}_sd"].gt(0).all()
    assert found["ID"].eq("").all() and found["right"].eq("").all()


@pytest.mark.parametrize("index", [TABLE, NWB, TIFF])
def test_a_worm_has_its_review_queue_page_and_layers(applied, index):
    table = pd.read_csv(results(applied, index) / "neurons.csv", keep_default_na=False)
    assert table["review"].tolist() == list(range(1, len(table) + 1))
    assert table["probability"].is_monotonic_increasing
    chances = table[["probability", *(f"probability{place}" for place in range(2, 6))]]
    assert (chances.sum(axis=1) <= 1 + 1e-4).all() and table["second"].ne("").all()
    page = (results(applied, index) / "neurons.html").read_text()
    assert "Security-Policy" in page and leads_away(page) == []
    shown = content(applied, index)
    assert shown["count"] == len(table) and "labels" not in shown
    # a model says where and in which colour a name is expected; one NWB file has traces
    assert all(name["place"] and name["colour"] for name in shown["names"])
    assert ("traces" in shown) == (index == NWB)
    assert ("stack" in shown) == (index in (NWB, TIFF)) and len(page) < 15_000_000
    if "stack" in shown:
        assert list(shown["stack"]["channels"]) == ["W"]
    assert ("sex male" in page) == (index == TABLE)
    layers = applied / OUT / "layers" / results(applied, index).relative_to(applied / OUT / "named")
    points = pd.read_csv(layers / "points.csv")
    told = table.sort_values("neuron")
    assert points[["axis-0", "axis-1", "axis-2"]].to_numpy().tolist() == (
        told[["z", "y", "x"]].to_numpy().tolist()
    )
    with tifffile.TiffFile(layers / "predicted_colour.ome.tif") as file:
        volume = file.series[0].asarray()
        assert file.series[0].axes == "ZYXS" and 'PhysicalSizeXUnit="µm"' in file.ome_metadata
    facts = json.loads((layers / "layers.json").read_text())
    assert facts["axis_labels"] == ["z", "y", "x"] and facts["units"] == ["um"] * 3
    steps = told[["z", "y", "x"]].diff().abs().max() * facts["scale"]
    assert steps.tolist() == pytest.approx(told[["zr", "yr", "xr"]].diff().abs().max().tolist())
    first = told.iloc[0]
    shown = [first[f"{colour}_shown"] for colour in ("red", "green", "blue")]
    assert np.allclose(volume[first["z"], first["y"], first["x"]] / 255, shown, atol=0.01)


def test_all_probabilities_stand_beside_the_five_names(applied):
    found = neurons(applied, TABLE)
    chances = pd.read_parquet(results(applied, TABLE) / "probabilities.parquet")
    assert len(chances) == len(found) and (chances.sum(axis=1) <= 1 + 1e-5).all()
    each = [chances.loc[row, name] for row, name in enumerate(found["second"])]
    assert each == pytest.approx(found["probability2"].tolist(), abs=1e-5)
    of_class = [
        chances.loc[row, [name for name in chances if name in (kind, f"{kind}L", f"{kind}R")]].sum()
        for row, kind in enumerate(found["class"])
    ]
    assert of_class == pytest.approx(found["class_probability"].tolist(), abs=1e-5)


def test_traces_bear_the_names_of_their_neurons(applied):
    found = neurons(applied, NWB)
    traces = pd.read_csv(results(applied, NWB) / "traces.csv", keep_default_na=False)
    assert len(traces) == 4 * len(TRACED) and set(traces["series"]) == {SERIES}
    assert traces.loc[traces["trace"].eq(1), "value"].tolist() == [10, 11, 12, 13]
    assert traces.loc[traces["trace"].eq(2), "time"].tolist() == [0, 0.5, 1, 1.5]
    named = found.loc[list(TRACED)]
    sure = named[named["probability"] >= LEAST]
    assert len(sure) and traces.loc[::4, "neuron"].tolist() == list(TRACED)
    assert traces.loc[::4, "answer"].tolist() == named["answer"].tolist()
    assert set(traces["name"]) - {""} == set(sure["answer"])
    wide = pd.read_csv(results(applied, NWB) / "traces_wide.csv")
    assert list(wide) == ["series", "time", *sorted(sure["answer"])]
    first = sure.iloc[0]
    start = 10.0 * TRACED.index(first["neuron"])
    assert wide[first["answer"]].tolist() == [start, start + 1, start + 2, start + 3]
    assert (results(applied, NWB) / "traces.png").stat().st_size > 10_000
    assert not (results(applied, TABLE) / "traces.csv").exists()


def test_labels_named_right_are_told_and_counted(applied):
    scores = pd.read_csv(applied / OUT / "accuracy.csv").set_index("worm")
    found = neurons(applied, LABELLED)
    yes, labelled = found["right"].eq("yes").sum(), found["name"].ne("").sum()
    score = scores.loc["labelled"]
    assert score["labelled"] == labelled and score["right"] + score["right_without_side"] == yes
    assert yes > 0.5 * labelled
    assert scores.loc["all", "labelled"] == labelled and scores.loc["table", "labelled"] == 0
    line = f"labelled: {score['right']:.0f} of {labelled} labelled neurons named right"
    assert line in (applied / "told.txt").read_text()


def test_classes_are_counted_over_all_worms(applied):
    table = pd.read_csv(applied / OUT / "classes.csv").set_index("class")
    worms = [neurons(applied, index) for index in (TABLE, NWB, TIFF, LABELLED)]
    assert set(table["worms"]) == {4}
    for name, row in table.sample(10, random_state=1).iterrows():
        given = [worm[worm["class"].eq(name)] for worm in worms]
        assert row["named"] == sum(len(rows) > 0 for rows in given)
        sure = [rows[rows["class_probability"] >= LEAST] for rows in given]
        assert row["found"] == sum(len(rows) > 0 for rows in sure)
        left = sum((rows["side"] == "left").any() for rows in sure)
        assert pd.isna(row["left"]) or row["left"] == left


def test_a_class_is_compared_across_worms_on_a_page_that_leads_to_theirs(applied):
    page = (applied / OUT / "classes.html").read_text()
    assert "Security-Policy" in page and leads_away(page) == []
    held = json.loads(re.search('id="content">(.*?)</script>', page)[1])
    folders = [(applied / OUT / worm["page"]).parent for worm in held["worms"]]
    known = {index: results(applied, index) for index in (TABLE, NWB, TIFF, LABELLED)}
    assert set(folders) == set(known.values())
    for worm, folder in zip(held["worms"], folders, strict=True):
        assert (folder / "neurons.html").is_file()
        table = pd.read_csv(folder / "neurons.csv")
        assert len(worm["neurons"]) == table["answer"].notna().sum()
        assert ("crops" in worm) == (folder in (known[NWB], known[TIFF]))


def test_a_notebook_gets_the_table_that_apply_writes(applied):
    model = chromapal.load_model(applied / "results/kept")
    threads = torch.get_num_threads()
    names = ("table.csv", "labelled.csv", "w.nwb", "t.ome.tif")
    paths = [path for name in names for path in (applied / "new").rglob(name)]
    read = pd.concat([chromapal.read(path) for path in paths], ignore_index=True)
    table = model.name(read)
    written = pd.concat(
        [
            pd.read_csv(results(applied, index) / "neurons.csv", keep_default_na=False)
            for index in (TABLE, NWB, TIFF, LABELLED)
        ]
    ).sort_values(["lab", "worm", "review"], ignore_index=True)
    assert list(table) == list(written) and torch.get_num_threads() == threads
    for column in table:
        if table[column].dtype.kind in "if":
            # an empty cell is a number that the worm has none of
            there = pd.to_numeric(written[column].replace("", np.nan))
            assert np.allclose(table[column], there, rtol=1e-5, atol=1e-9, equal_nan=True), column
        else:
            assert table[column].tolist() == written[column].tolist(), column


def test_the_example_of_the_docs_runs(applied, monkeypatch, capsys):
    text = (ROOT / "docs/worms.md").read_text()
    code = re.search(r"### In a notebook\n.*?```python\n(.*?)```", text, re.DOTALL)[1]
    lab = worm_of(NWB)[0]["lab"].iloc[0]
    assert "load_model()" in code and "FOLDER/EY/worm.nwb" in code
    code = code.replace("load_model()", 'load_model("results/kept")')
    monkeypatch.chdir(applied)
    exec(code.replace("FOLDER/EY/worm.nwb", f"new/{lab}/w.nwb"), {})
    shown = capsys.readouterr().out
    assert neurons(applied, NWB).sort_values("review")["answer"].iloc[0] in shown


def test_every_output_follows_the_umask(applied, tmp_path):
    assert against_umask(applied / "results", tmp_path / "probe") == {}
    kinds = {path.suffix for path in (applied / OUT).rglob("*")}
    assert {".png", ".nwb", ".py", ".parquet", ".html", ".tif", ".csv"} <= kinds, kinds


def test_bad_worms_are_left_out_with_a_line_and_others_go_on(applied):
    skipped = pd.read_csv(applied / OUT / "skipped.csv", keep_default_na=False)
    reasons = dict(zip(skipped["file"].str.rsplit("/").str[-1], skipped["reason"], strict=True))
    assert set(reasons) == {
        "alone.tif",
        "negative.csv",
        "no_gray.csv",
        "renamed.csv",
        "trained.csv",
    }
    assert "without the channels to be named by" in reasons["no_gray.csv"]
    assert "W = -1.0" in reasons["negative.csv"]
    for file, index in {"trained.csv": 0, "renamed.csv": 1}.items():
        lab, worm = worm_of(index)[0][["lab", "worm"]].iloc[0]
        assert f"the model was trained on (as {lab} {worm})" in reasons[file]
    assert "no table of centres" in reasons["alone.tif"] and "StarDist" in reasons["alone.tif"]


def test_where_all_worms_are_left_out_every_reason_is_told_in_a_line(applied, tmp_path):
    for path in (applied / "new").rglob("*"):
        if path.name in ("alone.tif", "no_gray.csv", "trained.csv"):
            (tmp_path / "bad/LAB").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / "bad/LAB")
    keys = (f"model={applied / 'results/kept'}", "worms=bad")
    done = snakemake(tmp_path, None, *APPLY, *keys)
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in text, text
    (log,) = (tmp_path / "results/applied/bad/logs").rglob("name_new_worms.log")
    for lines in (text.splitlines(), log.read_text().splitlines()):
        reasons = {line.strip() for line in lines if line.strip().startswith("skipped: ")}
        assert len(reasons) == 3, text
        assert all(
            any(word in line for line in reasons) for word in ("StarDist", "without the channels")
        )
        assert any("the model was trained on" in line for line in reasons)
    assert "config key 'worms': found no usable worm; expected at least one; first of 3" in text


def test_what_the_model_was_not_trained_for_is_told(applied):
    asked = pd.read_csv(applied / OUT / "scope.csv")
    assert asked[["worm", "question", "found"]].to_numpy().tolist() == [["table", "sex", "male"]]


def test_the_copy_holds_the_predictions_and_is_valid(applied):
    (path,) = (applied / OUT / "nwb").rglob("*.nwb")
    found = neurons(applied, NWB)
    with h5py.File(path) as file:
        table = file["processing/NeuroPAL_predicted/neurons_predicted"]
        assert table["name1_predicted"].asstr()[:].tolist() == found["answer"].tolist()
        assert table["status_predicted"].asstr()[:].tolist() == found["status"].tolist()
        assert set(table["stated"].asstr()[:]) == {""}
        assert np.allclose(table["red_predicted"][:], found["red"], atol=1e-4)
        about = file["processing/NeuroPAL_predicted/provenance_predicted"]
        told = dict(zip(*(about[name].asstr()[:] for name in ("key", "value")), strict=True))
        assert told["channels_used"] == found["channels_used"].unique().item()
        made = file["processing/NeuroPAL_predicted/NeuroPALImage_predicted/data"]
        assert made.shape[:3] == worm_of(NWB)[1]["shape"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert validate(paths=[str(path)]) == ([], 0)


def test_the_folder_of_results_says_what_they_are_of(applied):
    told = json.loads((applied / OUT / "applied.json").read_text())
    assert told == {"model": MODEL, "worms": "new"}


def test_a_second_run_does_nothing_and_elsewhere_gives_the_same_bytes(applied):
    done = apply(applied, "nwb=true", "date=not stated")
    assert "Nothing to be done" in done.stdout + done.stderr
    done = apply(applied, "nwb=true", "out=results/again", again=True)
    assert done.returncode == 0, done.stdout + done.stderr
    here, again = applied / OUT, applied / "results/again"
    made = [path for path in here.rglob("*") if path.is_file() and "logs" not in path.parts]
    compared = [path for path in made if path.name != ".snakemake_timestamp"]
    assert len(compared) > 20
    for path in compared:
        assert path.read_bytes() == (again / path.relative_to(here)).read_bytes(), path


def test_what_is_no_model_is_refused_before_anything_runs(applied, tmp_path):
    model = tmp_path / "results/kept/model"
    shutil.copytree(applied / MODEL, model)
    facts = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**facts, "layout": facts["layout"] - 1}))
    bare, damaged = tmp_path / "bare", tmp_path / "damaged"
    shutil.copytree(applied / MODEL, bare)
    (bare / "model.json").write_text(json.dumps({"layout": facts["layout"]}))
    shutil.copytree(applied / MODEL, damaged)
    network = next(damaged.rglob("network0.safetensors"))
    network.write_bytes(network.read_bytes()[:1000])
    unnamed = tmp_path / "unnamed"
    unnamed.mkdir()
    cases = {
        f"model={tmp_path / 'results/kept'}": f"found layout {facts['layout'] - 1}; expected",
        f"model={bare}": "found a damaged or edited file",
        f"model={damaged}": f"{network}: found a damaged or other file",
        f"model={tmp_path / 'nowhere'}": "found no folder",
        f"model={unnamed}": "found no study",
    }
    for key, line in cases.items():
        done = snakemake(tmp_path, None, *APPLY, key, f"worms={applied / 'new'}")
        text = done.stdout + done.stderr
        assert done.returncode != 0 and line in text and "Traceback" not in text, text
    (unnamed / "neurons.parquet").touch()
    done = snakemake(tmp_path, None, *APPLY, f"model={unnamed}", f"worms={applied / 'new'}")
    assert "without a trained model for naming" in done.stdout + done.stderr


def test_without_a_model_the_one_that_comes_along_is_used(applied, tmp_path):
    done = snakemake(tmp_path, None, "-n", *APPLY, f"worms={applied / 'new'}")
    text = done.stdout + done.stderr
    assert done.returncode == 0 and f"{plan.HEAD}/model.json" in text, text


def test_what_a_person_states_counts_and_only_that_worm_is_named_again(applied, tmp_path):
    """The run before stands; this one corrects a worm. It comes last, as it changes the results."""
    first, other = neurons(applied, LABELLED), neurons(applied, TABLE)
    lab, worm = first[["lab", "worm"]].iloc[0]
    # a name that the model did not give, and what is no neuron
    true = worm_of(LABELLED)[1]["names"]
    wrong = np.flatnonzero((first["answer"].to_numpy() != true) & (true != ""))[0]
    none = int(np.flatnonzero(np.arange(len(first)) != wrong)[0])
    position = first.loc[[wrong, none], ["xr", "yr", "zr"]].to_numpy()
    says = [(wrong, true[wrong]), (none, "-")]
    lines = ["neuron,says,lab,worm,x,y,z,who,sure"]
    lines += [
        f"{number},{said},{lab},{worm},{x},{y},{z},Ada,{sure}"
        for (number, said), (x, y, z), sure in zip(says, position, ("maybe", "sure"), strict=True)
    ]
    said = tmp_path / "anchors"
    said.mkdir()
    (said / "anchors(1).csv").write_text("\n".join(lines) + "\n")
    of_volume = neurons(applied, NWB).loc[0]
    (said / "volume.csv").write_text(
        f"neuron,says,lab,worm\n0,-,{of_volume['lab']},{of_volume['worm']}\n"
    )
    (said / "strange.csv").write_text("neuron,says,lab,worm\n0,AVAL,XX,nobody\n")
    done = apply(applied, "nwb=true", f"anchors={said}")
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "strange.csv" in told and "not among these worms" in told
    # nothing is read or named anew but that worm
    assert re.search(r"correct_new_worms +1", told) and "name_new_worms" not in told
    again = neurons(applied, LABELLED)
    assert again.loc[wrong, ["answer", "status", "anchor"]].tolist() == [
        true[wrong], "person", true[wrong],
    ]  # fmt: skip
    assert again.loc[none, ["answer", "status", "anchor"]].tolist() == ["", "person", "-"]
    assert again.loc[[wrong, none], "probability"].tolist() == [1, 1]
    assert not again["answer"].drop(wrong).eq(true[wrong]).any()
    pd.testing.assert_frame_equal(neurons(applied, TABLE), other)
    (path,) = (applied / OUT / "nwb").rglob("*.nwb")
    with h5py.File(path) as file:
        table = file["processing/NeuroPAL_predicted/neurons_predicted"]
        for name, value in {"stated": "-", "status": "person", "name1": ""}.items():
            column = table[name] if name == "stated" else table[f"{name}_predicted"]
            assert column.asstr()[0] == value
    # its page lists what has changed, and those of other worms have nothing to list
    changed = {row["neuron"]: row for row in content(applied, LABELLED)["changed"]}
    assert set(changed) <= set(np.flatnonzero(first["answer"].ne(again["answer"])))
    assert changed[wrong]["stated"] and changed[wrong]["now"] == true[wrong]
    assert content(applied, TABLE)["changed"] == []
    # and takes over what was stated, by whom and how surely, so that the next file has it as well
    wanted = [
        {"neuron": int(wrong), "says": true[wrong], "maybe": True, "who": "Ada"},
        {"neuron": none, "says": "-", "maybe": False, "who": "Ada"},
    ]
    assert content(applied, LABELLED)["stated"] == sorted(wanted, key=lambda row: row["neuron"])
    assert content(applied, TABLE)["stated"] == []
