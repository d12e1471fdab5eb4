"""Classifiers name the neurons of worms that they have not seen."""

import dataclasses
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from chromapal import methods
from chromapal.classifiers.common import scores
from chromapal.classifiers.common.predicted import cross_fitted
from chromapal.classifiers.common.scores import FitSettings
from chromapal.columns import (
    ASSIGNED,
    BODY,
    FEATURES,
    FIVE,
    POSITION,
    PREDICTED,
    PROBABILITY,
    TOP,
    TRAINED_ON,
)
from chromapal.files import write_parquet
from chromapal.identify.assign import Calibration, answer
from chromapal.prepare.variants import BACKGROUND, OVERSAMPLED, Smote, select
from chromapal.training.settings import Training
from chromapal.worms.partial_names import is_partial
from chromapal.worms.table import WORM


@dataclass(frozen=True)
class Task:
    """Who names which neurons, from what.

    Attributes
    ----------
    classifier, params
        The method's name, and the study's changes to its `Params`.
    variant : {"with_background", "no_background", "no_background_smote"}
        What becomes of unlabelled neurons, and whether rare names are oversampled in training.
    features : sequence of str
        Keys of `FEATURES`; those with predicted colour are done once per colorizer.
    """

    classifier: str
    params: dict
    variant: str
    features: Sequence[str]


def name_fold(
    neurons,
    fold: str,
    colours: dict[str, tuple[str, Sequence[tuple[str, str]]]],
    aligned: dict[str, str],
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
    colours : dict
        By cross-fitted colorizer: the colours file of the fold's own model, which holds the test
        worms, and (pair, file) of the models that left out this fold and one other, which hold
        the training worms.
    aligned : dict
        By feature set: file of the neurons in body axes, which then take the place of positions
        between 0 and 1. Feature sets that are absent stay as they are.
    task : Task
        Who names which neurons, from what.
    smote : Smote
        How much say rare names get in training.
    training : Training
        Seed; threads, which change no result; and where classifiers that are networks of our own
        are trained and go on after a kill.
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
    neurons = identifiable(pd.read_parquet(neurons), task.variant)
    # a partial name says too little to be learnt from
    partial = neurons["role"].ne("test") & neurons["name"].map(is_partial)
    neurons["name"] = neurons["name"].mask(partial, "")
    settings = FitSettings(
        smote.neighbours if task.variant == OVERSAMPLED else None,
        smote.weight_cap,
        training.threads,
        training.device,
        training.folder,
    )
    answers, number = [], int(fold.removeprefix("fold"))
    for feature in task.features:
        wanted = colours if set(FEATURES[feature]) & set(PREDICTED) else {"": None}
        table, columns = neurons, FEATURES[feature]
        if feature in aligned:
            body = pd.read_parquet(aligned[feature], columns=["row", *BODY])
            table = table.merge(body, on="row", validate="one_to_one")
            columns = (*BODY, *columns[len(POSITION) :])
        for colorizer, files in wanted.items():
            complete = table
            if colorizer:
                complete = table[table["colour"]]
                complete = complete.merge(cross_fitted(complete, number, *files), on="row")
            complete = complete[complete[list(columns)].notna().all(axis=1)]
            test = complete["role"].eq("test")
            found = name_neurons(
                complete[~test],
                complete[test],
                task.classifier,
                methods.params("classifiers", task.classifier, task.params),
                columns,
                training.seed,
                dataclasses.replace(settings, label=" ".join(filter(None, [feature, colorizer]))),
            )
            if colorizer:
                # the networks behind a row are its colorizer's, and its classifier's if any
                found = _with_colorizers(found, [files[0], *(path for _, path in files[1])])
            answers.append(found.assign(features=feature, colorizer=colorizer))
    known = neurons.loc[neurons["role"].ne("test") & neurons["name"].ne(""), "name"]
    tested = neurons.loc[neurons["role"].eq("test"), ["row", *WORM, "name"]]
    tested = tested.assign(**training_facts(known, tested["name"]))
    named = pd.concat(answers, ignore_index=True).merge(tested, on="row")
    first = ["features", "colorizer", *WORM, "row", "name", *TOP, *ASSIGNED, *PROBABILITY]
    write_parquet(
        named[[*first, *named.columns.difference(first)]].sort_values(
            ["features", "colorizer", "row"], kind="stable", ignore_index=True
        ),
        out,
    )
    shutil.rmtree(training.checkpoints, ignore_errors=True)


def _with_colorizers(found: pd.DataFrame, colours: Sequence[str]) -> pd.DataFrame:
    """Add what the colorizers behind files of colours were trained with."""
    stated = [pd.read_parquet(path, columns=list(TRAINED_ON)).iloc[:1] for path in colours]
    every = pd.concat([found[list(TRAINED_ON)].iloc[:1], *stated])
    together = {name: "+".join(sorted(set(every[name]) - {""})) for name in TRAINED_ON}
    return found.assign(**together)


def identifiable(neurons: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Return the worms that can be learnt from or named, unlabelled neurons as the variant says.

    Unlabelled neurons stay, as `background` or as "": nobody is asked their names, but they
    compete for names, as in any new worm. A test worm without any label is named where "" is
    what it says, and not scored.
    """
    labelled = neurons["name"].ne("").groupby([neurons[key] for key in WORM]).transform("any")
    if variant == "with_background":
        return select(neurons[labelled], variant).reset_index(drop=True)
    return neurons[labelled | neurons["role"].eq("test")].reset_index(drop=True)


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
    train: pd.DataFrame,
    test: pd.DataFrame,
    classifier: str,
    params: object,
    features: Sequence[str],
    seed: int,
    settings: FitSettings = scores.DEFAULT,
) -> pd.DataFrame:
    """Fit a classifier on named neurons and rank the names of others.

    Parameters
    ----------
    train, test : pandas.DataFrame
        Neurons with lab, worm, row, name ("" = unlabelled) and the feature columns.
    classifier : str
        Classifier, by file name.
    params : object
        Its `Params`.
    features : sequence of str
        Columns to learn from.
    seed : int
        Seed of the classifier and of SMOTE.
    settings : FitSettings
        How it is fitted, whichever it is.

    Returns
    -------
    pandas.DataFrame
        row; top1 to top5, each neuron for itself (best first, "" where training knew fewer
        names); assigned1 to assigned5, one name to one neuron within a worm, the assigned name
        first (the likeliest name, which another neuron has, where none could be assigned);
        probability of assigned1, calibrated on training worms that were held out, and
        probability2 to probability5 of the others; what the classifier was trained with, where
        it is a network of our own (`TRAINED_ON`, else "").
    """
    names, found, calibration, trained_on = scores.fit_and_score(
        train, test, classifier, params, list(features), seed, settings
    )
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
    ).assign(**trained_on)


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
