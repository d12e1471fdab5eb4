"""Refuse NWB files whose parts lie in other files.

HDF5 reads bytes of any file that a link, an external storage or a virtual dataset names: a volume
may show a password file as counts.
"""

import os
from collections.abc import Iterator

import h5py

from chromapal.errors import InputError

# Objects of an NWB file are some hundreds; of a long recording some thousands.
MOST_OBJECTS = 1_000_000


def require(file: h5py.File, path: str | os.PathLike):
    """Look at every link and dataset of a file, without following a link out of it.

    A soft link leaves a file only through an external link, so that refusing these is enough.

    Raises
    ------
    InputError
        An external or foreign link, a dataset in external storage, or a virtual one over another
        file.
    """
    for name, found in _foreign(file):
        raise InputError(
            path,
            f"{found} ({name})",
            "an NWB file that holds all of its parts",
            "export it to one file, with pynwb's NWBHDF5IO.export or nwbExport",
        )


def _foreign(file: h5py.File) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, h5py.h5g.GroupID]] = [("", file.id)]
    seen: set[tuple[int, int]] = (
        set()
    )  # addresses of objects: one may have several names, or hold itself
    while waiting:
        name, group = waiting.pop()
        for key in group:
            below = f"{name}/{key.decode('utf-8', 'replace')}"
            link = group.links.get_info(key)
            if link.type == h5py.h5l.TYPE_SOFT or (link.type, link.u) in seen:
                continue
            if link.type != h5py.h5l.TYPE_HARD:
                yield below, "a link to another file"
                continue
            seen.add((link.type, link.u))
            item = h5py.h5o.open(group, key)
            if len(seen) > MOST_OBJECTS:
                yield below, f"more than {MOST_OBJECTS} parts"
            if isinstance(item, h5py.h5g.GroupID):
                waiting.append((below, item))
            elif isinstance(item, h5py.h5d.DatasetID):
                yield from ((below, found) for found in _storage(item))


def _storage(item: h5py.h5d.DatasetID) -> Iterator[str]:
    made = item.get_create_plist()
    if made.get_external_count():
        yield "data in another file"
    if made.get_layout() == h5py.h5d.VIRTUAL:
        sources = {made.get_virtual_filename(n) for n in range(made.get_virtual_count())}
        if sources - {"."}:
            yield "a virtual dataset over another file"
