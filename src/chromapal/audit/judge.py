"""One fold's labelled test animals, judged by the models that were not trained on them."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chromapal.audit import axes, colours, labels
from chromapal.columns import COLOUR
from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.files import read_json, write_parquet
from chromapal.identify.anchored import load, odds_of
from chromapal.identify.anchors import Solved
from chromapal.identify.atlas import Atlas
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.features import channels
from chromapal.worms.table import WORM

LOGGER = logging.getLogger("chromapal")
# What is asked about a whole animal.
SHIFT, SIDES, STRETCH, CHANNELS, AGREEMENT, DOUBLES = QUESTIONS = (
    "labels shifted", "left and right", "axis stretched", "channels exchanged", "colours",
    "one neuron twice",
)  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A labelled animal, and what models that have not seen it say of its neurons.

    Attributes
    ----------
    worm : Worm
        The animal, with its labels.
    log : numpy.ndarray, shape (n, K)
        Log probabilities of names; labels were not looked at.
    posterior : numpy.ndarray, shape (n,)
        Where its neurons lie between nose and tail [um].
    atlas : Atlas
        What training animals look like.
    """

    worm: Worm
    log: np.ndarray
    posterior: np.ndarray
    atlas: Atlas

    @classmethod
    def of(cls, worm: Worm, solved: Solved, atlas: Atlas) -> "Judged":
        """Take over what `chromapal.identify.anchors.Solver.solve` found for an animal."""
        log = labels.somebody(solved.probabilities.numpy())
        return cls(worm, log, solved.position[:, 0].numpy(), atlas)

    @cached_property
    def column(self) -> np.ndarray:
        """Number of each neuron's label among the atlas's names, -1 where it has none."""
        return labels.columns(self.worm.label, self.atlas.names)


@dataclass(frozen=True)
class Usual:
    """What training animals say about axes and centres.

    Attributes
    ----------
    lengths : dict of str to numpy.ndarray
        See `chromapal.audit.axes.usual_lengths`.
    least_apart : float
        See `chromapal.audit.axes.least_apart`.
    """

    lengths: dict[str, np.ndarray]
    least_apart: float

    @classmethod
    def of(cls, training: Sequence[Worm], atlas: Atlas) -> "Usual":
        """Measure training animals."""
        return cls(axes.usual_lengths(training, atlas), axes.least_apart(training))


def judge_fold(
    neurons: str | os.PathLike,
    worms: str | os.PathLike,
    atlas: str | os.PathLike,
    network: str | os.PathLike | Sequence[str],
    features: str,
    params: dict,
    out_labels: str | os.PathLike,
    out_animals: str | os.PathLike,
):
    """Judge the labels of a fold's test animals.

    Parameters
    ----------
    neurons, worms, atlas, network, features, params
        As for `chromapal.identify.anchored.anchor_fold`.
    out_labels : path-like
        Parquet, a row per label that the models know: `label_rows`.
    out_animals : path-like
        Parquet, a row per animal and question: `animal_rows`.

    Raises
    ------
    InputError
        The fold's models have seen one of its test animals.
    """
    torch.set_num_threads(1)
    table = pd.read_parquet(neurons)
    role, letters = table["role"].eq("test"), channels(features)
    tested = [worm for worm in worms_of(table[role], letters) if (worm.label != "").any()]
    refuse_seen(tested, atlas)
    solver = load(atlas, network, features, params)
    usual = Usual.of(worms_of(table[~role], letters), solver.aligner.atlas)
    decided = pd.read_parquet(worms)
    odds, certain = odds_of(decided), decided.set_index(WORM)["probability"]
    label_parts, animal_parts = [], []
    for worm in progress(tested, len(tested), "audit worms"):
        if worm.channels.isnan().any():
            continue  # judged from the feature sets that it has
        key = worm.lab, worm.worm
        judged = Judged.of(worm, solver.solve(worm, float(odds[key])), solver.aligner.atlas)
        label_parts.append(label_rows(judged))
        animal_parts.append(animal_rows(judged, letters, usual, float(certain[key])))
    _write(label_parts, out_labels)
    _write(animal_parts, out_animals)
    LOGGER.info("%d of %d labelled test animals judged", len(label_parts), len(tested))


def refuse_seen(tested: Sequence[Worm], atlas: str | os.PathLike):
    """Refuse test animals that a fold's models were trained on, by the list that lies beside them.

    Raises
    ------
    InputError
        There is one.
    """
    path = Path(atlas) / "handedness.json"
    known = read_json(path)["known"]
    seen = set(zip(known["lab"], known["worm"], strict=True))
    for worm in tested:
        if (worm.lab, worm.worm) in seen:
            raise InputError(
                path,
                f"worm {worm.worm!r} of laboratory {worm.lab!r} among the training animals",
                "only animals that are not to be judged",
                "run the study again, from its splits",
            )


def label_rows(judged: Judged) -> pd.DataFrame:
    """Return what models say of each label that they know.

    Returns
    -------
    pandas.DataFrame
        lab, worm, neuron (number within the animal, from 0), label; better (the likeliest other
        name), margin (by how much its log probability exceeds the label's [nat]), probability and
        better_probability; partner (the neuron with whose label this one is best exchanged, -1
        without one), exchange (log likelihood that the exchange adds [nat]); log (log
        probabilities of all names).
    """
    log, column = judged.log, judged.column
    given = np.flatnonzero(column >= 0)
    other = labels.likeliest_other(log, column)[given]
    partner, gain = (values[given] for values in labels.exchanges(log, column))
    return pd.DataFrame(
        {
            "lab": judged.worm.lab,
            "worm": judged.worm.worm,
            "neuron": given,
            "label": judged.worm.label[given],
            "better": np.array(judged.atlas.names)[other],
            "margin": labels.margins(log)[given, column[given]],
            "probability": np.exp(log[given, column[given]]),
            "better_probability": np.exp(log[given, other]),
            "partner": partner,
            "exchange": gain,
            "log": list(log[given].astype(np.float32)),
        }
    )


def animal_rows(
    judged: Judged, letters: Sequence[str], usual: Usual, certain: float
) -> pd.DataFrame:
    """Return what is asked about a whole animal, and the answers.

    Parameters
    ----------
    judged : Judged
        The animal.
    letters : sequence of str
        Its channels' columns.
    usual : Usual
        What training animals say.
    certain : float
        Probability of the handedness in which it was aligned.

    Returns
    -------
    pandas.DataFrame
        lab, worm, question, finding (what would explain the labels better), gain (by how much, in
        the question's own unit; of `colours` the correlation), traces (labels that would change or
        are in doubt, each of which names a trace) and chance (how probably an animal is found
        that is as it should be; NaN where that is not known).
    """
    worm, log, column = judged.worm, judged.log, judged.column
    given = np.flatnonzero(column >= 0)
    answer, gain, affected = labels.sides(log, column, judged.atlas.names, judged.posterior)
    twice = axes.doubles(worm, usual.least_apart)
    labelled = {number for pair in twice for number in pair if worm.label[number]}
    pairs = ", ".join(f"{first} and {second}" for first, second in twice)
    found = [
        (SHIFT, *labels.shift(log, column), len(given), np.nan),
        (SIDES, answer, gain, int(affected.sum()), 1 - certain),
        (STRETCH, *axes.stretch(worm, judged.atlas, usual.lengths), len(given), np.nan),
        (DOUBLES, pairs, float(len(twice)), len(labelled), np.nan),
    ]
    if tuple(letters) == COLOUR:
        spread, measured = judged.atlas.channels, worm.channels[torch.from_numpy(given)]
        order = colours.exchanged(measured, column[given], spread, letters)
        fit = colours.agreement(measured.numpy(), spread.mean[column[given]].numpy())
        found += [
            (CHANNELS, *order, len(given), np.nan),
            (AGREEMENT, "do not go with the labels", fit, len(given), np.nan),
        ]
    columns = ["question", "finding", "gain", "traces", "chance"]
    return pd.DataFrame(found, columns=columns).assign(lab=worm.lab, worm=worm.worm)


def _write(parts: list[pd.DataFrame], path: str | os.PathLike):
    write_parquet(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(), path)
