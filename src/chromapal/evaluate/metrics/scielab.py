"""S-CIELAB: colour difference as it is seen, of images blurred as far as the eye blurs them.

Zhang and Wandell (1997), A spatial extension of CIELAB for digital color image reproduction,
Journal of the Society for Information Display 5(1), 61-63, with CIEDE2000 in place of the CIELAB
difference of 1976 (Johnson and Fairchild 2003, Color Research and Application 28(6), 425-435).
"""

import numpy as np
from scipy.fft import dctn, idctn
from skimage.color import deltaE_ciede2000, rgb2xyz, xyz2lab

# Light, red-green and blue-yellow of XYZ (D65, Y of white 1).
OPPONENT = np.array([[0.279, 0.72, -0.107], [-0.449, 0.29, -0.077], [0.086, -0.59, 0.501]])
# Of each: weights and spreads s [degrees of visual angle] of its kernels exp(-(r / s)²).
KERNELS = (
    ((0.921, 0.105, -0.108), (0.0283, 0.133, 4.336)),
    ((0.531, 0.330), (0.0392, 0.494)),
    ((0.488, 0.371), (0.0536, 0.386)),
)
PIXELS_PER_DEGREE = 23  # 72 pixels an inch, seen from 18 inches (46 cm)


def scielab(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean S-CIELAB difference of two images, as CIEDE2000.

    Both are seen with `PIXELS_PER_DEGREE`. Fine patterns of colour, which the eye averages, count
    less than the same differences over an area.

    Parameters
    ----------
    truth, predicted : numpy.ndarray of float64, shape (H, W, 3)
        sRGB, 0..1; any size from one pixel on.
    """
    return float(deltaE_ciede2000(*map(_seen, (truth, predicted))).mean())


def sensitivity(
    weights: tuple[float, ...], spreads: tuple[float, ...], frequency: np.ndarray
) -> np.ndarray:
    """Return how much of a pattern is seen, sum w exp(-(pi s f)²) / sum w, the kernels' transform.

    Parameters
    ----------
    weights, spreads : tuple of float
        Of the kernels; spreads in degrees.
    frequency : numpy.ndarray
        f, in cycles per degree.
    """
    parts = [
        weight * np.exp(-((np.pi * spread * frequency) ** 2))
        for weight, spread in zip(weights, spreads, strict=True)
    ]
    return sum(parts) / sum(weights)


def _seen(rgb: np.ndarray) -> np.ndarray:
    """Blur an image in opponent colours, mirrored at its edges; CIELAB of it."""
    channels = rgb2xyz(rgb) @ OPPONENT.T
    # the cosine transform's patterns of k half waves across n pixels
    down, across = (np.arange(side) * PIXELS_PER_DEGREE / (2 * side) for side in channels.shape[:2])
    frequency = np.hypot(down[:, None], across)
    for number, kernels in enumerate(KERNELS):
        pattern = dctn(channels[..., number], norm="ortho") * sensitivity(*kernels, frequency)
        channels[..., number] = idctn(pattern, norm="ortho")
    xyz = channels @ np.linalg.inv(OPPONENT).T
    # beside strong edges the blur of light overshoots
    return xyz2lab(np.clip(xyz, 0, None))
