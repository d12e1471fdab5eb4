"""Fingerprint, size and density of a worm, from the positions of its neurons."""

import numpy as np
import pandas as pd

from chromapal.worms.table import MICROMETRES

QUANTILES = np.linspace(0, 1, 11)
# [um] More than the rounding of positions in files, and far less than the difference between two
# worms: the two most similar of 87 real ones differ by 1.6 um.
SAME_UM = 0.1


def fingerprint(worm: pd.DataFrame) -> list[float]:
    """Return numbers that identify a worm regardless of its name.

    Not a hash, because files round positions differently.

    Parameters
    ----------
    worm : pandas.DataFrame
        One worm's neuron table.

    Returns
    -------
    list of float
        Number of neurons, and eleven quantiles of their distances from their mean [um]. Order of
        rows, translation, rotation and mirroring do not change them.
    """
    distance = np.linalg.norm(_centred(worm), axis=1)
    return [float(len(worm)), *np.quantile(distance, QUANTILES).round(4).tolist()]


def same(one: list[float], other: list[float]) -> bool:
    """Return whether two fingerprints are of the same worm."""
    return one[0] == other[0] and bool(np.abs(np.subtract(one, other)).max() <= SAME_UM)


def size(worm: pd.DataFrame) -> list[float]:
    """Return a worm's lengths along its principal axes, the longest first [um]."""
    centred = _centred(worm)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return sorted(np.ptp(centred @ axes, axis=0).round(4).tolist(), reverse=True)


def spacing(worm: pd.DataFrame) -> float:
    """Return how far apart a worm's neurons lie, whatever fraction of them was found [um].

    The median distance of a neuron to the nearest other place, times the cube root of the number
    of neurons; 0 for a single place.
    """
    # Imported here: it takes as long to import as pandas.
    from scipy.spatial import cKDTree

    places = np.unique(worm[MICROMETRES].to_numpy(dtype=np.float64), axis=0)
    if len(places) < 2:
        return 0.0
    nearest = cKDTree(places).query(places, k=2)[0][:, 1]
    return float(np.median(nearest) * len(worm) ** (1 / 3))


def _centred(worm: pd.DataFrame) -> np.ndarray:
    position = worm[MICROMETRES].to_numpy(dtype=np.float64)
    return position - position.mean(axis=0)
