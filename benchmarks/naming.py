"""Seconds that naming takes: learning from 80 worms, one new worm, an answer to anchors.

The new worm is named by the model that comes with the software, as in a notebook.
"""

import dataclasses
import time

import numpy as np
import pandas as pd
import torch

import chromapal
from chromapal.columns import BODY, COLOUR
from chromapal.identify import align
from chromapal.identify import run as identify
from chromapal.identify.anchors import Anchors
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.solver import Solver
from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import View
from chromapal.identify.worms import worms_of
from chromapal.prepare.normalise import Normaliser
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm
from chromapal.worms.table import clean_name

WORMS, NEURONS, STEPS, THREADS = 80, 150, 20, 2
FEATURES = "position+rgb"


def run() -> list[dict]:
    """Time each part once, without loading and simulation."""
    torch.set_num_threads(THREADS)
    worms = worms_of(simulated(), COLOUR)
    training, new_worm = worms[:-1], worms[-1].without_labels()
    seconds = {}
    start = time.perf_counter()
    aligner, aligned, mirror = align.fit(training, "nonrigid")
    seconds["learn"] = time.perf_counter() - start
    calibration = identify.calibrated(training, aligned, mirror)
    body = pd.concat(
        identify.body_axes_table(worm, result, sign).assign(worm=number)
        for number, (worm, result, sign) in enumerate(zip(training, aligned, mirror, strict=True))
    )
    channels = torch.cat([worm.channels for worm in training]).numpy()
    body[list(COLOUR)] = channels
    labels = [name for worm in training for name in worm.label]
    labs = np.concatenate([np.full(len(worm.row), worm.lab) for worm in training])
    full = TransformerSettings()
    settings = dataclasses.replace(full, steps=STEPS)
    network = Transformer(settings, 0)
    columns = [*BODY, *COLOUR]
    start = time.perf_counter()
    names = pd.Series(labels).to_numpy(dtype=str)
    network.fit({FEATURES: View(body[columns], body["worm"].to_numpy(), labs, names)})
    step = (time.perf_counter() - start) / (STEPS * full.members)
    model, worm = chromapal.load_model(), simulated_worm(WORMS)
    model.name(worm)  # the first one also loads libraries
    start = time.perf_counter()
    model.name(worm)
    seconds["name"] = time.perf_counter() - start
    label = worms[-1].label
    anchors = Anchors({int(index): str(label[index]) for index in np.flatnonzero(label != "")[:5]})
    start = time.perf_counter()
    Solver(aligner, calibration, FEATURES, network).solve(new_worm, 0.0, anchors)
    seconds["anchors"] = time.perf_counter() - start
    seconds["train"] = step * full.steps * full.members
    measures = {
        "learn": (f"seconds to learn an atlas from {WORMS - 1} worms and align them", 300),
        "name": (f"seconds to name a new worm of {NEURONS} neurons by all channels", 1),
        "anchors": ("seconds to answer with five anchors", 2),
        "train": (f"seconds to train the transformer of one fold, from {STEPS} steps", 900),
    }
    return [
        {
            "benchmark": "naming",
            "measure": words,
            "value": seconds[key],
            "baseline": None,
            "ratio": None,
            "goal": f"value <= {limit}",
        }
        for key, (words, limit) in measures.items()
    ]


def simulated() -> pd.DataFrame:
    """Return normalised simulated worms of one laboratory."""
    table = pd.concat(map(simulated_worm, range(WORMS)), ignore_index=True)
    table = table.assign(name=clean_name(table["ID"]), session="", row=range(len(table)))
    return Normaliser.fit(table, "rank_normal", "luminance").transform(table)


def simulated_worm(index: int) -> pd.DataFrame:
    """Return one of them as it was recorded."""
    params = SimulationParams(worms=WORMS, laboratories=1, neurons=NEURONS)
    return simulate_worm(params, 0, index)[0]


if __name__ == "__main__":
    print(pd.DataFrame(run()).to_string())
