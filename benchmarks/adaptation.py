"""What it is worth that worms of a laboratory that training never saw adapt to each other.

Laboratories of a study's first fold are left out one at a time, if they have `LEAST` training
worms; test worms are not looked at. Each time one network of `STEPS` steps learns from the other
laboratories and names the worms left out, with and without `chromapal.identify.adapt`. The aligner
has seen all of them: what is measured is channels alone. See `_measure.studies`.
"""

import dataclasses
import sys
import tempfile
from unittest import mock

import numpy as np
import pandas as pd
from benchmarks._held_out import with_networks

from chromapal.classifiers.common import whole_worms
from chromapal.classifiers.common.feature_tables import (
    FeatureTable,
    Sources,
    feature_tables,
    labelled_for_training,
)
from chromapal.identify.settings import TransformerSettings
from chromapal.training.settings import Training
from chromapal.worms.table import WORM

FEATURES = ("position", "position+gray", "position+rgb")
LEAST = 10
STEPS = 400
CLASSIFIER = "neuron_transformer"


def run() -> list[dict]:
    """Measure names right, one to one, means over worms."""
    study, folds = with_networks("adaptation")
    if not folds:
        return []
    neurons = labelled_for_training(study / f"neurons/{folds[0]}/neurons.parquet", "no_background")
    neurons = neurons[neurons["role"].ne("test")]
    aligned = {
        features: str(study / f"aligned/{features}/{folds[0]}/neurons.parquet")
        for features in FEATURES
    }
    tables = list(feature_tables(neurons, folds[0], Sources({}, aligned), FEATURES))
    worms = neurons[WORM].drop_duplicates()["lab"].value_counts()
    right = []
    for lab in sorted(worms.index[worms >= LEAST]):
        print(f"adaptation: {lab} left out", file=sys.stderr)
        left_out = [_without(each, lab) for each in tables]
        with tempfile.TemporaryDirectory() as folder:
            right.append(_right(left_out, folder).assign(adapted=True))
            with mock.patch.object(whole_worms, "adapt", lambda *_: {}):
                right.append(_right(left_out, folder).assign(adapted=False))
    rows = []
    for features, of_set in pd.concat(right).groupby("features", sort=False):
        mean = of_set.groupby("adapted")["right"].mean()
        measure = f"names right, laboratory left out, {features}"
        rows.append(
            {
                "benchmark": "adaptation", "measure": measure,
                "value": mean[True], "baseline": mean[False], "ratio": np.nan,
                "goal": "",
            }
        )  # fmt: skip
    return rows


def _without(table: FeatureTable, lab: str) -> FeatureTable:
    """Take the training worms of one laboratory for the worms to be named."""
    own = table.train["lab"].eq(lab)
    return dataclasses.replace(table, train=table.train[~own], test=table.train[own])


def _right(tables: list[FeatureTable], checkpoints: str) -> pd.DataFrame:
    """Return the share of a worm's labelled neurons named right, by feature set."""
    params = TransformerSettings(members=1, steps=STEPS)
    training = Training("cpu", "fp32", 1, 42, checkpoints)
    found, _ = whole_worms.name_worms(tables, CLASSIFIER, params, training)
    parts = []
    for table, names in zip(tables, found, strict=True):
        rows = table.test.merge(names[["row", "assigned1"]], on="row")
        rows = rows[rows["name"].ne("")]
        share = rows["assigned1"].eq(rows["name"]).groupby([rows[key] for key in WORM]).mean()
        parts.append(pd.DataFrame({"features": table.features, "right": share.to_numpy()}))
    return pd.concat(parts)
