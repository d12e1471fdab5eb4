"""Measured colours, held against those that other animals have where their labels are the same."""

import itertools
from collections.abc import Sequence

import numpy as np
import torch

from chromapal.identify.name_distribution import NameDistribution

LEAST_LABELS = 8
_WORDS = {"r": "red", "g": "green", "b": "blue"}


def exchanged(
    channels: torch.Tensor, column: np.ndarray, spread: NameDistribution, letters: Sequence[str]
) -> tuple[str, float]:
    """Ask whether channels in another order go better with the labels.

    Parameters
    ----------
    channels : torch.Tensor, shape (n, c)
        Channels of labelled neurons, on the study's scale.
    column : numpy.ndarray of int64, shape (n,)
        Number of each one's label among the names of `spread`.
    spread : NameDistribution
        Channels by name, of other animals.
    letters : sequence of str, length c
        Names of the channels' columns: `r`, `g`, `b`.

    Returns
    -------
    answer : str
        The best other order: `red and green exchanged`, or `blue, red, green instead of red,
        green, blue`; "" with fewer than `LEAST_LABELS` neurons.
    gain : float
        Mean log density of the channels in that order minus as recorded [nat per name]; NaN where
        there is no answer.
    """
    if len(column) < LEAST_LABELS:
        return "", np.nan
    rows, own = torch.arange(len(column)), torch.from_numpy(column)
    orders = itertools.permutations(range(len(letters)))
    found = {
        order: float(spread.log_density(channels[:, list(order)])[rows, own].mean())
        for order in orders
    }
    recorded, *others = found
    best = max(others, key=found.get)
    return _said(best, [_WORDS.get(letter, letter) for letter in letters]), (
        found[best] - found[recorded]
    )


def _said(order: Sequence[int], words: Sequence[str]) -> str:
    """Write an order of channels."""
    moved = [number for number, other in enumerate(order) if number != other]
    if len(moved) == 2:
        return f"{words[moved[0]]} and {words[moved[1]]} exchanged"
    return f"{', '.join(words[number] for number in order)} instead of {', '.join(words)}"


def agreement(measured: np.ndarray, expected: np.ndarray) -> float:
    """Correlate measured colours with those expected from labels.

    Parameters
    ----------
    measured, expected : numpy.ndarray, shape (n, c)
        Channels on the study's scale. Every channel's mean is subtracted, so that an animal that
        is redder than others throughout does not count as one whose labels are wrong.

    Returns
    -------
    float
        Pearson's correlation over neurons and channels; NaN with fewer than `LEAST_LABELS`
        neurons, or where either is constant.
    """
    if len(measured) < LEAST_LABELS:
        return np.nan
    first, second = (values - values.mean(axis=0) for values in (measured, expected))
    power = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / power) if power > 0 else np.nan
