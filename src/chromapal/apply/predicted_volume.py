"""Predicted colours as a volume: a blob where each neuron is."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.columns import RGB_SHOWN
from chromapal.worms.simulate.render import draw

FULL = 65535.0
MARGIN = 10  # voxels around the neurons of a worm whose volume nobody gave


def painted(
    neurons: pd.DataFrame, shape: Sequence[int] | None, spacing: Sequence[float]
) -> np.ndarray:
    """Draw one worm's predicted colours.

    Parameters
    ----------
    neurons : pandas.DataFrame
        One worm: x, y, z [voxel], and `chromapal.columns.RGB_SHOWN`, colours 0 to 1.
    shape : sequence of int or None
        X, Y, Z of the worm's own volume; without it the volume ends a margin after the last
        neuron.
    spacing : sequence of float
        Voxel size along x, y, z [um].

    Returns
    -------
    numpy.ndarray, shape (X, Y, Z, 3), uint16
        Colour 1 is `FULL`; dark where no neuron is.
    """
    voxels = neurons[list("xyz")].to_numpy()
    shape = tuple(shape or voxels.max(axis=0) + 1 + MARGIN)
    volume = np.zeros((*shape, 3), dtype=np.uint16)
    draw(volume, voxels, np.rint(neurons[list(RGB_SHOWN)].to_numpy() * FULL), spacing)
    return volume
