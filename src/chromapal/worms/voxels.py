"""Look up voxels in a volume on disk, reading only the chunks that hold them."""

import h5py
import numpy as np

# A contiguous volume has no chunks; boxes of this many voxels keep each read a small one.
_BOX = (8, 8, 8)


def read_voxels(volume: h5py.Dataset, voxels: np.ndarray, channels: list[int]) -> np.ndarray:
    """Read counts of voxels, each chunk of the file at most once.

    Voxels are grouped by chunk, and of each chunk the smallest box around its voxels is taken, so
    that memory stays at one chunk however large the volume is.

    Parameters
    ----------
    volume : h5py.Dataset
        Shape (X, Y, Z, channels), chunked or contiguous.
    voxels : numpy.ndarray
        Shape (n, 3), integer indices inside the volume.
    channels : list of int
        Which channels to read.

    Returns
    -------
    numpy.ndarray
        Shape (n, len(channels)), the volume's own type.
    """
    *box, deep = volume.chunks or (*_BOX, volume.shape[3])
    counts = np.empty((len(voxels), len(channels)), dtype=volume.dtype)
    if not len(voxels) or not channels:
        return counts
    wanted = np.asarray(channels)
    order, starts = _groups(np.asarray(voxels, dtype=np.int64) // np.asarray(box))
    for group in np.split(order, starts):
        inside = voxels[group]
        low, high = inside.min(axis=0), inside.max(axis=0) + 1
        local = tuple((inside - low).T)
        for layer in np.unique(wanted // deep):
            columns = np.flatnonzero(wanted // deep == layer)
            first, last = wanted[columns].min(), wanted[columns].max() + 1
            block = volume[low[0] : high[0], low[1] : high[1], low[2] : high[2], first:last]
            counts[np.ix_(group, columns)] = block[local][:, wanted[columns] - first]
    return counts


def _groups(chunk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort(chunk.T[::-1])
    changes = np.any(np.diff(chunk[order], axis=0) != 0, axis=1)
    return order, np.flatnonzero(changes) + 1


def weighted_means(values: np.ndarray, weights: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Average rows over consecutive groups, by weight.

    sum(weight * value) / sum(weight) per group; the plain mean where a group's weights sum to 0.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (n, k), rows of one group one after another.
    weights : numpy.ndarray
        Shape (n,), at least 0.
    sizes : numpy.ndarray
        Shape (groups,), rows per group, each at least 1, summing to n.

    Returns
    -------
    numpy.ndarray
        Shape (groups, k), float64.
    """
    starts = np.cumsum(sizes) - sizes
    weights = np.asarray(weights, dtype=np.float64)
    dark = np.repeat(np.add.reduceat(weights, starts) == 0, sizes)
    weights = np.where(dark, 1.0, weights)[:, None]
    return np.add.reduceat(weights * values, starts) / np.add.reduceat(weights, starts)
