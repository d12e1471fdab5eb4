"""Write a study's predictions for a worm into a copy of its NWB file."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms.nwb import predictions, worker
from chromapal.worms.nwb.objects import Objects
from chromapal.worms.nwb.spare_copy import copied
from chromapal.worms.nwb.writer import COMPRESSION, Block, Counts

MODULE = "NeuroPAL_predicted"
NEURONS = "neurons_predicted"
PROVENANCE = "provenance_predicted"
VOLUME = "NeuroPALImage_predicted"
_HEADERS = 1 << 20  # bytes, an upper bound for all headers that are added


@dataclass(frozen=True)
class PredictedVolume:
    """A predicted colour volume.

    Parameters
    ----------
    counts : numpy.ndarray or callable
        uint16 of shape (X, Y, Z, 3), red, green and blue at the voxels of the file's volume; or a
        function that returns the block selected by a tuple of four slices.
    scale : float
        The count that means 1 on that scale, above 0.
    meaning : str
        Which scale that is.
    """

    counts: np.ndarray | Callable[[Block], np.ndarray]
    scale: float
    meaning: str = "the study's colour scale"


def write_predicted(
    source: str | os.PathLike,
    neurons: pd.DataFrame,
    provenance: Mapping[str, str],
    out: str | os.PathLike,
    volume: PredictedVolume | None = None,
):
    """Copy an NWB file and add the module `NeuroPAL_predicted`, whole or not at all.

    The module holds `neurons_predicted`, a table with one row per neuron of the file's own table,
    in its order; `provenance_predicted`, a table of keys and values; and with a volume
    `NeuroPALImage_predicted`, which has the same coordinates as the file's own. Everything else is
    copied bit by bit, including cached namespaces; equal arguments give equal bytes.

    Parameters
    ----------
    source : path-like
        The NWB file; it is only read.
    neurons : pandas.DataFrame
        `row` (in the file's table of neurons, from 0) and those of `predictions.COLUMNS` that the
        study predicts, including the colours. The file's other neurons get NaN and "".
    provenance : mapping of str to str
        `predictions.REQUIRED` and further entries; only the scale of a volume is added, no date.
    out : path-like
        The copy; an existing file is replaced.
    volume : PredictedVolume, optional
        The predicted colours of the whole volume; read block by block.

    Raises
    ------
    NoSpaceError
        The disk of the copy is full.
    InputError
        The source cannot be read, already has predictions or has its neurons or its volume in
        another file, the predictions do not fit it, or the copy cannot be written.
    """
    _require_another_file(source, out)
    where, count, raw = worker.run(_find, source, volume is not None)
    columns = predictions.file_columns(neurons, count, source)
    if raw is not None:
        name, shape = raw
        measured = f"acquisition/{name}"
        counts = _counts(volume, (*shape, len(predictions.COLOURS)), source)
    facts = predictions.facts(provenance, source)
    extra_bytes = _HEADERS + _size(columns)
    if volume is not None:
        facts["volume_scale"] = f"{volume.scale:.17g}"
        extra_bytes += _largest(counts)
    with copied(source, out, extra_bytes) as file:
        seed = [str(file.attrs.get("object_id", "")), *facts.items()]
        objects = Objects(json.dumps(seed))
        module = _add_tables(objects, file["processing"], where, columns, facts)
        if volume is not None:
            _add_volume(objects, module, file[measured], counts, volume)


def _find(
    source: str | os.PathLike, with_volume: bool
) -> tuple[str, int, tuple[str, tuple[int, ...]] | None]:
    """Find a file's table of neurons, how many they are, and name and shape of its volume."""
    from chromapal.worms.nwb import contents, masks

    with contents.opened(source) as content:
        if MODULE in content.processing:
            raise InputError(
                source,
                f"existing predictions (processing/{MODULE})",
                "a file without them",
                "use the original file",
            )
        where, rows = masks.find(content, source)
        raw = contents.find_volume(content, source) if with_volume else None
        return where, len(rows.id), raw and (raw.name, raw.data.shape[:3])


def _require_another_file(source: str | os.PathLike, out: str | os.PathLike):
    if Path(out).is_dir():
        raise InputError(out, "a folder", "the path of the copy", "name a file in it")
    if Path(out).exists() and Path(source).exists() and os.path.samefile(source, out):
        raise InputError(out, "the source itself", "another path", "a source is never changed")


def _counts(volume: PredictedVolume, shape: tuple[int, ...], source: str | os.PathLike) -> Counts:
    """Check a volume, and each block of it when it is read."""

    def require(found, wanted: tuple[int, ...]):
        if np.shape(found) != wanted or getattr(found, "dtype", None) != np.uint16:
            kind = f"{getattr(found, 'dtype', type(found).__name__)} of shape {np.shape(found)}"
            raise InputError(source, f"a predicted volume of {kind}", f"uint16 of shape {wanted}")

    def block(selection: Block) -> np.ndarray:
        found = read_block(selection)
        require(found, tuple(part.stop - part.start for part in selection))
        return found

    if not (np.isfinite(volume.scale) and volume.scale > 0):
        raise InputError(source, f"a predicted volume of scale {volume.scale}", "a number above 0")
    read_block = volume.counts
    if not callable(read_block):
        require(read_block, shape)
        read_block = read_block.__getitem__
    return Counts(block, shape)


def _add_tables(
    objects: Objects,
    processing: h5py.Group,
    where: str,
    columns: dict[str, tuple[str, np.ndarray]],
    facts: dict[str, str],
) -> h5py.Group:
    module = objects.group(
        processing,
        MODULE,
        "ProcessingModule",
        "Synthetic: colours and names that chromapal predicted; nothing here was measured, and "
        "column stated alone is a person's.",
    )
    objects.table(
        module,
        NEURONS,
        "Synthetic: predictions by chromapal, one row per neuron of the table that column neuron "
        "points at, in its order.",
        columns,
        ("neuron", "The neuron that a row is about.", processing[where]),
    )
    objects.table(
        module,
        PROVENANCE,
        "What made the synthetic objects of this module.",
        {
            "key": ("What a row tells.", np.array(list(facts), dtype=object)),
            "value": ("What it is.", np.array(list(facts.values()), dtype=object)),
        },
    )
    return module


def _add_volume(
    objects: Objects,
    module: h5py.Group,
    measured: h5py.Group,
    counts: Counts,
    volume: PredictedVolume,
):
    created = objects.group(module, VOLUME, "MultiChannelVolume")
    created.create_dataset(
        "description",
        data="Synthetic: predicted red, green and blue (channels 0, 1, 2), not measured. Counts "
        f"divided by {volume.scale:g} are on {volume.meaning}. imaging_volume tells where the "
        "voxels are; its optical channels are not those of this volume.",
    )
    # the format requires four numbers; a negative one is a missing channel
    created.create_dataset("RGBW_channels", data=np.array([0, 1, 2, -1], dtype=np.int8))
    created["imaging_volume"] = h5py.SoftLink(measured.file[measured["imaging_volume"].ref].name)
    data = created.create_dataset(
        "data",
        counts.shape,
        np.uint16,
        chunks=counts.chunk_shape,
        compression="gzip",
        compression_opts=COMPRESSION,
        shuffle=True,
    )
    for part in counts:
        worker.step()
        data[part.selection] = part.data


def _size(columns: dict[str, tuple[str, np.ndarray]]) -> int:
    """Bound the bytes of columns: 64 per number or text pointer, plus the texts."""
    texts = sum(
        len(text.encode())
        for _, values in columns.values()
        if values.dtype == object
        for text in values
    )
    return 2 * texts + 64 * sum(len(values) for _, values in columns.values())


def _largest(counts: Counts) -> int:
    """Bound the bytes of a volume: all its chunks uncompressed, each with its entry."""
    sides = zip(counts.shape, counts.chunk_shape, strict=True)
    chunks = int(np.prod([-(-side // part) for side, part in sides]))
    return chunks * (2 * int(np.prod(counts.chunk_shape)) + 1024)
