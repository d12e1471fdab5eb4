"""sRGB to CIELAB and back for a batch of images: ours in PyTorch, against scikit-image."""

import json

import numpy as np
import torch
from benchmarks._measure import median_seconds
from skimage import color

from chromapal.prepare.lab import lab_to_rgb, rgb_to_lab

BATCH, SIDE, REPEATS = 32, 64, 40
# In units of L, a and b, and of sRGB from 0 to 1.
AGREEMENT = 1e-3


def run() -> list[dict]:
    """Convert the same colours both ways, each side in the layout in which it is given them."""
    # scikit-image uses one thread whatever there is.
    torch.set_num_threads(1)
    images = np.random.default_rng(0).random((BATCH, SIDE, SIDE, 3), dtype=np.float32)
    space = color.rgb2lab(images)
    return [
        compared("sRGB to CIELAB", rgb_to_lab, color.rgb2lab, images),
        compared("CIELAB to sRGB", lab_to_rgb, color.lab2rgb, space),
    ]


def compared(name: str, ours, peer, given: np.ndarray) -> dict:
    """Check that both agree, then time them in turns."""
    # Channels last in memory, as training hands its batches over.
    batch = torch.from_numpy(given).permute(0, 3, 1, 2)
    error = np.abs(ours(batch).permute(0, 2, 3, 1).numpy() - peer(given)).max()
    if not error <= AGREEMENT:
        raise RuntimeError(f"{name}: the two conversions differ by {error:.2g}")
    rounds = [
        (median_seconds(lambda: ours(batch), 1), median_seconds(lambda: peer(given), 1))
        for _ in range(REPEATS)
    ]
    value, baseline = map(min, zip(*rounds, strict=True))
    return {
        "benchmark": f"{name}, {BATCH} images of {SIDE} x {SIDE}",
        "measure": "seconds, one thread",
        "value": value,
        "baseline": baseline,
        "ratio": baseline / value,
        "goal": "ratio >= 1",
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
