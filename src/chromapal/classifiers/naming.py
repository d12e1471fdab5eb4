"""Classifiers name the neurons of animals that they have not seen."""

import logging
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from chromapal import methods
from chromapal.files import write_parquet
from chromapal.prepare.resample import classifier_steps
from chromapal.prepare.splits import cross_fit_model
from chromapal.prepare.variants import BACKGROUND, OVERSAMPLED, select

LOGGER = logging.getLogger("chromapal")

POSITION = ("u", "v", "w")
COLOUR = ("r", "g", "b")
PREDICTED = ("pred_r", "pred_g", "pred_b")
FEATURES = {
    "position": POSITION,
    "position+gray": (*POSITION, "gray"),
    "position+rgb": (*POSITION, *COLOUR),
    "position+gray+predicted": (*POSITION, "gray", *PREDICTED),
    "predicted": PREDICTED,
    "position+weight": (*POSITION, "weight_n"),
    "position+weight+rgb": (*POSITION, "weight_n", *COLOUR),
}
TOP = [f"top{place}" for place in range(1, 6)]
ANIMAL = ["lab", "worm"]


def name_fold(
    neurons_path,
    fold: int,
    colours: dict[str, tuple[str, Sequence[tuple[str, str]]]],
    classifier: str,
    params: dict,
    variant: str,
    features: Sequence[str],
    seed: int,
    neighbours: int,
    threads: int,
    out,
):
    """Name one fold's test neurons with one classifier, from every feature set.

    Animals without any label are left out: nothing can be learnt from them or checked on them.

    Parameters
    ----------
    neurons_path : path-like
        The fold's normalised neurons, with their `role`. Training and validation animals both
        train: no classifier stops early on validation animals.
    fold : int
        The fold.
    colours : dict
        By cross-fitted colorizer: the colours file of the fold's own model, which holds the test
        animals, and (pair, file) of the models that left out this fold and one other, which hold
        the training animals.
    classifier : str
        Classifier, by file name.
    params : dict
        Changes to its defaults.
    variant : {"with_background", "no_background", "no_background_smote"}
        What becomes of unlabelled neurons, and whether rare names are oversampled in training.
    features : sequence of str
        Keys of `FEATURES`; those with predicted colour are done once per colorizer.
    seed, neighbours, threads : int
        Seed; neighbours of SMOTE; threads, which change no result.
    out : path-like
        Parquet: features, colorizer, lab, worm, row, name, top1 to top5, and facts of the
        training rows before oversampling: examples (rows of the true name), majority,
        majority_labelled (their most frequent name, and that of the labelled), training_names.
    """
    neurons = identifiable(pd.read_parquet(neurons_path), variant)
    answers = []
    for feature in features:
        wanted = colours if set(FEATURES[feature]) & set(PREDICTED) else {"": None}
        for colorizer, files in wanted.items():
            table = neurons
            if colorizer:
                table = neurons.merge(cross_fitted(neurons, fold, *files), on="row")
            test = table["role"].eq("test")
            found = name_neurons(
                table[~test],
                table[test],
                classifier,
                methods.params("classifiers", classifier, params),
                FEATURES[feature],
                seed,
                neighbours if variant == OVERSAMPLED else None,
                threads,
                label=" ".join(filter(None, [feature, colorizer])),
            )
            answers.append(found.assign(features=feature, colorizer=colorizer))
    training = neurons[neurons["role"].ne("test")]
    tested = neurons.loc[neurons["role"].eq("test"), ["row", *ANIMAL, "name"]]
    tested = tested.assign(**training_facts(training["name"], tested["name"]))
    named = pd.concat(answers, ignore_index=True).merge(tested, on="row")
    first = ["features", "colorizer", *ANIMAL, "row", "name", *TOP]
    write_parquet(
        named[[*first, *named.columns.difference(first)]].sort_values(
            ["features", "colorizer", "row"], kind="stable", ignore_index=True
        ),
        out,
    )


def identifiable(neurons: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Give the rows that a variant names, from animals with at least one label."""
    labelled = neurons["name"].ne("").groupby([neurons[key] for key in ANIMAL]).transform("any")
    return select(neurons[labelled], variant)


def training_facts(training: pd.Series, tested: pd.Series) -> dict[str, object]:
    """Say what training offered: examples of each tested name, majority names, their number."""
    counts = training.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    labelled = counts.drop(BACKGROUND, errors="ignore")
    return {
        "examples": tested.map(counts).fillna(0).astype("int64"),
        "majority": counts.index[0],
        "majority_labelled": labelled.index[0],
        "training_names": len(counts),
    }


def cross_fitted(
    neurons: pd.DataFrame, fold: int, own: str, pairs: Sequence[tuple[str, str]]
) -> pd.DataFrame:
    """Collect predicted colours, each from a model that saw neither the animal nor test animals.

    Test animals' colours come from the fold's own model, a training animal's from the model that
    left out both the fold and the animal (`chromapal.prepare.splits.cross_fit_model`).

    Parameters
    ----------
    neurons : pandas.DataFrame
        Rows to be coloured: row, role, inner, worm.
    fold : int
        The fold.
    own : path-like
        Colours of the fold's test animals.
    pairs : sequence of (str, path-like)
        Name (`fold0-2`) and colours of the models that left out this fold and one other.

    Returns
    -------
    pandas.DataFrame
        row, pred_r, pred_g, pred_b: one row for each of `neurons`.

    Raises
    ------
    ValueError
        A colour would come from a model that trained, or stopped training, on an animal it must
        not have seen.
    """
    test = neurons["role"].eq("test")
    tested, training = neurons[test], neurons[~test]
    model = training["inner"].map(lambda inner: cross_fit_model(fold, inner, len(pairs) + 1))
    unserved = sorted(set(model) - {pair for pair, _ in pairs})
    if unserved:
        raise ValueError(f"colour leak: no colours of the models {unserved} for fold {fold}")
    parts = [unseen_colours(own, f"fold{fold}", tested)]
    for pair, path in pairs:
        colours = unseen_colours(path, pair, pd.concat([training[model.eq(pair)], tested]))
        parts.append(colours[colours["row"].isin(training["row"])])
    return pd.concat(parts, ignore_index=True)


def unseen_colours(path, model: str, neurons: pd.DataFrame) -> pd.DataFrame:
    """Read the colours of some neurons, and insist that the model saw none of their animals."""
    table = pd.read_parquet(path, columns=["row", "role", *PREDICTED])
    seen = table["row"].isin(neurons["row"]) & table["role"].ne("test")
    missing = ~neurons["row"].isin(table["row"])
    if seen.any() or missing.any():
        raise ValueError(
            f"colour leak: {path}, given as the colours of model {model!r}, has {seen.sum()} "
            f"neurons of animals the model saw and lacks {missing.sum()} that it must not have seen"
        )
    return table.loc[table["row"].isin(neurons["row"]), ["row", *PREDICTED]]


def name_neurons(
    train: pd.DataFrame,
    test: pd.DataFrame,
    classifier: str,
    params: object,
    features: Sequence[str],
    seed: int,
    neighbours: int | None = None,
    threads: int = 1,
    label: str = "",
) -> pd.DataFrame:
    """Fit a classifier on named neurons and rank the names of others.

    Parameters
    ----------
    train, test : pandas.DataFrame
        Neurons with the feature columns; `name` in `train`, `row` in `test`.
    classifier : str
        Classifier, by file name.
    params : object
        Its `Params`.
    features : sequence of str
        Columns to learn from.
    seed : int
        Seed of the classifier and of SMOTE.
    neighbours : int, optional
        Neighbours of SMOTE; None = no oversampling.
    threads : int
        Threads, where the classifier can use them; no result depends on it.
    label : str
        What the log calls this fit.

    Returns
    -------
    pandas.DataFrame
        row, top1 to top5 (best first, "" where training knew fewer names).
    """
    names = np.unique(train["name"].to_numpy(dtype=str))
    scores = np.zeros((len(test), len(names)))
    if len(names) > 1 and len(test):
        estimator = methods.module("classifiers", classifier).build(params, seed)
        if neighbours is not None:
            estimator = Pipeline([*classifier_steps(neighbours, seed), ("named", estimator)])
        columns = list(features)
        with parallel_config("threading", n_jobs=threads):
            fit_quietly(estimator, train[columns], train["name"].to_numpy(dtype=str), label)
            scores = name_scores(estimator, test[columns])
    # equal but for the order in which threads added up must stay equal: rank by name then
    best = np.argsort(-scores.round(9), axis=1, kind="stable")[:, : len(TOP)]
    answer = pd.DataFrame(names[best], columns=TOP[: best.shape[1]], dtype=str)
    answer = answer.reindex(columns=TOP, fill_value="").astype(str)
    answer.insert(0, "row", test["row"].to_numpy())
    return answer


def fit_quietly(estimator: BaseEstimator, values: pd.DataFrame, names: np.ndarray, label: str):
    """Fit, and report what did not converge in the log instead of on the screen."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        estimator.fit(values, names)
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


def name_scores(estimator: BaseEstimator, values: pd.DataFrame) -> np.ndarray:
    """Score every name of every neuron: probability, else the decision function.

    Returns
    -------
    numpy.ndarray
        (neurons, names), names in sorted order; only the order within a row has a meaning.
    """
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(values)
    scores = estimator.decision_function(values)
    return np.column_stack([-scores, scores]) if scores.ndim == 1 else scores
