import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chromapal.evaluate.metrics import images

SIDES = st.tuples(st.integers(1, 14), st.integers(1, 14), st.just(3))
UNIT = st.floats(0, 1, width=32)
PAIRS = SIDES.flatmap(
    lambda shape: st.tuples(*[arrays(np.float32, shape, elements=UNIT) for _ in range(2)])
)


def plain(shape: tuple[int, int], *rgb: float) -> np.ndarray:
    return np.broadcast_to(np.float32(rgb), (*shape, 3)).copy()


def windowed_ssim(truth: np.ndarray, other: np.ndarray) -> float:
    """Work out SSIM pixel by pixel: 11 by 11 Gaussian windows, edges mirrored if need be."""
    across = np.arange(-5, 6)
    weights = np.exp(-(across**2) / (2 * 1.5**2))
    weights = np.outer(weights, weights) / np.outer(weights, weights).sum()
    small = min(truth.shape[:2]) < 11
    if small:
        truth, other = (
            np.pad(p, [(5, 5), (5, 5), (0, 0)], mode="symmetric") for p in (truth, other)
        )
    values = []
    for row in range(5, truth.shape[0] - 5):
        for column in range(5, truth.shape[1] - 5):
            for channel in range(3):
                x, y = (
                    p[row - 5 : row + 6, column - 5 : column + 6, channel] for p in (truth, other)
                )
                mx, my = (weights * x).sum(), (weights * y).sum()
                vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
                both = (weights * (x - mx) * (y - my)).sum()
                light = (2 * mx * my + 1e-4) / (mx**2 + my**2 + 1e-4)
                values.append(light * (2 * both + 9e-4) / (vx + vy + 9e-4))
    return np.mean(values)


def test_scores_by_hand():
    black = plain((4, 6), 0, 0, 0)
    half_white = black.copy()
    half_white[:2] = 1
    found = images.score(black, half_white)
    assert found["mse_rgb"] == pytest.approx(0.5)
    assert found["psnr"] == pytest.approx(10 * np.log10(2))
    # gray against gray: no error of a and b; black and white, of mean lightness 50, lie 100 apart
    assert found["mse_ab"] == pytest.approx(0, abs=1e-4)
    assert found["delta_e"] == pytest.approx(50, abs=1e-2)
    assert found["colourfulness"] == found["colourfulness_true"] == 0


def test_errors_of_a_and_b_are_in_units_of_cielab():
    # sRGB's red has a = 80.09 and b = 67.20, any gray none
    found = images.score(plain((3, 3), 1, 0, 0), plain((3, 3), 0.5, 0.5, 0.5))
    assert found["mse_ab"] == pytest.approx((80.09**2 + 67.20**2) / 2, rel=1e-3)
    assert found["mse_rgb"] == pytest.approx(0.25)


def test_colourfulness_is_that_of_either_image():
    red_and_green = np.float32([[[1, 0, 0], [0, 1, 0]]])
    found = images.score(red_and_green, red_and_green * 0)
    assert found["colourfulness_true"] == pytest.approx(1 + 0.3 * 0.5)
    assert found["colourfulness"] == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (3, 5), (10, 40), (11, 11), (12, 31)])
def test_constant_images_of_any_size_differ_in_brightness_only(shape):
    found = images.score(plain(shape, 0.2, 0.2, 0.2), plain(shape, 0.6, 0.6, 0.6))
    assert found["ssim"] == pytest.approx((2 * 0.2 * 0.6 + 1e-4) / (0.04 + 0.36 + 1e-4), rel=1e-5)


@pytest.mark.parametrize("shape", [(2, 3), (7, 20), (10, 10), (11, 11), (14, 13)])
def test_ssim_is_the_mean_over_windows(shape):
    rng = np.random.default_rng(0)
    truth, other = rng.random((2, *shape, 3))
    other = (truth + other) / 2
    assert images.ssim(truth, other) == pytest.approx(windowed_ssim(truth, other), abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (20, 31)])
@pytest.mark.parametrize("colours", ["one", "all"])
def test_the_truth_itself_gets_the_best_scores(shape, colours):
    rng = np.random.default_rng(1)
    truth = rng.random((*shape, 3), dtype=np.float32) if colours == "all" else plain(shape, 1, 0, 0)
    found = images.score(truth, truth.copy())
    assert found["psnr"] == 100
    assert found["ssim"] == pytest.approx(1)
    assert found["mse_rgb"] == found["mse_ab"] == found["delta_e"] == found["scielab"] == 0
    assert found["colourfulness"] == found["colourfulness_true"] > 0


@given(PAIRS)
@settings(max_examples=30, deadline=None)
def test_scores_are_finite_and_either_image_may_be_the_truth(pair):
    one, other = pair
    before = one.copy()
    found, swapped = images.score(one, other), images.score(other, one)
    assert np.isfinite(list(found.values())).all()
    assert np.array_equal(one, before)
    for name in ("mse_rgb", "mse_ab", "psnr", "ssim", "delta_e", "scielab"):
        assert found[name] == pytest.approx(swapped[name], rel=1e-6, abs=1e-6), name
    assert found["colourfulness"] == swapped["colourfulness_true"]
    assert 0 <= found["mse_rgb"] <= 1 and 0 <= found["psnr"] <= 100 and found["ssim"] <= 1 + 1e-9


def test_a_better_prediction_scores_better():
    rng = np.random.default_rng(2)
    truth = rng.random((32, 32, 3), dtype=np.float32)
    gray = np.repeat(truth.mean(axis=2, keepdims=True), 3, axis=2)
    far, near = (images.score(truth, gray + part * (truth - gray)) for part in (0.2, 0.8))
    for name in ("mse_rgb", "mse_ab", "delta_e", "scielab"):
        assert near[name] < far[name], name
    for name in ("psnr", "ssim", "colourfulness"):
        assert near[name] > far[name], name


def test_a_missing_pixel_is_not_passed_over():
    truth = plain((12, 12), 0.5, 0.2, 0.1)
    predicted = truth.copy()
    truth[0, 0, 0] = np.nan
    found = images.score(truth, predicted)
    assert np.isfinite(found.pop("colourfulness"))
    found.pop("ssim")  # its windows look past a corner
    assert np.isnan(list(found.values())).all()
    truth[5, 5] = np.nan
    assert np.isnan(images.score(truth, predicted)["ssim"])


@pytest.mark.parametrize(
    ("one", "other"),
    [((4, 4, 3), (4, 5, 3)), ((4, 4), (4, 4)), ((4, 4, 4), (4, 4, 4)), ((0, 4, 3), (0, 4, 3))],
)
def test_what_is_no_pair_of_images_is_refused(one, other):
    with pytest.raises(ValueError, match="expected one shape"):
        images.score(np.zeros(one, np.float32), np.zeros(other, np.float32))
