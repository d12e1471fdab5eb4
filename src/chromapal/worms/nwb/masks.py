"""The neurons of an NWB file: masks and names."""

import os
import re
from dataclasses import dataclass

import numpy as np
from hdmf.common import DynamicTable, VectorData, VectorIndex
from ndx_multichannel_volume import SegmentationLabels
from pynwb import NWBFile
from pynwb.base import ProcessingModule
from pynwb.ophys import ImageSegmentation, PlaneSegmentation
from scipy import ndimage

from chromapal.errors import InputError
from chromapal.worms.nwb.attributes import vector

MODULE = "NeuroPAL"
SEGMENTATION = "NeuroPALNeurons"
# Columns of names in small letters alone, the WormID files' own first; others are NeuroPAL_ID's
# and its wrappers'. A column of numbers is never one of names.
NAME_COLUMNS = (
    "idlabels", "labels", "neuronids", "neuronnames", "neuronlabels", "names", "name", "label",
    "neuronname", "neuronid", "neuronlabel", "neuron", "neurons", "cellids", "celllabels",
    "cellnames", "roilabels", "roinames", "id", "userid",
)  # fmt: skip
ANNOTATIONS = re.compile("annotation|neuron_?properties", re.IGNORECASE)
# Beyond these a file is refused before anything is read: a worm has some 1000 nuclei, and a
# neuron's mask some 1000 voxels.
MOST_NEURONS, MOST_VOXELS, MOST_LETTERS = 10_000, 2_000_000, 1_000_000
MOST_BYTES = 100_000_000
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
    mask, sizes = _ragged(column, where, path, MOST_VOXELS)
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
    names = _names(content, rows, where, path)
    if names is not None and len(names) != len(sizes):
        raise InputError(path, f"{len(names)} labels in {where}", f"{len(sizes)}, one per neuron")
    voxels = np.column_stack([mask[axis].astype(np.int64) for axis in "xyz"])
    if len(sizes) == 1:
        _require_one_neuron(voxels, where, path)
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
    if len(rows.id) > MOST_NEURONS:
        raise InputError(path, f"{len(rows.id)} neurons in {where}", f"at most {MOST_NEURONS}")
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


def _require_one_neuron(voxels: np.ndarray, where: str, path: str | os.PathLike):
    """Refuse a table's only region if its voxels lie apart, as those of many neurons do."""
    low = voxels.min(axis=0)
    box = voxels.max(axis=0) - low + 1
    parts = 2
    if np.prod(box.astype(float)) <= MOST_BYTES:
        filled = np.zeros(box, dtype=bool)
        filled[tuple((voxels - low).T)] = True
        _, parts = ndimage.label(filled, np.ones((3, 3, 3)))
    if parts > 1:
        raise InputError(
            path,
            f"one region of {len(voxels)} voxels apart in {where}",
            "one region per neuron",
            "write each neuron as a row of the table, with its own voxels and name",
        )


def _plain(column: VectorData, most: int, where: str, path: str | os.PathLike) -> np.ndarray:
    """Read a whole column, without hdmf's wrapper around tables of records.

    It is refused unread if it holds more values than `most`, or more than `MOST_BYTES`.
    """
    data = getattr(column.data, "dataset", column.data)
    shape, dtype = getattr(data, "shape", (len(data),)), getattr(data, "dtype", None)
    count = int(np.prod(np.array(shape, dtype=float)))
    if count > most or count * getattr(dtype, "itemsize", 8) > MOST_BYTES:
        raise InputError(path, f"{column.name} of {count:.3g} values in {where}", f"at most {most}")
    return vector(np.asarray(data[:] if len(data) else []))


def _ragged(
    column: VectorData, where: str, path: str | os.PathLike, most: int = MOST_LETTERS
) -> tuple[np.ndarray, np.ndarray]:
    """Return a column's values and how many of them each row has."""
    if not isinstance(column, VectorIndex):
        values = _plain(column, most, where, path)
        return values, np.ones(len(values), dtype=np.int64)
    ends = _plain(column, MOST_NEURONS, where, path).astype(np.int64)
    values = _plain(column.target, most, where, path)
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


def labels(rows: DynamicTable, where: str, path: str | os.PathLike) -> list[str] | None:
    """Return the names in a table, None if it has no column of them."""
    letters = {re.sub(r"[^a-z]", "", name.lower()): name for name in reversed(rows.colnames)}
    for name in [letters[known] for known in NAME_COLUMNS if known in letters]:
        column = rows[name]
        parts, sizes = _ragged(column, where, path)
        if parts.dtype.kind not in "OSU" or any(isinstance(part, int | float) for part in parts):
            continue
        text = [_text(part) for part in parts]
        ends = np.cumsum(sizes)
        return ["".join(text[end - size : end]) for end, size in zip(ends, sizes, strict=True)]
    return None


def _names(content: NWBFile, rows: PlaneSegmentation, where: str, path) -> list[str] | None:
    """Return names: of the table, of its `labels`, or of a table of annotations beside it."""
    found = labels(rows, where, path)
    if found is not None:
        return found
    module: ProcessingModule = content.processing[where.split("/")[0]]
    stated = getattr(rows, "labels", None)
    if stated is None or list(stated[:MOST_NEURONS]) == [""]:
        labels_of_module = [
            item for item in module.data_interfaces.values() if isinstance(item, SegmentationLabels)
        ]
        stated = labels_of_module[0].labels if len(labels_of_module) == 1 else None
    if stated is not None:
        return [_text(label) for label in vector(np.asarray(stated[: MOST_NEURONS + 1]))]
    return _annotated(content, rows, path)


def _annotated(content: NWBFile, rows: PlaneSegmentation, path) -> list[str] | None:
    """Return the names in a table like NeuroPAL_ID's `NeuronAnnotations`: a row per neuron."""
    found = []
    for module in content.processing.values():
        for name, item in module.data_interfaces.items():
            if isinstance(item, DynamicTable) and item is not rows and ANNOTATIONS.search(name):
                names = labels(item, f"{module.name}/{name}", path)
                if names is not None:
                    found.append((name, names))
    if len(found) > 1:
        tables = ", ".join(sorted(name for name, _ in found))
        raise InputError(path, f"several tables of names ({tables})", "one, or names beside masks")
    return found[0][1] if found else None


def _text(part: object) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)
