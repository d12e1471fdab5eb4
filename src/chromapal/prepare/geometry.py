"""How an animal's neurons lie: what it is known again by, and how large it is."""

import numpy as np
import pandas as pd

from chromapal.worms.table import MICROMETRES

SHARES = np.linspace(0, 1, 11)
# [um] More than files round positions by, and far less than two animals differ by: the closest
# two of 87 real ones by 1.6 um.
SAME_UM = 0.1


def fingerprint(worm: pd.DataFrame) -> list[float]:
    """Give what an animal is known again by, whatever its name.

    Numbers, not a hash, for files round positions differently.

    Parameters
    ----------
    worm : pandas.DataFrame
        One animal's neuron table.

    Returns
    -------
    list of float
        How many neurons, and eleven quantiles of their distances from their mean [um]. Order of
        rows, shifts, turns and mirror images do not change it.
    """
    away = np.linalg.norm(_centred(worm), axis=1)
    return [float(len(worm)), *np.quantile(away, SHARES).round(4).tolist()]


def same(one: list[float], other: list[float]) -> bool:
    """Say whether two fingerprints are one animal's."""
    return one[0] == other[0] and bool(np.abs(np.subtract(one, other)).max() <= SAME_UM)


def size(worm: pd.DataFrame) -> list[float]:
    """Give an animal's lengths along its principal axes, the longest first [um]."""
    centred = _centred(worm)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return sorted(np.ptp(centred @ axes, axis=0).round(4).tolist(), reverse=True)


def _centred(worm: pd.DataFrame) -> np.ndarray:
    places = worm[MICROMETRES].to_numpy(dtype=np.float64)
    return places - places.mean(axis=0)
