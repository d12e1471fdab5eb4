"""Classifiers name the neurons of animals that they have not seen."""

import dataclasses
import os
import shutil
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from chromapal import methods
from chromapal.classifiers.common import scores
from chromapal.classifiers.common.predicted import cross_fitted
from chromapal.classifiers.common.scores import FitSettings
from chromapal.files import write_parquet
from chromapal.identify.assign import ASSIGNED, FIVE, PROBABILITY, Calibration, answer
from chromapal.prepare.features import BODY, FEATURES, POSITION, PREDICTED
from chromapal.prepare.variants import BACKGROUND, OVERSAMPLED, select
from chromapal.worms.partial_names import is_partial
from chromapal.worms.table import ANIMAL

TOP = [f"top{place}" for place in range(1, FIVE + 1)]


def name_fold(
    neurons_path,
    fold: int,
    colours: dict[str, tuple[str, Sequence[tuple[str, str]]]],
    aligned: dict[str, str],
    classifier: str,
    params: dict,
    variant: str,
    features: Sequence[str],
    seed: int,
    neighbours: int,
    weight_cap: float,
    threads: int,
    out,
    device: str = "auto",
    checkpoints: str | os.PathLike | None = None,
):
    """Name one fold's test neurons with one classifier, from every feature set.

    Animals without any label teach nothing and are not scored. For one feature set, animals
    without a channel that it needs are left out.

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
    aligned : dict
        By feature set: file of the neurons in body axes, which then take the place of positions
        between 0 and 1. Feature sets that are absent stay as they are.
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
    weight_cap : float
        Largest loss weight of a rare name, for classifiers that see whole animals.
    device : {"auto", "cpu", "cuda", "mps"}
        Where classifiers that are networks of our own are trained.
    checkpoints : path-like, optional
        Folder from which they go on after a kill; removed once the names are written.
    out : path-like
        Parquet: features, colorizer, lab, worm, row, name ("" where unlabelled and background is
        no name), top1 to top5, assigned1 to assigned5, probability and probability2 to
        probability5 (see `name_neurons`), and facts of the training rows before oversampling:
        examples (rows of the true name), majority, majority_labelled (their most frequent name,
        and that of the labelled), training_names.
    """
    # PyTorch adds up in another order with more threads, which must change no result
    torch.set_num_threads(1)
    neurons = identifiable(pd.read_parquet(neurons_path), variant)
    # a partial name says too little to be learnt from
    partial = neurons["role"].ne("test") & neurons["name"].map(is_partial)
    neurons["name"] = neurons["name"].mask(partial, "")
    settings = FitSettings(
        neighbours if variant == OVERSAMPLED else None, weight_cap, threads, device, checkpoints
    )
    answers = []
    for feature in features:
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
                complete = complete.merge(cross_fitted(complete, fold, *files), on="row")
            complete = complete[complete[list(columns)].notna().all(axis=1)]
            test = complete["role"].eq("test")
            found = name_neurons(
                complete[~test],
                complete[test],
                classifier,
                methods.params("classifiers", classifier, params),
                columns,
                seed,
                dataclasses.replace(settings, label=" ".join(filter(None, [feature, colorizer]))),
            )
            answers.append(found.assign(features=feature, colorizer=colorizer))
    training = neurons.loc[neurons["role"].ne("test") & neurons["name"].ne(""), "name"]
    tested = neurons.loc[neurons["role"].eq("test"), ["row", *ANIMAL, "name"]]
    tested = tested.assign(**training_facts(training, tested["name"]))
    named = pd.concat(answers, ignore_index=True).merge(tested, on="row")
    first = ["features", "colorizer", *ANIMAL, "row", "name", *TOP, *ASSIGNED, *PROBABILITY]
    write_parquet(
        named[[*first, *named.columns.difference(first)]].sort_values(
            ["features", "colorizer", "row"], kind="stable", ignore_index=True
        ),
        out,
    )
    if checkpoints is not None:
        shutil.rmtree(checkpoints, ignore_errors=True)


def identifiable(neurons: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Give the animals that can be learnt from or named, unlabelled neurons as the variant says.

    Unlabelled neurons stay, as `background` or as "": nobody is asked their names, but they
    compete for names, as in any new animal. A test animal without any label is named where "" is
    what it says, and not scored.
    """
    labelled = neurons["name"].ne("").groupby([neurons[key] for key in ANIMAL]).transform("any")
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
        names); assigned1 to assigned5, one name to one neuron within an animal, the assigned name
        first (the likeliest name, which another neuron has, where none could be assigned);
        probability of assigned1, calibrated on training animals that were held out, and
        probability2 to probability5 of the others.
    """
    names, found, calibration = scores.fit_and_score(
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
    )


def _framed(names: np.ndarray, columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(names, columns=columns[: names.shape[1]], dtype=str)
    return table.reindex(columns=columns, fill_value="").astype(str)


def _assigned(
    test: pd.DataFrame, names: np.ndarray, found: np.ndarray, calibration: Calibration
) -> tuple[np.ndarray, np.ndarray]:
    """Give each animal's neurons their assigned names and the next best, with probabilities."""
    given = np.full((len(test), FIVE), "", dtype=object)
    probability = np.zeros((len(test), FIVE))
    places = test.reset_index(drop=True).groupby(ANIMAL, sort=False).indices
    spelled = np.append(names[names != BACKGROUND], "")
    for rows in places.values():
        shares, nobody = scores.shared_out(names, found[rows], calibration)
        reply = answer(shares)
        given[rows] = spelled[reply.best]
        probability[rows] = reply.probability
        if BACKGROUND in names:
            blank = nobody.numpy() > reply.probability[:, 0]
            given[rows[blank], 1:] = given[rows[blank], :-1]
            given[rows[blank], 0] = BACKGROUND
            probability[rows[blank], 1:] = probability[rows[blank], :-1]
            probability[rows[blank], 0] = nobody.numpy()[blank]
    return given, probability
