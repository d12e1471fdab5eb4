"""How colourful a set of pixels is; networks are tuned by it and scored."""

import numpy as np


def colourfulness(rgb: np.ndarray) -> float:
    """Colourfulness of a set of pixels (Hasler and Süsstrunk 2003, their M3).

    Parameters
    ----------
    rgb : numpy.ndarray
        Values 0..1, shape (n, 3).

    Returns
    -------
    float
        sqrt(s_rg² + s_yb²) + 0.3 sqrt(m_rg² + m_yb²), with rg = R - G, yb = (R + G) / 2 - B, s
        the standard deviation and m the mean.
    """
    red, green, blue = np.asarray(rgb, dtype=np.float64).T
    opponent = np.stack([red - green, (red + green) / 2 - blue])
    return float(np.hypot(*opponent.std(axis=1)) + 0.3 * np.hypot(*opponent.mean(axis=1)))
