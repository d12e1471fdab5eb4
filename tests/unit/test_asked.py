"""Curves over a person's answers, worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from chromapal.errors import InputError
from chromapal.files import write_json
from chromapal.identify import asked
from chromapal.identify.asked import curve
from chromapal.identify.expert import Expert

LABEL = np.array(["A", "B", "", "C", "D", "E", "F"])


def solve(told):
    """Name E right always, F as soon as anything is said, and the others wrong."""
    names = np.array(["?", "?", "?", "?", "?", "E", "F" if told else "?"], dtype=object)
    names[list(told)] = list(told.values())
    return SimpleNamespace(names=names)


def first(told, left):
    return left[0]


def test_answers_are_scored_by_hand():
    # anchors; others: labelled, right, right before; all: labelled, right; wrong, declined
    assert curve(solve, LABEL, first, Expert(LABEL)) == [
        (0, 6, 1, 1, 6, 1, 0, 0),
        (1, 5, 2, 1, 6, 3, 0, 0),
        (2, 4, 2, 1, 6, 4, 0, 0),
    ]


def test_mistakes_count_as_wrong_and_refusals_not_at_all():
    # A is declined, B taken for C, whose owner then takes the name, so that B is open again
    person = Expert(LABEL, {1: ["C"]}, {0})
    assert curve(solve, LABEL, first, person) == [
        (0, 6, 1, 1, 6, 1, 0, 0),
        (1, 5, 2, 1, 6, 2, 1, 1),
        (2, 4, 2, 1, 6, 3, 1, 1),
    ]
    told = []
    curve(lambda known: told.append(known) or solve(known), LABEL, first, person)
    assert {3: "C"} in told and not any(1 in known and 3 in known for known in told)


def test_nobody_is_asked_twice_nor_about_what_nobody_knows():
    seen = []

    def choose(told, left):
        seen.append(int(left[-1]))
        return left[-1]

    curve(solve, LABEL, choose, Expert(LABEL, {}, {6, 4}))
    assert seen == [6, 5, 4, 3, 1]  # three answers are half of the labels


def test_landmarks_stand_beside_networks(tmp_path):
    assert asked._landmarks([], "position") == []
    with pytest.raises(InputError, match=r"landmarks\.json: found no file"):
        asked._landmarks(tmp_path, "position")
    write_json({"position": ["I1"]}, tmp_path / "landmarks.json")
    assert asked._landmarks(tmp_path, "position") == ["I1"]
    assert asked._landmarks(tmp_path, "position+rgb") == []
