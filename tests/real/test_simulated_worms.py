"""Simulated worms beside real ones of three laboratories, cut to as many worms and names.

`benchmarks.simulated_worms` compares how well both are named and coloured, which takes minutes.
"""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from benchmarks.simulated_worms import DATA, real_worms, simulated

from chromapal.evaluate.metrics.colour import r2
from chromapal.worm_statistics import learn, seen
from chromapal.worms.simulate.statistics import FILE
from chromapal.worms.table import WORM

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real neuron tables at {DATA}")
QUARTILES = (0.25, 0.5, 0.75)


@pytest.fixture(scope="module")
def worms() -> dict[str, pd.DataFrame]:
    torch.set_num_threads(1)
    real = real_worms()
    return {"real": real, "simulated": simulated(real, 1)}


@pytest.fixture(scope="module")
def laid(worms) -> dict[str, seen.Seen]:
    return {kind: seen.lay(neurons) for kind, neurons in worms.items()}


def nearest(positions: np.ndarray) -> np.ndarray:
    """Distance of each neuron to the next [um]."""
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    return distance.min(1)


def test_neurons_lie_as_close_to_each_other(worms):
    found = {
        kind: np.mean(
            [
                np.quantile(nearest(rows[["xr", "yr", "zr"]].to_numpy()), QUARTILES)
                for _, rows in neurons.groupby(WORM)
            ],
            axis=0,
        )
        for kind, neurons in worms.items()
    }
    # laboratories differ by a quarter among themselves (EY 3.7 um, NP 3.0 um at the median)
    np.testing.assert_allclose(found["simulated"], found["real"], rtol=0.12)


def test_neurons_stray_as_far_from_their_mean(laid):
    """Per neuron, after worms were laid over each other by their names."""
    found = {}
    for kind, both in laid.items():
        often = both.given.sum(0) >= 12
        deviation = np.nanstd(both.place[:, often], axis=0, ddof=1)
        found[kind] = np.quantile(deviation, QUARTILES, axis=0)
    # 24 worms tell a neuron's own deviation to 15 %, the quartiles over neurons better
    np.testing.assert_allclose(found["simulated"], found["real"], rtol=0.25)


def test_the_same_neurons_stray_far(laid):
    deviation = {
        kind: pd.Series(np.nanstd(both.place[:, :, 0], axis=0), both.names)[both.given.sum(0) >= 12]
        for kind, both in laid.items()
    }
    # the ventral ganglion strays along the body, the lateral ones do not
    assert pd.DataFrame(deviation).dropna().corr("spearman").iloc[0, 1] > 0.6


def correlations(neurons: pd.DataFrame) -> np.ndarray:
    """Rank correlations of R, G, B and luminance within a worm, averaged over worms."""
    channels = neurons[["R", "G", "B", "luminance"]]
    each = [channels.loc[rows.index].corr("spearman") for _, rows in neurons.groupby(WORM)]
    return np.mean(each, axis=0)[np.triu_indices(4, 1)]


def test_channels_go_together_as_far(worms):
    real, alike = (correlations(worms[kind]) for kind in ("real", "simulated"))
    # laboratories differ by up to .3 among themselves (red with green: EY .51, SF .25)
    np.testing.assert_allclose(alike, real, atol=0.12)


def test_luminance_says_as_much_about_colour(worms):
    """R2 per channel of a line on luminance: what it leaves is chroma."""
    found = {}
    for kind, neurons in worms.items():
        colour, luminance = neurons[["r", "g", "b"]].to_numpy(), neurons["luminance"].to_numpy()
        design = np.column_stack([np.ones_like(luminance), luminance])
        found[kind] = r2(colour, design @ np.linalg.lstsq(design, colour, rcond=None)[0])
    np.testing.assert_allclose(found["simulated"], found["real"], atol=0.12)


def test_neurons_have_the_colours_that_they_have(laid):
    mean = {
        kind: pd.DataFrame(np.nanmean(both.colour[:, :, :3], axis=0), both.names, list("RGB"))[
            both.given.sum(0) >= 12
        ]
        for kind, both in laid.items()
    }
    alike = mean["simulated"].corrwith(mean["real"])
    assert (alike > 0.95).all(), alike.to_dict()


def test_learning_again_gives_the_numbers_of_the_package(tmp_path):
    for name in ("first", "second"):
        learn.main(DATA, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    again, kept = (json.loads(path.read_text()) for path in (tmp_path / "first", FILE))
    same(again, kept)


def same(again: object, kept: object, path: str = ""):
    """Compare two contents; another computer may round the last digits otherwise."""
    if isinstance(kept, dict):
        assert again.keys() == kept.keys(), path
        for key, value in kept.items():
            same(again[key], value, f"{path}/{key}")
    elif isinstance(kept, list):
        assert len(again) == len(kept), path
        for number, value in enumerate(kept):
            same(again[number], value, f"{path}/{number}")
    elif isinstance(kept, float):
        assert again == pytest.approx(kept, rel=0.01, abs=1e-4), path
    else:
        assert again == kept, path
