"""How well spurious centres are told from neurons, in the test worms of a finished study.

Centres are planted in the test worms of each fold, which its networks have not seen; what tells
them is learnt from the test worms of the other folds. CHROMAPAL_STUDY names the study's folder.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score

from chromapal.columns import BODY
from chromapal.files import read_json
from chromapal.identify import spurious
from chromapal.identify.anchors import FORBIDDEN
from chromapal.identify.assign import Calibration, answer
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.spurious import NONE, Spurious
from chromapal.identify.transformer import CALIBRATIONS, Transformer
from chromapal.identify.worm_batch import View
from chromapal.prepare.features import channels
from chromapal.worms.table import WORM

NETWORKS = "networks/neuron_transformer/no_background"
SEED = 42
MISSING, MERGED = 0.2, 0.1  # shares of a worm's neurons


def run() -> list[dict]:
    """Plant, ask, and score; a row per feature set and kind of fault."""
    study = Path(os.environ.get("CHROMAPAL_STUDY", "results/identity"))
    folds = sorted(path.name for path in (study / NETWORKS).glob("fold*"))
    if len(folds) < 2:
        print(f"spurious: no networks of two folds in {study}", file=sys.stderr)
        return []
    torch.set_num_threads(1)
    rows = []
    for features in read_json(study / NETWORKS / folds[0] / CALIBRATIONS):
        asked = {fold: _asked(study, fold, features) for fold in folds}
        for fault in FAULTS:
            rows.append(
                _scored(
                    features,
                    fault,
                    {f: each[fault] for f, each in asked.items()},
                    {f: each["planted"] for f, each in asked.items()},
                )
            )
    return rows


def _asked(study: Path, fold: str, features: str) -> dict[str, list]:
    """Return what a fold's networks say about its test worms, by fault."""
    network = study / NETWORKS / fold
    transformer = Transformer.load(network, TransformerSettings())
    calibration = Calibration(**read_json(network / CALIBRATIONS)[features])
    neurons = pd.read_parquet(study / "neurons" / fold / "neurons.parquet")
    body = pd.read_parquet(study / "aligned" / features / fold / "neurons.parquet")
    table = neurons.merge(body[["row", *BODY]], on="row")
    found = {fault: [] for fault in FAULTS}
    columns = list(channels(features))
    worms = table[table["role"].eq("test")].groupby(WORM, sort=True)
    for number, (_, rows) in enumerate(worms):
        if rows[columns].isna().any(axis=None):
            continue
        position, light = rows[list(BODY)].to_numpy(), rows[columns].to_numpy(dtype=float)
        names = rows["name"].to_numpy(dtype=str)
        for fault, change in FAULTS.items():
            generator = np.random.default_rng([SEED, number])
            whole, truth, real = change(position, light, names, generator)
            values = pd.DataFrame(whole, columns=[*BODY, *columns])
            view = View(values, np.zeros(len(whole), int), np.full(len(whole), rows["lab"].iloc[0]))
            log = torch.from_numpy(transformer.predict_log_proba(features, view))
            density = transformer.density(features, view)[0]
            inputs = spurious.inputs(log, density, whole[:, :3])
            chance = calibration.probabilities(log)
            found[fault].append((inputs, chance, transformer.classes_, truth, real))
    return found


def _planted(position, light, names, generator):
    whole = spurious.plant(position, light, generator)
    extra = len(whole) - len(names)
    return whole, np.array([*names, *[""] * extra]), np.arange(len(whole)) < len(names)


def _untouched(position, light, names, generator):
    return np.column_stack([position, light]), names, np.full(len(names), True)


def _missing(position, light, names, generator):
    kept = generator.random(len(names)) >= MISSING
    return np.column_stack([position, light])[kept], names[kept], np.full(kept.sum(), True)


def _merged(position, light, names, generator):
    """Make one centre of two neighbours; it has no name of its own."""
    whole, gone = np.column_stack([position, light]), np.full(len(names), False)
    names = names.copy()
    for first in generator.permutation(len(names))[: int(MERGED * len(names))]:
        apart = np.linalg.norm(position - position[first], axis=1) + 1e3 * gone
        apart[first] = np.inf
        second = int(apart.argmin())
        if gone[first] or gone[second]:
            continue
        whole[first] = (whole[first] + whole[second]) / 2
        names[first], gone[second] = "", True
    return whole[~gone], names[~gone], np.full((~gone).sum(), True)


FAULTS = {"planted": _planted, "none": _untouched, "missing": _missing, "merged": _merged}


def _scored(features: str, fault: str, asked: dict[str, list], taught: dict[str, list]) -> dict:
    """Score one kind of fault, each fold by what the others teach."""
    parts = []
    for fold, worms in asked.items():
        others = [worm for other, each in taught.items() if other != fold for worm in each]
        values = np.concatenate([worm[0] for worm in others])
        truth = np.concatenate([worm[3] for worm in others])
        real = np.concatenate([worm[4] for worm in others])
        known = ~real | (truth != "")
        detector = Spurious.fit(values[known], ~real[known])
        for inputs, chance, classes, names, own in worms:
            share = detector.probability(inputs)
            fixed = torch.zeros_like(chance)
            fixed[torch.from_numpy(share >= NONE)] = FORBIDDEN
            given = [
                np.array([*classes, ""])[answer(chance, each).best[:, 0]]
                for each in (torch.zeros_like(chance), fixed)
            ]
            sure = [
                answer(chance * torch.from_numpy(1 - share)[:, None], fixed).probability[:, 0],
                answer(chance).probability[:, 0],
            ]
            parts.append((share, names, own, *given, *sure))
    share, names, own, before, after, sure, sure_before = (
        np.concatenate(each) for each in zip(*parts, strict=True)
    )
    labelled, none = names != "", share >= NONE
    known = labelled | ~own
    return {
        "benchmark": "spurious", "features": features, "fault": fault,
        "labelled": int(labelled.sum()), "planted": int((~own).sum()),
        "auc": roc_auc_score(~own[known], share[known]) if (~own).any() else np.nan,
        "none_recall": none[~own].mean() if (~own).any() else np.nan,
        "none_precision": (~own)[known & none].mean() if (known & none).any() else np.nan,
        "neurons_called_none": none[labelled].mean(),
        "right_before": (before == names)[labelled].mean(),
        "right_after": (after == names)[labelled].mean(),
        "precision_before": (before == names)[known & (before != "")].mean(),
        "precision_after": (after == names)[known & (after != "")].mean(),
        "sure_before": sure_before[labelled].mean(), "sure_after": sure[labelled].mean(),
    }  # fmt: skip
