"""The audit of a finished study: its rules, and faults planted in animals that it then finds."""

import shutil

import numpy as np
import pandas as pd
import pytest

from chromapal.audit import collect, judge
from chromapal.errors import InputError
from chromapal.evaluate.tables import read
from tests.workflow import test_naming_study as naming
from tests.workflow.conftest import TINY, check_columns, snakemake

STUDY = naming.NAMING | {"peers": "", "anchors": ""}
IDENTIFY = STUDY["identify"] | {"anchors": [], "ablations": []}
RESULTS = naming.RESULTS
PARAMS = STUDY["params"]["classifiers"]["neuron_transformer"]
PAGE = f"{RESULTS}/audit/audit.html"


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """Return the folder of a study of which only the audit was asked for."""
    folder = tmp_path_factory.mktemp("audited")
    naming.write_inputs(folder)
    done = snakemake(folder, STUDY | {"identify": IDENTIFY}, PAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "contradict the rest; if every label were right" in done.stdout + done.stderr
    return folder


def judged(folder, planted=None):
    """Judge all test animals of the study again, the names in the files changed as planted."""
    entries = []
    for features in naming.FEATURES:
        for fold in ("fold0", "fold1"):
            source, out = folder / RESULTS, folder / "again" / features / fold
            table = pd.read_parquet(source / f"neurons/{fold}/neurons.parquet")
            if planted is not None:
                table = planted(table)
            out.mkdir(parents=True)
            table.to_parquet(out / "neurons.parquet")
            aligned = source / f"aligned/{features}/{fold}"
            files = {part: out / f"{part}.parquet" for part in ("labels", "animals")}
            judge.judge_fold(
                out / "neurons.parquet", aligned / "worms.parquet", aligned / "atlas",
                source / f"networks/neuron_transformer/no_background/{fold}", features, PARAMS,
                files["labels"], files["animals"],
            )  # fmt: skip
            entries.append({**files, "features": features, "fold": fold})
    return collect.audited(entries)


def tables(folder):
    names, animals = (
        read.read_csv(folder / RESULTS / f"audit/{name}.csv") for name in ("names", "animals")
    )
    return names, animals


def test_a_study_is_audited_on_request(audited):
    for name in ("names", "animals"):
        check_columns([audited / RESULTS / f"audit/{name}.csv"], f"audit_{name}")
    names, animals = tables(audited)
    assert (audited / PAGE).read_text().startswith("<!DOCTYPE html>")
    assert not (audited / RESULTS / "report").exists()
    assert names.drop_duplicates(["lab", "worm"]).shape[0] == 8
    assert not names.duplicated(["lab", "worm", "neuron"]).any()
    # all labels are right: a few are flagged, about as many as are expected
    assert names["flagged"].mean() < 0.15
    whole = animals[animals["question"].isin(["labels shifted", "left and right"])]
    assert len(whole) == 16 and not whole["flagged"].any()


@pytest.fixture
def copy(audited, tmp_path):
    shutil.copytree(audited / "results", tmp_path / "results")
    return tmp_path


def of_one(animals, worm):
    return animals[animals["worm"].eq(worm)].set_index("question")


def test_planted_faults_are_found_where_they_were_planted(copy):
    """Shift the labels of one animal by a row, flip another's sides, exchange a third's colours."""
    first = pd.read_parquet(copy / RESULTS / "neurons/fold0/neurons.parquet")
    moved, flipped, coloured = first[first["role"].eq("test")]["worm"].unique()[:3]
    swap = str.maketrans("LR", "RL")

    def planted(table):
        rows = table["worm"].eq(moved)
        table.loc[rows, "name"] = np.roll(table.loc[rows, "name"].to_numpy(), 1)
        rows = table["worm"].eq(flipped) & table["name"].str.fullmatch(r"\w+[LR]")
        names = table.loc[rows, "name"]
        table.loc[rows, "name"] = names.str[:-1] + names.str[-1].str.translate(swap)
        rows = table["worm"].eq(coloured)
        table.loc[rows, ["r", "g"]] = table.loc[rows, ["g", "r"]].to_numpy()
        return table

    _, animals = judged(copy, planted)
    assert of_one(animals, moved).loc["labels shifted", ["finding", "flagged"]].tolist() == [
        "one row up", 1,
    ]  # fmt: skip
    assert of_one(animals, moved).loc["single names", "flagged"] == 1
    sides = of_one(animals, flipped).loc["left and right"]
    assert (sides["finding"], sides["flagged"]) == ("whole animal", 1) and sides["traces"] > 10
    channels = of_one(animals, coloured).loc["channels exchanged"]
    assert (channels["finding"], channels["flagged"]) == ("red and green exchanged", 1)
    others = animals[~animals["worm"].isin([moved, flipped, coloured])]
    asked = others["question"].isin(["labels shifted", "left and right", "channels exchanged"])
    assert asked.any() and not others[asked]["flagged"].any()


def test_an_animal_that_was_trained_on_is_refused(copy):
    """A planted leak: a training animal is passed off as one to be judged."""

    def planted(table):
        training = table[table["role"].eq("train")]["worm"].iloc[0]
        table.loc[table["worm"].eq(training), "role"] = "test"
        return table

    with pytest.raises(InputError, match="among the training animals"):
        judged(copy, planted)


def test_a_study_without_alignment_is_told_so_in_one_line(tmp_path):
    done = snakemake(tmp_path, TINY, "-n", "results/tiny/audit/audit.html")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "error: audit: needs aligned worms" in said
