"""Resize by averaging areas, as a matrix so that slabs and rows can be added up."""

import numpy as np


def area_matrix(length: int, size: int) -> np.ndarray:
    """Return the weights that average `length` pixels in a row to `size` ones.

    Parameters
    ----------
    length, size : int
        At least 1. A pixel that overlaps two new ones is divided by area; if `size` is larger than
        `length`, pixels repeat.

    Returns
    -------
    numpy.ndarray of float32, shape (size, length)
        Rows sum to 1.
    """
    edges = np.arange(size + 1) * (length / size)
    pixel = np.arange(length)
    ends = np.minimum(edges[1:, None], pixel + 1)
    starts = np.maximum(edges[:-1, None], pixel)
    overlap = np.clip(ends - starts, 0, None)
    return (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
