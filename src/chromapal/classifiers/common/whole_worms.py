"""Classifiers that see whole worms name them from all feature sets with one network."""

import dataclasses
import logging
import os
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
from chromapal.classifiers.common.naming import ranked, write_names
from chromapal.columns import PREDICTED
from chromapal.files import whole, write_json
from chromapal.identify.adapt import adapt
from chromapal.identify.assign import Calibration
from chromapal.identify.queue import landmarks
from chromapal.identify.transformer import CALIBRATIONS, LANDMARKS
from chromapal.identify.worm_batch import AXES, View
from chromapal.prepare.resample import inverse_frequency
from chromapal.prepare.variants import OVERSAMPLED, Smote
from chromapal.training.settings import Training
from chromapal.worms.table import WORM

LOGGER = logging.getLogger("chromapal")


def name_fold(
    neurons: str | os.PathLike,
    fold: str,
    sources: Sources,
    task: Task,
    smote: Smote,
    training: Training,
    out_names: str | os.PathLike,
    out_network: str | os.PathLike,
):
    """Name one fold's test worms with a classifier that sees whole worms.

    Parameters
    ----------
    neurons, fold, sources, task, smote
        As for `chromapal.classifiers.common.naming.name_fold`.
    training : Training
        Seed and device; and where a training goes on after a kill.
    out_names : path-like
        Parquet, as of `chromapal.classifiers.common.naming.name_fold`.
    out_network : path-like
        Folder with networks, atlases, calibrations and landmarks of feature sets in body axes, for
        anchors; calibrations and landmarks alone, and empty, where there are none.
    """
    torch.set_num_threads(1)
    table = labelled_for_training(neurons, task.variant)
    tables = list(feature_tables(table, fold, sources, task.features))
    weight_cap = smote.weight_cap if task.variant == OVERSAMPLED else None
    params = methods.params("classifiers", task.classifier, task.params)
    found, fitted = name_worms(tables, task.classifier, params, training, weight_cap)
    write_names(table, list(zip(tables, found, strict=True)), out_names)
    with whole(out_network) as folder:
        folder.mkdir()
        content, classes = {}, {}
        for estimator, calibrations in fitted:
            aligned = [features for features in calibrations if features in sources.aligned]
            if aligned:
                estimator.save(folder, aligned)
                content |= {name: dataclasses.asdict(calibrations[name]) for name in aligned}
                classes |= {name: _landmarks(estimator, calibrations, name) for name in aligned}
        # also where nothing could be trained, which anchors have to be told
        write_json(content, folder / CALIBRATIONS)
        write_json(classes, folder / LANDMARKS)
    shutil.rmtree(training.checkpoints, ignore_errors=True)


def name_worms(
    tables: Sequence[FeatureTable],
    classifier: str,
    params: object,
    training: Training,
    weight_cap: float | None = None,
) -> tuple[list[pd.DataFrame], list[tuple]]:
    """Fit a classifier of whole worms on all feature sets at once, and rank names.

    Feature sets that hold positions share an estimator. Those without have one each, as their
    first three columns are no position.

    Parameters
    ----------
    tables : sequence of FeatureTable
        The worms to learn from and to name, by feature set.
    classifier : str
        Classifier, by file name.
    params : object
        Its `Params`.
    training : Training
        Seed, device and checkpoints.
    weight_cap : float, optional
        Largest loss weight of a rare name; without it all weigh the same.

    Returns
    -------
    found : list of pandas.DataFrame
        By feature set; see `chromapal.classifiers.common.naming.ranked`.
    fitted : list of (estimator, dict of str to Calibration)
        What was fitted, and what makes its scores probabilities, by feature set.
    """
    worms = pd.concat([each.train[WORM] for each in tables]).drop_duplicates().sort_values(WORM)
    number = pd.Series(range(len(worms)), index=pd.MultiIndex.from_frame(worms))
    found: dict[str, pd.DataFrame] = {}
    fitted = []
    for group in _groups(tables):
        usable = [each for each in group if len(_names(each)) > 1 and not each.test.empty]
        if usable:
            estimator = methods.module("classifiers", classifier).build(params, training.seed)
            estimator.device, estimator.checkpoints = training.device, training.folder
            estimator.fit(
                {each.label: _view(each.train, each.columns, number, weight_cap) for each in usable}
            )
            LOGGER.info("%s: %s", ", ".join(each.label for each in usable), estimator.summary_)
            calibrations = {
                label: scores.calibrated(estimator.classes_, *held, label)
                for label, held in estimator.held_out_.items()
            }
            for each in usable:
                estimator = _adapted(each, estimator, calibrations[each.label])
            fitted.append((estimator, calibrations))
            found |= {
                each.label: _ranked(each, estimator, calibrations[each.label]) for each in usable
            }
        for each in group:
            if each.label not in found:
                names = _names(each)
                nothing = np.zeros((len(each.test), len(names)))
                found[each.label] = ranked(each.test, names, nothing, Calibration())
    return [found[each.label] for each in tables], fitted


def _landmarks(estimator, calibrations: dict[str, Calibration], features: str) -> list[str]:
    """Choose landmarks by training worms, each named by a network that it was held out of."""
    logs, truths = estimator.held_out_[features]
    names = estimator.classes_
    found = [scores.shared_out(names, log.numpy(), calibrations[features])[0] for log in logs]
    column = scores.background(names)
    if column is not None:
        names = np.delete(names, column)
        truths = [scores.without(truth, column) for truth in truths]
    return landmarks(found, truths, names)


def _groups(tables: Sequence[FeatureTable]) -> list[list[FeatureTable]]:
    """Put feature sets that hold positions together, the others one by one."""
    positioned = [each for each in tables if not set(each.columns[:AXES]) & set(PREDICTED)]
    others = [[each] for each in tables if set(each.columns[:AXES]) & set(PREDICTED)]
    return [group for group in (positioned, *others) if group]


def _names(table: FeatureTable) -> np.ndarray:
    """Return the names that training worms have, sorted."""
    name = table.train["name"]
    return np.unique(name[name.ne("")].to_numpy(dtype=str))


def _view(
    neurons: pd.DataFrame,
    columns: Sequence[str],
    number: pd.Series | None,
    weight_cap: float | None = None,
) -> View:
    """Return worms as a feature set shows them, numbered as stated or in the order of the table."""
    if number is None:
        worm = neurons.groupby(WORM, sort=True).ngroup().to_numpy()
    else:
        worm = number.loc[pd.MultiIndex.from_frame(neurons[WORM])].to_numpy()
    return View(
        neurons[list(columns)],
        worm,
        neurons["lab"].to_numpy(dtype=str),
        neurons["name"].to_numpy(dtype=str),
        None if weight_cap is None else inverse_frequency(neurons["name"], weight_cap),
    )


def _adapted(table: FeatureTable, estimator, calibration: Calibration):
    """Adapt to the channels of test laboratories that training did not know."""
    names = estimator.classes_

    def named(log: torch.Tensor) -> torch.Tensor:
        shares, nobody = scores.shared_out(names, log.numpy(), calibration)
        column = scores.background(names)
        if column is None:
            return shares
        return torch.cat([shares[:, :column], nobody[:, None], shares[:, column:]], 1)

    view = _view(table.test, table.columns, None)
    return estimator.with_local(table.label, adapt(estimator, table.label, view, named))


def _ranked(table: FeatureTable, estimator, calibration: Calibration) -> pd.DataFrame:
    """Rank the names of a feature set's test neurons."""
    log = estimator.predict_log_proba(table.label, _view(table.test, table.columns, None))
    found = ranked(table.test, estimator.classes_, log, calibration)
    return found.assign(**estimator.device_.trained_on)
