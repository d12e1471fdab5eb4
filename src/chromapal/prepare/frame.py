"""Neurons in body axes on a common scale, whose ranges are learnt from training worms.

The original study stretches every worm to 0..1 along the axes it was recorded in, so that the same
neuron lies elsewhere in every worm. In body axes, which alignment finds, it lies in about one
place, and a network can learn what colour is to be expected there.
"""

import dataclasses
import logging
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chromapal.columns import BODY, POSITION

LOGGER = logging.getLogger(__name__)
FRAMES = ("recorded", "body")
# A few neurons lie far off: a segmentation's mistakes, and worms that did not align.
QUANTILES = (0.002, 0.998)
MARGIN_UM = 2.0


def is_aligned(neurons: pd.DataFrame) -> bool:
    """Return whether neurons have body axes."""
    return set(BODY) <= set(neurons.columns)


def with_colour(
    neurons: str | os.PathLike, aligned: str | os.PathLike | None = None
) -> pd.DataFrame:
    """Read the neurons of worms with the channels that colour is trained on and scored by.

    With `aligned`, the same neurons in body axes, they have these too.
    """
    table = pd.read_parquet(neurons)
    if aligned:
        table = table.merge(pd.read_parquet(aligned), on="row", validate="one_to_one")
    return table[table["colour"]].reset_index(drop=True)


@dataclass(frozen=True)
class BodyFrame:
    """Ranges of the body axes posterior, dorsal and left.

    Attributes
    ----------
    low, high : tuple of float, length 3
        What is mapped to 0 and to 1 [um].
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @classmethod
    def fit(cls, train: pd.DataFrame) -> "BodyFrame":
        """Learn the ranges.

        Parameters
        ----------
        train : pandas.DataFrame
            Neurons of training worms only, named or not, with `chromapal.columns.BODY` [um].

        Returns
        -------
        BodyFrame
            Quantiles `QUANTILES` of the neurons, wider by `MARGIN_UM` on either side.
        """
        low, high = np.quantile(train[list(BODY)].to_numpy(dtype=np.float64), QUANTILES, axis=0)
        return cls(tuple((low - MARGIN_UM).tolist()), tuple((high + MARGIN_UM).tolist()))

    @property
    def extent_um(self) -> tuple[float, float, float]:
        """Lengths of the ranges [um]."""
        return tuple(high - low for low, high in zip(self.low, self.high, strict=True))

    def place(self, neurons: pd.DataFrame) -> pd.DataFrame:
        """Return neurons with u, v, w from 0 to 1 along posterior, dorsal and left.

        Neurons outside the ranges are put on their borders, and counted in the log.
        """
        body = neurons[list(BODY)].to_numpy(dtype=np.float64)
        scaled = (body - self.low) / np.array(self.extent_um)
        outside = int(((scaled < 0) | (scaled > 1)).any(axis=1).sum())
        if outside:
            LOGGER.info("%d of %d neurons lie outside the grid's ranges", outside, len(neurons))
        return neurons.assign(**dict(zip(POSITION, scaled.clip(0, 1).T, strict=True)))

    def to_json(self) -> dict:
        """Return the ranges as valid JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: dict) -> "BodyFrame":
        """Make a frame from the result of `to_json`."""
        return cls(tuple(content["low"]), tuple(content["high"]))
