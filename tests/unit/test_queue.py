"""Which neuron to ask about next, worked out by hand: names of three ganglia."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from chromapal.classifiers.common import whole_worms
from chromapal.identify import queue
from chromapal.identify.assign import UNKNOWN, Calibration
from chromapal.identify.queue import Queue, landmarks, worth

NAMES = ("AVAL", "I1L", "RIS")


def apart(count) -> torch.Tensor:
    return 1000.0 * torch.arange(3 * count, dtype=torch.float64).reshape(count, 3)


def order(probabilities, best, classes=()) -> list[int]:
    found = torch.tensor(probabilities, dtype=torch.float64)
    return Queue.of(NAMES, classes).order(found, apart(len(found)), np.array(best)).tolist()


def test_what_helps_most_comes_first():
    chances = torch.tensor([[0.98, 0.01], [0.5, 0.5], [0.7, 0.3], [0.0, 0.0]], dtype=torch.float64)
    found = worth(chances, apart(4))
    # its own entropy, and again as the only one within reach
    assert found[1] == pytest.approx(2 * np.log(2), abs=1e-6)
    # that the last one is nobody is certain
    assert found.argsort(descending=True).tolist() == [1, 2, 0, 3]


def test_of_two_uncertain_neurons_the_one_among_uncertain_ones_helps_more():
    chances = torch.tensor([[0.5, 0.5], [1.0, 0.0], [0.5, 0.5], [0.6, 0.4]], dtype=torch.float64)
    position = apart(4)
    position[1], position[3] = position[0] + 1, position[2] + 1
    assert worth(chances, position).argmax() == 2


def test_who_can_surely_be_told_is_asked_about_before_who_is_less_certain():
    chances = [[0.5, 0.0, 0.0], [0.0, 0.7, 0.0]]
    # what is nobody is told half as surely as I1:
    # .693 x (.5 x .8 + .5 x .5) = .450, and .611 x (.7 + .3 x .5) = .519
    assert order(chances, [0, 1]) == [1, 0]
    assert worth(torch.tensor(chances, dtype=torch.float64), apart(2)).argmax() == 0


def test_landmarks_come_first_and_hard_ganglia_last():
    chances = [
        [0.5, 0.5, 0.0],  # .693 x (.5 x .8 + .5 x 1) = .624
        [0.6, 0.4, 0.0],  # .673 x (.6 x .8 + .4 x 1) = .592
        [0.0, 0.0, 0.5],  # .693 x (.5 x .5 + .5 x .5) = .347, ventral
        [0.0, 0.9, 0.1],  # .325 x (.9 + .1 x .5) = .309
        [0.2, 0.2, 0.2],  # 1.332 x (.2 x .8 + .2 + .2 x .5 + .4 x .5) = .879, without a name
    ]
    best = [0, 0, 2, 1, -1]
    assert order(chances, best) == [4, 0, 1, 3, 2]
    assert order(chances, best, ["I1"]) == [3, 4, 0, 1, 2]
    # one that is certain is not asked about first
    chances[3] = [0.0, 0.95, 0.05]
    assert order(chances, best, ["I1"]) == [4, 0, 1, 3, 2]
    # of equals the one of the lower number
    assert order([[0.5, 0.5, 0.0]] * 3, [0, 0, 0]) == [0, 1, 2]


def test_landmarks_are_the_classes_that_are_most_surely_named_right(monkeypatch):
    monkeypatch.setattr(queue, "LANDMARKS", 1)
    names = np.array(["AVAL", "AVAR", "RIML", "RIMR"])
    given = torch.full((4, 4), 0.01, dtype=torch.float64).fill_diagonal_(0.97)
    right = [given] * 3
    truths = [np.array([0, 1, 2, 3]), np.array([0, 1, 2, 3]), np.array([0, 1, 3, UNKNOWN])]
    # of AVA 6 of 6 are right, of RIM 4 of 5
    assert landmarks(right, truths, names) == ["AVA"]
    # 5 of 6 of AVA, and 5 of 5 of RIM
    truths = [np.array([1, 1, 2, 3]), np.array([0, 1, 2, 3]), np.array([0, 1, 2, UNKNOWN])]
    assert landmarks(right, truths, names) == ["RIM"]
    # 4 labelled neurons are too few to go by
    assert landmarks(right[:2], truths[1:], names) == []


def test_landmarks_of_a_fold_are_judged_by_worms_that_were_held_out(monkeypatch):
    monkeypatch.setattr(queue, "LANDMARKS", 1)
    log = torch.full((5, 5), -9.0, dtype=torch.float64).fill_diagonal_(0.0)
    swapped = np.array([0, 1, 3, 2, 4])
    estimator = SimpleNamespace(
        classes_=np.array(["AVAL", "AVAR", "RIML", "RIMR", "background"]),
        held_out_={"position": ([log] * 3, [np.arange(5), swapped, swapped])},
    )
    calibrations = {"position": Calibration(1.0, 0.0)}
    # of AVA 6 of 6 are right, of RIM 2 of 6; background is no class, though always right
    assert whole_worms._landmarks(estimator, calibrations, "position") == ["AVA"]
    estimator.held_out_["position"] = [], []
    assert whole_worms._landmarks(estimator, calibrations, "position") == []
