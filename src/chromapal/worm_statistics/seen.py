"""Named neurons of real worms, in body axes and on one colour scale."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.identify.body_axes import register
from chromapal.identify.symmetry import other_side
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.normalise import Normaliser
from chromapal.worms import tables
from chromapal.worms.table import clean_name

CHANNELS = ("r", "g", "b", "white")
LEAST_WORMS = 5  # in which a name has to be given before it is simulated
SATURATED = 0.2  # share of a worm's neurons at full scale above which a channel ranks too few
FLIP = np.array([1.0, 1.0, -1.0])  # body axes seen in the mirror


@dataclass(frozen=True)
class Seen:
    """Where named neurons lie and how they look, by worm and name.

    Attributes
    ----------
    names : numpy.ndarray of str, shape (K,)
        Sorted names.
    partner : numpy.ndarray of int, shape (K,)
        Number of a name's partner on the other side; of one without, its own.
    labs : numpy.ndarray of str, shape (A,)
        Laboratory of each worm.
    place : numpy.ndarray, shape (A, K, 3)
        Posterior, dorsal, left [um] of the midplane; NaN where a name was not given.
    colour : numpy.ndarray, shape (A, K, 4)
        Red, green, blue, white, rank-normal within the worm; NaN where unknown.
    maps : numpy.ndarray, shape (A, 3, 3)
        From body axes to recorded ones, as linear maps.
    """

    names: np.ndarray
    partner: np.ndarray
    labs: np.ndarray
    place: np.ndarray
    colour: np.ndarray
    maps: np.ndarray

    @property
    def paired(self) -> np.ndarray:
        """Whether a name has a partner, shape (K,)."""
        return self.partner != np.arange(len(self.names))

    @property
    def given(self) -> np.ndarray:
        """Whether a worm has a name, shape (A, K)."""
        return ~np.isnan(self.place[:, :, 0])


def read(folder: str | os.PathLike) -> pd.DataFrame:
    """Read neuron tables, one laboratory a file, with `name` and rank-normal channels.

    Parameters
    ----------
    folder : path-like
        Holds `LABORATORY.csv`; files without a laboratory's capitals are other tables.
    """
    paths = sorted(Path(folder).glob("[A-Z]*.csv"))
    neurons = pd.concat([tables.read(path)[0] for path in paths], ignore_index=True)
    neurons = neurons.assign(row=np.arange(len(neurons)), name=clean_name(neurons["ID"]))
    return Normaliser.fit(neurons, "rank_normal", "luminance").transform(neurons)


def lay(neurons: pd.DataFrame) -> Seen:
    """Lay worms over each other by their labels, and line up their neurons by name."""
    worms = worms_of(neurons.assign(white=_ranking_white(neurons)), CHANNELS)
    laid, _ = register([worm.position for worm in worms], [worm.label for worm in worms])
    laid = [position.numpy() for position in laid]
    names = _frequent([worm.label for worm in worms])
    number_of = {name: number for number, name in enumerate(names)}
    partner = np.array([number_of.get(other_side(name), number_of[name]) for name in names])
    place = np.full((len(worms), len(names), 3), np.nan)
    colour = np.full((len(worms), len(names), len(CHANNELS)), np.nan)
    for index, (worm, position) in enumerate(zip(worms, laid, strict=True)):
        rows = np.flatnonzero(np.isin(worm.label, names))
        numbers = [number_of[name] for name in worm.label[rows]]
        place[index, numbers], colour[index, numbers] = position[rows], worm.channels[rows]
    lefts = np.nanmean(place[:, :, 2], axis=0)
    paired = partner != np.arange(len(names))
    place[:, :, 2] -= lefts[paired].mean()
    return Seen(
        names,
        partner,
        np.array([worm.lab for worm in worms]),
        place,
        colour,
        np.array([_map(position, worm) for position, worm in zip(laid, worms, strict=True)]),
    )


def pooled(values: np.ndarray, seen: Seen) -> np.ndarray:
    """Add up what a name and, in the mirror, its partner gave.

    Parameters
    ----------
    values : numpy.ndarray, shape (K,) or (K, 3) or (K, 3, 3) or (K, 4) or (K, 4, 4)
        A sum over worms by name; those of width 3 are in body axes.
    seen : Seen
        Says who is whose partner.
    """
    other = values[seen.partner]
    if values.ndim > 1 and values.shape[1] == 3:
        other = other * (FLIP if values.ndim == 2 else FLIP[:, None] * FLIP)
    alone = ~seen.paired.reshape(-1, *[1] * (values.ndim - 1))
    return np.where(alone, values, values + other)


def laboratory_share(values: np.ndarray, labs: np.ndarray) -> float:
    """Return the share of a variance that a laboratory's worms have in common.

    Parameters
    ----------
    values : numpy.ndarray, shape (A, K, d)
        Deviations from the mean over all worms, of like variance; NaN where unknown.
    labs : numpy.ndarray of str, shape (A,)
        Laboratory of each worm.

    Returns
    -------
    float
        Mean product of two worms of a laboratory over the mean square, 0 to 1.
    """
    products = pairs = 0.0
    for lab in np.unique(labs):
        own = values[labs == lab]
        number = (~np.isnan(own)).sum(0)
        products += (np.nansum(own, 0) ** 2 - np.nansum(own**2, 0)).sum()
        pairs += (number * (number - 1)).sum()
    return float(np.clip(products / pairs / np.nanmean(values**2), 0, 1))


def positive(covariance: np.ndarray, least: float) -> np.ndarray:
    """Return the nearest symmetric matrices (..., d, d) without a variance below `least`."""
    values, vectors = np.linalg.eigh((covariance + np.swapaxes(covariance, -1, -2)) / 2)
    return (vectors * np.maximum(values, least)[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def _ranking_white(neurons: pd.DataFrame) -> pd.Series:
    """Return white where it ranks neurons: not of laboratories in which most are saturated."""
    full = neurons["W"] >= neurons["full_scale"]
    return neurons["white"].mask(full.groupby(neurons["lab"]).transform("mean") > SATURATED)


def _frequent(labels: Sequence[np.ndarray]) -> np.ndarray:
    """List names that enough worms have, of a pair both or neither."""
    names, count = np.unique(np.concatenate(labels).astype(str), return_counts=True)
    enough = set(names[(count >= LEAST_WORMS) & (names != "")])
    return np.array(sorted(name for name in enough if (other_side(name) or name) in enough))


def _map(laid: np.ndarray, worm: Worm) -> np.ndarray:
    """Return the linear map from body axes to recorded ones, shape (3, 3)."""
    off, recorded = (points - points.mean(0) for points in (laid, worm.position.numpy()))
    return np.linalg.lstsq(off, recorded, rcond=None)[0].T
