"""Large images in overlapping tiles, so that a network's memory does not grow with the image."""

from collections.abc import Callable, Iterator

import numpy as np

ROWS = 256  # enlarged at once
OVERLAP = 8  # neighbours share a tile's side divided by this, at least


def starts(length: int, side: int) -> np.ndarray:
    """Return where tiles begin along one side of an image, evenly from edge to edge.

    Parameters
    ----------
    length, side : int
        Pixels of the image, and of a tile.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        From 0; a single one where the image is no longer than a tile.
    """
    if length <= side:
        return np.zeros(1, np.int64)
    step = side - side // OVERLAP
    count = -(-(length - side) // step) + 1
    return np.linspace(0, length - side, count).round().astype(np.int64)


def shares(length: int, side: int) -> np.ndarray:
    """Return how much each tile counts in each pixel along one side of an image.

    Parameters
    ----------
    length, side : int
        As for `starts`.

    Returns
    -------
    numpy.ndarray of float32, shape (n, length)
        0 outside a tile, rising linearly from its edge over what neighbours share; columns sum
        to 1.
    """
    pixel = np.arange(length)
    first = starts(length, side)[:, None]
    inside = np.minimum(pixel - first + 1, first + min(side, length) - pixel)
    ramp = np.clip(inside, 0, max(side // OVERLAP, 1))
    return (ramp / ramp.sum(axis=0)).astype(np.float32)


def blended(
    predict: Callable[[np.ndarray], np.ndarray], image: np.ndarray, side: int
) -> Iterator[tuple[slice, np.ndarray]]:
    """Predict an image in tiles, and average them where they overlap.

    Parameters
    ----------
    predict : callable
        From a tile, (h, w) or (h, w, C), to its prediction, (h, w, K).
    image : numpy.ndarray, shape (H, W) or (H, W, C)
        At least one pixel.
    side : int
        Side of a tile [pixels]; an image that is no larger is predicted whole.

    Yields
    ------
    rows : slice
        The image's next rows that are finished, from the top.
    prediction : numpy.ndarray of float32, shape (rows, W, K)
        Their predictions; no more rows at once than a tile has.
    """
    height, width = image.shape[:2]
    tops, lefts = starts(height, side), starts(width, side)
    down, right = shares(height, side), shares(width, side)
    waiting = None
    for number, top in enumerate(tops):
        bottom = min(top + side, height)
        rows = None
        for left, share in zip(lefts, right, strict=True):
            tile = predict(image[top:bottom, left : left + side])
            if rows is None:
                rows = np.zeros((bottom - top, width, tile.shape[2]), np.float32)
            end = left + tile.shape[1]
            rows[:, left:end] += share[left:end, None] * tile
        rows *= down[number, top:bottom, None, None]
        if waiting is not None:
            rows[: len(waiting)] += waiting
        done = (tops[number + 1] if number + 1 < len(tops) else height) - top
        yield slice(top, top + done), rows[:done]
        waiting = rows[done:]


def enlarged(image: np.ndarray, height: int, width: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Enlarge an image by linear interpolation between the middles of its pixels.

    Parameters
    ----------
    image : numpy.ndarray of float32, shape (h, w, K)
        At least one pixel.
    height, width : int
        The size wanted [pixels].

    Yields
    ------
    rows : slice
        The next rows of the result, from the top.
    values : numpy.ndarray of float32, shape (rows, width, K)
        What is in them; beyond the outermost middles, the nearest of them.
    """
    down, right = _places(len(image), height), _places(image.shape[1], width)
    for top in range(0, height, ROWS):
        rows = slice(top, min(top + ROWS, height))
        tall = _interpolated(image, *(each[rows] for each in down))
        yield rows, _interpolated(tall.swapaxes(0, 1), *right).swapaxes(0, 1)


def _places(length: int, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return between which of `length` pixels the new ones lie: the one before, and how far on."""
    place = np.clip((np.arange(pixels) + 0.5) * length / pixels - 0.5, 0, length - 1)
    before = place.astype(int)
    return before, (place - before).astype(np.float32)


def _interpolated(values: np.ndarray, before: np.ndarray, on: np.ndarray) -> np.ndarray:
    """Interpolate along the first axis."""
    after = np.minimum(before + 1, len(values) - 1)
    return values[before] + on[:, None, None] * (values[after] - values[before])
