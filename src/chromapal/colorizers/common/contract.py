"""The interface of colorizers; the tests in `tests/contract` check every colorizer against it.

A colorizer is one file in `colorizers/` that defines

- `Params`: a frozen dataclass of parameters with defaults, importable without PyTorch;
- `build(params, dense)`: an untrained `Colorizer`. `dense` is true for `worm` samples, where many
  neurons share a grid and each is read at its own cell, and false for `neuron` samples, where
  a grid holds one neuron. An image has a colour at every pixel, so that methods that accept
  only images are always dense and `build(params)` suffices;
- `accepts`, the kinds of input it takes, of `"neurons"` and `"images"`, and other declarations:
  see `chromapal.methods`.

`fit` and `predict` get `Samples` of neurons or `ImageSamples`, depending on what the method
accepts. Colours of images are a list of sRGB arrays (H, W, 3), float32, 0 to 1.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from chromapal.columns import HISTORY

if TYPE_CHECKING:
    # Imports PyTorch, which is slow and not needed to read a method's `Params`.
    from chromapal.prepare.images import ImageSamples
    from chromapal.prepare.samples import Samples


class Colorizer(Protocol):
    """Learns the colours of neurons from gray, weight and position, or of images from gray."""

    def fit(
        self,
        train: "Samples | ImageSamples",
        validation: "Samples | ImageSamples",
        seed: int,
        device: str = "auto",
        threads: int = 1,
        checkpoint: Path | None = None,
        precision: str = "auto",
    ) -> pd.DataFrame:
        """Learn from training neurons or images.

        Parameters
        ----------
        train, validation : Samples or ImageSamples
            Neurons to train on, and neurons of other worms for early stopping and the choice of
            weights; or images.
        seed : int
            Equal seeds, data and threads give equal weights on the same machine.
        device, precision, threads
            See `chromapal.training.device.choose`.
        checkpoint : Path, optional
            Folder for checkpoints. A killed fit resumes from there, with the result of an
            uninterrupted one.

        Returns
        -------
        pandas.DataFrame
            Columns `HISTORY`, one row per epoch; no rows if the method does not iterate.
        """

    def predict(
        self, samples: "Samples | ImageSamples", device: str = "cpu", threads: int = 1
    ) -> np.ndarray | list[np.ndarray]:
        """Predict colours.

        Returns
        -------
        numpy.ndarray, shape (n, 3), float32, or a list of them, each (H, W, 3)
            Red, green, blue in the scale of the training targets, in the order of the neurons; or
            sRGB, 0 to 1, in the order of the images.
        """

    def save(self, folder: Path) -> None:
        """Write the trained model to an existing or new folder; never a pickle."""

    def load(self, folder: Path) -> "Colorizer":
        """Load a saved model, and return `self`."""


def are_images(samples: "Samples | ImageSamples") -> bool:
    """Return whether samples are images, not neurons; for methods that accept both."""
    from chromapal.prepare.images import ImageSamples

    return isinstance(samples, ImageSamples)


def empty_history() -> pd.DataFrame:
    """Return the history of a method that does not iterate: all columns, no rows."""
    return pd.DataFrame(columns=list(HISTORY)).astype(HISTORY)
