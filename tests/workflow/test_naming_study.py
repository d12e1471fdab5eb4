"""A study that names neurons of aligned worms, from tables to a page per worm."""

import copy
import itertools

import pandas as pd
import pytest

from chromapal.evaluate.tables import read
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm
from tests.workflow.conftest import against_umask, check_columns, snakemake

WORMS = SimulationParams(worms=8, laboratories=2, neurons=40)
FEATURES = ["position", "position+rgb"]
CLASSIFIERS = ["atlas_student", "neuron_transformer"]
NAMING = {
    "study": "naming",
    "seed": 3,
    "source": "tables",
    "tables": "worms",
    "peers": "peers.csv",
    "anchors": "stated",
    "folds": 2,
    "validation": 0.25,
    "align": "nonrigid",
    "colorize": False,
    "identify": {
        "classifiers": CLASSIFIERS,
        "variants": ["no_background"],
        "features": FEATURES,
        "anchors": ["position+rgb"],
        "ablations": ["position+rgb"],
    },
    "params": {
        "classifiers": {"neuron_transformer": {"steps": 2, "width": 16, "layers": 1, "heads": 2}}
    },
    "training": {"threads": 1, "parallel": 2, "device": "cpu", "precision": "fp32"},
}
TABLES = (
    *("ablation", "anchors", "calibration", "confusion", "coverage", "ganglia", "handedness"),
    *("identity", "names", "peers", "places", "summary", "worms"),
)
RESULTS = "results/naming"


def write_inputs(folder):
    (folder / "worms").mkdir(parents=True)
    worms = [simulate_worm(WORMS, 3, index)[0] for index in range(WORMS.worms)]
    pd.concat(worms).to_csv(folder / "worms/all.csv", index=False)
    names = pd.concat([worm[["lab", "worm"]].head(1) for worm in worms])
    names.assign(half=0.5, nothing=0).to_csv(folder / "peers.csv", index=False)
    lab, worm, spot, name, nobody = stated()
    (folder / "stated" / lab).mkdir(parents=True)
    lines = f"neuron,says\n{spot},{name}\n{nobody},-\n"
    (folder / "stated" / lab / f"{worm}.csv").write_text(lines)
    (folder / "stated" / lab / "nobody.csv").write_text(lines)


def stated():
    """Return a worm, a neuron with its name, and a neuron that is said to be none."""
    worm = simulate_worm(WORMS, 3, 0)[0]
    named = worm.index[worm["ID"].ne("") & ~worm["ID"].str.contains("?", regex=False)]
    return *worm[["lab", "worm"]].iloc[0], named[0], worm.loc[named[0], "ID"], named[1]


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """Return the folder of one finished study; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("named")
    write_inputs(folder)
    done = snakemake(folder, NAMING)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def table(folder, name):
    return read.read_csv(folder / RESULTS / f"tables/{name}.csv")


def test_all_tables_figures_and_the_report_are_there(named):
    results = named / RESULTS
    assert set(TABLES) <= {path.stem for path in (results / "tables").glob("*.csv")}
    figures = {"ablation", "anchors", "calibration", "confused", "handedness", "peers"}
    assert figures <= {path.stem for path in (results / "figures").glob("*.png")}
    assert (results / "report/report.html").stat().st_size > 0
    assert (results / "model/model.json").stat().st_size > 0


def test_tables_have_the_columns_of_the_dictionary(named):
    check_columns([*(named / RESULTS / "tables").glob("*.csv")])
    check_columns([*(named / RESULTS / "named").rglob("*.csv")], "named")


def test_names_are_mostly_right_and_stand_beside_guessing(named):
    identity = table(named, "identity")
    pooled = identity.query("fold == 'all' and lab == 'all'").set_index(["classifier", "features"])
    assert sorted(pooled.index) == [(name, part) for name in CLASSIFIERS for part in FEATURES]
    assert (pooled["worms"] == 8).all()
    assert (pooled["assigned"] > 5 * pooled["majority"]).all()
    assert (pooled["assigned_low"] <= pooled["assigned"]).all()
    assert (pooled["assigned"] <= pooled["assigned_high"]).all()
    for column in ("class_accuracy", "assigned_top5"):
        assert (pooled[column] >= pooled["assigned"]).all()
    assert pooled.loc[("atlas_student", "position+rgb"), "assigned"] > 0.8


def test_every_worm_is_aligned_once_for_every_feature_set(named):
    handedness = table(named, "handedness")
    for _, rows in handedness.groupby("features"):
        assert len(rows) == 8 and not rows.duplicated(["lab", "worm"]).any()
    assert set(handedness["features"]) == set(FEATURES)
    assert set(handedness["chosen"]) <= {1, -1}
    assert handedness["probability"].between(0.5, 1).all()
    places = table(named, "places")
    # the body's frame is centred in the worms, and in micrometres
    assert places[["posterior", "dorsal", "left"]].abs().max().max() < 200
    assert places["posterior"].max() - places["posterior"].min() > 30
    assert (places["right"] + places["confused"] <= places["tested"]).all()


def test_confidence_is_told(named):
    bins = table(named, "calibration")
    assert bins["confidence"].between(bins["low"], bins["high"] + 1e-6).all()
    identity = table(named, "identity").query("fold == 'all' and lab == 'all'")
    counts = bins.query("lab == 'all'").groupby(["classifier", "features"])["neurons"].sum()
    assert counts.to_dict() == identity.set_index(["classifier", "features"])["neurons"].to_dict()
    coverage = table(named, "coverage").query("coverage == 1").set_index(
        ["classifier", "features", "lab"]
    )  # fmt: skip
    ganglia = table(named, "ganglia").assign(right=lambda rows: rows["neurons"] * rows["accuracy"])
    sums = ganglia.groupby(["classifier", "features", "lab"])[["neurons", "right"]].sum()
    shares = (sums["right"] / sums["neurons"]).reindex(coverage.index)
    assert shares.tolist() == pytest.approx(coverage["precision"].tolist(), rel=1e-4)


def test_anchors_and_parts_are_scored(named):
    keys = ["strategy", "expert", "anchors"]
    anchors = table(named, "anchors").query("lab == 'all'").set_index(keys)
    answers = itertools.product(("asked", "random"), ("errs", "sure"), (0, 1, 2, 5, 8, 10))
    assert set(anchors.index) == set(answers)
    assert anchors[["accuracy", "all_accuracy"]].stack().between(0, 1).all()
    none = anchors.xs(0, level="anchors")
    assert none["accuracy"].nunique() == 1 and (none["accuracy"] > 0.8).all()
    sure = anchors.xs("sure", level="expert")
    assert not sure[["wrong", "declined"]].any(axis=None)
    assert sure.loc[("asked", 10), "all_accuracy"] > sure.loc[("asked", 0), "all_accuracy"]
    ablation = table(named, "ablation").query("lab == 'all'")
    assert set(ablation["question"]) == {
        "assignment", "colour scale", "context", "handedness", "refinement", "training worms",
    }  # fmt: skip
    assert ablation["accuracy"].between(0, 1).all() and (ablation["worms"] == 8).all()
    whole = {"one to one", "laboratory and evidence", "warped", "rank normal", "4"}
    assert ablation[ablation["setting"].isin(whole)]["accuracy"].nunique() == 1


def test_peers_stand_beside_us(named):
    peers = table(named, "peers").query("lab == 'all' and features == 'position+rgb'")
    assert set(peers["method"]) == {"half", "nothing"} and (peers["worms"] == 8).all()
    nothing = peers.query("method == 'nothing' and classifier == 'atlas_student'").iloc[0]
    assert (nothing["wins"], nothing["p"]) == (8, pytest.approx(2 / 2**8, rel=1e-3))


def test_every_worm_has_its_names_image_and_page(named):
    folder = named / RESULTS / "named"
    for index in range(WORMS.worms):
        truth = simulate_worm(WORMS, 3, index)[0]
        lab, worm = truth[["lab", "worm"]].iloc[0]
        for suffix in (".csv", ".png", ".html"):
            assert (folder / lab / f"{worm}{suffix}").stat().st_size > 0
        rows = pd.read_csv(folder / lab / f"{worm}.csv", keep_default_na=False)
        assert len(rows) == len(truth)
        assert rows["review"].tolist() == list(range(1, len(rows) + 1))
        assert rows["probability"].is_monotonic_increasing
        assert sorted(rows["ID"]) == sorted(truth["ID"])
        assert (rows["right"].eq("") == rows["name"].eq("")).all()


def test_what_a_person_stated_holds(named):
    lab, worm, spot, name, nobody = stated()
    path = named / RESULTS / "named" / lab / f"{worm}.csv"
    rows = pd.read_csv(path, keep_default_na=False).set_index("neuron")
    told = rows[["anchor", "answer", "probability", "second", "third", "fourth", "fifth"]]
    assert told.loc[spot].tolist() == [name, name, 1, "", "", "", ""]
    assert told.loc[nobody].tolist() == ["-", "", 1, "", "", "", ""]
    rest = told.drop([spot, nobody])
    assert rest["anchor"].eq("").all() and rest["answer"].ne("").any()
    assert not rest.drop(columns=["anchor", "probability"]).eq(name).any(axis=None)
    log = (named / RESULTS / "logs/write_worm_pages.log").read_text()
    assert f"not used: stated/{lab}/nobody.csv: found no test worm" in log
    assert f"{worm}.csv:" not in log


def test_every_output_follows_the_umask(named, tmp_path):
    assert against_umask(named / "results", tmp_path / "probe") == {}
    assert (named / RESULTS / "model/networks/network/network0.safetensors").exists()


def test_a_second_run_does_nothing(named):
    done = snakemake(named, NAMING, "-n")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_tables_have_the_same_bytes_elsewhere(named, tmp_path):
    write_inputs(tmp_path)
    targets = [f"{RESULTS}/tables/{name}.csv" for name in TABLES]
    done = snakemake(tmp_path, copy.deepcopy(NAMING), *targets, again=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in targets:
        assert (tmp_path / path).read_bytes() == (named / path).read_bytes(), path
