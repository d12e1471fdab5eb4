"""Look up voxels in a volume on disk, reading only the chunks that hold them."""

import zlib

import h5py
import numpy as np

from chromapal.worms.nwb import worker

# A contiguous volume has no chunks; boxes of this many voxels keep each read small.
_BOX = (8, 8, 8)


def read_voxels(volume: h5py.Dataset, voxels: np.ndarray, channels: list[int]) -> np.ndarray:
    """Read counts of voxels, each chunk of the file at most once.

    Voxels are grouped by chunk, so that memory holds one chunk however large the volume is. A
    chunk compressed with gzip alone is decompressed only up to the last voxel needed; of other
    chunks, and of a contiguous volume, the smallest box around the voxels is read.

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

    Raises
    ------
    OSError
        A chunk is damaged.
    """
    size = np.asarray(volume.chunks or (*_BOX, volume.shape[3]))
    indices = np.column_stack(
        [np.repeat(voxels, len(channels), axis=0), np.tile(channels, len(voxels))]
    ).astype(np.int64)
    counts = np.empty(len(indices), dtype=volume.dtype)
    if len(indices):
        read = _inflate if _gzip_alone(volume) else _box
        order, starts = _groups(indices // size)
        for group in np.split(order, starts):
            worker.step()
            counts[group] = read(volume, indices[group], size)
    return counts.reshape(len(voxels), len(channels))


def _box(volume: h5py.Dataset, indices: np.ndarray, _size: np.ndarray) -> np.ndarray:
    low, high = indices.min(axis=0), indices.max(axis=0) + 1
    block = volume[tuple(slice(*ends) for ends in zip(low, high, strict=True))]
    return block[tuple((indices - low).T)]


def _gzip_alone(volume: h5py.Dataset) -> bool:
    filters = volume.id.get_create_plist()
    return (
        volume.chunks is not None
        and filters.get_nfilters() == 1
        and filters.get_filter(0)[0] == h5py.h5z.FILTER_DEFLATE
    )


def _inflate(volume: h5py.Dataset, indices: np.ndarray, size: np.ndarray) -> np.ndarray:
    offset = indices[0] // size * size
    if volume.id.get_chunk_info_by_coord(tuple(offset)).byte_offset is None:
        return np.full(len(indices), volume.fillvalue)  # never written
    flat = np.ravel_multi_index(tuple((indices - offset).T), tuple(size))
    wanted = (int(flat.max()) + 1) * volume.dtype.itemsize
    skipped_filters, raw = volume.id.read_direct_chunk(tuple(offset))
    try:
        data = raw if skipped_filters else zlib.decompressobj().decompress(raw, wanted)
    except zlib.error as error:
        raise OSError(f"chunk {tuple(offset.tolist())}: {error}") from None
    if len(data) < wanted:
        raise OSError(f"chunk {tuple(offset.tolist())} ends early")
    return np.frombuffer(data, volume.dtype, flat.max() + 1)[flat]


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
