"""The neurons of an NWB file: masks and names."""

import os
from dataclasses import dataclass

import numpy as np
from hdmf.common import VectorData, VectorIndex
from ndx_multichannel_volume import SegmentationLabels
from pynwb import NWBFile
from pynwb.base import ProcessingModule
from pynwb.ophys import ImageSegmentation, PlaneSegmentation

from chromapal.errors import InputError

MODULE = "NeuroPAL"
SEGMENTATION = "NeuroPALNeurons"
NAME_COLUMNS = ("ID_labels", "labels", "names", "name", "label")
MASK_COLUMNS = ("voxel_mask", "color_voxel_mask")
MASK_FIELDS = ("x", "y", "z", "weight")
EXPECTED = f"neurons in processing/{MODULE}/NeuroPALSegmentation/{SEGMENTATION}"


@dataclass(frozen=True)
class Masks:
    """Neurons as lists of voxels.

    Parameters
    ----------
    voxels : numpy.ndarray
        Shape (n, 3), int64, the voxels of the first neuron, then of the second, …
    weights : numpy.ndarray
        Shape (n,), float64, at least 0.
    sizes : numpy.ndarray
        Shape (neurons,), voxels per neuron, at least 1.
    names : list of str
        One label per neuron, "" if the file has none.
    """

    voxels: np.ndarray
    weights: np.ndarray
    sizes: np.ndarray
    names: list[str]


def read(content: NWBFile, path: str | os.PathLike) -> Masks:
    """Read the masks and names of a file's NeuroPAL segmentation.

    Raises
    ------
    InputError
        There is no segmentation or several, it holds no neuron, a mask is empty, damaged or
        without one of `MASK_FIELDS`, or there are more or fewer names than neurons.
    """
    where, rows = find(content, path)
    column = next((rows[name] for name in MASK_COLUMNS if name in rows.colnames), None)
    if column is None:
        raise InputError(path, f"no voxel_mask in {where}", EXPECTED)
    mask, sizes = _ragged(column, where, path)
    fields = mask.dtype.names or ()
    if not set(MASK_FIELDS) <= set(fields):
        found = f"fields {', '.join(fields)}" if fields else f"plain {mask.dtype}"
        raise InputError(
            path,
            f"{column.name.removesuffix('_index')} of {found} in {where}",
            f"voxels with fields {', '.join(MASK_FIELDS)}",
        )
    if not sizes.all():
        empty = int(np.flatnonzero(sizes == 0)[0])
        raise InputError(path, f"neuron {empty} of {where} without a voxel", "a voxel per neuron")
    names = _names(rows, content.processing[where.split("/")[0]], where, path)
    if names is not None and len(names) != len(sizes):
        raise InputError(path, f"{len(names)} labels in {where}", f"{len(sizes)}, one per neuron")
    voxels = np.column_stack([mask[axis].astype(np.int64) for axis in "xyz"])
    weights = mask["weight"].astype(np.float64)
    if not np.all(np.isfinite(weights) & (weights >= 0)):
        raise InputError(path, f"a negative or missing weight in {where}", "weights of at least 0")
    return Masks(voxels, weights, sizes, names or [""] * len(sizes))


def find(content: NWBFile, path: str | os.PathLike) -> tuple[str, PlaneSegmentation]:
    """Find a file's table of neurons.

    Returns
    -------
    tuple of str and PlaneSegmentation
        Its path below `processing`, and the table, which has at least one neuron.

    Raises
    ------
    InputError
        There is no segmentation or several, or it holds no neuron.
    """
    found = _segmentations(content)
    if not found:
        raise InputError(path, "no segmentation", EXPECTED)
    where, rows = _choose(found, path)
    if not len(rows.id):
        raise InputError(path, f"an empty worm: no neuron in {where}", "at least one neuron")
    return where, rows


def _segmentations(content: NWBFile) -> dict[str, PlaneSegmentation]:
    found = {}
    for module_name, module in content.processing.items():
        for name, item in module.data_interfaces.items():
            if isinstance(item, PlaneSegmentation):
                found[f"{module_name}/{name}"] = item
            elif isinstance(item, ImageSegmentation):
                for inner, rows in item.plane_segmentations.items():
                    found[f"{module_name}/{name}/{inner}"] = rows
    return found


def _choose(found: dict[str, PlaneSegmentation], path) -> tuple[str, PlaneSegmentation]:
    """Choose the one named by the convention, else the only one under looser conditions."""
    own = {where: rows for where, rows in found.items() if where.startswith(f"{MODULE}/")}
    named = {where: rows for where, rows in own.items() if where.endswith(f"/{SEGMENTATION}")}
    masked = {
        where: rows
        for where, rows in (own or found).items()
        if set(MASK_COLUMNS) & set(rows.colnames)
    }
    for candidates in (named, own, masked, found):
        if len(candidates) == 1:
            return next(iter(candidates.items()))
    raise InputError(path, f"several segmentations ({', '.join(sorted(found))})", EXPECTED)


def _plain(data: object) -> np.ndarray:
    """Read a whole column, without hdmf's wrapper around tables of records."""
    data = getattr(data, "dataset", data)
    return np.asarray(data[:] if len(data) else [])


def _ragged(column: VectorData, where: str, path) -> tuple[np.ndarray, np.ndarray]:
    """Return a column's values and how many of them each row has."""
    if not isinstance(column, VectorIndex):
        values = _plain(column.data)
        return values, np.ones(len(values), dtype=np.int64)
    ends = _plain(column.data).astype(np.int64)
    values = _plain(column.target.data)
    if ends.ndim != 1:
        raise InputError(
            path,
            f"an index of {column.target.name} in {where} of shape {ends.shape}",
            "a list of the ends of rows",
        )
    sizes = np.diff(ends, prepend=0)
    if np.any(sizes < 0) or (ends[-1] if len(ends) else 0) != len(values):
        raise InputError(
            path,
            f"an index of {column.target.name} in {where} that does not fit its {len(values)} "
            "values",
            "ends of rows in rising order, the last at the number of values",
        )
    return values, sizes


def labels(rows: PlaneSegmentation, where: str, path: str | os.PathLike) -> list[str] | None:
    """Return the names in a table of regions, None if it has no such column."""
    name = next((name for name in NAME_COLUMNS if name in rows.colnames), None)
    if name is None:
        return None
    parts, sizes = _ragged(rows[name], where, path)
    text = [_text(part) for part in parts]
    ends = np.cumsum(sizes)
    return ["".join(text[end - size : end]) for end, size in zip(ends, sizes, strict=True)]


def _names(rows: PlaneSegmentation, module: ProcessingModule, where: str, path) -> list[str] | None:
    found = labels(rows, where, path)
    if found is not None:
        return found
    stated = getattr(rows, "labels", None)
    if stated is None or list(stated[:]) == [""]:
        labels_of_module = [
            item for item in module.data_interfaces.values() if isinstance(item, SegmentationLabels)
        ]
        stated = labels_of_module[0].labels if len(labels_of_module) == 1 else None
    return None if stated is None else [_text(label) for label in stated[:]]


def _text(part: object) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)
