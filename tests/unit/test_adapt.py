"""A laboratory that training never saw teaches how its channels differ, without names."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chromapal import methods
from chromapal.classifiers.common import whole_worms
from chromapal.classifiers.common.feature_tables import FeatureTable
from chromapal.columns import COLOUR
from chromapal.identify.adapt import COLUMNS, adapt, from_table, to_table
from chromapal.identify.assign import Calibration
from chromapal.identify.name_distribution import NameDistribution
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import View
from chromapal.training.settings import Training
from chromapal.worms.table import MICROMETRES
from tests import worm_batch

AXES = ["posterior", "dorsal", "left"]
NAMES = [f"N{number}" for number in range(12)]
TYPICAL = np.arange(12) % 2 * 2.0 - 1  # red tells even names from odd ones
FEATURES = "position+rgb"


def worms(numbers, lab, gain=1.0, offset=0.0, seed=0):
    """Worms of twelve neurons, pairs of which lie close; other channels tell nothing."""
    home = np.repeat(np.random.default_rng(seed).normal(0, 15, (6, 3)), 2, axis=0)
    parts = []
    for number in numbers:
        own = np.random.default_rng([seed, number])
        table = pd.DataFrame(home + own.normal(0, 1, (12, 3)), columns=AXES)
        table["r"] = offset + gain * (TYPICAL + own.normal(0, 0.4, 12))
        table[["g", "b"]] = own.normal(size=(12, 2))
        parts.append(table)
    worm = np.repeat(list(numbers), 12)
    return View(
        pd.concat(parts, ignore_index=True),
        worm,
        np.full(len(worm), lab),
        np.tile(NAMES, len(parts)),
    )


@pytest.fixture(scope="module")
def trained():
    torch.set_num_threads(1)
    params = TransformerSettings(steps=2, members=1, width=16, layers=1, heads=2)
    return Transformer(params, 0, "cpu").fit({FEATURES: worms(range(16), "EY")})


def shares(log):
    return Calibration().probabilities(log)


def right(transformer, view):
    log = transformer.predict_log_proba(FEATURES, dataclasses.replace(view, name=None))
    return (transformer.classes_[log.argmax(1)] == view.name).mean()


def test_one_name_by_hand():
    # twenty values of 3, of a name at 0: held by 20 pseudo-neurons all means move by 1.5; of what
    # is left, 20 * 1.5, the name takes its share, 30 / (20 + 8)
    name = NameDistribution(torch.zeros(1, 1).double(), torch.ones(1, 1, 1).double())
    found = name.learn_local(torch.full((20, 1), 3.0).double(), torch.ones(20, 1).double())
    assert found.item() == pytest.approx(1.5 + 30 / 28)


@given(st.integers(0, 2**32 - 1))
def test_no_share_moves_nothing_and_order_does_not_count(seed):
    generator = torch.Generator().manual_seed(seed)
    mean, values = (torch.randn(rows, 2, generator=generator).double() for rows in (4, 9))
    names = NameDistribution(mean, torch.eye(2).double().expand(4, 2, 2), 6.0)
    share = torch.rand(9, 4, generator=generator).double()
    assert not names.learn_local(values, torch.zeros_like(share)).any()
    order = torch.randperm(9, generator=generator)
    torch.testing.assert_close(
        names.learn_local(values, share), names.learn_local(values[order], share[order])
    )


def test_another_gain_and_offset_are_learnt_and_names_with_them(trained):
    new = worms(range(20, 32), "NEW", gain=0.6, offset=0.8)
    local = adapt(trained, FEATURES, new, shares)
    assert list(local) == ["NEW"]
    # most of the way from what the atlas expects to what this laboratory has
    expected = trained.atlas_[FEATURES].atlas.channels.mean[:, 0].numpy()
    wanted, red = 0.8 + 0.6 * TYPICAL, expected + local["NEW"][:, 0].numpy()
    assert np.abs(red - wanted).mean() < np.abs(expected - wanted).mean() / 3
    before = right(trained, new)
    after = right(trained.with_local(FEATURES, local), new)
    assert after > before + 0.1


def test_laboratories_that_training_knows_stay_as_they_are(trained):
    assert adapt(trained, FEATURES, worms(range(20, 24), "EY", offset=1.0), shares) == {}


def test_names_that_new_worms_carry_are_not_looked_at(trained):
    new = worms(range(20, 24), "NEW", gain=0.5)
    lied = dataclasses.replace(new, name=new.name[::-1].copy())
    one, other = (adapt(trained, FEATURES, view, shares)["NEW"] for view in (new, lied))
    assert torch.equal(one, other)


def test_a_correction_names_by_what_the_run_adapted(trained):
    new = worms(range(20, 24), "NEW", gain=0.6, offset=0.8)
    local = adapt(trained, FEATURES, new, shares)
    table = to_table(trained, FEATURES, local)
    assert list(table) == list(COLUMNS) and len(table) == len(NAMES) * len(COLOUR)
    # rows in whatever order
    again = from_table(trained, table.sample(frac=1, random_state=0))
    alone = View(new.values[:12], new.worm[:12], new.laboratory[:12])
    np.testing.assert_array_equal(
        again.predict_log_proba(FEATURES, alone),
        trained.with_local(FEATURES, local).predict_log_proba(FEATURES, alone),
    )
    assert from_table(trained, to_table(trained, FEATURES, {})) is trained


def test_planted_leak_names_of_a_left_out_laboratory_change_no_answer():
    neurons = worm_batch.table()
    columns = (*MICROMETRES, *COLOUR)
    labs = sorted(neurons["lab"].unique())
    test = neurons[neurons["lab"].eq(labs[0])]
    train = neurons[~neurons["lab"].eq(labs[0])]
    params = methods.params(
        "classifiers", "neuron_transformer", {"steps": 2, "members": 1, "width": 16, "layers": 1}
    )

    def named(tested):
        table = FeatureTable(FEATURES, "", columns, train, tested)
        found, fitted = whole_worms.name_worms(
            [table], "neuron_transformer", params, Training("cpu", seed=1)
        )
        # the network that is kept knows the laboratory too, for anchors
        ((estimator, _),) = fitted
        assert labs[0] in estimator.atlas_[FEATURES].atlas.channels.local
        return found[0]

    rng = np.random.default_rng(0)
    lied = test.assign(name=rng.permutation(test["name"].to_numpy()))
    pd.testing.assert_frame_equal(named(test), named(lied))
