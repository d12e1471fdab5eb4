"""Variants of a study: use of unlabelled neurons, and oversampling of rare names."""

from dataclasses import dataclass

import pandas as pd

from chromapal.columns import VARIANTS
from chromapal.errors import InputError

OVERSAMPLED = "no_background_smote"
# The original study's word for unlabelled neurons; it does not mean empty space.
BACKGROUND = "background"


@dataclass(frozen=True)
class Smote:
    """How much weight rare names get if a variant oversamples them.

    Attributes
    ----------
    neighbours : int
        Number of neighbours that SMOTE interpolates between.
    weight_cap : float
        Largest loss weight of a rare name, before weights are scaled to a mean of 1: for methods
        that use whole worms, where a synthetic neuron would have no worm.
    """

    neighbours: int
    weight_cap: float


def select(neurons: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Return the rows of a variant.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neurons with the column `name`, "" where unlabelled.
    variant : {"with_background", "no_background", "no_background_smote"}
        `with_background` keeps unlabelled neurons under the name `BACKGROUND`; the others drop
        them. `no_background_smote` has the rows of `no_background`: synthetic neurons are
        added only for fitting.

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
    """Return names, `BACKGROUND` for unlabelled neurons if the variant keeps them."""
    unlabelled = neurons["name"].eq("") & (variant == "with_background")
    return neurons["name"].mask(unlabelled, BACKGROUND)


def takes_part(neurons: pd.DataFrame, variant: str) -> pd.Series:
    """Return whether the variant uses each neuron for training and scoring; see `select`.

    Raises
    ------
    InputError
        Unknown variant.
    """
    if variant not in VARIANTS:
        raise InputError("config key 'variants'", repr(variant), f"one of {', '.join(VARIANTS)}")
    return neurons["name"].ne("") | (variant == "with_background")
