"""What changes linearly along a worm's axes is taken out of its channels, without its names."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chromapal.identify.assign import Calibration, answer
from chromapal.identify.atlas import Atlas
from chromapal.identify.name_distribution import NameDistribution
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.shading import HELD, without_shading
from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import View

# the eight corners of a box, far apart: slopes along the axes are independent of each other
CORNERS = torch.tensor(
    [[x, y, z] for x in (-40.0, 40) for y in (-20.0, 20) for z in (-10.0, 10)], dtype=torch.float64
)
# of neurons whose names leave no doubt; the rest is nobody's, whose log score is -4
SHARE = 1 / (1 + np.exp(-4.0))
MEAN = torch.arange(16, dtype=torch.float64).reshape(8, 2) / 16


def atlas(home=CORNERS, mean=MEAN, position_variance=1.0):
    eye = torch.eye(3, dtype=torch.float64).expand(len(home), -1, -1)
    names = tuple(f"N{number}" for number in range(len(home)))
    small = 0.01 * torch.eye(mean.shape[1], dtype=torch.float64).expand(len(home), -1, -1)
    return Atlas(
        names,
        NameDistribution(home, position_variance * eye),
        NameDistribution(mean, small),
        torch.ones(len(home), dtype=torch.float64),
    )


def shade(position, offset, slope):
    inputs = torch.cat([torch.ones_like(position[:, :1]), position - position.mean(0)], 1)
    return inputs @ torch.tensor([offset, *slope], dtype=torch.float64)


def test_an_offset_and_slopes_by_hand():
    shading = shade(CORNERS, [0.2, -0.1], [[0.002, 0.0], [0.0, -0.01], [0.005, 0.0]])
    found = without_shading(CORNERS, MEAN + shading, atlas())
    # eight neurons speak for it and ten pseudo-neurons for none
    torch.testing.assert_close(found, MEAN + shading * HELD / (8 * SHARE + HELD), atol=1e-6, rtol=0)


def test_more_neurons_leave_less_of_it():
    home = torch.from_numpy(np.random.default_rng(0).uniform(-60, 60, (150, 3)))
    mean = torch.from_numpy(np.random.default_rng(1).uniform(0, 1, (150, 1)))
    shading = shade(home, [0.1], [[0.004], [-0.002], [0.001]])
    found = without_shading(home, mean + shading, atlas(home, mean, 0.25))
    left = (found - mean).norm() / shading.norm()
    assert left == pytest.approx(HELD / (150 * SHARE + HELD), abs=0.01)


def test_channels_as_the_atlas_expects_them_stay_and_so_do_none():
    torch.testing.assert_close(without_shading(CORNERS, MEAN, atlas()), MEAN)
    none = torch.zeros(8, 0, dtype=torch.float64)
    assert without_shading(CORNERS, none, atlas(mean=none)).shape == (8, 0)


def test_one_neuron_has_an_offset_and_no_slope():
    found = without_shading(CORNERS[:1], MEAN[:1] + 0.2, atlas())
    torch.testing.assert_close(found, MEAN[:1] + 0.2 * HELD / (SHARE + HELD), atol=1e-6, rtol=0)


@given(st.permutations(range(8)), st.floats(0.1, 10.0))
def test_neither_order_nor_the_unit_of_length_matters(order, unit):
    rng = np.random.default_rng(0)
    channels = MEAN + torch.from_numpy(rng.normal(0, 0.1, (8, 2)))
    expected = without_shading(CORNERS, channels, atlas())
    scaled = atlas(CORNERS * unit, position_variance=unit**2)
    found = without_shading(CORNERS[order] * unit, channels[order], scaled)
    torch.testing.assert_close(found, expected[order])


def worms(numbers, shaded):
    """Worms of sixty neurons in pairs that lie close; brightness tells the two apart."""
    rng = np.random.default_rng(0)
    home = np.repeat(rng.uniform(-40, 40, (30, 3)), 2, axis=0)
    typical = np.tile([0.35, 0.65], 30)
    names = np.array([f"N{number:02d}" for number in range(60)])
    parts = []
    for number in numbers:
        own = np.random.default_rng([0, number])
        table = pd.DataFrame(
            home + own.normal(0, 1, (60, 3)), columns=["posterior", "dorsal", "left"]
        )
        table["luminance"] = typical + own.normal(0, 0.06, 60)
        if shaded:
            table["luminance"] += 0.008 * table["posterior"]
        parts.append(table)
    worm = np.repeat(list(numbers), 60)
    lab = np.full(len(worm), "EY")
    return View(pd.concat(parts, ignore_index=True), worm, lab, np.tile(names, len(parts)))


def right(log, names):
    best = answer(Calibration().probabilities(log)).best[:, 0]
    return float(np.mean(best == np.arange(len(names))))


@pytest.fixture(scope="module")
def transformer():
    torch.set_num_threads(1)
    params = TransformerSettings(steps=2, members=1, width=16, layers=1, heads=2, dropout=0.0)
    return Transformer(params, 0, "cpu").fit({"position+gray": worms(range(16), shaded=False)})


def test_a_shaded_worm_is_named_as_one_without_shading(transformer):
    names = transformer.classes_
    scores = transformer.atlas_["position+gray"]
    found = {}
    for shaded in (False, True):
        batch = transformer._batch(worms(range(20, 28), shaded))
        logs = [
            (scores(position[None], channels[None], ["EY"])[0],
             scores.without_shading(position, channels, "EY"))
            for position, channels in (
                (batch.position[rows], batch.channels[rows]) for rows in batch.rows
            )
        ]  # fmt: skip
        found[shaded] = [
            np.mean([right(log, names) for log in each]) for each in zip(*logs, strict=True)
        ]
    assert found[False][1] > 0.95
    assert found[True][0] < 0.9  # the atlas, misled by brightness
    assert found[True][1] > found[False][1] - 0.02


def test_networks_and_atlas_are_multiplied(transformer):
    """A network that has learnt nothing answers as the atlas does, so that both agree."""
    view = worms([30], shaded=True)
    batch = transformer._batch(view)
    network = transformer.network().eval()
    untrained = copy.copy(transformer)
    untrained.networks_ = [network, network]
    scores = transformer.atlas_["position+gray"]
    atlas_alone = scores(batch.position[None], batch.channels[None], ["EY"])[0]
    evened = scores.without_shading(batch.position, batch.channels, "EY")
    expected = torch.log_softmax(atlas_alone + evened, 1).numpy()
    np.testing.assert_allclose(
        untrained.predict_log_proba("position+gray", view), expected, atol=1e-4
    )
