"""Test worms of a finished study, and the networks of their folds, which have not seen them."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from benchmarks._measure import studies

from chromapal.columns import BODY
from chromapal.files import read_json
from chromapal.identify.assign import Calibration
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.transformer import CALIBRATIONS, Transformer
from chromapal.identify.worm_batch import View
from chromapal.worms.table import WORM

NETWORKS = "networks/neuron_transformer/no_background"


def with_networks(benchmark: str) -> tuple[Path, list[str]]:
    """Return the first study with networks of two folds, and these folds; none if there is none."""
    for study in studies():
        folds = sorted(path.name for path in (study / NETWORKS).glob("fold*"))
        if len(folds) > 1:
            return study, folds
    print(f"{benchmark}: no study with networks of two folds", file=sys.stderr)
    return Path(), []


class Fold:
    """A fold of a study: its neurons, and what its networks say.

    Parameters
    ----------
    study : Path
        The study's folder.
    name : str
        The fold.
    features : str
        The feature set.
    """

    def __init__(self, study: Path, name: str, features: str):
        network = study / NETWORKS / name
        self.features = features
        self.transformer = Transformer.load(network, TransformerSettings())
        self.calibration = Calibration(**read_json(network / CALIBRATIONS)[features])
        neurons = pd.read_parquet(study / "neurons" / name / "neurons.parquet")
        body = pd.read_parquet(study / "aligned" / features / name / "neurons.parquet")
        self.neurons = neurons.merge(body[["row", *BODY]], "left", on="row")

    def tested(self, columns: Sequence[str]) -> Iterator[tuple[int, pd.DataFrame]]:
        """Yield each test worm that has all of some columns, with its number among all of them."""
        table = self.neurons[self.neurons["role"].eq("test")]
        for number, (_, worm) in enumerate(table.groupby(WORM, sort=True)):
            if worm[list(columns)].notna().all(axis=None):
                yield number, worm

    def ask(self, values: pd.DataFrame, lab: str) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
        """Return log probabilities, calibrated probabilities and log densities of one worm."""
        view = View(values, np.zeros(len(values), int), np.full(len(values), lab))
        log = torch.from_numpy(self.transformer.predict_log_proba(self.features, view))
        density = self.transformer.density(self.features, view)[0]
        return log, self.calibration.probabilities(log), density
