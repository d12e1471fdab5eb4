"""More weight for rare names: synthetic neurons, samplers for a pipeline, and loss weights."""

import logging
from collections import Counter
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

LOGGER = logging.getLogger(__name__)
# Columns in which neighbours are found, and which are interpolated between them.
INTERPOLATED = ["u", "v", "w", "gray", "weight_n", "r", "g", "b"]


def _too_rare(names: ArrayLike, at_least: int) -> dict[str, int]:
    """Return the number of rows required of each name that has fewer than `at_least`."""
    return {name: at_least for name, count in Counter(names).items() if count < at_least}


def classifier_steps(neighbours: int, seed: int) -> list[tuple[str, object]]:
    """Return the steps that oversample rare names, for an imbalanced-learn pipeline.

    Parameters
    ----------
    neighbours : int
        Neighbours of the same name that SMOTE interpolates between.
    seed : int
        Seed of both samplers.

    Returns
    -------
    list of (str, sampler)
        `repeat`: names too rare to have that many neighbours are repeated until they do.
        `smote`: every name is oversampled to the count of the most common (Chawla et al. 2002).
        Both count names when they are fitted, so that a pipeline uses training rows only.
    """
    # a second of imports, which jobs without oversampling are spared
    from imblearn.over_sampling import SMOTE, RandomOverSampler

    rare = partial(_too_rare, at_least=neighbours + 1)
    return [
        ("repeat", RandomOverSampler(sampling_strategy=rare, random_state=seed)),
        ("smote", SMOTE(k_neighbors=neighbours, random_state=seed)),
    ]


def smote(neurons: pd.DataFrame, seed: int, neighbours: int) -> tuple[pd.DataFrame, dict[str, int]]:
    """Add synthetic neurons of rare names to the training rows of a fold.

    Gray, position, weight and colour are interpolated together, between neurons of one name.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Normalised neurons with `role` and `name`. Only rows of role `train` are used.
    seed : int
        Seed of the random draws.
    neighbours : int
        See `classifier_steps`.

    Returns
    -------
    table : pandas.DataFrame
        Columns u, v, w, gray, weight_n, r, g, b, weight, name: the training rows in their order,
        followed by repeated and synthetic ones. A synthetic neuron has no worm.
    log : dict of str to int
        names, rows (of training); names_repeated, rows_repeated; rows_synthetic.
    """
    train = neurons[neurons["role"] == "train"]
    values, names = train[INTERPOLATED].to_numpy(), train["name"].to_numpy(dtype=object)
    counts = [len(names)]
    if len(set(names)) > 1:
        for _, sampler in classifier_steps(neighbours, seed):
            values, names = sampler.fit_resample(values, names)
            counts.append(len(names))
    else:
        counts *= 3
    table = pd.DataFrame(values, columns=INTERPOLATED).assign(name=names)
    # Linear in weight_n, and not interpolated by SMOTE: its unit would affect distances.
    known = train[["weight_n", "weight"]].sort_values("weight_n")
    table["weight"] = np.interp(table["weight_n"], known["weight_n"], known["weight"])
    log = {
        "names": train["name"].nunique(),
        "rows": counts[0],
        "names_repeated": len(_too_rare(train["name"], neighbours + 1)),
        "rows_repeated": counts[1] - counts[0],
        "rows_synthetic": counts[2] - counts[1],
    }
    LOGGER.info(
        "SMOTE: %d of %d names too rare for %d neighbours, repeated %d times in all; "
        "%d synthetic neurons added to %d",
        log["names_repeated"],
        log["names"],
        neighbours,
        log["rows_repeated"],
        log["rows_synthetic"],
        log["rows"],
    )
    return table, log


def inverse_frequency(names: ArrayLike, cap: float = 5.0) -> np.ndarray:
    """Weight neurons in the loss by how rare their name is among training neurons.

    Parameters
    ----------
    names : array-like of str, shape (n,)
        Names of the training neurons; "" and `background` (unlabelled) are treated like any name.
    cap : float
        Largest weight before the last step.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        In this order: 1 / count of the name, divided by the mean; capped; divided by the mean
        again, so that the learning rate keeps its meaning.
    """
    _, index, counts = np.unique(np.asarray(names, "U"), return_inverse=True, return_counts=True)
    weights = 1 / counts[index]
    weights = np.minimum(weights / weights.mean(), cap)
    return weights / weights.mean()
