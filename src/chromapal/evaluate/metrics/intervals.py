"""Bootstrap intervals of means: over worms, or over what images were cut from."""

from collections.abc import Callable

import numpy as np
import pandas as pd

RESAMPLES = 2000
CONFIDENCE = 0.95


def over_worms(values: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a percentile bootstrap interval of the mean over worms.

    Parameters
    ----------
    values : numpy.ndarray
        One value per worm, shape (methods, worms); all methods share their resamples.
    seed : int
        Seed of the resamples.

    Returns
    -------
    low, high : numpy.ndarray
        Shape (methods,); NaN for fewer than two worms.
    """
    if values.shape[1] < 2:
        missing = np.full(len(values), np.nan)
        return missing, missing
    return _bounds((values,), np.mean, seed)


def over_sources(values: pd.Series, sources: pd.Series, seed: int) -> tuple[float, float]:
    """Return a percentile bootstrap interval of the mean over images.

    Whole sources are drawn, each with all its images: patches of one photograph resemble each
    other and are no independent witnesses.

    Parameters
    ----------
    values, sources : pandas.Series
        One value per image, and what the image was cut from.
    seed : int
        Seed of the resamples.

    Returns
    -------
    low, high : float
        NaN for fewer than two sources, or where a value is missing.
    """
    both = pd.DataFrame({"sum": values.to_numpy(), "count": 1.0})
    return of_sums(both, sources, np.divide, seed)


def of_sums(
    sums: pd.DataFrame, sources: pd.Series, statistic: Callable, seed: int
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of what is computed from sums over images.

    Whole sources are drawn, as in `over_sources`. Sums of two methods over the same images may
    stand in one table: what is then drawn are pairs.

    Parameters
    ----------
    sums : pandas.DataFrame
        A row per image.
    sources : pandas.Series
        What the images were cut from, in the same order.
    statistic : callable
        Takes as many sums as there are columns, arrays of one shape, and returns such an array.
    seed : int
        Seed of the resamples.

    Returns
    -------
    low, high : float
        NaN for fewer than two sources, or where a value is missing.
    """
    grouped = sums.groupby(sources.to_numpy(), sort=True).sum()
    if len(grouped) < 2 or sums.isna().any(axis=None):
        return np.nan, np.nan

    def of_resample(*columns: np.ndarray, axis: int) -> np.ndarray:
        return statistic(*(column.sum(axis=axis) for column in columns))

    low, high = _bounds(tuple(grouped.to_numpy(np.float64).T), of_resample, seed)
    return float(low), float(high)


def _bounds(samples: tuple[np.ndarray, ...], statistic: Callable, seed: int) -> tuple:
    # Here, because it takes a second to import, and figures only name a table's columns.
    from scipy.stats import bootstrap

    return bootstrap(
        samples,
        statistic,
        axis=-1,
        paired=len(samples) > 1,
        n_resamples=RESAMPLES,
        batch=200,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
