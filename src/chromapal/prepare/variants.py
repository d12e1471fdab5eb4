"""Variants of a study: what becomes of unlabelled neurons, and whether rare names are repeated."""

from dataclasses import dataclass

import pandas as pd

from chromapal.errors import InputError

VARIANTS = ("with_background", "no_background", "no_background_smote")
OVERSAMPLED = "no_background_smote"
# The original study's word. They are neurons that nobody named, not empty space.
BACKGROUND = "background"


@dataclass(frozen=True)
class Smote:
    """How much say rare names get where a variant oversamples them.

    Attributes
    ----------
    neighbours : int
        Neighbours SMOTE interpolates between.
    weight_cap : float
        Largest loss weight of a rare name, before the weights' mean is made 1: for methods that
        see whole animals, where a synthetic neuron would have no animal.
    """

    neighbours: int
    weight_cap: float


def select(neurons: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Give the rows of a variant.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neurons with the column `name`, "" where unlabelled.
    variant : {"with_background", "no_background", "no_background_smote"}
        `with_background` keeps unlabelled neurons under the name `BACKGROUND`; the others leave
        them out. `no_background_smote` has the rows of `no_background`: synthetic neurons are
        added where something is fitted, and nowhere else.

    Returns
    -------
    pandas.DataFrame
        Rows in the order given, index from 0.

    Raises
    ------
    InputError
        Unknown variant.
    """
    chosen = neurons.assign(name=named(neurons, variant))[takes_part(neurons, variant)]
    return chosen.reset_index(drop=True)


def named(neurons: pd.DataFrame, variant: str) -> pd.Series:
    """Give names, `BACKGROUND` to unlabelled neurons where the variant calls them so."""
    unlabelled = neurons["name"].eq("") & (variant == "with_background")
    return neurons["name"].mask(unlabelled, BACKGROUND)


def takes_part(neurons: pd.DataFrame, variant: str) -> pd.Series:
    """Say of each neuron whether the variant learns from it and is judged by it; see `select`.

    Raises
    ------
    InputError
        Unknown variant.
    """
    if variant not in VARIANTS:
        raise InputError("config key 'variants'", repr(variant), f"one of {', '.join(VARIANTS)}")
    return neurons["name"].ne("") | (variant == "with_background")
