"""Base of the colorizers that name neurons first; see `identify_then_colour`."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.colorizers.common.contract import empty_history
from chromapal.errors import InputError
from chromapal.files import whole
from chromapal.training import layout

RIDGE = 10.0  # ridge penalty, in pseudo-neurons that need no correction
UNIT_UM = 20.0  # unit of body axes in the correction


class NamedColour:
    """Predicts the colours of neurons from the probabilities of their names.

    Parameters
    ----------
    name : str
        The method's file name.
    params : dataclass instance
        Parameters of the transformer.
    dense : bool
        Whether samples are whole worms. A single neuron cannot be aligned, so that `neuron`
        samples are grouped by worm too.
    stacked : bool
        Whether a linear map corrects the colours.
    """

    def __init__(self, name: str, params: object, dense: bool, stacked: bool):
        self.name, self.params, self.dense, self.stacked = name, params, dense, stacked
        self.correction = np.zeros((0, 3))
        self.trained_on: dict[str, str] = {}

    def fit(
        self, train, validation, seed, device="auto", threads=1, checkpoint=None, precision="auto"
    ):
        """Learn names and their colours; see `contract.Colorizer.fit`."""
        neurons = pd.concat([train.table, validation.table], ignore_index=True)
        if "worm" not in neurons or neurons["worm"].isna().any():
            raise InputError(
                "config key 'runs'",
                f"{self.name} on synthetic neurons, which have no worm",
                "samples: worm, or another variant",
            )
        self.learn(neurons, seed, device, threads, checkpoint)
        return empty_history()

    def learn(
        self,
        neurons: pd.DataFrame,
        seed: int,
        device: str = "auto",
        threads: int = 1,
        checkpoints: str | os.PathLike | None = None,
        feature_sets: Sequence[str] = (),
    ):
        """Learn names and their colours from normalised neurons of whole worms.

        Parameters
        ----------
        neurons : pandas.DataFrame
            See `chromapal.identify.identifier.Identifier.fit`.
        seed, device, threads
            As in `fit`.
        checkpoints : path-like, optional
            Folder for checkpoints, from which a killed call resumes.
        feature_sets : sequence of str, optional
            By which worms can be named; by position and gray where none is given.
        """
        import torch

        from chromapal.identify.colour import learn_colours
        from chromapal.identify.identifier import GRAY, Identifier

        torch.set_num_threads(threads)
        self.identifier = Identifier(self.params, feature_sets or (GRAY,))
        rows, probabilities, position = self.identifier.fit(neurons, seed, device, checkpoints)
        self.trained_on = self.identifier.transformer.device_.trained_on
        self.colours = learn_colours(neurons, self.identifier.transformer.classes_)
        if self.stacked:
            validated = neurons.iloc[rows]
            colour = self._expected(probabilities, validated)[0]
            residual = validated[["r", "g", "b"]].to_numpy() - colour
            self.correction = _ridge(_inputs(colour, position, validated), residual)

    def predict(self, samples, device="cpu", threads=1):
        """Predict expected colours; see `contract.Colorizer.predict`."""
        return self.predict_with_deviation(samples, threads)[0]

    def predict_with_deviation(self, samples, threads=1) -> tuple[np.ndarray, np.ndarray]:
        """Predict expected colours and their standard deviations, both of shape (n, 3).

        The deviations reflect the uncertainty of the name, before correction.
        """
        import torch

        torch.set_num_threads(threads)
        neurons = samples.table
        if neurons.empty:
            return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
        found = self.identifier.identify(neurons)
        return self.coloured(neurons, found.probabilities, found.position)

    def coloured(self, neurons: pd.DataFrame, probabilities, position: np.ndarray):
        """Return colours and deviations of named neurons, as `predict_with_deviation` does."""
        colour, deviation = self._expected(probabilities, neurons)
        if self.stacked:
            inputs = np.nan_to_num(_inputs(colour, position, neurons))  # a worm without gray
            colour = colour + inputs @ self.correction
        return colour.astype(np.float32), deviation.astype(np.float32)

    def _expected(self, probabilities, neurons: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return expected colours and deviations, from the colours of each neuron's laboratory."""
        import torch

        gray = torch.tensor(neurons["gray"].to_numpy(dtype=np.float64))
        colour, deviation = np.zeros((len(neurons), 3)), np.zeros((len(neurons), 3))
        for lab, rows in neurons.reset_index(drop=True).groupby("lab").indices.items():
            moments = self.colours.at(str(lab)).expected(probabilities[rows], gray[rows])
            colour[rows], deviation[rows] = (moment.numpy() for moment in moments)
        return colour, deviation

    def save(self, folder):
        """Write the model: safetensors and JSON."""
        import torch
        from safetensors.torch import save_file

        folder = Path(folder)
        layout.write(folder, self.name, self.params, self.dense, **self.trained_on)
        self.identifier.save(folder)
        correction = torch.from_numpy(self.correction)
        with whole(folder / "colours.safetensors") as temporary:
            save_file({**self.colours.joint.saved("colour"), "correction": correction}, temporary)

    def load(self, folder):
        """Load a saved model."""
        from safetensors.torch import load_file

        from chromapal.identify.colour import NameColours
        from chromapal.identify.identifier import Identifier
        from chromapal.identify.name_distribution import NameDistribution

        folder = Path(folder)
        layout.read(folder, self.name, self.params, self.dense)
        self.trained_on = layout.trained_on(folder)
        self.identifier = Identifier(self.params).load(folder)
        learned = load_file(folder / "colours.safetensors")
        self.colours = NameColours(NameDistribution.read(learned, "colour"))
        self.correction = learned["correction"].numpy()
        return self


def _inputs(colour: np.ndarray, position: np.ndarray, neurons: pd.DataFrame) -> np.ndarray:
    """Return the inputs of the correction, (n, features): expected colour, body axes, gray."""
    features = np.column_stack([position / UNIT_UM, neurons["gray"].to_numpy(dtype=np.float64)])
    return np.column_stack([np.ones(len(colour)), colour, features, features**2])


def _ridge(inputs: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Fit a linear map by ridge regression, (features, 3)."""
    known = np.isfinite(target).all(axis=1)
    inputs, target = inputs[known], target[known]
    return np.linalg.solve(inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1]), inputs.T @ target)
