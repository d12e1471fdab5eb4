"""How well spurious centres are told from neurons, in the test worms of a finished study.

Centres are planted in the test worms of each fold, which its networks have not seen; what tells
them is learnt from the test worms of the other folds. CHROMAPAL_STUDY names the study's folder; see
`_measure.studies`.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from benchmarks._measure import studies
from sklearn.metrics import roc_auc_score

from chromapal.columns import BODY, NO_NEURON
from chromapal.files import read_json
from chromapal.identify import spurious
from chromapal.identify.anchors import FORBIDDEN
from chromapal.identify.assign import Calibration, answer
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.spurious import Spurious
from chromapal.identify.transformer import CALIBRATIONS, Transformer
from chromapal.identify.worm_batch import View
from chromapal.prepare.features import channels
from chromapal.worms.table import WORM

NETWORKS = "networks/neuron_transformer/no_background"
SEED = 42
MISSING, MERGED = 0.2, 0.1  # shares of a worm's neurons


def run() -> list[dict]:
    """Plant, ask, and score; a row per feature set and kind of fault."""
    folds = []
    for study in studies():
        folds = sorted(path.name for path in (study / NETWORKS).glob("fold*"))
        if len(folds) > 1:
            break
    else:
        print("spurious: no study with networks of two folds", file=sys.stderr)
        return []
    torch.set_num_threads(1)
    rows = []
    for features in read_json(study / NETWORKS / folds[0] / CALIBRATIONS):
        asked = {fold: _asked(study, fold, features) for fold in folds}
        taught = {fold: each["planted"] for fold, each in asked.items()}
        for fault in FAULTS:
            own = {fold: each[fault] for fold, each in asked.items()}
            rows += _scored(features, fault, own, taught)
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


FAULTS = {"planted": _planted, "untouched": _untouched, "missing": _missing, "merged": _merged}


def _scored(
    features: str, fault: str, asked: dict[str, list], taught: dict[str, list]
) -> list[dict]:
    """Score one kind of fault, each fold by what the others teach; names beside those without."""
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
            fixed[torch.from_numpy(share >= NO_NEURON)] = FORBIDDEN
            given = [
                np.array([*classes, ""])[answer(chance, each).best[:, 0]]
                for each in (torch.zeros_like(chance), fixed)
            ]
            parts.append((share, names, own, *given))
    share, names, own, before, after = (np.concatenate(each) for each in zip(*parts, strict=True))
    labelled, none = names != "", share >= NO_NEURON
    known = labelled | ~own
    rows = [
        ("labelled neurons right", (after == names)[labelled].mean(),
         (before == names)[labelled].mean(), "ratio >= 0.98"),
        ("labelled neurons without a name", none[labelled].mean(), np.nan, "value <= 0.02"),
    ]  # fmt: skip
    if fault == "planted":
        named = known & (after != "")
        rows = [
            ("share of planted centres found", none[~own].mean(), np.nan, "value >= 0.5"),
            ("share of centres without a name that are planted", (~own)[known & none].mean(),
             (~own)[known].mean(), "ratio >= 2"),
            ("share of names that are right", (after == names)[named].mean(),
             (before == names)[known].mean(), "ratio >= 1"),
            ("area under the curve, planted against labelled",
             roc_auc_score(~own[known], share[known]), 0.5, "ratio >= 1.5"),
            rows[0], ("labelled neurons without a name", rows[1][1], np.nan, "value <= 0.1"),
        ]  # fmt: skip
        rows[4] = (*rows[4][:3], "ratio >= 0.9")
    return [
        {
            "benchmark": "spurious", "measure": f"{features}, {fault}: {measure}", "value": value,
            "baseline": baseline, "ratio": value / baseline, "goal": goal,
        }
        for measure, value, baseline, goal in rows
    ]  # fmt: skip
