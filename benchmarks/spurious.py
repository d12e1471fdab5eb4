"""How well spurious centres are told from neurons, in the test worms of a finished study.

Centres are planted in the test worms of each fold, which its networks have not seen; what tells
them is learnt from the test worms of the other folds. CHROMAPAL_STUDY names the study's folder; see
`_measure.studies`.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from benchmarks._held_out import NETWORKS, Fold, with_networks
from sklearn.metrics import roc_auc_score

from chromapal.columns import BODY, NO_NEURON
from chromapal.files import read_json
from chromapal.identify import spurious
from chromapal.identify.anchors import FORBIDDEN
from chromapal.identify.assign import answer
from chromapal.identify.spurious import Spurious
from chromapal.identify.transformer import CALIBRATIONS
from chromapal.prepare.features import channels

SEED = 42
MISSING, MERGED = 0.2, 0.1  # shares of a worm's neurons


def run() -> list[dict]:
    """Plant, ask, and score; a row per feature set and kind of fault."""
    study, folds = with_networks("spurious")
    if not folds:
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


def _asked(study: Path, name: str, features: str) -> dict[str, list]:
    """Return what a fold's networks say about its test worms, by fault."""
    fold, columns = Fold(study, name, features), list(channels(features))
    found = {fault: [] for fault in FAULTS}
    for number, rows in fold.tested(columns):
        position, light = rows[list(BODY)].to_numpy(), rows[columns].to_numpy(dtype=float)
        names = rows["name"].to_numpy(dtype=str)
        for fault, change in FAULTS.items():
            generator = np.random.default_rng([SEED, number])
            whole, truth, real = change(position, light, names, generator)
            values = pd.DataFrame(whole, columns=[*BODY, *columns])
            log, chance, density = fold.ask(values, rows["lab"].iloc[0])
            inputs = spurious.inputs(log, density, whole[:, :3])
            found[fault].append((inputs, chance, fold.transformer.classes_, truth, real))
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
    right, right_without = ((each == names)[labelled].mean() for each in (after, before))
    rows = [("labelled neurons right, more than without", right - right_without, np.nan,
             "value >= -0.01")]  # fmt: skip
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
        ]  # fmt: skip
    rows += [
        ("labelled neurons right", right, right_without, ""),
        ("labelled neurons without a name", none[labelled].mean(), np.nan, ""),
    ]
    return [
        {
            "benchmark": "spurious", "measure": f"{features}, {fault}: {measure}", "value": value,
            "baseline": baseline, "ratio": value / baseline, "goal": goal,
        }
        for measure, value, baseline, goal in rows
    ]  # fmt: skip
