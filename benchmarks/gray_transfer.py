"""How often a gray channel that does not transfer is found out, in a finished study's test worms.

Worms are named by position alone, by networks that have not seen them. The lowest agreement is the
percentile of worms of the other folds whose gray is NeuroPAL's white; colours of names are learnt
from the fold's training worms. See `chromapal.apply.typical`, and `_measure.studies`.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from benchmarks._held_out import Fold, with_networks

from chromapal.apply.typical import PERCENTILE, POSITION, gray_agreement
from chromapal.columns import BODY, COLOUR
from chromapal.identify.colour import learn_colours

SEED = 42
KINDS = (
    "white",
    "white of other neurons",
    "white, reversed",
    "red alone",
    "green alone",
    "blue alone",
)


def run() -> list[dict]:
    """Measure the share of worms whose gray would be left out, by what that gray is."""
    study, folds = with_networks("gray_transfer")
    if not folds:
        return []
    torch.set_num_threads(1)
    found = pd.concat([_agreements(study, fold) for fold in folds], ignore_index=True)
    left_out = []
    for fold in folds:
        others = found.loc[found["fold"].ne(fold), "white"].dropna()
        lowest = np.percentile(others, PERCENTILE)
        left_out.append(~(found.loc[found["fold"].eq(fold), list(KINDS)] >= lowest))
    shares = pd.concat(left_out).mean()
    # a single dye goes with white in part, and how much is nobody's to choose
    goals = {
        "white": "value <= 0.15",
        "white of other neurons": "value >= 0.75",
        "white, reversed": "value >= 0.95",
    }
    return [
        {
            "benchmark": "gray_transfer", "measure": f"share of worms left out: {kind}",
            "value": shares[kind], "baseline": np.nan, "ratio": np.nan, "goal": goals.get(kind, ""),
        }
        for kind in KINDS
    ]  # fmt: skip


def _agreements(study: Path, name: str) -> pd.DataFrame:
    """Return the agreement of each test worm's white, and of what stands for another gray."""
    fold = Fold(study, name, POSITION)
    training = fold.neurons[fold.neurons["role"].ne("test")]
    colours = learn_colours(training.assign(gray=training["white"]), fold.transformer.classes_)
    rows = []
    for number, worm in fold.tested(["white"]):
        _, chance, _ = fold.ask(worm[list(BODY)], worm["lab"].iloc[0])
        white = worm["white"].to_numpy(dtype=float)
        shuffled = np.random.default_rng([SEED, number]).permutation(white)
        grays = white, shuffled, -white, *worm[list(COLOUR)].to_numpy(dtype=float).T
        rows.append([name, *(gray_agreement(gray, chance, colours) for gray in grays)])
    return pd.DataFrame(rows, columns=["fold", *KINDS])
