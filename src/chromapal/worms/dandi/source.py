"""Read worms of the DANDI archive by range requests, or download whole files."""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from chromapal.console import progress
from chromapal.errors import InputError, PassingError
from chromapal.files import writable
from chromapal.worms import load, skipped
from chromapal.worms.dandi import key
from chromapal.worms.dandi import manifest as manifests
from chromapal.worms.dandi.manifest import Asset
from chromapal.worms.dandi.ranges import RangeFile
from chromapal.worms.dandi.transfer import Transfer
from chromapal.worms.nwb import reader, worker

if TYPE_CHECKING:
    import pandas as pd

LOGGER = logging.getLogger(__name__)
STEP = 1_000_000  # bytes between two steps of a progress bar


def stream(
    manifest: str | os.PathLike,
    lab: str,
    asset: str,
    api: str,
    cache: str | os.PathLike,
    full_scales: dict[str, float],
    out_table: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Read one worm from the archive, fetching only the parts of its file that are needed.

    What was fetched stays in `cache`, so that writing the table again fetches nothing.

    Parameters
    ----------
    manifest : path-like
        The list of the archive's files.
    lab, asset : str
        Which of its files: one dandiset may belong to several laboratories.
    api : str
        The archive's API.
    cache : path-like
        Folder of fetched data.
    full_scales : dict of str to float
        Largest count per laboratory, where the study states it.
    out_table, out_skipped : path-like
        See `chromapal.worms.load.write`.

    Raises
    ------
    PassingError
        The transfer failed; nothing is written. A file that was read but cannot be used is listed
        in `out_skipped` instead.
    InputError
        The cache cannot be written.
    """
    found = manifests.find(manifest, lab, asset)
    log = Path(cache) / "ranges" / f"{found.asset}-{found.size}"
    try:
        neurons, skipped_worms = worker.run(_read, found.name, found, api, log, full_scales), []
    except InputError as error:
        if error.where != found.name:  # the cache cannot be written
            raise
        neurons, skipped_worms = load.nothing(found.name, found.lab, error)
    load.write({found.name: (neurons, skipped_worms)}, out_table, out_skipped)


def _read(
    name: str, found: Asset, api: str, log: str | os.PathLike, full_scales: dict[str, float]
) -> "pd.DataFrame":
    """Read one worm, in the worker: it fetches what it reads."""
    with RangeFile(_transfer(found, api), log) as remote:
        try:
            return reader.read_here(name, found.lab, full_scales, remote)
        finally:
            failure = remote.failure
            if failure is not None:
                # not the file's fault, whatever HDF5 made of it
                told = failure.where, failure.found, failure.expected, failure.advice
                raise PassingError(*told) from None
            remote.transfer.log_progress(f"; {remote.cached / 1e6:.2f} MB were already on disk")


def fetch(manifest: str | os.PathLike, lab: str, asset: str, api: str, out: str | os.PathLike):
    """Download one whole file and compare its checksum.

    An interrupted download is resumed; if the resumed file turns out damaged, it is downloaded
    again, once. Of two jobs that download the same file the second waits, and uses the first
    one's file.

    Parameters
    ----------
    manifest : path-like
        The list of the archive's files.
    lab, asset : str
        Which of its files: one dandiset may belong to several laboratories.
    api : str
        The archive's API.
    out : path-like
        Path of the file; it appears there once it is whole. Until then its beginning is
        `.NAME.part` in the same folder.

    Raises
    ------
    InputError
        The transfer failed, the checksum is not the manifest's, or nothing can be written there.
    """
    found, out = manifests.find(manifest, lab, asset), Path(out)
    part = out.with_name(f".{out.name}.part")
    with writable(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    algorithm, _, expected = found.checksum.partition(":")
    with _locked(part, found.name) as file:
        if out.exists() and _digest(out, algorithm) == expected:
            part.unlink()
            return
        while True:
            present = _append(found, api, file)
            digest = _digest(part, algorithm)
            if digest == expected:
                os.replace(part, out)
                return
            if not present:
                part.unlink()
                raise InputError(
                    found.name,
                    f"{algorithm} {digest}",
                    f"{expected}, as the manifest says",
                    "start the study again, or exclude the file",
                )
            file.truncate(0)
            LOGGER.warning(
                "%s: the partial file of an earlier run is damaged; downloading it again",
                found.name,
            )


def write_skipped_files(
    manifest: str | os.PathLike, leave_out: dict[str, dict[str, str]], out: str | os.PathLike
):
    """List the files of the manifest that a study excludes, with the reasons it states.

    A file that it reads for another laboratory is not listed.

    Parameters
    ----------
    manifest : path-like
        The list of the archive's files.
    leave_out : dict of str to dict of str to str
        Reason by path, by each laboratory of the study.
    out : path-like
        CSV list of `chromapal.columns.SKIPPED`.
    """
    named = [found for found in manifests.read(manifest) if found.lab in leave_out]
    read = {found.name for found in named if found.path not in leave_out[found.lab]}
    skipped.write(
        [
            skipped.entry(
                found.name, found.lab, "", f"{found.name}: {leave_out[found.lab][found.path]}"
            )
            for found in named
            if found.path in leave_out[found.lab] and found.name not in read
        ],
        out,
    )


def _transfer(found: Asset, api: str, whole: bool = False) -> Transfer:
    url = f"{api.rstrip('/')}/assets/{found.asset}/download/"
    return Transfer(url, found.name, found.size, key.key_for(url), whole)


@contextmanager
def _locked(part: Path, name: str) -> Iterator[BinaryIO]:
    """Open a partial file for appending, once no other job has it open."""
    same = False
    while True:
        with part.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                LOGGER.info("%s: another job is fetching it; waiting", name)
                fcntl.flock(file, fcntl.LOCK_EX)
            # the other job may have finished and moved it: then this is no partial file any more
            with suppress(FileNotFoundError):
                same = os.path.samestat(os.fstat(file.fileno()), part.stat())
            if same:
                yield file
                return


def _append(found: Asset, api: str, file: BinaryIO) -> int:
    """Complete a partial file; return the number of bytes that were there before."""
    present = os.fstat(file.fileno()).st_size
    if present > found.size:
        file.truncate(0)
        present = 0
    if present:
        LOGGER.info("%s: resuming after %.1f MB", found.name, present / 1e6)
    transfer = _transfer(found, api, whole=True)
    try:
        steps = _written(transfer.pieces(present, found.size), file)
        for _ in progress(steps, -(-(found.size - present) // STEP), f"{found.lab} [MB]"):
            pass
        file.flush()
        transfer.log_progress("")
    finally:
        transfer.close()
    return present


def _written(pieces: Iterator[bytes], file: BinaryIO) -> Iterator[None]:
    """Write pieces, with a step of progress for each full or started megabyte."""
    count = 0
    for piece in pieces:
        file.write(piece)
        before, count = count, count + len(piece)
        for _ in range(-(-count // STEP) - -(-before // STEP)):
            yield


def _digest(path: Path, algorithm: str) -> str:
    if algorithm == "dandi-etag":
        # the archive's own digest, for files that have no other one yet
        from dandischema.digests.dandietag import DandiETag

        return DandiETag.from_file(path).as_str()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
