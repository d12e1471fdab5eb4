"""How often a gray channel that does not transfer is found out, in a finished study's test worms.

Worms are named by position alone, by networks that have not seen them. The lowest agreement is the
percentile of worms of the other folds whose gray is NeuroPAL's white; colours of names are learnt
from the fold's training worms. See `chromapal.apply.typical`, and `_measure.studies`.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from benchmarks._measure import studies

from chromapal.apply.typical import PERCENTILE, gray_agreement
from chromapal.columns import BODY, COLOUR
from chromapal.files import read_json
from chromapal.identify.assign import Calibration
from chromapal.identify.colour import learn_colours
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.transformer import CALIBRATIONS, Transformer
from chromapal.identify.worm_batch import View
from chromapal.worms.table import WORM

NETWORKS = "networks/neuron_transformer/no_background"
POSITION, SEED = "position", 42
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
    folds = []
    for study in studies():
        folds = sorted(path.name for path in (study / NETWORKS).glob("fold*"))
        if len(folds) > 1:
            break
    else:
        print("gray_transfer: no study with networks of two folds", file=sys.stderr)
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
    goals = dict.fromkeys(KINDS, "value >= 0") | {
        "white": "value <= 0.15",
        "white of other neurons": "value >= 0.75",
        "white, reversed": "value >= 0.95",
    }
    return [
        {
            "benchmark": "gray_transfer", "measure": f"share of worms left out: {kind}",
            "value": shares[kind], "baseline": np.nan, "ratio": np.nan, "goal": goals[kind],
        }
        for kind in KINDS
    ]  # fmt: skip


def _agreements(study: Path, fold: str) -> pd.DataFrame:
    """Return the agreement of each test worm's white, and of what stands for another gray."""
    network = study / NETWORKS / fold
    transformer = Transformer.load(network, TransformerSettings())
    calibration = Calibration(**read_json(network / CALIBRATIONS)[POSITION])
    neurons = pd.read_parquet(study / "neurons" / fold / "neurons.parquet")
    neurons = neurons.assign(gray=neurons["white"])
    colours = learn_colours(neurons[neurons["role"].ne("test")], transformer.classes_)
    body = pd.read_parquet(study / "aligned" / POSITION / fold / "neurons.parquet")
    table = neurons[neurons["role"].eq("test")].merge(body[["row", *BODY]], on="row")
    rows = []
    for number, (_, worm) in enumerate(table.groupby(WORM, sort=True)):
        white = worm["white"].to_numpy(dtype=float)
        if np.isnan(white).any():
            continue
        view = View(worm[list(BODY)], np.zeros(len(worm), int), worm["lab"].to_numpy(dtype=str))
        log = torch.from_numpy(transformer.predict_log_proba(POSITION, view))
        chance = calibration.probabilities(log)
        shuffled = np.random.default_rng([SEED, number]).permutation(white)
        grays = white, shuffled, -white, *worm[list(COLOUR)].to_numpy(dtype=float).T
        rows.append([fold, *(gray_agreement(gray, chance, colours) for gray in grays)])
    return pd.DataFrame(rows, columns=["fold", *KINDS])
