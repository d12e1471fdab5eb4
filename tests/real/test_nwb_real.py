"""The five files of real geometry read back as the rows of the published neuron tables."""

import os
from pathlib import Path

import numpy as np
import pytest

from chromapal.worms import registry, tables
from chromapal.worms.discover import discover
from chromapal.worms.nwb import reader

DATA = Path(
    os.environ.get("CHROMAPAL_DATA", Path(__file__).resolve().parents[2] / "../shared/data")
)
pytestmark = pytest.mark.skipif(
    not (DATA / "nwb").is_dir(), reason=f"no real data in {DATA} (set CHROMAPAL_DATA)"
)
WORMS = {
    "EY": "20190924_01",
    "HL": "1",
    "NP": "7_YAaLR",
    "SF": "2022-06-14-07",
    "SK2": "2021-12-03-w00-NP1",
}


def published(lab):
    """The worm's rows, of those that share a voxel the first (all that the SF file holds)."""
    neurons, skipped_worms = tables.read(DATA / "wormnd" / f"{lab}.csv")
    assert not skipped_worms
    rows = neurons[neurons["worm"] == WORMS[lab]]
    if lab == "SF":
        rows = rows.drop_duplicates(["x", "y", "z"])
    return rows.reset_index(drop=True)


@pytest.mark.parametrize("lab", WORMS)
def test_a_file_reads_back_as_its_published_rows(lab):
    (path,) = discover(DATA / "nwb" / lab, (".nwb",), "nwb")
    read, expected = reader.read(path), published(lab)
    exact = ["worm", "lab", "x", "y", "z", "weight", "R", "G", "B", "W", "full_scale", "ID"]
    if lab == "SF":
        exact.remove("W")
    assert len(read) == len(expected) > 80
    for column in exact:
        assert read[column].tolist() == expected[column].tolist(), column
    for column in ("xr", "yr", "zr"):
        # the tables print six significant digits
        np.testing.assert_allclose(read[column], expected[column], rtol=5e-6, atol=1e-9)


def test_the_published_tables_hold_87_worms_in_five_folds():
    worms, folds = registry.source("tables").count({"laboratory": ""}, DATA.glob("wormnd/*.csv"))
    assert sum(worms.values()) == 87 and folds == ("0", "1", "2", "3", "4")
