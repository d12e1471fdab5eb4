"""A training step of ours against the same network in plain fp32 PyTorch, side by side.

The network is the one for aligned worms; what their mapping onto grids costs is measured too.
"""

import itertools
import json
import os

import numpy as np
import pandas as pd
import torch
from benchmarks._measure import in_own_process, median_seconds
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from chromapal.colorizers.networks.fusion import Fusion
from chromapal.prepare.samples import BODY_CHANNELS, Samples
from chromapal.training.device import choose, fast_bf16

BATCH, REPEATS = 64, 5
# Where `auto` is bf16; elsewhere ours may only not be slower.
GOALS = {64: 1.6, 128: 2.2}
WITHOUT_BF16 = 0.9
LAYERS = {False: "neuron samples", True: "worm samples"}
MAPPING = 0.05  # largest share of a step
WORMS, NEURONS = 20, 130
EXTENT_UM = (180.0, 33.0, 27.0)


def run() -> list[dict]:
    """Time both at two grid sizes, in one process, so that both meet the same machine."""
    rows = []
    for grid, dense in itertools.product(GOALS, LAYERS):
        measured = in_own_process("benchmarks.training_step", str(grid), str(int(dense)))
        goal = GOALS[grid] if measured["bf16"] else WITHOUT_BF16
        name = f"training step, batch {BATCH}, grid {grid}, {LAYERS[dense]}"
        note = "" if measured["bf16"] else ", no bf16: the goal is not to be slower"
        rows.append(
            {
                "benchmark": name,
                "measure": f"seconds ({measured['device']}{note})",
                "value": measured["ours"],
                "baseline": measured["plain"],
                "ratio": measured["plain"] / measured["ours"],
                "goal": f"ratio >= {goal}",
            }
        )
        rows += [
            {
                "benchmark": name,
                "measure": f"GFLOP/s, baseline the {precision} matrix product's",
                "value": measured["rate"],
                "baseline": product,
                "ratio": measured["rate"] / product,
                "goal": "ratio >= 0",
            }
            for precision, product in measured["products"].items()
        ]
        rows.append(
            {
                "benchmark": f"mapping onto grids in body axes, {name.removeprefix('training ')}",
                "measure": "seconds more for a batch than as recorded, baseline a training step",
                "value": measured["mapping"],
                "baseline": measured["ours"],
                "ratio": measured["mapping"] / measured["ours"],
                "goal": f"ratio <= {MAPPING}",
            }
        )
    return rows


def measure(grid: int, dense: bool) -> dict:
    """Time ours, the plain step and matrix products in this process."""
    device = choose("cpu", "auto", os.cpu_count())
    ours = stepper(grid, dense, device.precision == "bf16", torch.channels_last, fused=True)
    plain = stepper(grid, dense, False, torch.contiguous_format, fused=None)
    with FlopCounterMode(display=False) as counter:
        plain()
    # In turns, so that what else the machine does falls on both.
    rounds = [(median_seconds(ours, 1), median_seconds(plain, 1)) for _ in range(REPEATS)]
    seconds = dict(zip(("ours", "plain"), map(min, zip(*rounds, strict=True)), strict=True))
    return {
        **seconds,
        "mapping": batch_seconds(grid, dense, EXTENT_UM) - batch_seconds(grid, dense, None),
        "device": str(device),
        "bf16": fast_bf16("cpu"),
        "rate": counter.get_total_flops() / seconds["ours"] / 1e9,
        "products": {"bf16": product_rate(torch.bfloat16), "fp32": product_rate(torch.float32)},
    }


def stepper(grid: int, dense: bool, bf16: bool, layout: torch.memory_format, fused: bool | None):
    """Return a call that takes one optimiser step."""
    torch.manual_seed(0)
    network = Fusion(18, 32, dense, body=True).to(memory_format=layout)
    adam = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-4, fused=fused)
    lit = torch.rand(BATCH, 1, grid, grid) < 0.01
    x = torch.rand(BATCH, len(BODY_CHANNELS), grid, grid) * lit
    x = x.contiguous(memory_format=layout)
    z = torch.rand(BATCH, 1)

    def step():
        adam.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            output = network(x, z)
        F.mse_loss(output.float(), torch.zeros_like(output, dtype=torch.float32)).backward()
        adam.step()

    return step


def batch_seconds(grid: int, dense: bool, extent_um: tuple[float, float, float] | None) -> float:
    """Return the seconds that one batch of an epoch's grids takes."""
    rng = np.random.default_rng(0)
    columns = ["u", "v", "w", "gray", "weight_n", "weight", "r", "g", "b"]
    table = pd.DataFrame(rng.random((WORMS * NEURONS, len(columns))), columns=columns)
    table["lab"], table["worm"] = "A", np.repeat(np.arange(WORMS), NEURONS).astype(str)
    table["zr"] = 30 * table["w"]
    samples = Samples.from_neurons(table, "worm" if dense else "neuron", grid, extent_um=extent_um)
    batches = sum(1 for _ in samples.epoch(BATCH, seed=0, augment=True))

    def epoch():
        for _ in samples.epoch(BATCH, seed=0, augment=True):
            pass

    return median_seconds(epoch, REPEATS) / batches


def product_rate(kind: torch.dtype, size: int = 2048) -> float:
    """Return the rate of square matrix products [GFLOP/s]."""
    left, right = (torch.rand(size, size).to(kind) for _ in range(2))
    return 2 * size**3 / median_seconds(lambda: left @ right, REPEATS) / 1e9


def main(arguments: list[str]):
    """Measure one case for the parent process, or all for a person."""
    measured = measure(int(arguments[0]), arguments[1] == "1") if arguments else run()
    print(json.dumps(measured))


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
