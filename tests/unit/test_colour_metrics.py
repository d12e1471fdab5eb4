import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.metrics import colour

RGB = arrays(np.float64, st.tuples(st.integers(2, 20), st.just(3)), elements=st.floats(0, 1))


def test_colourfulness_by_hand():
    # red and green: rg = 1, -1 (s 1, m 0); yb = 1/2, 1/2 (s 0, m 1/2)
    assert colour.colourfulness(np.array([[1, 0, 0], [0, 1, 0]])) == pytest.approx(1 + 0.3 * 0.5)
    # one blue pixel: no spread, rg = 0, yb = -1
    assert colour.colourfulness(np.array([[0, 0, 1]])) == pytest.approx(0.3)
    # red and black: rg = 1, 0 (s 1/2, m 1/2); yb = 1/2, 0 (s 1/4, m 1/4)
    expected = np.sqrt(0.25 + 0.0625) + 0.3 * np.sqrt(0.25 + 0.0625)
    assert colour.colourfulness(np.array([[1, 0, 0], [0, 0, 0]])) == pytest.approx(expected)


@given(RGB)
def test_grays_have_no_colourfulness_and_order_does_not_matter(rgb):
    assert colour.colourfulness(rgb[:, [0, 0, 0]]) == pytest.approx(0, abs=1e-12)
    assert colour.colourfulness(rgb[::-1]) == pytest.approx(colour.colourfulness(rgb))


def test_r2_by_hand():
    truth = np.array([[0.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    prediction = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    found = colour.r2(truth, prediction)
    assert found[0] == pytest.approx(1 - 2 / 8)
    assert np.isnan(found[1])  # a constant truth has no variance to explain


def test_chroma_r2_by_hand():
    luminance = np.array([0.0, 0.0, 1.0, 1.0])
    # lines through the means at either luminance: red 1, 3; green 0, 0; blue 2, 2
    truth = np.array([[0.0, 1, 2], [2, -1, 2], [2, 0, 2], [4, 0, 2]])
    # what the lines leave: red -1 1 -1 1, green 1 -1 0 0, so 6 in all
    fit = np.array([[1.0, 0, 2], [1, 0, 2], [3, 0, 2], [3, 0, 2]])
    assert colour.chroma_r2(truth, fit, luminance) == pytest.approx(0)
    assert colour.chroma_r2(truth, truth, luminance) == pytest.approx(1)
    off = truth + np.array([[0], [0], [0], [1]])
    assert colour.chroma_r2(truth, off, luminance) == pytest.approx(1 - 3 / 6)


def test_chroma_r2_is_empty_where_luminance_says_all():
    luminance = np.linspace(0, 1, 5)
    truth = np.outer(luminance, [1, 2, 3]) + 0.5
    assert np.isnan(colour.chroma_r2(truth, truth, luminance))


def test_render_draws_discs_and_the_upper_neuron_last():
    uvw = np.array([[0.0, 0, 1], [0, 0, 0], [1, 0.5, 0]])
    rgb = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    image, drawn = colour.render(uvw, rgb)
    assert image.shape == (128, 128, 3)
    assert drawn.sum() == 2 * 29  # pixels within 3 of a centre, two neurons share theirs
    assert image[3, 3].tolist() == [1, 0, 0] and not image[..., 1].any()
    # u runs along columns to 124, v down rows: 3 + round(0.5 * 121) = 63 (rint(60.5) = 60)
    assert image[63, 124].tolist() == [0, 0, 1]
    assert not image[~drawn].any()


def test_ssim_is_one_for_the_truth_and_looks_at_discs_only():
    rng = np.random.default_rng(0)
    uvw, truth = rng.random((30, 3)), rng.random((30, 3))
    assert colour.ssim(uvw, truth, truth) == pytest.approx(1)
    inverted = colour.ssim(uvw, truth, 1 - truth)
    near = colour.ssim(uvw, truth, 0.9 * truth + 0.05)
    assert inverted < near < 1
    # one neuron on an empty canvas: the background, equal in both, must not lift the score
    one = colour.ssim(uvw[:1], np.array([[1.0, 1, 1]]), np.array([[0.0, 0, 0]]))
    assert one < 0.1


def colours():
    """Return four neurons of two worms, the second one predicted perfectly."""
    truth = np.array([[0.2, 0.4, 0.6], [0.6, 0.4, 0.2], [0.1, 0.1, 0.9], [0.9, 0.1, 0.1]])
    prediction = truth + np.array([[0.1], [0.1], [0], [0]])
    table = pd.DataFrame(np.hstack([truth, prediction]), columns=[*colour.TRUTH, *colour.PREDICTED])
    return table.assign(
        lab="A", worm=["1", "1", "2", "2"], u=[0.1, 0.9, 0.1, 0.9], v=0.5, w=0.5,
        luminance=truth @ [0.299, 0.587, 0.114],
    )  # fmt: skip


def test_per_worm_and_group_scores_by_hand():
    table = colours()
    worms = colour.per_worm(table)
    assert worms["worm"].tolist() == ["1", "2"] and worms["neurons"].tolist() == [2, 2]
    assert worms["mse"].tolist() == pytest.approx([0.01, 0])
    similar = colour.per_worm_ssim(table, "full_scale")
    found = colour.score(table, similar, "full_scale")
    assert (found["worms"], found["neurons"]) == (2, 4)
    assert found["mse"] == pytest.approx(0.005)
    # red: mean .45, sum of squares .0625 + .0225 + .1225 + .2025 = .41; error .02
    assert found["r2_r"] == pytest.approx(1 - 0.02 / 0.41)
    assert found["r2"] == pytest.approx(np.mean([found[f"r2_{c}"] for c in "rgb"]))
    assert found["ssim"] == pytest.approx(similar["ssim"].mean())
    assert similar["ssim"].iloc[1] == pytest.approx(1)
    # opponents of prediction and truth are equal: a gray shift changes no colourfulness
    assert found["colourfulness_ratio"] == pytest.approx(1)
    assert 0 < found["delta_e"] < 10
    # what the table has besides is which run it is
    names = TABLES["colour"].names
    assert list(found) == names[names.index("worms") : names.index("training_device")]


def test_rank_normal_colours_are_displayed_before_looking_at_them():
    table = colours()
    wide = table.assign(r=table["r"] * 4 - 2, pred_r=table["r"] * 4 - 2)
    found = colour.score(wide, colour.per_worm_ssim(wide, "rank_normal"), "rank_normal")
    assert 0 <= found["colourfulness_true"] <= 1.5 and np.isfinite(found["delta_e"])
