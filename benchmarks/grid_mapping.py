"""Neurons onto grids: one indexed sum over all worms, against a loop over table rows."""

import json

import numpy as np
import pandas as pd
import torch
from benchmarks._measure import median_seconds

from chromapal.prepare.grid import cells, scatter

WORMS, NEURONS, GRID = 118, 132, 64


def run() -> list[dict]:
    """Map gray and weight of as many worms as the WormID collection holds."""
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        generator.random((WORMS * NEURONS, 4), dtype=np.float32), columns=["u", "v", "gray", "w"]
    )
    table["worm"] = np.repeat(np.arange(WORMS), NEURONS)
    # Training holds its neurons as tensors; one thread, as two only wait for each other here.
    torch.set_num_threads(1)
    columns = {name: torch.tensor(table[name].to_numpy()) for name in table}
    if not np.allclose(ours(columns), peer(table), atol=1e-5):
        raise RuntimeError("the two ways disagree about the grids")
    value = median_seconds(lambda: ours(columns), 50)
    baseline = median_seconds(lambda: peer(table), 3)
    return [
        {
            "benchmark": f"grid mapping of {WORMS} worms, grid {GRID}",
            "measure": "seconds",
            "value": value,
            "baseline": baseline,
            "ratio": baseline / value,
            "goal": "ratio >= 200",
        }
    ]


def ours(columns: dict[str, torch.Tensor]) -> np.ndarray:
    """Scatter all rows at once."""
    cell = cells(columns["u"], columns["v"], GRID)
    values = torch.stack([columns["gray"], columns["w"]], 1)
    return scatter(cell, columns["worm"], values, columns["w"], WORMS, GRID).numpy()


def peer(table: pd.DataFrame) -> np.ndarray:
    """Add one row after another, then divide."""
    total = np.zeros((WORMS, 2, GRID, GRID))
    weight = np.zeros((WORMS, 1, GRID, GRID))
    for _, row in table.iterrows():
        worm = int(row["worm"])
        column, line = (min(int(row[axis] * GRID), GRID - 1) for axis in "uv")
        total[worm, 0, line, column] += row["w"] * row["gray"]
        total[worm, 1, line, column] += row["w"] * row["w"]
        weight[worm, 0, line, column] += row["w"]
    return np.divide(total, weight, out=total, where=weight > 0)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
