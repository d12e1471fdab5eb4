"""S-CIELAB by hand: areas count as in CIELAB, patterns as far as they are seen."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from chromapal.evaluate.metrics import scielab


def plain(shape, *rgb):
    return np.broadcast_to(np.float64(rgb), (*shape, 3)).copy()


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (30, 30)])
def test_areas_differ_as_their_colours_do(shape):
    one, other = (0.8, 0.3, 0.2), (0.4, 0.4, 0.4)
    found = scielab.scielab(plain(shape, *one), plain(shape, *other))
    labs = (rgb2lab(np.float64([[colour]])) for colour in (one, other))
    assert found == pytest.approx(deltaE_ciede2000(*labs).item(), abs=1e-6)
    assert scielab.scielab(plain(shape, *one), plain(shape, *one)) == 0


def test_sensitivity_is_the_transform_of_the_kernels():
    red_green = scielab.KERNELS[1]
    # .531 exp(-(pi .0392 4)²) / .861; of the wide kernel nothing is left at 4 cycles a degree
    assert scielab.sensitivity(*red_green, np.float64(4)) == pytest.approx(0.48386, abs=1e-4)
    for kernels in scielab.KERNELS:
        assert scielab.sensitivity(*kernels, np.float64(0)) == pytest.approx(1)
    # of kernels sampled finely, in degrees
    across = np.arange(-8, 8, 0.01)
    for (weights, spreads), frequency in zip(scielab.KERNELS, (0.4, 1.0, 3.0), strict=True):
        kernel = sum(
            weight * np.exp(-((across / spread) ** 2)) / (spread * np.sqrt(np.pi))
            for weight, spread in zip(weights, spreads, strict=True)
        )
        numeric = (kernel * np.cos(2 * np.pi * frequency * across)).sum() * 0.01 / sum(weights)
        found = scielab.sensitivity(weights, spreads, np.float64(frequency))
        assert found == pytest.approx(numeric, abs=2e-3)


def stripes(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return gray, and reddish and greenish stripes of the same mean light."""
    gray = plain((46, 46), 0.5, 0.5, 0.5)
    sign = np.where(np.arange(46) // width % 2, 1, -1)[None, :, None]
    return gray, gray + sign * np.float64([0.05, -0.025, 0])


def test_fine_patterns_of_colour_count_less_than_wide_ones():
    fine, wide = (scielab.scielab(*stripes(width)) for width in (1, 23))
    plain_fine, plain_wide = (
        deltaE_ciede2000(*map(rgb2lab, stripes(width))).mean() for width in (1, 23)
    )
    assert plain_fine == pytest.approx(plain_wide)
    # two pixels a cycle are 11.5 cycles a degree, of which the eye sees 8 %
    assert fine < 0.2 * plain_fine and 0.5 * plain_wide < wide < plain_wide
