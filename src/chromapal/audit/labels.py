"""What labels cost beside the names that models find likelier: by neuron, by pair, by animal.

Everywhere `log` holds log probabilities, (n, K), of a worm's neurons, and `column` the number of
each one's label among the K names, -1 where it has none that is known.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

from chromapal.identify.symmetry import other_side

# What one neuron can say about a whole animal: models contradict more than one right label in a
# thousand as if it were one in a million, and such a neuron must not outvote all others.
LEAST = float(np.log(1e-3))
NONE, WHOLE, FRONT, BACK = "", "whole animal", "front half", "back half"


def columns(label: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return the number of each label among the names, -1 where it is none of them."""
    number = {name: column for column, name in enumerate(names)}
    return np.array([number.get(name, -1) for name in label], dtype=np.int64)


def somebody(probability: np.ndarray) -> np.ndarray:
    """Return log probabilities of names that are known to be given, their sum in a row one.

    Parameters
    ----------
    probability : numpy.ndarray, shape (n, K)
        Probabilities one name to one neuron; what a row lacks to one is nobody's.
    """
    log = np.log(probability.clip(1e-30))
    return log - logsumexp(log, axis=1, keepdims=True)


def margins(log: np.ndarray) -> np.ndarray:
    """Return by how much the likeliest other name exceeds each name, (n, K) [nat].

    Below 0 only for a row's likeliest name.
    """
    padded = np.column_stack([log, np.full(len(log), -np.inf)])  # with one name there is no other
    second, first = np.partition(padded, -2, axis=1)[:, -2:].T
    return np.where(log == first[:, None], second[:, None], first[:, None]) - log


def likeliest_other(log: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the number of each labelled neuron's likeliest other name, shape (n,)."""
    others = log.copy()
    given = np.flatnonzero(column >= 0)
    others[given, column[given]] = -np.inf
    return others.argmax(axis=1)


def chance(log: np.ndarray, threshold: float) -> np.ndarray:
    """Return how probably a right label of each neuron would be flagged, shape (n,).

    The probabilities of all names that exceed the threshold were they the label, added up. Over
    neurons that is the number of flags to be expected if all labels are right.
    """
    return (np.exp(log) * (margins(log) > threshold)).sum(axis=1)


def exchanges(log: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find with which other label each label is best exchanged.

    Returns
    -------
    partner : numpy.ndarray of int64, shape (n,)
        The neuron that bears it; -1 without a label, or without any other labelled neuron.
    gain : numpy.ndarray, shape (n,)
        Log likelihood of both exchanged minus as they are [nat]; NaN where there is no partner.
    """
    partner, gain = np.full(len(column), -1), np.full(len(column), np.nan)
    given = np.flatnonzero(column >= 0)
    if len(given) > 1:
        theirs = log[np.ix_(given, column[given])]
        own = np.diag(theirs)
        both = theirs + theirs.T - own[:, None] - own
        np.fill_diagonal(both, -np.inf)
        best = both.argmax(axis=1)
        partner[given], gain[given] = given[best], both[np.arange(len(given)), best]
    return partner, gain


def shifted(column: np.ndarray, by: int) -> np.ndarray:
    """Move all labels some rows down (up where `by` is negative); what leaves the table is lost."""
    moved = np.full_like(column, -1)
    if by > 0:
        moved[by:] = column[:-by]
    else:
        moved[:by] = column[-by:]
    return moved


def shift(log: np.ndarray, column: np.ndarray) -> tuple[str, float]:
    """Ask whether labels shifted by one row explain an animal better.

    Returns
    -------
    answer : str
        `one row up` or `one row down`: where labels would have to move.
    gain : float
        Mean log probability of the shifted labels minus that of the recorded ones [nat per name];
        NaN without labels.
    """
    here = _mean(log, column)
    tried = {
        "one row down": _mean(log, shifted(column, 1)),
        "one row up": _mean(log, shifted(column, -1)),
    }
    answer = max(tried, key=lambda key: -np.inf if np.isnan(tried[key]) else tried[key])
    return answer, tried[answer] - here


def swapped(column: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return each label's partner on the other side, -1 where it has none among the names."""
    partner = columns(np.array([other_side(name) for name in names]), names)
    return np.where(column >= 0, partner[column], -1)


def sides(
    log: np.ndarray, column: np.ndarray, names: Sequence[str], posterior: np.ndarray
) -> tuple[str, float, np.ndarray]:
    """Ask where left and right exchanged explain an animal's labels better.

    Parameters
    ----------
    log, column
        As everywhere here.
    names : sequence of str, length K
        The names.
    posterior : numpy.ndarray, shape (n,)
        Where neurons lie between nose and tail [um]; the middle labelled one parts the halves.

    Returns
    -------
    answer : {"", "whole animal", "front half", "back half"}
        The halves in which the exchange explains the labels better.
    gain : float
        Log likelihood that it adds there, over all labels that have a partner [nat per name];
        without an answer that of the whole animal; NaN where no label has a partner.
    affected : numpy.ndarray of bool, shape (n,)
        Neurons whose label would change.
    """
    other = swapped(column, names)
    given = np.flatnonzero(other >= 0)
    affected = np.zeros(len(column), dtype=bool)
    if not len(given):
        return NONE, np.nan, affected
    pairs = log[given][np.arange(len(given))[:, None], np.stack([column, other])[:, given].T]
    gain = np.diff(pairs.clip(LEAST), axis=1)[:, 0]
    front = posterior[given] <= np.median(posterior[given])
    halves = [gain[front].sum() > 0, gain[~front].sum() > 0]
    answer = {(1, 1): WHOLE, (1, 0): FRONT, (0, 1): BACK, (0, 0): NONE}[tuple(map(int, halves))]
    inside = np.where(front, *halves)
    affected[given] = inside
    return answer, float(np.mean(gain * inside if answer else gain)), affected


def _mean(log: np.ndarray, column: np.ndarray) -> float:
    """Return the mean log probability of labels, NaN without any."""
    given = np.flatnonzero(column >= 0)
    return float(log[given, column[given]].clip(LEAST).mean()) if len(given) else np.nan
