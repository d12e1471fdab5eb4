"""Axes, centres and colours, held against animals made by hand."""

import dataclasses

import numpy as np
import pytest
import torch

from chromapal.audit import axes, colours
from chromapal.identify.atlas import Atlas
from chromapal.identify.name_distribution import NameDistribution
from chromapal.identify.worms import Worm

NAMES = tuple(f"N{number:02d}" for number in range(20))
PLACES = torch.from_numpy(np.random.default_rng(5).normal(size=(20, 3)) * [30.0, 12.0, 9.0])
COLOURS = torch.from_numpy(np.random.default_rng(6).normal(size=(20, 3)))


def spread(mean, size):
    return NameDistribution(mean, size * torch.eye(3, dtype=torch.float64).repeat(len(mean), 1, 1))


ATLAS = Atlas(NAMES, spread(PLACES, 4.0), spread(COLOURS, 0.5), torch.ones(20).double())


def worm(position=PLACES, label=NAMES, lab="A"):
    count = len(label)
    return Worm(
        lab,
        "w",
        "",
        np.arange(count),
        position,
        COLOURS[:count].clone(),
        np.array(label, dtype=str),
    )


def turned(position):
    """Turn about a skew axis, mirror and shift: what a microscope may do."""
    axis, _ = torch.linalg.qr(torch.tensor([[1.0, 2, 3], [0, 1, 4], [5, 6, 0]]).double())
    return position @ (axis * torch.tensor([1.0, 1.0, -1.0]).double()).T + 7.0


def test_lengths_do_not_depend_on_how_an_animal_lies():
    assert axes.lengths(worm(turned(PLACES)), ATLAS) == pytest.approx(np.zeros(3), abs=1e-9)


def test_a_micrometre_of_a_doubled_axis_is_half_as_long():
    z = turned(PLACES) * torch.tensor([1.0, 1.0, 2.0]).double()
    assert axes.lengths(worm(z), ATLAS) == pytest.approx([0, 0, -1], abs=1e-9)
    usual = axes.usual_lengths([worm(turned(PLACES))] * 3, ATLAS)
    assert set(usual) == {"A", axes.EVERYWHERE}
    answer, gain = axes.stretch(worm(z), ATLAS, usual)
    assert answer == "z 2 times as long as usual" and gain == pytest.approx(1)
    y = turned(PLACES) * torch.tensor([1.0, 0.5, 1.0]).double()
    assert axes.stretch(worm(y), ATLAS, usual)[0] == "y 0.5 times as long as usual"


def test_what_is_usual_is_a_laboratorys_own_where_it_is_known():
    flat = turned(PLACES) * torch.tensor([1.0, 2.0, 1.0]).double()
    usual = axes.usual_lengths([worm(flat), worm(turned(PLACES), lab="B")], ATLAS)
    assert axes.stretch(worm(flat), ATLAS, usual)[1] == pytest.approx(0, abs=1e-9)
    # of a laboratory never seen, the middle of all: half a factor of two
    assert axes.stretch(worm(flat, lab="C"), ATLAS, usual)[1] == pytest.approx(0.5)


def test_few_labels_or_labels_in_one_plane_measure_no_axis():
    few = [*NAMES[:11], *[""] * 9]
    assert axes.lengths(worm(label=few), ATLAS) is None
    plane = PLACES * torch.tensor([1.0, 1.0, 0.0]).double()
    assert axes.lengths(worm(plane), ATLAS) is None
    assert axes.stretch(worm(plane), ATLAS, {axes.EVERYWHERE: np.zeros(3)})[0] == ""
    assert axes.stretch(worm(), ATLAS, {})[0] == ""


def test_centres_nearer_than_half_of_what_neurons_keep_are_one_neuron():
    line = torch.tensor([[0.0, 0, 0], [4, 0, 0], [5, 0, 0], [9, 0, 0]]).double()
    training = worm(line, ["N01", "N02", "", "N03"])
    least = axes.least_apart([training])
    assert least == 2.0  # the unlabelled neuron says nothing
    assert axes.doubles(training, least) == [(1, 2)]
    both = dataclasses.replace(training, label=np.array(["N01", "N02", "N04", "N03"]))
    assert axes.doubles(both, least) == []
    assert axes.least_apart([dataclasses.replace(training, label=np.full(4, ""))]) == 0.0


def test_colours_go_with_labels_or_with_another_order_of_channels():
    every = np.arange(20)
    recorded = colours.exchanged(COLOURS, every, ATLAS.channels, ("r", "g", "b"))
    assert recorded[1] < 0
    answer, gain = colours.exchanged(COLOURS[:, [1, 0, 2]], every, ATLAS.channels, ("r", "g", "b"))
    assert answer == "red and green exchanged"
    # a Gaussian of variance .5: all squared distances that vanish, per neuron
    away = (COLOURS[:, [1, 0, 2]] - COLOURS).square().sum(1).mean()
    assert gain == pytest.approx(float(away))
    turned_round = colours.exchanged(COLOURS[:, [2, 0, 1]], every, ATLAS.channels, ("r", "g", "b"))
    assert turned_round[0] == "green, blue, red instead of red, green, blue"
    assert colours.exchanged(COLOURS[:7], every[:7], ATLAS.channels, ("r", "g", "b"))[0] == ""


def test_agreement_is_a_correlation_without_each_channels_mean():
    measured = COLOURS.numpy()
    assert colours.agreement(3 * measured + [1.0, 5.0, -2.0], measured) == pytest.approx(1)
    assert colours.agreement(-measured, measured) == pytest.approx(-1)
    assert np.isnan(colours.agreement(measured[:7], measured[:7]))
    assert np.isnan(colours.agreement(np.ones((9, 3)), measured[:9]))
