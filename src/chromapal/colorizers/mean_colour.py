"""Baseline: every neuron, or pixel, gets the mean colour of the training data."""

import dataclasses

import numpy as np

from chromapal.colorizers.common.contract import are_images, empty_history
from chromapal.training import layout

accepts = ("neurons", "images")
baseline = True
rank = 1


@dataclasses.dataclass(frozen=True)
class Params:
    """No parameters."""


class MeanColour:
    """Predicts one colour, the mean over training neurons or pixels, whatever their gray."""

    def __init__(self, params: Params, dense: bool):
        self.params = params
        self.dense = dense
        self.colour = np.zeros(3, np.float32)

    def fit(
        self, train, validation, seed, device="auto", threads=1, checkpoint=None, precision="auto"
    ):
        """Average the training targets; see `contract.Colorizer.fit`."""
        mean = (
            _of_pixels(train) if are_images(train) else train.target.mean(axis=0, dtype=np.float64)
        )
        self.colour = mean.astype(np.float32)
        return empty_history()

    def predict(self, samples, device="cpu", threads=1):
        """Repeat the mean colour; see `contract.Colorizer.predict`."""
        if are_images(samples):
            grays = (samples.read(index)[1] for index in range(len(samples)))
            return [np.tile(self.colour, (*gray.shape, 1)) for gray in grays]
        return np.tile(self.colour, (len(samples.gray), 1))

    def save(self, folder):
        """Write `params.json`."""
        layout.write(
            folder,
            "mean_colour",
            self.params,
            self.dense,
            colour=[float(value) for value in self.colour],
        )

    def load(self, folder):
        """Read `params.json`."""
        saved = layout.read(folder, "mean_colour", self.params, self.dense)
        self.colour = np.asarray(saved["colour"], np.float32)
        return self


def build(params: Params, dense: bool = True) -> MeanColour:
    """Make an untrained colorizer."""
    return MeanColour(params, dense)


def _of_pixels(train) -> np.ndarray:
    total, count = np.zeros(3), 0
    for index in range(len(train)):
        rgb, gray = train.read(index)
        total += rgb.sum(axis=(0, 1), dtype=np.float64)
        count += gray.size
    return total / count
