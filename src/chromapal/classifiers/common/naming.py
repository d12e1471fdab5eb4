"""Classifiers name the neurons of worms that they have not seen, each neuron for itself."""

import shutil
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from chromapal import methods
from chromapal.classifiers.common import scores
from chromapal.classifiers.common.feature_tables import (
    FeatureTable,
    Sources,
    Task,
    feature_tables,
    labelled_for_training,
)
from chromapal.classifiers.common.scores import FitSettings
from chromapal.columns import (
    ASSIGNED,
    FIVE,
    PROBABILITY,
    TOP,
    TRAINED_ON,
)
from chromapal.files import write_parquet
from chromapal.identify.assign import Calibration, answer
from chromapal.prepare.variants import BACKGROUND, OVERSAMPLED, Smote
from chromapal.training.settings import Training
from chromapal.worms.table import WORM


def name_fold(
    neurons,
    fold: str,
    sources: Sources,
    task: Task,
    smote: Smote,
    training: Training,
    out,
):
    """Name one fold's test neurons with one classifier, from every feature set.

    Worms without any label teach nothing and are not scored. For one feature set, worms
    without a channel that it needs are left out.

    Parameters
    ----------
    neurons : path-like
        The fold's normalised neurons, with their `role`. Training and validation worms both
        train: no classifier stops early on validation worms.
    fold : str
        The fold, `fold2`.
    sources : Sources
        Where predicted colours and body axes are.
    task : Task
        Who names which neurons, from what.
    smote : Smote
        How much say rare names get in training.
    training : Training
        Seed; and threads, which change no result.
    out : path-like
        Parquet: features, colorizer, lab, worm, row, name ("" where unlabelled and background is
        no name), top1 to top5, assigned1 to assigned5, probability and probability2 to
        probability5 (see `name_neurons`), `TRAINED_ON` (of all networks behind a row), and facts
        of the training rows before oversampling:
        examples (rows of the true name), majority, majority_labelled (their most frequent name,
        and that of the labelled), training_names.
    """
    # PyTorch adds up in another order with more threads, which must change no result
    torch.set_num_threads(1)
    neurons = labelled_for_training(neurons, task.variant)
    neighbours = smote.neighbours if task.variant == OVERSAMPLED else None
    params = methods.params("classifiers", task.classifier, task.params)
    answers = [
        (
            table,
            name_neurons(
                table,
                task.classifier,
                params,
                training.seed,
                FitSettings(neighbours, training.threads, table.label),
            ),
        )
        for table in feature_tables(neurons, fold, sources, task.features)
    ]
    write_names(neurons, answers, out)
    shutil.rmtree(training.checkpoints, ignore_errors=True)


def write_names(neurons: pd.DataFrame, answers: Sequence[tuple[FeatureTable, pd.DataFrame]], out):
    """Write the names that a fold's test neurons were given; see `name_fold`."""
    named = pd.concat(
        [
            _with_colorizers(found, table.files).assign(
                features=table.features, colorizer=table.colorizer
            )
            for table, found in answers
        ],
        ignore_index=True,
    )
    known = neurons.loc[neurons["role"].ne("test") & neurons["name"].ne(""), "name"]
    tested = neurons.loc[neurons["role"].eq("test"), ["row", *WORM, "name"]]
    tested = tested.assign(**training_facts(known, tested["name"]))
    named = named.merge(tested, on="row")
    first = ["features", "colorizer", *WORM, "row", "name", *TOP, *ASSIGNED, *PROBABILITY]
    write_parquet(
        named[[*first, *named.columns.difference(first)]].sort_values(
            ["features", "colorizer", "row"], kind="stable", ignore_index=True
        ),
        out,
    )


def _with_colorizers(found: pd.DataFrame, colours: Sequence[str]) -> pd.DataFrame:
    """Add what the colorizers behind files of colours were trained with."""
    if not colours:
        return found
    stated = [pd.read_parquet(path, columns=list(TRAINED_ON)).iloc[:1] for path in colours]
    every = pd.concat([found[list(TRAINED_ON)].iloc[:1], *stated])
    together = {name: "+".join(sorted(set(every[name]) - {""})) for name in TRAINED_ON}
    return found.assign(**together)


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


def name_neurons(
    table: FeatureTable,
    classifier: str,
    params: object,
    seed: int,
    settings: FitSettings = scores.DEFAULT,
) -> pd.DataFrame:
    """Fit a classifier on named neurons and rank the names of others.

    Parameters
    ----------
    table : FeatureTable
        Neurons to learn from and to name: lab, worm, row, name ("" = unlabelled) and features.
    classifier : str
        Classifier, by file name.
    params : object
        Its `Params`.
    seed : int
        Seed of the classifier and of SMOTE.
    settings : FitSettings
        How it is fitted, whichever it is.

    Returns
    -------
    pandas.DataFrame
        See `ranked`.
    """
    return ranked(
        table.test,
        *scores.fit_and_score(
            table.train, table.test, classifier, params, list(table.columns), seed, settings
        ),
    )


def ranked(
    test: pd.DataFrame, names: np.ndarray, found: np.ndarray, calibration: Calibration
) -> pd.DataFrame:
    """Rank names by their scores.

    Parameters
    ----------
    test : pandas.DataFrame
        Neurons of whole worms: lab, worm, row.
    names : numpy.ndarray of str, shape (K,)
        Names, sorted.
    found : numpy.ndarray, shape (n, K)
        Their scores.
    calibration : Calibration
        What makes them probabilities.

    Returns
    -------
    pandas.DataFrame
        row; top1 to top5, each neuron for itself (best first, "" where training knew fewer
        names); assigned1 to assigned5, one name to one neuron within a worm, the assigned name
        first (the likeliest name, which another neuron has, where none could be assigned);
        probability of assigned1, calibrated on training worms that were held out, and
        probability2 to probability5 of the others; `TRAINED_ON`, empty: what a network of our own
        was trained with.
    """
    # equal but for the order in which threads added up must stay equal: rank by name then
    best = np.argsort(-found.round(9), axis=1, kind="stable")[:, : len(TOP)]
    answers = _framed(names[best], TOP)
    given, probability = _assigned(test, names, found, calibration)
    return pd.concat(
        [
            test[["row"]].reset_index(drop=True),
            answers,
            _framed(given, ASSIGNED),
            pd.DataFrame(probability, columns=PROBABILITY),
        ],
        axis=1,
    ).assign(**dict.fromkeys(TRAINED_ON, ""))


def _framed(names: np.ndarray, columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(names, columns=columns[: names.shape[1]], dtype=str)
    return table.reindex(columns=columns, fill_value="").astype(str)


def _assigned(
    test: pd.DataFrame, names: np.ndarray, found: np.ndarray, calibration: Calibration
) -> tuple[np.ndarray, np.ndarray]:
    """Return each worm's neurons their assigned names and the next best, with probabilities."""
    given = np.full((len(test), FIVE), "", dtype=object)
    probability = np.zeros((len(test), FIVE))
    positions = test.reset_index(drop=True).groupby(WORM, sort=False).indices
    spelled = np.append(names[names != BACKGROUND], "")
    for rows in positions.values():
        probabilities, nobody = scores.shared_out(names, found[rows], calibration)
        answers = answer(probabilities)
        given[rows] = spelled[answers.best]
        probability[rows] = answers.probability
        if BACKGROUND in names:
            blank = nobody.numpy() > answers.probability[:, 0]
            given[rows[blank], 1:] = given[rows[blank], :-1]
            given[rows[blank], 0] = BACKGROUND
            probability[rows[blank], 1:] = probability[rows[blank], :-1]
            probability[rows[blank], 0] = nobody.numpy()[blank]
    return given, probability
