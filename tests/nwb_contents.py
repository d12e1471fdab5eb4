"""All that an HDF5 file holds, to see whether a copy holds the same."""

import hashlib
from pathlib import Path

import h5py
import numpy as np


def contents(path: Path) -> dict[str, tuple]:
    """Describe each group, dataset and link below the path it stands at.

    Attributes with their stored types; datasets with type, filters, places in the file and stored
    bytes (text: values); links that are no hard ones by what they say, without following them.
    """
    found = {}
    with h5py.File(path, "r") as file, open(path, "rb") as raw:

        def visit(group: h5py.Group):
            for name in group:
                place = f"{group.name.rstrip('/')}/{name}"
                link = group.get(name, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    found[place] = (type(link).__name__, *vars(link).values())
                elif isinstance(group[name], h5py.Group):
                    found[place] = ("group", _attributes(group[name]))
                    visit(group[name])
                else:
                    found[place] = ("dataset", _attributes(group[name]), *_data(group[name], raw))

        found["/"] = ("group", _attributes(file))
        visit(file)
    return found


def changed(source: Path, copy: Path) -> list[str]:
    """Name what a copy has lost or holds in another form."""
    before, after = contents(source), contents(copy)
    return [name for name, content in before.items() if after.get(name) != content]


def added(source: Path, copy: Path) -> set[str]:
    """Name what only the copy has."""
    return contents(copy).keys() - contents(source).keys()


def _attributes(item: h5py.Group | h5py.Dataset) -> dict[str, tuple]:
    found = {}
    for name in item.attrs:
        stored = h5py.h5a.open(item.id, name.encode())
        kind = stored.get_type().encode(), stored.shape
        found[name] = (*kind, _plain(item.file, item.attrs[name]))
    return found


def _data(item: h5py.Dataset, raw) -> tuple:
    filters = item.chunks, item.compression, item.compression_opts, item.shuffle
    kind = item.id.get_type().encode(), item.shape, filters
    if item.dtype.kind == "O" or item.shape is None:
        return (*kind, _plain(item.file, item[()]))
    if item.chunks is None:
        places = [(item.id.get_offset(), item.id.get_storage_size())]
    else:
        chunks = [item.id.get_chunk_info(at) for at in range(item.id.get_num_chunks())]
        places = [(chunk.byte_offset, chunk.size) for chunk in chunks]
    digest = hashlib.sha256()
    for offset, size in places:
        raw.seek(offset or 0)
        digest.update(raw.read(size))
    return (*kind, places, digest.hexdigest())


def _plain(file: h5py.File, value: object) -> object:
    if isinstance(value, h5py.Reference):
        return file[value].name
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return [_plain(file, part) for part in value.ravel()]
    return value.tobytes() if isinstance(value, np.ndarray | np.generic) else repr(value)
