"""What labels cost beside likelier names, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chromapal.audit import labels

# Three neurons, three names: what a model finds.
LOG = np.log([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5]])


def test_labels_become_columns():
    assert labels.columns(np.array(["B", "", "X", "A"]), ("A", "B")).tolist() == [1, -1, -1, 0]


def test_nobody_is_shared_out_among_names():
    shared = np.exp(labels.somebody(np.array([[0.3, 0.1], [0.0, 0.5]])))
    assert shared == pytest.approx(np.array([[0.75, 0.25], [0.0, 1.0]]))


def test_margin_is_the_likeliest_other_name_over_each():
    expected = np.log([[2 / 7, 3.5, 7], [6, 0.5, 2], [2, 2, 0.5]])
    assert labels.margins(LOG) == pytest.approx(expected)
    assert labels.likeliest_other(LOG, np.array([0, 0, -1])).tolist() == [1, 1, 2]


def test_a_single_name_has_no_other():
    assert labels.margins(np.zeros((2, 1))).tolist() == [[-np.inf], [-np.inf]]


def test_chance_adds_up_what_would_be_flagged():
    # 3.5 and 7 times likelier in the first row, 6 times in the second, none in the third
    assert labels.chance(LOG, np.log(3)) == pytest.approx([0.3, 0.1, 0.0])


@given(arrays(float, (4, 6), elements=st.floats(-20, 0)), st.floats(-2, 15))
def test_chance_is_a_probability_and_falls_with_the_threshold(scores, threshold):
    log = labels.somebody(np.exp(scores))
    found, stricter = labels.chance(log, threshold), labels.chance(log, threshold + 1)
    assert ((found >= 0) & (found <= 1 + 1e-9) & (stricter <= found)).all()
    # a name that is flagged although it is right is never the likeliest
    assert (labels.chance(log, 0.0) <= 1 - np.exp(log).max(axis=1) + 1e-9).all()


def test_two_labels_are_best_exchanged_with_each_other():
    partner, gain = labels.exchanges(LOG, np.array([1, 0, 2]))
    # .7 x .6 instead of .2 x .1; the third's with the second's .25 x .3 instead of .5 x .1
    assert partner.tolist() == [1, 0, 1]
    assert gain == pytest.approx(np.log([21, 21, 1.5]))
    assert (labels.exchanges(LOG, np.array([0, 1, 2]))[1] < 0).all()
    partner, gain = labels.exchanges(LOG, np.array([1, -1, -1]))
    assert partner.tolist() == [-1, -1, -1] and np.isnan(gain).all()


def test_labels_are_shifted_and_found_shifted():
    column = np.array([0, 1, 2])
    assert labels.shifted(column, 1).tolist() == [-1, 0, 1]
    assert labels.shifted(column, -1).tolist() == [1, 2, -1]
    answer, gain = labels.shift(LOG, labels.shifted(column, 1))
    # moved back, .7 and .6; as recorded, .1 of the second row and .25 of the third
    assert answer == "one row up"
    assert gain == pytest.approx(np.log(0.7 * 0.6) / 2 - np.log(0.1 * 0.25) / 2)
    assert labels.shift(LOG, column)[1] < 0
    assert np.isnan(labels.shift(LOG, np.array([-1, -1, -1]))[1])


NAMES = ("ASHL", "ASHR", "AVAL", "AVAR", "RID")


def flipped(log, column, posterior=(0.0, 0.0, 9.0, 9.0, 5.0)):
    answer, gain, affected = labels.sides(log, np.array(column), NAMES, np.array(posterior))
    return answer, gain, affected.tolist()


def test_sides_are_found_in_the_whole_animal_or_half_of_it():
    log = np.log(np.full((5, 5), 0.025) + 0.875 * np.eye(5))
    assert labels.swapped(np.array([0, 1, 4, -1]), NAMES).tolist() == [1, 0, -1, -1]
    ratio = np.log(0.9 / 0.025)
    answer, gain, affected = flipped(log, [0, 1, 2, 3, 4])
    assert (answer, affected) == ("", [False] * 5) and gain == pytest.approx(-ratio)
    answer, gain, affected = flipped(log, [1, 0, 3, 2, 4])
    assert (answer, affected) == ("whole animal", [True] * 4 + [False])
    assert gain == pytest.approx(ratio)
    answer, gain, affected = flipped(log, [1, 0, 2, 3, 4])
    assert (answer, affected) == ("front half", [True, True, False, False, False])
    assert gain == pytest.approx(ratio / 2)
    assert flipped(log, [0, 1, 3, 2, 4])[0] == "back half"


def test_labels_without_a_partner_say_nothing_about_sides():
    answer, gain, affected = flipped(np.log(np.full((5, 5), 0.2)), [-1, -1, -1, -1, 4])
    assert answer == "" and np.isnan(gain) and not any(affected)


def test_one_impossible_label_does_not_outvote_all_others():
    log = np.log(np.full((5, 5), 0.025) + 0.875 * np.eye(5))
    log[0, 0], log[0, 1] = -500.0, np.log(0.9)
    assert flipped(log, [0, 1, 2, 3, 4], [0.0] * 5)[0] == ""
