"""How many names a person has to fix: a fold's animals named with anchors."""

import logging
import os

import numpy as np
import pandas as pd
import torch

from chromapal.console import progress
from chromapal.files import read_json, write_parquet
from chromapal.identify.align import Aligner
from chromapal.identify.anchors import Anchors, ask, solve
from chromapal.identify.animals import Animal, animals
from chromapal.identify.assign import Calibration
from chromapal.identify.atlas import Atlas
from chromapal.identify.symmetry import Symmetry
from chromapal.prepare.features import cue

LOGGER = logging.getLogger("chromapal")
COUNTS = (0, 2, 5, 8, 10)
RANDOM, ASKED = "random", "asked"


def load(folder: str | os.PathLike) -> tuple[Aligner, Calibration]:
    """Read what `chromapal.identify.run.align_fold` wrote."""
    facts = read_json(os.path.join(folder, "handedness.json"))
    symmetry = Symmetry(Atlas.load(os.path.join(folder, "symmetric")), facts["middle"])
    calibration = Calibration(**facts["calibration"])
    return Aligner(Atlas.load(folder), symmetry, facts["level"]), calibration


def anchor_fold(
    neurons_path: str | os.PathLike,
    worms_path: str | os.PathLike,
    atlas: str | os.PathLike,
    features: str,
    seed: int,
    out: str | os.PathLike,
):
    """Name a fold's test animals with growing numbers of anchors.

    Parameters
    ----------
    neurons_path : path-like
        The fold's normalised neurons.
    worms_path, atlas : path-like
        What `chromapal.identify.run.align_fold` decided about the test animals, and learnt.
    features : str
        Feature set of the alignment.
    seed : int
        Of the anchors that are drawn at random.
    out : path-like
        Parquet: lab, worm, strategy (random, asked), anchors, labelled (not anchored) and right.
        An anchor states the label of a labelled neuron. Animals with fewer than twice as many
        labels as anchors are left out of that number.
    """
    torch.set_num_threads(1)
    neurons = pd.read_parquet(neurons_path)
    tested = animals(neurons[neurons["role"].eq("test")], cue(features))
    worms = pd.read_parquet(worms_path).set_index(["lab", "worm"])
    odds = worms["laboratory_log_odds"] + worms["evidence_log_odds"]
    odds = odds.where(worms["source"].ne("stated"), 1e3 * worms["chosen"])
    aligner, calibration = load(atlas)
    rows = []
    for number, animal in enumerate(progress(tested, len(tested), "anchor animals")):
        rng = np.random.default_rng([seed, number])
        told = (aligner, calibration, animal, float(odds[animal.lab, animal.worm]))
        for strategy in (RANDOM, ASKED):
            rows += [
                (animal.lab, animal.worm, strategy, *row) for row in _curve(told, strategy, rng)
            ]
    columns = ["lab", "worm", "strategy", "anchors", "labelled", "right"]
    write_parquet(pd.DataFrame(rows, columns=columns), out)


def _curve(told: tuple, strategy: str, rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """Score one animal at each number of anchors."""
    animal: Animal = told[2]
    labelled = np.flatnonzero(animal.label != "")
    order = rng.permutation(labelled)
    rows, fixed = [], {}
    solved = None
    for anchors in range(max(COUNTS) + 1):
        if 2 * anchors > len(labelled):
            break
        if anchors and strategy == ASKED:
            neuron = ask(solved, np.setdiff1d(labelled, list(fixed)))
            fixed = {**fixed, neuron: str(animal.label[neuron])}
        elif anchors:
            fixed = {**fixed, int(order[anchors - 1]): str(animal.label[order[anchors - 1]])}
        if strategy == RANDOM and anchors not in COUNTS:
            continue
        solved = solve(*told, Anchors(fixed))
        rest = np.setdiff1d(labelled, list(fixed))
        if anchors in COUNTS:
            right = int((solved.names[rest] == animal.label[rest]).sum())
            rows.append((anchors, len(rest), right))
    return rows
