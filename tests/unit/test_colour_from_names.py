"""Expected colour under what a neuron may be called, against the closed form."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.colorizers.common.named_colour import _inputs, _ridge
from chromapal.identify.colour import NameColours, learn_colours
from chromapal.identify.name_distribution import NameDistribution
from chromapal.identify.worms import numbered

GRAY = torch.tensor([0.0, 2.0], dtype=torch.float64)


def two() -> NameColours:
    """Two names: gray decides the first one's red, and nothing about the second."""
    mean = torch.tensor([[1.0, 0.2, 0.4, 0.6], [2.0, 0.8, 0.4, 0.1]], dtype=torch.float64)
    covariance = torch.diag_embed(
        torch.tensor([[4.0, 1.0, 0.04, 0.09], [1.0, 0.25, 0.01, 0.16]], dtype=torch.float64)
    )
    covariance[0, 0, 1] = covariance[0, 1, 0] = 2.0  # all of red's variance
    covariance[0, 0, 3] = covariance[0, 3, 0] = -0.4
    return NameColours(NameDistribution(mean, covariance))


def test_colour_given_gray_by_hand():
    mean, variance = two().given(GRAY)
    # the slopes of the first name are 2 / 4, 0 and -0.4 / 4
    np.testing.assert_allclose(mean[0], [[0.2 - 0.5, 0.4, 0.6 + 0.1], [0.8, 0.4, 0.1]])
    np.testing.assert_allclose(mean[1], [[0.2 + 0.5, 0.4, 0.6 - 0.1], [0.8, 0.4, 0.1]])
    variances = [[0, 0.04, 0.09 - 0.04], [0.25, 0.01, 0.16]]
    np.testing.assert_allclose(variance, [variances, variances], atol=1e-12)


def test_without_gray_the_name_alone_says_its_colour():
    unknown = torch.tensor([torch.nan, 1.0], dtype=torch.float64)
    mean, variance = two().given(unknown)
    joint = two().joint
    np.testing.assert_allclose(mean[0], joint.mean[:, 1:])
    np.testing.assert_allclose(variance[0], joint.covariance.diagonal(dim1=1, dim2=2)[:, 1:])
    np.testing.assert_allclose(mean[1], two().given(unknown[1:])[0][0])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), gray=st.floats(-3, 3))
def test_colour_given_gray_is_the_conditional_gaussian(seed, gray):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(3, 4, 4))
    covariance = factor @ factor.transpose(0, 2, 1) + 0.1 * np.eye(4)
    mean = rng.normal(size=(3, 4))
    joint = NameDistribution(torch.from_numpy(mean), torch.from_numpy(covariance))
    found, variance = NameColours(joint).given(torch.tensor([gray], dtype=torch.float64))
    for name in range(3):
        # by the precision matrix, not by the formula of the code
        precision = np.linalg.inv(covariance[name])
        within = np.linalg.inv(precision[1:, 1:])
        shift = within @ precision[1:, 0] * (gray - mean[name, 0])
        np.testing.assert_allclose(found[0, name], mean[name, 1:] - shift, atol=1e-8)
        np.testing.assert_allclose(variance[0, name], np.diag(within), atol=1e-8)


def test_expected_colour_of_two_names_by_hand():
    share = torch.tensor([[0.25, 0.75], [0.1, 0.3]], dtype=torch.float64)
    colour, deviation = two().expected(share, GRAY)
    np.testing.assert_allclose(colour[0], [0.25 * -0.3 + 0.75 * 0.8, 0.4, 0.25 * 0.7 + 0.75 * 0.1])
    # nobody's six tenths are spread in proportion
    np.testing.assert_allclose(colour[1], [0.25 * 0.7 + 0.75 * 0.8, 0.4, 0.25 * 0.5 + 0.75 * 0.1])
    # variance within names, and p (1 - p) times the squared distance of the names
    within = np.array([0.75 * 0.25, 0.25 * 0.04 + 0.75 * 0.01, 0.25 * 0.05 + 0.75 * 0.16])
    apart = 0.25 * 0.75 * np.array([1.1, 0, 0.6]) ** 2
    np.testing.assert_allclose(deviation[0].numpy() ** 2, within + apart)


def test_a_certain_name_has_its_own_colour():
    share = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    colour, deviation = two().expected(share, GRAY)
    mean, variance = two().given(GRAY)
    for name in (0, 1):
        np.testing.assert_allclose(colour[name], mean[name, name])
        np.testing.assert_allclose(deviation[name].numpy() ** 2, variance[name, name], atol=1e-12)


def test_where_nobody_is_known_all_names_have_an_even_share():
    blank, even = torch.zeros(2, 2, dtype=torch.float64), torch.full((2, 2), 0.5).double()
    for found, expected in zip(
        two().expected(blank, GRAY), two().expected(even, GRAY), strict=True
    ):
        assert torch.isfinite(found).all()
        torch.testing.assert_close(found, expected)
    assert two().expected(blank[:0], GRAY[:0])[0].shape == (0, 3)


@settings(max_examples=50, deadline=None)
@given(
    probabilities=st.lists(st.floats(0, 1), min_size=2, max_size=2),
    gray=st.floats(-5, 5),
)
def test_expected_colour_lies_between_those_of_the_names(probabilities, gray):
    values = torch.tensor([gray], dtype=torch.float64)
    colour, deviation = two().expected(
        torch.tensor([probabilities], dtype=torch.float64) / 2, values
    )
    mean, variance = two().given(values)
    low, high = mean[0].amin(0) - 1e-9, mean[0].amax(0) + 1e-9
    assert ((colour[0] >= low) & (colour[0] <= high)).all()
    most = variance[0].amax(0) + (high - low).square() / 4
    assert (deviation[0].square() <= most + 1e-9).all() and (deviation >= 0).all()


def test_colours_are_learnt_from_known_names_with_a_colour():
    table = pd.DataFrame(
        {
            "name": ["AVAL", "AVAL", "RIH", "background", "RIH", "NEW", ""],
            "gray": [0.0, 1, 5, 9, 7, 9, 9],
            "r": [0.0, 1, 3, 9, 3, 9, 9],
            "g": [1.0, 1, 2, 9, np.nan, 9, 9],
            "b": [1.0, 0, 2, 9, 2, 9, 9],
            "lab": ["EY", "SF", "SF", "SF", "SF", "SF", "SF"],
        }
    )
    assert numbered(table)["name"].tolist() == ["AVAL", "AVAL", "RIH", "", "RIH", "NEW", ""]
    found = learn_colours(table, np.array(["AVAL", "RIH"]))
    np.testing.assert_allclose(found.joint.mean, [[0.5, 0.5, 1, 0.5], [5, 3, 2, 2]])
    # within a name blue falls as gray rises
    mean, _ = found.given(torch.tensor([0.0, 1.0], dtype=torch.float64))
    assert mean[0, 0, 2] > mean[1, 0, 2]
    # a laboratory's one AVAL counts as one neuron among eight that lie at the common mean
    np.testing.assert_allclose(
        found.at("SF").joint.mean[0], [0.5 + 0.5 / 9, 0.5 + 0.5 / 9, 1, 4 / 9]
    )
    assert found.at("NP").joint is found.joint


def test_the_correction_is_a_ridge_by_hand():
    rng = np.random.default_rng(0)
    inputs, truth = rng.normal(size=(50, 2)), np.array([[1.0, 0, -1], [0, 2, 0]])
    target = inputs @ truth
    expected = np.linalg.inv(inputs.T @ inputs + 10 * np.eye(2)) @ inputs.T @ target
    blind = np.vstack([target, [[np.nan, 1, 1]]])  # a neuron without a colour tells nothing
    found = _ridge(np.vstack([inputs, [[1e6, 1e6]]]), blind)
    np.testing.assert_allclose(found, expected)
    assert (np.abs(found) <= np.abs(truth) + 0.5).all()
    assert (_ridge(inputs[:0], target[:0]) == 0).all()
    position = np.array([[40.0, 60.0, 80.0]])  # um, in units of 20
    row = _inputs(np.array([[0.1, 0.2, 0.3]]), position, pd.DataFrame({"gray": [5.0]}))[0]
    assert row.tolist() == pytest.approx([1, 0.1, 0.2, 0.3, 2, 3, 4, 5, 4, 9, 16, 25])
