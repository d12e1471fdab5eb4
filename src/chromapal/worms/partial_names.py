"""Which answers are right for labels that name one neuron, or leave the name open."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from chromapal.worms import table
from chromapal.worms.names import denoted, is_partial


def right(labels: pd.Series, answers: pd.Series) -> np.ndarray:
    """Return which answers lie in the set that their label denotes.

    Parameters
    ----------
    labels, answers : pandas.Series of str
        Cleaned labels and the names given, row by row; the index is ignored.

    Returns
    -------
    numpy.ndarray of bool
        False where the label is "" (unlabelled).
    """
    return _matches(labels, answers, lambda names: names)


def right_class(labels: pd.Series, answers: pd.Series) -> np.ndarray:
    """Return which answers lie in the set that their label denotes, ignoring sides.

    Parameters
    ----------
    labels, answers : pandas.Series of str
        As in `right`.

    Returns
    -------
    numpy.ndarray of bool
        False where the label is "" (unlabelled).
    """
    return _matches(labels, answers, table.neuron_class)


def _matches(
    labels: pd.Series, answers: pd.Series, transform: Callable[[pd.Series], pd.Series]
) -> np.ndarray:
    label_values, answered = labels.to_numpy(), transform(answers).to_numpy()
    good = (transform(labels).to_numpy() == answered) & (label_values != "")
    names = answers.unique()
    # partial labels are rare and few of them distinct
    for label in filter(is_partial, labels.unique()):
        here = label_values == label
        members = pd.Series(sorted(denoted(label, names)), dtype="str")
        good[here] = np.isin(answered[here], transform(members).to_numpy())
    return good
