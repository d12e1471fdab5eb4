"""What every colorizer promises; the tests in `tests/contract` hold each of them to it.

A colorizer is one file in this folder that defines

- `Params`: a frozen dataclass of its own defaults, importable without PyTorch;
- `build(params, dense)`: an untrained `Colorizer`. `dense` is true for `worm` samples, where many
  neurons share a grid and each is read off at its own cell, and false for `neuron` samples, where
  a grid holds one neuron. A picture has a colour at every pixel, so that methods which accept
  images only are dense, and `build(params)` is enough for them;
- `accepts`, the kinds of input it takes, of `"neurons"` and `"images"`, and what else there is to
  declare: see `chromapal.methods`.

`fit` and `predict` are given `Samples` of neurons or `PictureSamples`, whichever the method
accepts. Colours of pictures are a list of sRGB arrays (H, W, 3), float32, 0 to 1.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from chromapal.columns import HISTORY

if TYPE_CHECKING:
    # Imports PyTorch, which whoever only reads a method's `Params` must not wait for.
    from chromapal.prepare.pictures import PictureSamples
    from chromapal.prepare.samples import Samples


class Colorizer(Protocol):
    """Learns the colours of neurons from gray, weight and position, or of pictures from gray."""

    def fit(
        self,
        train: "Samples | PictureSamples",
        validation: "Samples | PictureSamples",
        seed: int,
        device: str = "auto",
        threads: int = 1,
        checkpoint: Path | None = None,
        precision: str = "auto",
    ) -> pd.DataFrame:
        """Learn from training neurons or pictures.

        Parameters
        ----------
        train, validation : Samples or PictureSamples
            Neurons to learn from, and neurons of other animals to stop and choose by; or pictures.
        seed : int
            Equal seeds, data and threads give equal weights, on one machine.
        device, precision, threads
            See `chromapal.training.device.choose`.
        checkpoint : Path, optional
            Folder for checkpoints; a fit that was killed goes on from there, and ends as if it
            had never been interrupted.

        Returns
        -------
        pandas.DataFrame
            Columns `HISTORY`, one row per epoch; no row where nothing is iterated.
        """

    def predict(
        self, samples: "Samples | PictureSamples", device: str = "cpu", threads: int = 1
    ) -> np.ndarray | list[np.ndarray]:
        """Give colours.

        Returns
        -------
        numpy.ndarray, shape (n, 3), float32, or a list of them, each (H, W, 3)
            Red, green, blue in the scale of the training targets, in the order of the neurons; or
            sRGB, 0 to 1, in the order of the pictures.
        """

    def save(self, folder: Path) -> None:
        """Write what was learnt into an existing or new folder; never a pickle."""

    def load(self, folder: Path) -> "Colorizer":
        """Take over what `save` wrote, and return itself."""


def pictured(samples: "Samples | PictureSamples") -> bool:
    """Tell pictures from neurons, for methods that take both."""
    from chromapal.prepare.pictures import PictureSamples

    return isinstance(samples, PictureSamples)


def empty_history() -> pd.DataFrame:
    """Give the history of a method that does not iterate: every column, no row."""
    return pd.DataFrame(columns=list(HISTORY)).astype(HISTORY)
