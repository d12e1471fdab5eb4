"""A copy of an NWB file that predictions can be added to, with the disk space reserved."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import h5py

from chromapal.errors import InputError, NoSpaceError, disk_is_full
from chromapal.files import whole


@contextmanager
def copied(
    source: str | os.PathLike, out: str | os.PathLike, extra_bytes: int, parts: Sequence[str]
) -> Iterator[h5py.File]:
    """Open a copy of a file for adding to it; it appears whole once the block succeeded.

    HDF5 crashes the process on a full disk, without a helpful message, so the space is reserved
    first. HDF5 cuts off what it does not use.

    Parameters
    ----------
    source : path-like
        The file; it is only read.
    out : path-like
        The copy.
    extra_bytes : int
        How many bytes to reserve at the copy's end.
    parts : sequence of str
        The objects that are added to or pointed at; what is written to one that lies in another
        file, behind an external link, would be written to that file.

    Yields
    ------
    h5py.File
        The copy, open for reading and writing.

    Raises
    ------
    NoSpaceError
        The disk is full.
    InputError
        The copy cannot be written, or one of the parts is not in the file itself.
    """
    with ExitStack() as stack:
        try:
            part = stack.enter_context(whole(out))
            shutil.copyfile(source, part)
            with open(part, "r+b") as file:
                if hasattr(os, "posix_fallocate"):  # not on macOS
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), extra_bytes)
        except OSError as error:
            if disk_is_full(error):
                raise NoSpaceError(out) from None
            needed = Path(source).stat().st_size + extra_bytes
            raise InputError(
                out,
                f"no way to write it ({error.strerror or error})",
                f"a writable folder with {needed / 1e6:.0f} MB free",
            ) from None
        # opened for reading first: HDF5 opens a link's target in the same mode as the file
        with h5py.File(part, "r") as file:
            for name in parts:
                _require_own(file, name, source)
        yield stack.enter_context(h5py.File(part, "r+"))


def _require_own(file: h5py.File, name: str, source: str | os.PathLike):
    try:
        own = file[name].file.filename == file.filename
    except (KeyError, OSError):  # a relative link, whose file does not lie beside the copy
        own = False
    if not own:
        raise InputError(
            source,
            f"{name} in another file, behind a link",
            "the neurons and the volume in the file itself",
            "give one file that holds them",
        )
