"""What is asked about the labels of an animal, and the answers of models that have not seen it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from chromapal.audit import axes, colours, labels
from chromapal.columns import COLOUR
from chromapal.identify.atlas import Atlas
from chromapal.identify.solver import Solved
from chromapal.identify.worms import Worm

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
        """Take over what `chromapal.identify.solver.Solver.solve` found for an animal."""
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
