"""A copy of an NWB file that predictions can be added to, with the disk space reserved."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import h5py

from chromapal.errors import InputError, NoSpaceError, disk_is_full
from chromapal.files import whole


@contextmanager
def copied(
    source: str | os.PathLike, out: str | os.PathLike, extra_bytes: int
) -> Iterator[h5py.File]:
    """Open a copy of a file for adding to it; it appears whole once the block succeeded.

    HDF5 crashes the process on a full disk, without a helpful message, so the space is reserved
    first. HDF5 cuts off what it does not use.

    Parameters
    ----------
    source : path-like
        The file; it is only read. It has no part in another file (`own_parts`): what is written
        behind a link would be written there.
    out : path-like
        The copy.
    extra_bytes : int
        How many bytes to reserve at the copy's end.

    Yields
    ------
    h5py.File
        The copy, open for reading and writing.

    Raises
    ------
    NoSpaceError
        The disk is full.
    InputError
        The copy cannot be written.
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
        yield stack.enter_context(h5py.File(part, "r+"))
