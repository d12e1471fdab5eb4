"""A whole study, from worms to the report, and what makes it run again or not."""

import os
import re
import shutil
import sys

import pandas as pd
import pytest

from tests.workflow import forked
from tests.workflow.conftest import against_umask, check_columns, copy_project

TABLES = (
    "colour", "confusion", "identity", "losses", "names", "scope", "skipped", "summary",
    "unknown_labels", "worms",
)  # fmt: skip


def test_all_tables_and_figures_are_there(study):
    results = study / "results/tiny"
    assert {path.stem for path in (results / "tables").glob("*.csv")} == {*TABLES, "timings"}
    figures = {path.stem for path in (results / "figures").glob("*.png")}
    assert {"losses", "prediction", "identity", "confusion", "examples", "volume"} <= figures
    # where nothing is aligned there is no model for new worms
    assert not (results / "model").exists()


def test_tables_have_the_columns_of_the_dictionary(study):
    check_columns([*(study / "results/tiny/tables").glob("*.csv")])
    check_columns([study / "results/tiny/skipped.csv"])


def test_what_networks_were_trained_with_stands_where_there_is_one(study):
    for name, network in (("colour", "resnet18_fusion"), ("losses", "resnet18_fusion")):
        table = pd.read_csv(study / f"results/tiny/tables/{name}.csv", keep_default_na=False)
        trained = table["training_device"].eq("cpu") & table["training_precision"].ne("")
        assert (trained == table["colorizer"].eq(network)).all()
    identity = pd.read_csv(study / "results/tiny/tables/identity.csv", keep_default_na=False)
    assert (identity["training_device"].eq("cpu") == identity["colorizer"].ne("")).all()


def test_every_score_stands_beside_its_baseline(study):
    identity = pd.read_csv(study / "results/tiny/tables/identity.csv")
    assert identity[["majority", "chance"]].notna().all().all()
    assert set(identity["features"]) == {
        "position", "position+gray", "position+rgb", "position+gray+predicted", "predicted",
    }  # fmt: skip
    colour = pd.read_csv(study / "results/tiny/tables/colour.csv")
    assert {"mean_colour", "copy_gray", "resnet18_fusion"} == set(colour["colorizer"])
    pooled = colour[(colour["fold"] == "all") & (colour["lab"] == "all")]
    assert pooled["mse"].notna().all()


def test_every_worm_is_tested_once(study):
    worms = pd.read_csv(study / "results/tiny/tables/worms.csv", dtype=str)
    identity = worms[worms["measure"] == "identity"]
    per_cell = identity.groupby(["classifier", "variant", "features"], dropna=False)
    for _, rows in per_cell:
        assert len(rows) == rows[["lab", "worm"]].drop_duplicates().shape[0] == 6


def test_simulated_worms_have_no_published_column(study):
    summary = pd.read_csv(study / "results/tiny/tables/summary.csv")
    assert "published" not in summary or summary["published"].isna().all()


def test_report_is_one_file_that_fetches_nothing(study):
    html = (study / "results/tiny/report/report.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", html)
    assert not re.findall(r"@import|url\(\s*['\"]?https?:", html)
    assert html.count("data:image/png;base64,") >= 8


def test_models_hold_no_pickle(study):
    files = [path for path in (study / "results/tiny/models").rglob("*") if path.is_file()]
    kinds = {path.suffix for path in files if path.name != ".snakemake_timestamp"}
    assert kinds == {".json", ".safetensors"}


def test_checkpoints_are_gone_after_success(study):
    left = [path for path in study.glob("results/tiny/checkpoints/**/*") if path.is_file()]
    assert left == []


def test_every_output_follows_the_umask(study, tmp_path):
    assert against_umask(study / "results", tmp_path / "probe") == {}


@pytest.fixture
def checkout(tmp_path, study):
    """Return a fresh checkout, every file newer than the kept results of the finished study."""
    return copy_project(tmp_path / "checkout")


def planned(checkout, study, *arguments):
    """List what a dry run would do: (rule, wildcards text) of each job."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile")]
    command += ["--directory", str(study), "--configfile", str(study / "study.yaml")]
    command += ["--cores", "2", "-n", *arguments]
    done = forked.run(command, checkout, dict(os.environ))
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    # those of a group stand indented
    jobs = re.findall(r"^( *)rule (\w+):\n((?:\1    .*\n)+)", text, re.MULTILINE)
    return [(rule, body) for _, rule, body in jobs if rule != "all"], text


def test_a_fresh_checkout_over_kept_results_runs_nothing(checkout, study):
    jobs, text = planned(checkout, study)
    assert jobs == [], text


def test_a_comment_runs_nothing(checkout, study):
    with (checkout / "src/chromapal/classifiers/random_forest.py").open("a") as source:
        source.write("\n# a remark\n")
    jobs, text = planned(checkout, study)
    assert jobs == [], text


def test_editing_a_classifier_runs_that_classifier_only(checkout, study):
    with (checkout / "src/chromapal/classifiers/random_forest.py").open("a") as source:
        source.write("\nEDITED = True\n")
    jobs, text = planned(checkout, study)
    classified = [body for rule, body in jobs if rule == "classify_neurons"]
    assert len(classified) == 3, text
    assert all("classifier=random_forest" in body for body in classified)
    assert not {"train_colorizer", "load_worms"} & {rule for rule, _ in jobs}


def test_results_of_other_code_are_named_where_the_metadata_is_missing(checkout, study, tmp_path):
    kept = tmp_path / "kept"
    shutil.copytree(study, kept, ignore=shutil.ignore_patterns(".snakemake"))
    with (checkout / "src/chromapal/classifiers/random_forest.py").open("a") as source:
        source.write("\nEDITED = True\n")
    _, text = planned(checkout, kept)
    assert "3 results in results/tiny were computed with other code" in text
    assert "classify_neurons/random_forest" in text
