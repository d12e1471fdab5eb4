"""What a user does wrong ends in one clear line, and does not stop the other worms."""

import copy

import pandas as pd
import pytest

from chromapal.worms.simulate.worms import SimulationParams, simulate_worm
from tests.workflow.conftest import TINY, snakemake


def changed(**keys):
    return {**copy.deepcopy(TINY), **keys}


def require_one_line(text: str):
    """Hold what Snakemake prints, but for its profile, to one line of at most 300 characters."""
    profile = "Using workflow specific profile"
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(profile)]
    assert len(lines) == 1 and lines[0].startswith("error: ") and len(lines[0]) <= 300, text


def test_a_long_mistake_keeps_its_start_and_its_end(tmp_path):
    done = snakemake(tmp_path, changed(training="fast" * 1000), "-n")
    text = done.stdout + done.stderr
    assert "error: config key 'training': 'fastfast" in text
    assert "fast' is not of type 'object' (see config/README.md)\n" in text
    require_one_line(text)


def test_parameters_of_a_method_that_the_study_does_not_use_are_asked_about(tmp_path):
    params = {"colorizers": {"resnet18_fusion": {"steps": 3}}, "classifiers": {}}
    unused = changed(runs=[{"colorizers": ["mean_colour"]}], params=params)
    line = "config key 'params.colorizers': found resnet18_fusion, which this study does not use"
    done = snakemake(tmp_path, unused, "-n")
    assert done.returncode == 0 and (done.stdout + done.stderr).count(line) == 1
    used = changed(runs=[{"colorizers": ["mean_colour", "resnet18_fusion"]}], params=params)
    done = snakemake(tmp_path, used, "-n")
    assert done.returncode == 0 and "does not use" not in done.stdout + done.stderr


def test_a_tilde_is_the_home_folder_in_every_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "My Drive"))
    done = snakemake(tmp_path, changed(source="tables", tables="~/none"), "-n")
    text = done.stdout + done.stderr
    assert f"found no folder '{tmp_path}/My Drive/none'" in text
    require_one_line(text)


def test_results_that_cannot_be_written_are_told_before_anything_runs(tmp_path):
    (tmp_path / "results").write_text("a file")
    done = snakemake(tmp_path, TINY)
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "results/tiny: found no way to write it (a file is" in text
    require_one_line(text)
    assert (tmp_path / "results").read_text() == "a file"


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (changed(fold=3), "'fold' was unexpected"),
        (changed(folds="three"), "config key 'folds'"),
        (changed(colour_scale="sepia"), "config key 'colour_scale'"),
        (
            changed(training="fast"),
            "config key 'training': 'fast' is not of type 'object' (see config/README.md)\n",
        ),
        (changed(runs=[{"colorizers": ["mean_colour"], "grids": [4]}]), "'runs.0.grids.0': 4 is"),
        (changed(runs=[{"colorizers": ["crayons"]}]), "'crayons'"),
        (changed(runs=[{"colorizers": ["lab_resnet18"]}]), "'lab_resnet18'; expected for neurons"),
        (
            changed(params={"colorizers": {"resnet18_fusion": {"step": 4}}}),
            "config key 'params.colorizers.resnet18_fusion.step'",
        ),
        (changed(folds=7), "7 folds"),
        (changed(simulate={"worms": 1, "laboratories": 1, "neurons": 30}), "1 worm"),
        (changed(source="tables", tables="nowhere"), "nowhere"),
        (changed(source="tables"), "config key 'tables'"),
        (changed(laboratory="{a}"), "config key 'laboratory': found braces in '{a}'"),
        (changed(peers="no.csv"), "config key 'peers': found no file no.csv"),
        (changed(slab_um=float("nan")), "config key 'slab_um': found nan; expected a number"),
        (changed(study="tiny\n"), "config key 'study': found '\\n' in 'tiny\\n'"),
        (changed(seed=10**30), "config key 'seed': found a number of more than 64 bits"),
        (changed(training={"threads": 10**9}), "config key 'training.threads': 1000000000 is"),
        (
            changed(params={"colorizers": {"resnet18_fusion": {"batch": 10**9}}}),
            "config key 'params.colorizers.resnet18_fusion.batch': found 1e+09",
        ),
        (changed(laboratories={1: {"full_scale": 0}}), "config key 'laboratories"),
    ],
)
def test_a_wrong_config_is_named_before_anything_runs(tmp_path, config, named):
    done = snakemake(tmp_path, config, "-n")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert named in text
    require_one_line(text)


IMAGES = {
    "study": "images",
    "sets": {"photographs": {"kind": "bundled", "size": 32, "most_per_source": 2}},
    "runs": {"all": {"sets": ["photographs"], "colorizers": ["mean_colour", "lab_resnet18"]}},
}


def run_of_images(**keys):
    run = {**IMAGES["runs"]["all"], **keys}
    return {**IMAGES, "runs": {"all": run}}


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({**IMAGES, "folds": 3}, "'folds' was unexpected"),
        ({**IMAGES, "sets": {"mine": {"kind": "folder"}}}, "config key 'sets.mine'"),
        (run_of_images(sets=["places"]), "found places; expected one of photographs"),
        (run_of_images(colorizers=["crayons"]), "'crayons'"),
        (run_of_images(colorizers=["resnet18_fusion"]), "expected for images"),
        (run_of_images(params={"step": 4}), "config key 'params.colorizers.mean_colour.step'"),
        (run_of_images(colorizers=["lab_resnet50_frozen"]), "only those that need weights"),
        (
            {**IMAGES, "comparisons": [{"title": "", "runs": ["all", "b"], "colorizers": ["x"]}]},
            "config key 'comparisons'",
        ),
    ],
)
def test_a_wrong_study_of_images_is_named_before_anything_runs(tmp_path, config, named):
    done = snakemake(tmp_path, config, "-n")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert named in text
    require_one_line(text)


def test_a_set_that_no_run_learns_from_is_shown_and_described(tmp_path):
    sets = {**IMAGES["sets"], "other": {"kind": "bundled", "size": 48}}
    found = planned(tmp_path, {**IMAGES, "sets": sets})
    assert {f"results/images/{part}/other" for part in ("shown", "cards")} <= found
    assert "results/images/listed/other.parquet" in found
    assert "results/images/figures/contact_sheet_photographs.png" in found
    assert "results/images/figures/contact_sheet_other.png" not in found


ALIGNED = {"align": "pose", "colorize": False}


def naming(**identify):
    """Return an aligned study that names neurons of one variant."""
    chosen = {"classifiers": ["atlas_student"], "variants": ["no_background"], **identify}
    return changed(**ALIGNED, identify=chosen)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"anchors": "."}, "'anchors': needs aligned worms"),
        ({"peers": "study.yaml"}, "'peers': needs aligned worms"),
        ({"handedness": "labels"}, "'handedness': needs aligned worms"),
        ({"identify": {"anchors": ["position"]}}, "'identify.anchors': needs aligned worms"),
        ({"identify": {"ablations": ["position"]}}, "'identify.ablations': needs aligned worms"),
        ({"anchors": "nowhere", **ALIGNED}, "'anchors': found no folder nowhere"),
        (
            {"anchors": ".", **ALIGNED, "identify": {"variants": ["with_background"]}},
            "'anchors': this study makes no pages",
        ),
    ],
)
def test_what_a_study_would_ignore_is_refused(tmp_path, changes, named):
    done = snakemake(tmp_path, changed(**changes), "-n")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"config key {named}" in text
    require_one_line(text)


def planned(folder, config):
    """Return the output files of a study's jobs, as a dry run lists them."""
    done = snakemake(folder, config, "-n")
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    lines = [line.strip() for line in text.splitlines()]
    outputs = [line.removeprefix("output: ") for line in lines if line.startswith("output: ")]
    return {path for line in outputs for path in line.split(", ")}


def test_a_study_may_state_handedness_alone(tmp_path):
    stated = {"lab0": {"handedness": "right"}, "lab1": {"worms": {"w": "mirrored"}}}
    assert "results/tiny/neurons.parquet" in planned(tmp_path, changed(laboratories=stated))


@pytest.mark.parametrize(
    ("features", "cue"),
    [
        (["position", "position+luminance"], "position"),
        # the study's gray is luminance: worms are aligned by it once, under one name
        (["position+luminance"], "position+gray"),
        (["position+weight"], "position"),
        (["position+weight+rgb"], "position+rgb"),
    ],
)
def test_pages_are_made_of_what_a_study_has(tmp_path, features, cue):
    (tmp_path / "said/L").mkdir(parents=True)
    (tmp_path / "said/L/w.csv").write_text("neuron,says\n")
    found = planned(tmp_path, naming(features=features) | {"anchors": "said"})
    assert {"results/tiny/named", "results/tiny/figures/confused.png"} <= found
    assert f"results/tiny/aligned/{cue}/fold0/neurons.parquet" in found
    assert "results/tiny/stated/fold0.parquet" in found


@pytest.mark.parametrize(
    "identify",
    [
        {"variants": ["with_background"], "features": ["position"]},
        {"features": ["predicted"]},
        {"features": ["position+gray+predicted"]},
        {"classifiers": [], "features": ["position"]},
    ],
)
def test_without_anything_to_show_no_pages_are_asked_for(tmp_path, identify):
    found = planned(tmp_path, naming(**identify))
    assert "results/tiny/report/report.html" in found
    assert not {"results/tiny/named", "results/tiny/figures/confused.png"} & found


def test_an_empty_folder_is_an_error_before_anything_runs(tmp_path):
    (tmp_path / "empty").mkdir()
    done = snakemake(tmp_path, changed(source="tables", tables="empty"))
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "empty" in text and "Traceback" not in text
    assert not (tmp_path / "results").exists()


HOSTILE = ["../up", "a/b", "two words", 'it\'s "it"', "<script>alert(1)</script>", "1"]


@pytest.fixture
def tables(tmp_path):
    """Return six usable worms with hostile names, and files and worms that cannot be used."""
    folder = tmp_path / "tables/LAB"
    folder.mkdir(parents=True)
    params = SimulationParams(worms=10, laboratories=1, neurons=30)
    worms = [simulate_worm(params, seed=1, index=index)[0] for index in range(10)]
    good = [table.assign(worm=name) for table, name in zip(worms, HOSTILE, strict=False)]
    pd.concat(good).to_csv(folder / "good.csv", index=False)
    gray = worms[6].assign(worm="gray", R=None, G=None, B=None)
    nobody = worms[7].assign(worm="nobody", ID="")
    negative = worms[8].assign(worm="negative", R=-1)
    pd.concat([gray, nobody, negative]).to_csv(folder / "mixed.csv", index=False)
    worms[9].assign(worm="1").to_csv(folder / "twice.csv", index=False)
    worms[9].drop(columns="R").to_csv(folder / "no_red.csv", index=False)
    (folder / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    return folder.parent


def test_other_worms_go_on_and_the_report_says_what_was_left_out(tmp_path, tables):
    config = changed(
        source="tables",
        tables=str(tables),
        runs=[{"colorizers": ["mean_colour"], "variants": ["no_background"], "grids": [16]}],
        identify={"classifiers": ["k_nearest_neighbours"], "variants": ["no_background"],
                  "features": ["position", "position+rgb"]},
    )  # fmt: skip
    done = snakemake(tmp_path, config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    results = tmp_path / "results/tiny"
    skipped = pd.read_csv(results / "tables/skipped.csv", dtype=str, keep_default_na=False)
    reasons = {(row.worm, row.stage): row.reason for row in skipped.itertuples()}
    assert {stage for _, stage in reasons} == {"source", "colour", "identity"}
    assert ("gray", "colour") in reasons and ("nobody", "identity") in reasons
    assert "negative" in reasons["negative", "source"]
    assert "good.csv" in reasons["1", "source"] and "twice.csv" in reasons["1", "source"]
    files = [row.reason for row in skipped.itertuples() if row.worm == ""]
    assert any("no_red.csv" in reason and "column R" in reason for reason in files)
    assert any("broken.parquet" in reason for reason in files)

    worms = pd.read_csv(results / "tables/worms.csv", dtype=str, keep_default_na=False)
    named = worms[worms["measure"] == "identity"]
    # the gray one has no colour, and is named from its positions
    assert set(named["worm"]) == {*HOSTILE, "gray"}
    html = (results / "report/report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in html
    assert "no_red.csv" in html and "broken.parquet" in html
    assert {path.name for path in tmp_path.iterdir()} == {
        ".snakemake", "results", "study.yaml", "tables",
    }  # fmt: skip
