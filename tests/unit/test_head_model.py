"""The model that comes with the software: whole, small, and naming a worm as when it was made.

Its golden names are written anew, after a change that is meant, by

    PYTHONPATH=src:. python -m tests.unit.test_head_model
"""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import chromapal
from chromapal.apply import facts, plan
from chromapal.worms.simulate import example
from tests import imports

GOLDEN = Path(__file__).with_name("head_model_names.csv")
LARGEST_MB = 15
# Other processors add up in another order: a name that is about as probable as the next may change.
SAME_NAMES, PROBABILITY = 0.97, 0.02


@cache
def named() -> pd.DataFrame:
    """Name the worm of `make example`."""
    with tempfile.TemporaryDirectory() as folder:
        example.main([folder])
        (path,) = Path(folder).rglob("*.nwb")
        neurons = chromapal.read(path, handedness="right")
    return chromapal.load_model().name(neurons).sort_values("neuron", ignore_index=True)


def test_it_is_whole_and_small():
    known = facts.read(plan.HEAD)  # checks every file's digest
    files = [path for path in plan.HEAD.rglob("*") if path.is_file()]
    assert {path.relative_to(plan.HEAD).as_posix() for path in files} == {
        *known["files"], "model.json", "README.md",
    }  # fmt: skip
    assert sum(path.stat().st_size for path in files) <= LARGEST_MB * 2**20


def test_it_is_read_without_what_only_training_takes():
    # seconds of every correction: Lightning, scikit-learn, and the compiler of PyTorch
    script = "import chromapal, chromapal.apply.correct; chromapal.load_model()"
    heavy = {"lightning", "sklearn", "matplotlib", "torch._dynamo"}
    assert imports.loaded(script, {"torch", *heavy}) == {"torch"}


def test_pages_are_written_without_pytorch():
    script = "import chromapal.apply.write, chromapal.apply.classes, chromapal.apply.summary"
    assert imports.loaded(script, {"torch", "pandas"}) == {"pandas"}


def test_it_knows_all_sets_of_channels_and_what_is_typical_of_each():
    known = facts.read(plan.HEAD)
    sets = {"position", "position+gray", "position+rgb", "position+white+rgb"}
    assert set(known["features"]) == set(known["typical"]["mean_probability"]) == sets
    assert 0 < known["typical"]["gray_agreement"] < 1
    assert known["normaliser"]["gray_source"] == "white"


def test_a_simulated_worm_gets_the_names_that_it_got_when_the_model_was_made():
    golden = pd.read_csv(GOLDEN, keep_default_na=False)
    found = named()
    assert len(found) == len(golden)
    same = found["answer"].to_numpy() == golden["answer"].to_numpy()
    assert same.mean() >= SAME_NAMES
    apart = np.abs(found["probability"] - golden["probability"])
    assert apart.mean() <= PROBABILITY


def test_most_of_them_are_right():
    found = named()
    labelled = found[found["name"].ne("")]
    assert labelled["right"].eq("yes").mean() > 0.75
    assert set(found["channels_used"]) == {"all"}


if __name__ == "__main__":
    named()[["neuron", "answer", "probability"]].to_csv(GOLDEN, index=False)
