"""Images a second that colorizers of images learn from, against plain fp32 PyTorch.

Both take the same steps with the same network on the same batch, in turns: ours as training runs
them (precision `auto`, channels last, fused Adam), the peer in fp32, contiguous, with Adam as
PyTorch gives it.
"""

import dataclasses
import json
import sys

import numpy as np
import torch
from benchmarks._measure import in_own_process, median_seconds

from chromapal import methods
from chromapal.prepare.images import ImageSamples
from chromapal.prepare.windows import WindowSamples
from chromapal.training.device import choose, fast_bf16
from chromapal.training.reading import network_errors, to_device

BATCH, SIDE, REPEATS = 16, 64, 4
# Where `auto` is bf16; elsewhere ours may only not be slower.
GOAL, WITHOUT_BF16 = 1.6, 0.9


def run() -> list[dict]:
    """Time each method in a process of its own, so that both sides meet the same machine."""
    return [row(name, in_own_process("benchmarks.image_training", name)) for name in trained()]


def trained() -> list[str]:
    """List the colorizers of images that take optimiser steps and need no weights to do so."""
    chosen = {name: methods.params("colorizers", name) for name in methods.accepting("images")}
    return [
        name
        for name, params in chosen.items()
        if hasattr(params, "steps") and not methods.lacks_weights(name, params)
    ]


def row(name: str, measured: dict) -> dict:
    """Turn seconds per step into a row of results."""
    note = "" if measured["bf16"] else ", no bf16: the goal is not to be slower"
    return {
        "benchmark": f"training {name}, images of {SIDE} x {SIDE}",
        "measure": f"images a second ({measured['device']}{note})",
        "value": measured["pictures"] / measured["ours"],
        "baseline": measured["pictures"] / measured["plain"],
        "ratio": measured["plain"] / measured["ours"],
        "goal": f"ratio >= {GOAL if measured['bf16'] else WITHOUT_BF16}",
    }


def measure(name: str) -> dict:
    """Time ours and the plain step in this process."""
    device = choose("cpu", "auto", torch.get_num_threads())
    ours, count = stepper(name, device.precision == "bf16", torch.channels_last, fused=True)
    plain, _ = stepper(name, False, torch.contiguous_format, fused=None)
    ours(), plain()
    rounds = [(median_seconds(ours, 1), median_seconds(plain, 1)) for _ in range(REPEATS)]
    seconds = dict(zip(("ours", "plain"), map(min, zip(*rounds, strict=True)), strict=True))
    return {
        **seconds,
        "pictures": count,
        "device": str(device),
        "bf16": fast_bf16("cpu"),
    }


def stepper(name: str, bf16: bool, layout: torch.memory_format, fused: bool | None):
    """Return a call that takes one optimiser step, and how many images a step is."""
    torch.manual_seed(0)
    params = methods.params("colorizers", name)
    images = ImageSamples(noise(BATCH))
    network = methods.module("colorizers", name).build(params).make()
    network.measure(images)
    network.to(memory_format=layout).train()
    adam = torch.optim.Adam(
        network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay, fused=fused
    )
    if hasattr(params, "reach"):  # learns from single pixels
        batch = next(WindowSamples(images, params.reach).epoch(params.batch, seed=0))
        count = len(batch.rgb) / SIDE**2
    else:
        batch = next(images.epoch(BATCH, seed=0))
        count = BATCH
    batch = laid_out(to_device(batch, "cpu"), layout)

    def step():
        adam.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            total, weight = network_errors(network, batch)
        (total / weight).backward()
        adam.step()

    return step, count


def noise(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Make images that tell nothing, which take as long as any others."""
    rng = np.random.default_rng(0)
    colours = [rng.random((SIDE, SIDE, 3), dtype=np.float32) for _ in range(count)]
    return [(rgb, rgb.mean(axis=2)) for rgb in colours]


def laid_out(batch, layout: torch.memory_format):
    """Lay a batch's images out in memory."""
    parts = vars(batch).items()
    return dataclasses.replace(
        batch,
        **{
            name: value.contiguous(memory_format=layout) for name, value in parts if value.ndim == 4
        },
    )


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1]) if sys.argv[1:] else run()))
