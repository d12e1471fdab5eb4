"""Read an NWB volume as a stack of small slices, one slab of chunks at a time."""

import os

import numpy as np

from chromapal.errors import InputError
from chromapal.images.area import area_matrix
from chromapal.worms.nwb import worker
from chromapal.worms.nwb.channels import rgbw

QUANTILES = (0.01, 0.99)
LEVELS = 1 << 16


def slices(path: str | os.PathLike, size: int) -> dict[str, np.ndarray]:
    """Map a volume's z slices to squares and scale each channel by the worm's quantiles.

    A slice's x runs along columns and its y along rows, each stretched to the whole side, by the
    mean over areas. Quantiles .01 and .99 of a channel's counts over the whole volume become 0
    and 1, the rest is clipped; a channel where both agree is 0. Memory holds one slab of
    chunks and the squares, and every chunk is read once.

    Parameters
    ----------
    path : path-like
        The NWB file.
    size : int
        Pixels a side.

    Returns
    -------
    dict of str to numpy.ndarray
        For each letter of R, G, B, W that the file has: float32 0..1, shape (Z, size, size).

    Raises
    ------
    InputError
        The file cannot be read, or its counts are not whole numbers of 0 to 65535.
    """
    return worker.run(_slices, path, size)


def _slices(path: str | os.PathLike, size: int) -> dict[str, np.ndarray]:
    # imported here because it takes a second, and most sets have no volumes
    from chromapal.worms.nwb import contents

    with contents.opened(path) as content:
        volume = contents.find_volume(content, path)
        channels = rgbw(volume, path)
        require_counts(volume.data, path)
        return {letter: _channel(volume.data, at, size, path) for letter, at in channels.items()}


def require_counts(data, path: str | os.PathLike):
    """Refuse a volume whose counts are not integers; `slices` checks their range."""
    if data.dtype.kind not in "ui":
        raise InputError(path, f"counts of type {data.dtype}", "whole numbers")


def _channel(data, channel: int, size: int, path: str | os.PathLike) -> np.ndarray:
    wide, high, deep, _ = data.shape
    across, down = area_matrix(wide, size), area_matrix(high, size)
    thick = data.chunks[0] if data.chunks else 16
    histogram = np.zeros(LEVELS, dtype=np.int64)
    squares = np.zeros((deep, size, size), dtype=np.float32)
    for start in range(0, wide, thick):
        worker.step()
        slab = data[start : start + thick, :, :, channel]
        least, most = int(slab.min()), int(slab.max())
        if least < 0 or most >= LEVELS:
            raise InputError(path, f"counts of {least} to {most}", f"0 to {LEVELS - 1}")
        histogram += np.bincount(slab.ravel(), minlength=LEVELS)
        rows = np.tensordot(slab.astype(np.float32), down, (1, 1))  # x, z, row
        squares += np.tensordot(rows, across[:, start : start + thick], (0, 1))
    low, top = quantiles(histogram, QUANTILES)
    if top <= low:
        return np.zeros_like(squares)
    return np.clip((squares - np.float32(low)) / np.float32(top - low), 0, 1)


def quantiles(histogram: np.ndarray, shares: tuple[float, ...]) -> list[float]:
    """Return quantiles of whole numbers from their histogram.

    Parameters
    ----------
    histogram : numpy.ndarray of int, shape (levels,)
        Not all 0.
    shares : tuple of float
        0..1.

    Returns
    -------
    list of float
        As `numpy.quantile` of the numbers themselves: linear between neighbours in rank.
    """
    below = np.cumsum(histogram)
    found = []
    for share in shares:
        rank = share * (below[-1] - 1)
        first = int(rank)
        low, top = np.searchsorted(below, [first, min(first + 1, below[-1] - 1)], side="right")
        found.append(float(low + (rank - first) * (top - low)))
    return found
