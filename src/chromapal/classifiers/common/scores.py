"""Classifiers are fitted, score names, and are calibrated on worms held out of training."""

import logging
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import has_fit_parameter

from chromapal import methods
from chromapal.identify.assign import NOBODY, UNKNOWN, Calibration
from chromapal.prepare.resample import classifier_steps
from chromapal.prepare.variants import BACKGROUND
from chromapal.worms.table import WORM

LOGGER = logging.getLogger("chromapal")
PARTS = 4  # one part in so many of the training worms is held out to calibrate on
LEAST = 1e-4  # lowest probability: a forest's zero only means too few trees


@dataclass(frozen=True)
class FitSettings:
    """How a classifier is fitted, whichever it is.

    Attributes
    ----------
    neighbours : int, optional
        Neighbours of SMOTE; None = no oversampling.
    threads : int
        Threads, where the classifier can use them; no result depends on it.
    label : str
        What the log calls this fit.
    """

    neighbours: int | None = None
    threads: int = 1
    label: str = ""


DEFAULT = FitSettings()


def fit_and_score(
    train: pd.DataFrame,
    test: pd.DataFrame,
    classifier: str,
    params: object,
    features: list[str],
    seed: int,
    settings: FitSettings,
) -> tuple[np.ndarray, np.ndarray, Calibration]:
    """Fit a classifier, score the names of test neurons, and calibrate the scores.

    See `chromapal.classifiers.common.naming.name_neurons` for the parameters.

    Returns
    -------
    names : numpy.ndarray of str, shape (names,)
        Sorted.
    scores : numpy.ndarray, shape (neurons, names)
        Log probabilities, or a decision function's values.
    calibration : Calibration
        What makes them probabilities.
    """
    names = np.unique(train["name"][train["name"].ne("")].to_numpy(dtype=str))
    found, calibration = np.zeros((len(test), len(names))), Calibration()
    if len(names) < 2 or test.empty:
        return names, found, calibration
    module = methods.module("classifiers", classifier)
    neighbours, label = settings.neighbours, settings.label
    with parallel_config("threading", n_jobs=settings.threads):
        estimator = _oversampled(module.build(params, seed), neighbours, seed)
        _fit(estimator, train, features, label)
        found = _score(estimator, test, features)
        held, logs, truths = held_out(train), [], []
        if held.any() and train["name"][~held].nunique() > 2:
            again = _oversampled(module.build(params, seed), neighbours, seed)
            _fit(again, train[~held], features, f"{label}, to calibrate")
            scored = _score(again, train[held], features)
            logs, truths = _known_worms(train[held], names, again.classes_, scored)
    return names, found, calibrated(names, logs, truths, label)


def held_out(train: pd.DataFrame) -> np.ndarray:
    """Return which rows belong to the worms that calibrate: one in `PARTS`, over laboratories."""
    number = train.groupby(WORM, sort=True).ngroup().to_numpy()
    return number % PARTS == PARTS - 1


def shared_out(
    names: np.ndarray, found: np.ndarray, calibration: Calibration
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn a worm's scores into probabilities, one name to one neuron.

    Returns
    -------
    probabilities : torch.Tensor, shape (n, names without background)
        Probabilities.
    nobody : torch.Tensor, shape (n,)
        Probability of being none of them; background, where that is a name.
    """
    log = torch.from_numpy(found)
    probabilities = calibration.probabilities(log, background(names))
    return probabilities, (1 - probabilities.sum(1)).clamp(0, 1)


def background(names: np.ndarray) -> int | None:
    """Return the column of the name that many neurons may share, where there is one."""
    index = np.flatnonzero(names == BACKGROUND)
    return int(index[0]) if len(index) else None


def calibrated(names: np.ndarray, logs: list, truths: list, label: str) -> Calibration:
    """Fit the calibration on worms that were held out; `label` is what the log calls the fit."""
    if not logs:
        LOGGER.info("%s: too few training worms to calibrate probabilities on", label)
    column = background(names)
    if column is None:
        return Calibration.fit(logs, truths)
    # background's neurons teach nobody's score
    return Calibration.fit(logs, [without(truth, column) for truth in truths], column)


def without(truth: np.ndarray, column: int) -> np.ndarray:
    """Return numbers of names counted without the column of background, which is `NOBODY`."""
    return np.where(truth == column, NOBODY, truth - (truth > column))


def _known_worms(
    held: pd.DataFrame, names: np.ndarray, classes: np.ndarray, found: np.ndarray
) -> tuple[list[torch.Tensor], list[np.ndarray]]:
    """Split the scores of held-out worms, names that their classifier did not know scored low."""
    full = np.full((len(held), len(names)), found.min() - np.log(1 / LEAST))
    full[:, np.searchsorted(names, classes)] = found
    at = pd.Series(np.arange(len(names)), index=names)
    truth = held["name"].map(at).fillna(UNKNOWN).to_numpy(dtype=np.int64)
    positions = held.reset_index(drop=True).groupby(WORM, sort=True).indices.values()
    return [torch.from_numpy(full[rows]) for rows in positions], [truth[rows] for rows in positions]


def _oversampled(estimator: BaseEstimator, neighbours: int | None, seed: int) -> BaseEstimator:
    """Put SMOTE before an estimator, where it is asked for."""
    if neighbours is None:
        return estimator
    # a second of imports, which fits without oversampling are spared
    from imblearn.pipeline import Pipeline

    return Pipeline([*classifier_steps(neighbours, seed), ("named", estimator)])


def _fit(estimator: BaseEstimator, train: pd.DataFrame, features: list[str], label: str):
    """Fit, and report what did not converge in the log instead of on the screen."""
    named = train[train["name"].ne("")]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        estimator.fit(
            named[features], named["name"].to_numpy(dtype=str), **_laboratory(estimator, named)
        )
    failed = [warning for warning in caught if issubclass(warning.category, ConvergenceWarning)]
    for warning in caught:
        if warning not in failed:
            LOGGER.info("%s: %s", label, warning.message)
    last = estimator
    while hasattr(last, "steps"):
        last = last.steps[-1][1]
    if getattr(last, "max_iter", -1) < 0:  # nothing iterates, or (SVM) until it converges
        return
    LOGGER.info(
        "%s: %s after %d of %d iterations",
        label,
        "not converged" if failed else "converged",
        np.max(last.n_iter_),
        last.max_iter,
    )


def _score(estimator: BaseEstimator, test: pd.DataFrame, features: list[str]) -> np.ndarray:
    """Score every name of every neuron: log probability, else the decision function.

    Returns
    -------
    numpy.ndarray
        (neurons, names), names in sorted order.
    """
    extra = _laboratory(estimator, test)
    if hasattr(estimator, "predict_proba"):
        return np.log(estimator.predict_proba(test[features], **extra).clip(LEAST))
    scores = estimator.decision_function(test[features])
    return np.column_stack([-scores, scores]) if scores.ndim == 1 else scores


def _laboratory(estimator: BaseEstimator, table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return whose worms neurons are of, to an estimator that asks.

    A pipeline does not: neurons that SMOTE makes up are of nobody's worms.
    """
    if not has_fit_parameter(estimator, "laboratory"):
        return {}
    return {"laboratory": table["lab"].to_numpy(dtype=str)}
