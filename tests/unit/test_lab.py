"""Colour spaces: as scikit-image has them, there and back, and the scales of networks."""

import numpy as np
import pytest
import torch
from skimage import color

from chromapal.prepare import lab

CORNERS = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], np.float32)


def images() -> np.ndarray:
    """Two images (2, 20, 31, 3): the cube's corners, dark colours and random ones."""
    rng = np.random.default_rng(0)
    rgb = rng.random((2, 20, 31, 3), dtype=np.float32)
    rgb[0, 0, :8] = CORNERS
    rgb[1, :5] *= 0.05
    return rgb


def channels_first(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.moveaxis(pixels, -1, 1))


def test_lab_is_scikit_images():
    rgb = images()
    found = lab.rgb_to_lab(channels_first(rgb))
    assert found.shape == (2, 3, 20, 31)
    np.testing.assert_allclose(np.moveaxis(found.numpy(), 1, -1), color.rgb2lab(rgb), atol=1e-3)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_rgb_is_scikit_images_outside_the_gamut_too():
    rng = np.random.default_rng(1)
    space = rng.uniform([0, -128, -128], [100, 128, 128], (1, 40, 25, 3)).astype(np.float32)
    found = lab.lab_to_rgb(channels_first(space))
    np.testing.assert_allclose(np.moveaxis(found.numpy(), 1, -1), color.lab2rgb(space), atol=1e-3)


def test_there_and_back():
    rgb = channels_first(images())
    torch.testing.assert_close(lab.lab_to_rgb(lab.rgb_to_lab(rgb)), rgb, atol=1e-3, rtol=0)


def test_known_colours():
    red, white = torch.tensor([[1.0, 0, 0], [1, 1, 1]])[:, :, None, None]
    space = lab.rgb_to_lab(torch.stack([red, white])).flatten(1)
    np.testing.assert_allclose(space[0], [53.24, 80.09, 67.20], atol=0.02)
    np.testing.assert_allclose(space[1], [100, 0, 0], atol=0.02)


def test_lightness_of_gray_is_that_of_the_colour_without_hue():
    gray = torch.linspace(0, 1, 11).view(1, 1, 1, 11)
    expected = color.rgb2lab(np.repeat(gray.numpy()[0, 0, :, :, None], 3, axis=-1))[..., 0]
    np.testing.assert_allclose(lab.lightness(gray)[0, 0], expected, atol=1e-3)
    assert float(lab.lightness_to_unit(lab.lightness(gray)).max()) == pytest.approx(1)


def test_scales():
    ab = torch.tensor([-128.0, 0, 127]).view(1, 1, 1, 3).expand(1, 2, 1, 3)
    np.testing.assert_allclose(lab.ab_to_signed(ab)[0, 0, 0], [-1, 0, 127 / 128])
    np.testing.assert_allclose(lab.ab_to_unit(ab)[0, 0, 0], [0, 128 / 255, 1])
    for there, back in ((lab.ab_to_signed, lab.ab_from_signed), (lab.ab_to_unit, lab.ab_from_unit)):
        torch.testing.assert_close(back(there(ab)), ab)


def test_colours_have_slopes_everywhere():
    rgb = channels_first(images()).requires_grad_()
    lab.lab_to_rgb(lab.rgb_to_lab(rgb)).sum().backward()
    assert rgb.grad.isfinite().all()


# L changes by 137 for channels from 0 to 1 where it is steepest, and counts are half a step away
HALF_STEP = {8: 137 * 0.5 / 255, 16: 137 * 0.5 / 65535}


@pytest.mark.parametrize("bits", [8, 16])
def test_lightness_is_kept_to_the_rounding_of_counts(bits):
    peak = 2**bits - 1
    level = torch.linspace(0, peak, 256, dtype=torch.float64).round() / peak
    some = channels_first(images()).double()[:1].flatten(2)[:, :, None, :128]
    ab = lab.rgb_to_lab(some)[:, 1:].expand(1, 2, 256, 128) * 1.5
    gray = level.view(1, 1, -1, 1).expand(1, 3, 256, 128)
    for image in (gray, some.roll(5, 3).expand(1, 3, 256, 128)):
        found = lab.with_lightness_of(image, ab)
        assert found.min() >= 0 and found.max() <= 1
        before = lab.rgb_to_lab(image)[:, 0]
        assert (lab.rgb_to_lab(found)[:, 0] - before).abs().max() < 1e-6
        written = (found * peak).round() / peak
        assert (lab.rgb_to_lab(written)[:, 0] - before).abs().max() < HALF_STEP[bits]


def test_a_colour_within_the_gamut_is_kept_and_one_beyond_is_mixed_with_gray():
    gray = lab.lab_to_rgb(torch.tensor([60.0, 0, 0]).double().view(1, 3, 1, 1))
    ab = torch.tensor([20.0, -30]).double().view(1, 2, 1, 1)
    found = lab.rgb_to_lab(lab.with_lightness_of(gray, ab)).flatten()
    np.testing.assert_allclose(found, [60, 20, -30], atol=1e-3)
    # as light as this there is pale red only
    pale = lab.with_lightness_of(torch.full((1, 3, 1, 1), 0.98).double(), 4 * ab.abs()).flatten()
    assert pale[0] == pytest.approx(1) and 0.9 < pale[2] < pale[1] < 0.98
    # of white and black there is none
    for value in (0.0, 1.0):
        same = lab.with_lightness_of(torch.full((1, 3, 1, 1), value).double(), ab)
        np.testing.assert_allclose(same, value, atol=1e-9)


def test_an_image_with_its_own_colours_is_itself():
    rgb = channels_first(images()).double()
    same = lab.with_lightness_of(rgb, lab.rgb_to_lab(rgb)[:, 1:])
    torch.testing.assert_close(same, rgb, atol=1e-7, rtol=0)
