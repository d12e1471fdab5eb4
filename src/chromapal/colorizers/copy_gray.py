"""Baseline: red, green and blue are each the neuron's, or the pixel's, own gray value."""

import dataclasses

import numpy as np

from chromapal.colorizers.common.contract import are_images, empty_history
from chromapal.training import layout

accepts = ("neurons", "images")
baseline = True
rank = 2
words = "copied gray"


@dataclasses.dataclass(frozen=True)
class Params:
    """No parameters."""


class CopyGray:
    """Predicts gray itself: the image without any colour."""

    def __init__(self, params: Params, dense: bool):
        self.params = params
        self.dense = dense

    def fit(
        self, train, validation, seed, device="auto", threads=1, checkpoint=None, precision="auto"
    ):
        """Learn nothing; see `contract.Colorizer.fit`."""
        return empty_history()

    def predict(self, samples, device="cpu", threads=1):
        """Copy gray three times; see `contract.Colorizer.predict`."""
        if are_images(samples):
            grays = (samples.read(index)[1] for index in range(len(samples)))
            return [np.repeat(gray[:, :, None], 3, axis=2) for gray in grays]
        return np.repeat(np.asarray(samples.gray, np.float32)[:, None], 3, axis=1)

    def save(self, folder):
        """Write `params.json`."""
        layout.write(folder, "copy_gray", self.params, self.dense)

    def load(self, folder):
        """Read `params.json`."""
        layout.read(folder, "copy_gray", self.params, self.dense)
        return self


def build(params: Params, dense: bool = True) -> CopyGray:
    """Make a colorizer; there is nothing to train."""
    return CopyGray(params, dense)
