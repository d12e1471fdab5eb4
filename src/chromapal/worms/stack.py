"""The part of a volume that holds a worm's neurons, small enough to be shown on a page."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chromapal.files import whole

STEP_UM = 0.3  # pixels along x and y; finer ones are averaged
MARGIN_UM = 4.0  # around the outermost neurons
MOST_BYTES = 9_000_000  # of all channels together; coarser pixels where it would be more
QUANTILES = (0.02, 0.999)  # of a channel's counts: black and white


@dataclass(frozen=True)
class Stack:
    """Planes of 8 bits.

    Attributes
    ----------
    channels : dict of str to numpy.ndarray of uint8, shape (Z, Y, X)
        Levels of each of R, G, B, W that the volume has.
    origin, step : tuple of float
        Where the first pixel's centre lies, and how far pixels are apart, along x, y, z [um].
    """

    channels: dict[str, np.ndarray]
    origin: tuple[float, ...]
    step: tuple[float, ...]


def shown(
    data, channels: Mapping[str, int], centres: np.ndarray, spacing: np.ndarray
) -> Stack | None:
    """Cut a volume to its neurons, and make its pixels coarser and its counts levels.

    Parameters
    ----------
    data : array-like, shape (X, Y, Z, C)
        Counts; one that is read from a file piece by piece is read one channel at a time.
    channels : mapping of str to int
        Which channels are R, G, B, W.
    centres : numpy.ndarray, shape (n, 3)
        Neurons, as voxels.
    spacing : numpy.ndarray, shape (3,)
        Voxel size along x, y, z [um].

    Returns
    -------
    Stack or None
        None of a worm without neurons.
    """
    if not len(centres) or not channels:
        return None
    sides, shape = np.asarray(spacing, dtype=float), np.array(data.shape[:3])
    margin = np.ceil(MARGIN_UM / sides).astype(int)
    low = np.clip(centres.min(axis=0).astype(int) - margin, 0, shape - 1)
    high = np.clip(centres.max(axis=0).astype(int) + 1 + margin, low + 1, shape)
    block = np.maximum(np.rint(STEP_UM / sides[:2]).astype(int), 1)
    size = high - low
    while len(channels) * np.prod(-(-size[:2] // block)) * size[2] > MOST_BYTES:
        # the finer axis first, so that pixels stay about square
        block[np.argmin(block * sides[:2])] += 1
    # whole blocks only
    size[:2] = np.maximum(size[:2] // block, 1) * np.minimum(block, size[:2])
    block = np.minimum(block, size[:2])
    high = low + size
    levels = {}
    for letter, channel in channels.items():
        cut = data[low[0] : high[0], low[1] : high[1], low[2] : high[2], channel]
        levels[letter] = _levels(_averaged(np.asarray(cut, dtype=np.float32), block))
    first = (low + np.array([*(block - 1) / 2, 0])) * sides
    step = np.array([*block, 1]) * sides
    return Stack(levels, tuple(first.tolist()), tuple(step.tolist()))


def write(stack: Stack, path: str | os.PathLike):
    """Write a stack as safetensors, whole or not at all."""
    from safetensors.numpy import save_file

    grid = json.dumps({"origin": stack.origin, "step": stack.step})
    with whole(path) as part:
        save_file(stack.channels, part, metadata={"grid": grid})


def read(path: str | os.PathLike) -> Stack:
    """Read what `write` wrote."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        grid = json.loads(file.metadata()["grid"])
        channels = {letter: file.get_tensor(letter) for letter in "RGBW" if letter in file.keys()}  # noqa: SIM118
    return Stack(channels, tuple(grid["origin"]), tuple(grid["step"]))


def _averaged(cut: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Average blocks of pixels, (X, Y, Z) to (Z, Y, X)."""
    wide, high, deep = cut.shape
    parts = cut.reshape(wide // block[0], block[0], high // block[1], block[1], deep)
    return parts.mean(axis=(1, 3)).transpose(2, 1, 0)


def _levels(counts: np.ndarray) -> np.ndarray:
    counts = np.nan_to_num(counts, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.quantile(counts, QUANTILES)
    share = np.clip((counts - low) / max(high - low, 1e-9), 0, 1)
    return np.ascontiguousarray(np.rint(255 * share).astype(np.uint8))
