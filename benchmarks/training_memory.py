"""Memory of training on `neuron` samples at grid 128: grids are made per batch, never stored."""

import json
import sys

import numpy as np
import pandas as pd
import torch
from benchmarks._measure import in_own_process, peak_memory_mb

NEURONS, GRID = 9000, 128


def run() -> list[dict]:
    """Compare a process that trains with one that only imported PyTorch."""
    value = in_own_process("benchmarks.training_memory", "train")["mb"]
    bare = in_own_process("benchmarks.training_memory", "import")["mb"]
    return [
        {
            "benchmark": f"training on {NEURONS} lone neurons, grid {GRID}, batch 64",
            "measure": "GB beyond PyTorch itself; baseline, all grids stored",
            "value": (value - bare) / 1e3,
            "baseline": NEURONS * 2 * GRID**2 * 4 / 1e9 + (value - bare) / 1e3,
            "ratio": None,
            "goal": "value <= 2",
        }
    ]


def train():
    """Take three steps and validate."""
    from chromapal import methods
    from chromapal.prepare.samples import Samples

    rng = np.random.default_rng(0)
    columns = ["u", "v", "w", "gray", "weight", "weight_n", "r", "g", "b"]
    table = pd.DataFrame(rng.random((NEURONS, len(columns))), columns=columns)
    params = methods.params("colorizers", "resnet18_fusion", {"steps": 3})
    model = methods.module("colorizers", "resnet18_fusion").build(params, dense=False)
    model.fit(
        Samples.from_neurons(table, "neuron", GRID),
        Samples.from_neurons(table[:128], "neuron", GRID),
        seed=0,
        device="cpu",
        threads=torch.get_num_threads(),
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["train"]:
        train()
    print(json.dumps({"mb": peak_memory_mb()} if sys.argv[1:] else run()))
