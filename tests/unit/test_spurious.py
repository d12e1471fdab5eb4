"""Spurious centres: planted in worms, told from neurons by what has not seen the worm."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.identify import spurious
from chromapal.identify.identifier import Identifier
from chromapal.identify.settings import INPUTS
from chromapal.identify.spurious import SHARES, USUAL, Spurious
from chromapal.identify.transformer import HELD
from chromapal.identify.worm_batch import View
from tests.unit.test_shared_network import fitted, view

COUNT = 60


@settings(deadline=None)
@given(count=st.integers(4, 250), seed=st.integers(0, 2**20), width=st.integers(0, 4))
def test_a_worms_own_centres_stay_and_the_share_of_others_is_bounded(count, seed, width):
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(count, 3 + width))
    whole = spurious.plant(own[:, :3], own[:, 3:], np.random.default_rng(seed))
    assert np.array_equal(whole[:count], own)
    extra = len(whole) - count
    low, high = (count * share / (1 - share) for share in SHARES)
    assert max(1, round(low) - 1) <= extra <= round(high) + 1
    assert np.isfinite(whole).all()


def asked(seed=0):
    rng = np.random.default_rng(seed)
    log = torch.log_softmax(torch.from_numpy(rng.normal(0, 3, (COUNT, 20))), -1)
    return log, torch.from_numpy(rng.normal(size=COUNT)), rng.normal(0, 20, (COUNT, 3))


def test_two_neurons_worked_out_by_hand():
    log = torch.log(torch.tensor([[0.8, 0.2], [0.5, 0.5]], dtype=torch.float64))
    position = np.array([[0.0, 0, 0], [0, 3.0, 4.0]])
    found = spurious.inputs(log, torch.tensor([2.0, 5.0], dtype=torch.float64), position)
    # counted from the median, which of two is the lower; both lie 5 um apart, and the second's
    # likeliest name is log(.8 / .5) likelier at the first
    entropy = -(0.8 * np.log(0.8) + 0.2 * np.log(0.2))
    rows = [
        [np.log(0.8 / 0.5), 0.0, 0.0, 0.0, np.log(5), np.log(5)],
        [0.0, np.log(2) - entropy, 3.0, np.log(0.8 / 0.5), np.log(5), np.log(5)],
    ]
    np.testing.assert_allclose(found, rows, atol=1e-12)


def test_neither_place_nor_order_nor_a_bad_fit_of_the_whole_worm_counts():
    log, density, position = asked()
    found = spurious.inputs(log, density, position)
    assert found.shape == (COUNT, INPUTS)
    moved = spurious.inputs(log, density - 7.0, position + np.array([100.0, -3.0, 20.0]))
    np.testing.assert_allclose(moved, found, atol=1e-9)
    order = np.random.default_rng(1).permutation(COUNT)
    other = spurious.inputs(log[order], density[order], position[order])
    np.testing.assert_allclose(other, found[order], atol=1e-9)


def test_without_evidence_the_usual_share_is_spurious():
    blank = Spurious(np.zeros(INPUTS), np.ones(INPUTS), np.zeros(INPUTS), 0.0)
    np.testing.assert_allclose(blank.probability(np.ones((50, INPUTS))), USUAL)


def test_a_worm_of_many_spurious_centres_is_believed_to_have_them():
    weight = np.array([0.0, 0.0, -4.0, 0.0, 0.0, 0.0])
    detector = Spurious(np.zeros(INPUTS), np.ones(INPUTS), weight, 0.0)
    values = np.zeros((100, INPUTS))
    values[:, 2] = 2.0
    clean, dirty = values.copy(), values.copy()
    clean[:1, 2], dirty[:40, 2] = -0.5, -0.5
    # the same centre, of odds e^2 before the share: in a clean worm it is the odd one
    assert clean[0, 2] == dirty[0, 2]
    assert detector.probability(clean)[0] < 0.2 < 0.5 < detector.probability(dirty)[0]


def test_what_was_learnt_is_kept_to_the_last_bit():
    rng = np.random.default_rng(0)
    planted = np.arange(400) % 3 == 0
    values = rng.normal(size=(400, INPUTS)) + 2.0 * planted[:, None]
    made = Spurious.fit(values, planted)
    again = Spurious.from_json(made.to_json())
    found = made.probability(values)
    assert np.array_equal(found, again.probability(values))
    # of what was learnt from, it is right mostly, and the share of a third is the worm's own
    assert ((found >= 0.5) == planted).mean() > 0.95


def test_planted_leak_a_held_out_worms_names_change_nothing_that_is_said_of_its_centres():
    def said(names, of=HELD - 1):
        views = {"a": View(shape.values, shape.worm, shape.laboratory, names)}
        made = fitted(views, members=1)
        rows = shape.worm == of
        part = View(shape.values[rows], shape.worm[rows], shape.laboratory[rows])
        (log,) = made.held_out_logs("a", part).values()
        (density,) = made.density("a", part, held_out=True).values()
        (leaking,) = made.density("a", part).values()
        return log, density, leaking

    shape = view(["c"])
    absurd = shape.name.copy()
    own = shape.worm == HELD - 1
    absurd[own] = np.roll(absurd[own], 3)
    honest, moved = said(shape.name), said(absurd)
    assert torch.equal(honest[0], moved[0]) and torch.equal(honest[1], moved[1])
    # the atlas of all worms has seen it: that leak would show
    assert not torch.equal(honest[2], moved[2])


def test_worms_that_no_network_was_held_out_of_are_not_asked_about():
    made = fitted({"a": view(["c"])}, members=1)
    held = {HELD - 1, 2 * HELD - 1}
    assert set(made.held_out_logs("a", view(["c"]))) == held
    assert set(made.density("a", view(["c"]), held_out=True)) == held
    assert set(made.density("a", view(["c"]))) == set(range(16))


def test_an_identifier_learns_from_its_held_out_worms_alone():
    shape = view(["c"])
    made = Identifier(SimpleNamespace(), ["a"])
    made.transformer = fitted({"a": shape}, members=1)
    made._views = {"a": shape}
    made.learn_spurious(0)
    first = made.spurious["a"]
    others = shape.worm % HELD != HELD - 1
    names = shape.name.copy()
    names[others] = ""
    # what worms that a network was trained on are called is not looked at any more
    made._views = {"a": View(shape.values, shape.worm, shape.laboratory, names)}
    made.learn_spurious(0)
    assert made.spurious["a"].to_json() == first.to_json()
    made.learn_spurious(1)
    assert made.spurious["a"].to_json() != first.to_json()


@pytest.mark.parametrize("count", [2, 3])
def test_a_few_centres_are_enough(count):
    log, density, position = (each[:count] for each in asked())
    assert np.isfinite(spurious.inputs(log, density, position)).all()
