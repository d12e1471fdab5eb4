"""Faults planted in labelled animals of a finished study: what share of them the audit finds.

CHROMAPAL_STUDY names the study's folder; see `_measure.studies`.
Every animal is judged by its fold's models, which have not seen it, and a flag means what it means
in `make audit`: thresholds come from untouched animals of other folds.
"""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from benchmarks import _planted as planted
from benchmarks._measure import studies
from benchmarks._planted import Case

from chromapal.audit.flags import BUDGET, budget, flag_animals, thresholds
from chromapal.audit.judge import Fold
from chromapal.audit.questions import STRETCH, Judged, animal_rows, label_rows
from chromapal.files import read_json

FEATURES = "position+rgb"
# Whole animals: what is planted, and the share that is to be found.
FAULTS: dict[str, tuple[Callable[[Case], bool], float]] = {
    "labels shifted by one row": (planted.shifted, 1.0),
    "left and right flipped, whole animal": (partial(planted.flipped, part="whole"), 0.95),
    "left and right flipped, front half": (partial(planted.flipped, part="front"), 0.95),
    "left and right flipped, back half": (partial(planted.flipped, part="back"), 0.95),
    "red and green exchanged": (planted.red_for_green, 0.95),
    "z doubled": (planted.doubled, 0.95),
    "file mirrored": (planted.mirrored, 0.8),
    f"one neuron as two centres, {planted.APART_UM} um apart at most": (planted.two_centres, 0.95),
}
PAIRS = {
    "two names exchanged": (planted.random_pairs, 0.8),
    "a left-right pair exchanged": (planted.side_pairs, 0.5),
}


def run() -> list[dict]:
    """Plant every fault in every labelled test animal."""
    torch.set_num_threads(1)
    folds = {}
    for study in studies():
        folds = folds or folds_of(study)
    if len(folds) < 2:
        print("audit: no study of aligned worms with two finished folds", file=sys.stderr)
        return []
    cases, rows, animals = judged_cases(folds)
    measures = [
        row(f"untouched names flagged, of {len(rows)}", rows["flagged"].mean(), "<=", BUDGET)
    ]
    for question, flagged in animals.groupby("question")["flagged"]:
        words = f"untouched animals flagged, {question}, of {len(flagged)}"
        measures.append(row(words, flagged.mean(), "<=", BUDGET))
    for fault, (pairs, goal) in PAIRS.items():
        found = [hit for case in cases for hit in planted.exchanged(case, pairs(case))]
        measures.append(rate(fault, found, goal))
    for fault, (plant, goal) in FAULTS.items():
        measures.append(rate(fault, [plant(case) for case in cases], goal))
    return measures


def folds_of(study: Path) -> dict[str, tuple[Fold, float]]:
    """Read finished folds, and what evidence is worth; without networks the atlas judges."""
    found = {}
    for aligned in sorted((study / "aligned" / FEATURES).glob("fold?")):
        facts = aligned / "atlas/handedness.json"
        if not facts.is_file():
            continue
        network = study / "networks/neuron_transformer/no_background" / aligned.name
        own = network if network.is_dir() else []
        print(f"{aligned}: judged by {'networks' if own else 'the atlas'}", file=sys.stderr)
        neurons = study / "neurons" / aligned.name / "neurons.parquet"
        files = neurons, aligned / "worms.parquet", aligned / "atlas"
        found[aligned.name] = Fold.read(*files, own, FEATURES, {}), read_json(facts)["slope"]
    return found


def judged_cases(
    folds: dict[str, tuple[Fold, float]],
) -> tuple[list[Case], pd.DataFrame, pd.DataFrame]:
    """Judge all animals as they are; returns also what is flagged of names and of animals."""
    judged: list[tuple[str, Judged]] = [
        (name, fold.judge(worm)) for name, (fold, _) in folds.items() for worm in fold.tested
    ]
    rows = pd.concat([label_rows(one).assign(fold=name) for name, one in judged])
    answers = [
        animal_rows(one, folds[name][0].letters, folds[name][0].usual, 1.0).assign(fold=name)
        for name, one in judged
    ]
    animals = flag_animals(pd.concat(answers, ignore_index=True).assign(features=FEATURES))
    margin = thresholds(rows["margin"], rows["fold"], budget)
    stretch = animals[animals["question"].eq(STRETCH)].groupby("fold")["threshold"].first()
    rows["flagged"] = rows["margin"] > rows["fold"].map(margin)
    cases = [
        Case(one, *folds[name], margin[name], stretch[name], seed)
        for seed, (name, one) in enumerate(judged)
    ]
    return cases, rows, animals


def rate(fault: str, found: Iterable[bool], goal: float) -> dict:
    """State the share of planted faults that was found."""
    found = list(found)
    return row(f"share found of {len(found)}: {fault}", float(np.mean(found)), ">=", goal)


def row(measure: str, value: float, sign: str, goal: float) -> dict:
    """Make a measure as `python -m benchmarks` prints it."""
    fields = {"measure": measure, "value": float(value), "goal": f"value {sign} {goal}"}
    return {"benchmark": "audit", "baseline": None, "ratio": None} | fields


if __name__ == "__main__":
    print(pd.DataFrame(run())[["measure", "value", "goal"]].to_string())
