"""Probabilities of the mean of several networks, from means of two."""

import numpy as np
import pytest
import torch

from chromapal.identify.assign import Calibration
from chromapal.identify.ensemble import HeldOut, calibrate, carried_on

NAMES, WORMS, MEMBERS = 12, 60, 5


def test_logarithms_of_temperatures_lie_on_a_line_over_one_by_members():
    one, two = Calibration(2.0, -4.0), Calibration(1.5, -5.0)
    # from 1 to 1/2, and half as far again to 1/4
    four = carried_on(one, two, 2, 4)
    assert four.temperature == pytest.approx(1.5 * 0.75**0.5)
    assert four.nobody == pytest.approx(-5.5)
    assert carried_on(one, two, 2, 2) == two
    # what single members alone have been asked cannot be carried on
    assert carried_on(one, one, 1, 4) == one


def worms(members):
    """Draw worms: log scores (members, NAMES, NAMES) that are noisy in each member, and truths."""
    rng = np.random.default_rng(0)
    truth = np.arange(NAMES)
    for _ in range(WORMS):
        shared = rng.normal(0, 2.0, (NAMES, NAMES))
        shared[truth, truth] += 4.0
        own = shared + rng.normal(0, 1.5, (members, NAMES, NAMES))
        yield torch.log_softmax(torch.from_numpy(own), -1), truth


def held_out(asked, members):
    """Return worms whose names the first `asked` of five members were asked for."""
    logs, truths = map(list, zip(*worms(MEMBERS), strict=True))
    return HeldOut(list(range(WORMS)), [log[:asked] for log in logs], truths, members)


def fitted(asked):
    """Return the calibration of means of so many members, each fitted to these."""
    found = held_out(asked, asked)
    return Calibration.fit(found.means, found.truths)


def test_two_members_tell_what_the_mean_of_five_is_worth():
    found = calibrate(held_out(2, MEMBERS))
    assert fitted(1).temperature > 1.4 * fitted(MEMBERS).temperature
    assert fitted(2).temperature > 1.15 * fitted(MEMBERS).temperature
    assert found.temperature == pytest.approx(fitted(MEMBERS).temperature, rel=0.05)


@pytest.mark.parametrize("members", [1, 2])
def test_as_many_members_as_were_asked_are_calibrated_by_their_own_mean(members):
    assert calibrate(held_out(members, members)) == fitted(members)


def test_without_worms_nothing_is_fitted():
    assert calibrate(HeldOut([], [], [], MEMBERS)) == Calibration()
