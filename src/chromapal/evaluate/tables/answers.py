"""The names of one worm's neurons, as people read them; the column dictionary is not needed.

Naming new worms depends on this module, and would be repeated whenever a meaning is reworded.
"""

import numpy as np
import pandas as pd

from chromapal.columns import ASSIGNED, BODY, PROBABILITY
from chromapal.prepare.variants import BACKGROUND
from chromapal.worms import ganglia, names, partial_names
from chromapal.worms.table import WORM, neuron_class

RANKS = ("answer", "second", "third", "fourth", "fifth")
# those of the table `named` of the column dictionary
COLUMNS = (
    *WORM, "neuron", "row", *"xyz", *BODY, "ID", "name", "anchor",
    RANKS[0], PROBABILITY[0], *RANKS[1:], *PROBABILITY[1:], "right", "review",
)  # fmt: skip


def worm_answers(
    named: pd.DataFrame, neurons: pd.DataFrame, body: pd.DataFrame, doubtful: pd.Series
) -> pd.DataFrame:
    """Return one row per neuron: its names, their probabilities, its rank in the review queue.

    Parameters
    ----------
    named : pandas.DataFrame
        Answers of one classifier from one feature set: row, lab, worm, name, assigned1 to
        assigned5, probability (of the first), probability2 to probability5, anchor
        (what a person stated, "" otherwise).
    neurons : pandas.DataFrame
        The study's neurons: row, x, y, z, ID.
    body : pandas.DataFrame
        row and body axes [um]; empty where nothing was aligned.
    doubtful : pandas.Series of bool
        By (lab, worm): whether handedness is undecided. There names go without their side, but for
        those that a person stated.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, in the order of `row`. Where answers go without their side, probabilities are
        sums of both sides' as far as the five names allow.
    """
    table = named.merge(neurons[["row", "x", "y", "z", "ID"]], on="row").merge(
        body[["row", *BODY]], on="row", how="left"
    )
    table = table.sort_values("row", ignore_index=True)
    table["neuron"] = table.groupby(WORM, sort=False).cumcount()
    stated = table["anchor"].ne("") & table["anchor"].eq(table["assigned1"])
    undecided = doubtful.reindex(pd.MultiIndex.from_frame(table[WORM])).fillna(False)
    unsure = undecided.to_numpy(bool) & ~stated.to_numpy()
    label = table["name"].mask(table["name"].eq(BACKGROUND), "")
    right = np.where(
        unsure,
        partial_names.right_class(label, table["assigned1"]),
        partial_names.right(label, table["assigned1"]),
    )
    answers = table[ASSIGNED].to_numpy(dtype=object)
    probabilities = table[PROBABILITY].to_numpy(dtype=float, copy=True)
    answers[unsure], probabilities[unsure] = _without_side(answers[unsure], probabilities[unsure])
    table[PROBABILITY] = probabilities
    queue = table.groupby(WORM, sort=False)["probability"].rank(method="first").astype(int)
    result = table.assign(
        **dict(zip(RANKS, answers.T, strict=True)),
        right=np.where(label.eq(""), "", np.where(right, "yes", "no")),
        review=queue,
    )
    return result[list(COLUMNS)]


def _without_side(answers: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return answers without their side, (n, 5), and the sums of both sides' probabilities.

    Without a side, either of a pair is the same answer, which stands where the first of them stood.
    """
    neuron = np.arange(len(answers)).repeat(answers.shape[1])
    long = pd.DataFrame({"neuron": neuron, "probability": probabilities.ravel()})
    long["class"] = neuron_class(pd.Series(answers.ravel(), dtype=str)).to_numpy()
    sums = long.groupby(["neuron", "class"], sort=False)["probability"].sum().reset_index()
    at = sums["neuron"], sums.groupby("neuron").cumcount()
    classes, chances = np.full(answers.shape, "", dtype=object), np.zeros(answers.shape)
    classes[at], chances[at] = sums["class"], sums["probability"]
    return classes, chances


def parts_of_names(answers: pd.Series, probabilities: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what answers say beside the name, and how probable their classes are.

    Parameters
    ----------
    answers : pandas.Series of str, shape (n,)
        Names given, with or without side; "" where no name is possible.
    probabilities : pandas.DataFrame, shape (n, names)
        The probability of every name.

    Returns
    -------
    dict of str to pandas.Series
        class (left and right taken for one name), side ("left", "right", ""), dorsal_ventral
        ("dorsal", "ventral", ""), ganglion ("" where there is no name), and class_probability:
        the sum over the names of the class.
    """
    classes = neuron_class(answers)
    sums = probabilities.T.groupby(neuron_class(pd.Series(probabilities.columns)).values)
    by_class = sums.sum().T
    # where no name is possible there is no class either
    column = by_class.columns.get_indexer(classes)
    chance = by_class.to_numpy()[np.arange(len(answers)), column]
    return {
        "class": classes,
        "side": answers.map(names.side),
        "dorsal_ventral": answers.map(names.dorsal_ventral),
        "ganglion": ganglia.ganglion(classes).mask(answers.eq(""), ""),
        "class_probability": pd.Series(np.where(column < 0, 0.0, chance), answers.index),
    }
