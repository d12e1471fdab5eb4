"""How many names a person has to fix: a fold's animals named with anchors."""

import logging
import os
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.files import read_json, write_parquet
from chromapal.identify.align import Aligner
from chromapal.identify.anchors import NO_CELL, Anchors, ask, solve
from chromapal.identify.animals import Animal, animals
from chromapal.identify.assign import FIVE, Calibration
from chromapal.prepare.features import BODY, cue
from chromapal.worms.slugs import slug

LOGGER = logging.getLogger("chromapal")
COUNTS = (0, 2, 5, 8, 10)
RANDOM, ASKED = "random", "asked"
ASSIGNED = [f"assigned{place}" for place in range(1, FIVE + 1)]


def load(folder: str | os.PathLike) -> tuple[Aligner, Calibration]:
    """Read what `chromapal.identify.run.align_fold` wrote."""
    facts = read_json(os.path.join(folder, "handedness.json"))
    return Aligner.load(folder), Calibration(**facts["calibration"])


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
    odds = odds_of(worms_path)
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


def answer_fold(
    neurons_path: str | os.PathLike,
    worms_path: str | os.PathLike,
    atlas: str | os.PathLike,
    features: str,
    anchors: str | os.PathLike,
    out: str | os.PathLike,
):
    """Name those of a fold's test animals about which a person has stated something.

    Parameters
    ----------
    neurons_path, worms_path, atlas, features
        As for `anchor_fold`.
    anchors : path-like
        Folder with a file `{lab}/{worm}.csv` per animal, named as its table of names is; see
        `chromapal.identify.anchors.Anchors.read`.
    out : path-like
        Parquet: row, assigned1 to assigned5, probability, anchor (what was stated, "" otherwise)
        and body axes. An animal whose file cannot be used is left out with a line that says why.
    """
    torch.set_num_threads(1)
    neurons = pd.read_parquet(neurons_path)
    tested = animals(neurons[neurons["role"].eq("test")], cue(features))
    odds = odds_of(worms_path)
    aligner, calibration = load(atlas)
    known = np.array([*aligner.atlas.names, ""])
    parts = [pd.DataFrame(columns=["row", *ASSIGNED, "probability", "anchor", *BODY])]
    for animal in tested:
        path = Path(anchors) / slug(animal.lab) / f"{slug(animal.worm)}.csv"
        if not path.exists():
            continue
        try:
            stated = Anchors.read(path, len(animal.row))
        except InputError as error:
            LOGGER.warning("left out: %s", error)
            continue
        solved = solve(aligner, calibration, animal, float(odds[animal.lab, animal.worm]), stated)
        words = {**stated.names, **dict.fromkeys(stated.excluded, NO_CELL), **stated.where}
        names = known[solved.answers.best].astype(object)
        names[:, 0] = solved.names
        parts.append(
            pd.DataFrame(names, columns=ASSIGNED).assign(
                row=animal.row,
                probability=solved.probability,
                anchor=[words.get(number, "") for number in range(len(animal.row))],
                **dict(zip(BODY, solved.place.T.numpy(), strict=True)),
            )
        )
        LOGGER.info("%s: %d statements", path, len(words))
    write_parquet(pd.concat(parts, ignore_index=True), out)


def odds_of(worms_path: str | os.PathLike) -> pd.Series:
    """Give the log odds of right-handed axes by (lab, worm), beyond doubt where it was stated."""
    worms = pd.read_parquet(worms_path).set_index(["lab", "worm"])
    odds = worms["laboratory_log_odds"] + worms["evidence_log_odds"]
    return odds.where(worms["source"].ne("stated"), 1e3 * worms["chosen"])
