"""The tables of new worms' neurons: names, where they lie, and their colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from chromapal.apply import channels
from chromapal.colorizers.common.named_colour import NamedColour
from chromapal.columns import (
    ASSIGNED,
    BODY,
    COLOUR,
    PROBABILITY,
    RGB,
    RGB_MEASURED,
    RGB_SD,
    RGB_SHOWN,
)
from chromapal.evaluate.tables.answers import parts_of_names, worm_answers
from chromapal.identify.anchors import NO_CELL
from chromapal.prepare.normalise import display
from chromapal.worms import table


@dataclass(frozen=True)
class Given:
    """The names that n neurons are given.

    Attributes
    ----------
    names : numpy.ndarray of str, shape (n, 5)
        Five names, the assigned one first; "" for none.
    probability : numpy.ndarray, shape (n, 5)
        Their probabilities.
    mirrored : numpy.ndarray of str, shape (n,)
        The names if the axes are the other way round, "" where that is out of the question.
    anchor : numpy.ndarray of str, shape (n,)
        What a person stated, "" for nothing.
    spurious : numpy.ndarray, shape (n,)
        The probability of being spurious, no neuron.
    """

    names: np.ndarray
    probability: np.ndarray
    mirrored: np.ndarray
    anchor: np.ndarray
    spurious: np.ndarray


def tables(
    colorizer: NamedColour,
    colour_scale: str,
    neurons: pd.DataFrame,
    probabilities: np.ndarray,
    position: np.ndarray,
    worms: pd.DataFrame,
    given: Given,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of named neurons, with their colours.

    Parameters
    ----------
    colorizer : NamedColour
        The model's colorizer.
    colour_scale : str
        The study's colour scale.
    neurons : pandas.DataFrame
        Neurons of whole worms on the study's scales: `row`, `file`, `features`.
    probabilities : numpy.ndarray, shape (n, K)
        Probabilities of the model's names.
    position : numpy.ndarray, shape (n, 3)
        Body axes [um].
    worms : pandas.DataFrame
        What was decided about each worm's axes; see `chromapal.identify.identifier.Identified`.
    given : Given
        The names.

    Returns
    -------
    neurons, probabilities : pandas.DataFrame
        As `chromapal.apply.name.Named` has them.

    Raises
    ------
    FloatingPointError
        A name, a position or a colour is no number.
    """
    shares = torch.from_numpy(probabilities)
    colour, deviation = colorizer.coloured(neurons, shares, position)
    if not all(np.isfinite(each).all() for each in (probabilities, position, colour)):
        raise FloatingPointError("a name, a position or a colour is no number")
    rows = neurons[[*table.WORM, "row", "name"]].assign(
        anchor=given.anchor,
        **dict(zip(ASSIGNED, given.names.T, strict=True)),
        **dict(zip(PROBABILITY, given.probability.T, strict=True)),
    )
    body = pd.DataFrame(position, columns=list(BODY)).assign(row=neurons["row"])
    doubtful = worms.set_index(table.WORM)["doubtful"].astype(bool)
    answered = worm_answers(rows, neurons, body, doubtful)
    of_names = pd.DataFrame(probabilities, columns=colorizer.identifier.transformer.classes_)
    shown = display(colour, colour_scale)
    return (
        answered.assign(
            # numbers refer to the worm's own table
            row=answered["neuron"],
            **neurons[[*table.MICROMETRES, "file"]],
            **dict(zip(RGB, colour.T, strict=True)),
            **dict(zip(RGB_SD, deviation.T, strict=True)),
            **dict(zip(RGB_SHOWN, shown.T, strict=True)),
            **dict(zip(RGB_MEASURED, neurons[list(COLOUR)].to_numpy().T, strict=True)),
            channels_used=neurons["features"].map(channels.WORDS),
            spurious_probability=given.spurious,
            status=status(given.probability, given.names[:, 0], given.anchor),
            **sides(neurons, position, worms, given.names[:, 0], given.mirrored),
            **parts_of_names(answered["answer"], of_names),
        ),
        of_names.astype(np.float32),
    )


def other_axes(
    known: Sequence[str], probabilities: np.ndarray, position: np.ndarray
) -> pd.DataFrame:
    """Return what neurons are if their worm's axes are the other way round.

    Parameters
    ----------
    known : sequence of str, length K
        The model's names.
    probabilities : numpy.ndarray, shape (n, K)
        Their probabilities then; 0 throughout for neurons of worms whose axes are decided.
    position : numpy.ndarray, shape (n, 3)
        Body axes then [um].

    Returns
    -------
    pandas.DataFrame
        `BODY` and a column per name.
    """
    of_names = pd.DataFrame(probabilities.astype(np.float32), columns=list(known))
    return pd.concat([pd.DataFrame(position, columns=list(BODY)), of_names], axis=1)


def leave_unnamed(
    names: np.ndarray,
    chance: np.ndarray,
    known: np.ndarray,
    probabilities: np.ndarray,
    none: np.ndarray,
):
    """Take the names of centres that are likelier no neuron; what they may be stays beside.

    Parameters
    ----------
    names : numpy.ndarray of str, shape (n, 5)
        Five names of each centre, changed in place: "" and the four most probable ones.
    chance : numpy.ndarray, shape (n, 5)
        Their probabilities, changed in place.
    known : numpy.ndarray of str, shape (K,)
        All names.
    probabilities : numpy.ndarray, shape (n, K)
        Their probabilities.
    none : numpy.ndarray of bool, shape (n,)
        Which centres.
    """
    rows = np.flatnonzero(none)
    values = probabilities[rows]
    best = np.argsort(-values, axis=1, kind="stable")[:, : names.shape[1] - 1]
    names[rows], chance[rows] = "", 0.0
    width = 1 + best.shape[1]
    names[rows, 1:width] = known[best]
    chance[rows, 1:width] = np.take_along_axis(values, best, axis=1)


def status(probability: np.ndarray, names: np.ndarray, anchor: np.ndarray) -> np.ndarray:
    """Say how each neuron came by its name.

    Parameters
    ----------
    probability : numpy.ndarray, shape (n, 5)
        Probabilities of the five names, the assigned one first.
    names : numpy.ndarray of str, shape (n,)
        The assigned names, "" for none.
    anchor : numpy.ndarray of str, shape (n,)
        What a person stated, "" for nothing.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
        `person`, where a person said it; `model`; `forced`, where another name is likelier, which
        another neuron of the worm has; `none`, where no name is possible or the centre is likelier
        spurious.
    """
    forced = probability[:, 0] < probability[:, 1:].max(axis=1)
    by_person = (anchor != "") & ((anchor == names) | (anchor == NO_CELL))
    return np.select([by_person, names == "", forced], ["person", "none", "forced"], "model")


def sides(
    neurons: pd.DataFrame,
    position: np.ndarray,
    worms: pd.DataFrame,
    names: np.ndarray,
    mirrored: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return on which side neurons lie, and both complete lists of names where that is undecided.

    Parameters
    ----------
    neurons : pandas.DataFrame
        lab, worm of n neurons.
    position : numpy.ndarray, shape (n, 3)
        Body axes [um], in the handedness that is likelier.
    worms : pandas.DataFrame
        lab, worm, doubtful and `middle`, the middle of the body along left [um].
    names, mirrored : numpy.ndarray of str, shape (n,)
        Names in that handedness, and in the other one.

    Returns
    -------
    dict of str to numpy.ndarray of str, shape (n,)
        frame_side (`left` or `right`); name_as_decided and name_mirrored, "" where sides are
        decided.
    """
    of_worm = worms.set_index(table.WORM)
    of_worm = of_worm.loc[pd.MultiIndex.from_frame(neurons[table.WORM])]
    doubtful = of_worm["doubtful"].to_numpy(dtype=bool)
    return {
        "frame_side": np.where(position[:, 2] > of_worm["middle"].to_numpy(), "left", "right"),
        "name_as_decided": np.where(doubtful, names, ""),
        "name_mirrored": np.where(doubtful, mirrored, ""),
    }
