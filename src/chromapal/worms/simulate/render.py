"""Draw a neuron table as a volume of counts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

# Standard deviation of a cell body's blob [um], and the dark level as a fraction of full scale.
SOMA_UM = 1.3
BACKGROUND = 0.02


def render(
    table: pd.DataFrame,
    shape: tuple[int, int, int],
    spacing_um: tuple[float, float, float],
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw a neuron table as a volume: a Gaussian blob per neuron on a dim, noisy background.

    Parameters
    ----------
    table : pandas.DataFrame
        Neuron table of one worm.
    shape, spacing_um : tuple
        Of the volume, in voxels and um.
    generator : numpy.random.Generator
        Draws the background.

    Returns
    -------
    numpy.ndarray, shape (X, Y, Z, 4), uint16
        R, G, B, W. A neuron's own voxel holds exactly the table's counts.
    """
    level = BACKGROUND * float(table["full_scale"].iloc[0])
    volume = np.empty((*shape, 4), dtype=np.uint16)
    # A coarse noise compresses well and keeps files small.
    step = max(round(level / 8), 1)
    volume[:] = (generator.integers(4, 9, volume.shape, dtype=np.uint8) * step).astype(np.uint16)
    draw(volume, table[list("xyz")].to_numpy(), table[list("RGBW")].to_numpy(), spacing_um)
    return volume


def draw(volume: np.ndarray, voxels: np.ndarray, counts: np.ndarray, spacing_um: Sequence[float]):
    """Draw a Gaussian blob per neuron into a volume; where blobs overlap, the brighter one wins.

    Parameters
    ----------
    volume : numpy.ndarray, shape (X, Y, Z, channels), uint16
        The volume, changed in place.
    voxels : numpy.ndarray, shape (n, 3)
        Neurons, inside the volume; parts of blobs outside it are cut off.
    counts : numpy.ndarray, shape (n, channels)
        Their counts; a neuron's own voxel holds exactly these.
    spacing_um : sequence of float
        Voxel size [um].
    """
    shape, channels = volume.shape[:3], volume.shape[3]
    reach = np.ceil(2 * SOMA_UM / np.array(spacing_um)).astype(int)
    offsets = np.stack(
        np.meshgrid(*(np.arange(-side, side + 1) for side in reach), indexing="ij"), -1
    ).reshape(-1, 3)
    distance = np.linalg.norm(offsets * spacing_um, axis=1)
    near = distance <= 2 * SOMA_UM
    offsets, fade = offsets[near], np.exp(-0.5 * (distance[near] / SOMA_UM) ** 2)
    flat = volume.reshape(-1, channels)
    inside = voxels[:, None, :] + offsets[None]
    there = ((inside >= 0) & (inside < shape)).all(axis=-1)
    cells = np.ravel_multi_index(tuple(inside[there].T), shape)
    for channel in range(channels):
        blobs = (counts[:, [channel]] * fade).astype(np.uint16)
        np.maximum.at(flat[:, channel], cells, blobs[there])
    flat[np.ravel_multi_index(tuple(voxels.T), shape)] = counts.astype(np.uint16)
