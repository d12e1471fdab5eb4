"""What is asked of new worms is understood, or refused in one line, before anything runs."""

import datetime

import pytest

from chromapal.files import write_json
from tests.workflow.conftest import TINY, snakemake, write_trained_model


@pytest.fixture
def here(tmp_path):
    """Return a folder with a model, as far as a dry run looks at it, and two folders of worms."""
    write_trained_model(tmp_path / "results/kept")
    for name in ("new", "2023"):
        (tmp_path / name / "LAB").mkdir(parents=True)
        (tmp_path / name / "LAB/w.csv").write_text("x,y,z,xr,yr,zr,gray\n")
    return tmp_path


def planned(folder, *keys, config=None):
    """Return whether a dry run of the model's application succeeds, and what it says."""
    stated = {"model": "results/kept", "worms": "new"}
    stated |= dict(key.split("=", 1) for key in keys)
    words = [f"{key}={value}" for key, value in stated.items()]
    done = snakemake(folder, config, "apply", "-n", "--config", *words)
    text = done.stdout + done.stderr
    assert "Traceback" not in text
    return done.returncode == 0, text


@pytest.mark.parametrize(
    ("config", "key", "line"),
    [
        (None, "wroms=new", "'top level': Additional properties are not allowed ('wroms' was"),
        (TINY, "wroms=new", "'top level': Additional properties are not allowed ('wroms' was"),
        (TINY, "nwb=ture", "'nwb': 'ture' is not of type 'boolean'"),
        (
            None,
            "out=new/out",
            "'out': found 'new/out' inside worms (new); expected a separate folder",
        ),
        (None, "out=results", "'out': found 'results' around the model (results/kept/model)"),
        (None, "out=res{x}", "'out': found braces in 'res{x}'; expected none"),
    ],
)
def test_what_cannot_be_meant_is_one_line(here, config, key, line):
    works, text = planned(here, key, config=config)
    assert not works and f"config key {line}" in text


def test_results_of_other_worms_or_another_model_are_not_written_over(here):
    told = {"model": "results/kept/model", "worms": "new"}
    write_json(told, here / "results/applied/new/applied.json")
    works, text = planned(here)
    assert works, text
    (here / "elsewhere").mkdir()
    (here / "new").rename(here / "elsewhere/new")
    works, text = planned(here, "worms=elsewhere/new")
    line = "found 'results/applied/new', with results of worms new; expected a folder of worms"
    assert not works and f"{line} elsewhere/new" in text and "out=FOLDER" in text
    works, text = planned(here, "worms=elsewhere/new", "out=results/other")
    assert works, text


def test_a_number_names_a_folder_or_a_laboratory(here):
    works, text = planned(here, "worms=2023", "laboratory=7", "date=2024", "out=11")
    assert works and "output: 11/answers.parquet" in text, text
    works, text = planned(here, "worms=2023", config={"date": datetime.date(2024, 5, 6)})
    assert works and "output: results/applied/2023/answers.parquet" in text, text


def test_keys_of_a_study_are_not_looked_at(here):
    # of what both have it means something else: a folder, an oracle, the training worms' laboratory
    study = {**TINY, "source": "nwb", "nwb": "data", "handedness": "labels", "laboratory": "{}"}
    works, text = planned(here, config=study)
    assert works and "rule name_new_worms" in text and "rule copy_nwb" not in text, text
    works, text = planned(here, "nwb=true", config=study)
    assert works and "rule copy_nwb" in text, text
    works, text = planned(here, config={"study": "images", "sets": {}, "runs": {}, "turing": {}})
    assert works, text


def test_keys_of_new_worms_may_stand_in_a_file(here):
    works, text = planned(here, config={"nwb": True, "laboratory": "L"})
    assert works and "rule copy_nwb" in text, text
