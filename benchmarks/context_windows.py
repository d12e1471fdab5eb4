"""The window of gray around every pixel: all windows at once, against loops over pixels."""

import json
from functools import partial

import numpy as np
import torch
from benchmarks._measure import median_seconds

from chromapal.prepare.windows import windows

SIDE, REACH, REPEATS = 64, 2, 5
WIDTH = 2 * REACH + 1


def run() -> list[dict]:
    """Take the windows of one image each way, after a check that all agree."""
    gray = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    # One thread, as two only wait for each other here.
    torch.set_num_threads(1)
    rows = []
    for name, peer, goal in (("pixels", by_pixel, 100), ("slices", by_slice, 10)):
        if not np.array_equal(ours(gray), peer(gray)):
            raise RuntimeError(f"the loop over {name} disagrees about the windows")
        # In turns, so that what else the machine does falls on both.
        rounds = [
            (median_seconds(partial(ours, gray), 50), median_seconds(partial(peer, gray), 1))
            for _ in range(REPEATS)
        ]
        value, baseline = map(min, zip(*rounds, strict=True))
        rows.append(
            {
                "benchmark": f"windows of {WIDTH} x {WIDTH}, image of {SIDE} x {SIDE}",
                "measure": f"seconds; baseline, a loop over {name}",
                "value": value,
                "baseline": baseline,
                "ratio": baseline / value,
                "goal": f"ratio >= {goal}",
            }
        )
    return rows


def ours(gray: np.ndarray) -> np.ndarray:
    """Return (pixels, window), as training takes them."""
    return windows(torch.from_numpy(gray)[None, None], REACH)[0].flatten(1).T.numpy()


def by_pixel(gray: np.ndarray) -> np.ndarray:
    """Go from pixel to pixel and from neighbour to neighbour."""
    padded = np.pad(gray, REACH, "edge")
    height, width = gray.shape
    result = np.empty((height * width, WIDTH**2), np.float32)
    for line in range(height):
        for column in range(width):
            for down in range(WIDTH):
                for right in range(WIDTH):
                    result[line * width + column, down * WIDTH + right] = padded[
                        line + down, column + right
                    ]
    return result


def by_slice(gray: np.ndarray) -> np.ndarray:
    """Go from pixel to pixel, and let NumPy copy what is around each."""
    padded = np.pad(gray, REACH, "edge")
    height, width = gray.shape
    result = np.empty((height * width, WIDTH**2), np.float32)
    for line in range(height):
        for column in range(width):
            around = padded[line : line + WIDTH, column : column + WIDTH]
            result[line * width + column] = around.ravel()
    return result


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
