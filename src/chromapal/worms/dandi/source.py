"""Worms of the DANDI archive: read by range requests, or fetched whole."""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.files import writable
from chromapal.worms import skipped
from chromapal.worms.dandi import manifest as manifests
from chromapal.worms.dandi.manifest import Asset
from chromapal.worms.dandi.ranges import RangeFile
from chromapal.worms.dandi.transfer import Transfer
from chromapal.worms.load import load

LOGGER = logging.getLogger(__name__)
TOKEN = "DANDI_API_KEY"
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
    """Read one worm from the archive, fetching of its file only what the neuron table needs.

    What was fetched stays in `cache`; a table that is made again fetches nothing.

    Parameters
    ----------
    manifest : path-like
        The list of the archive's files.
    lab, asset : str
        Which of its files: one dandiset may be several laboratories'.
    api : str
        The archive's API.
    cache : path-like
        Folder of what was fetched.
    full_scales : dict of str to float
        Largest count per laboratory, where the study states it.
    out_table, out_skipped : path-like
        See `chromapal.worms.load.load`.

    Raises
    ------
    InputError
        The transfer failed; nothing is written. A file that came but cannot be used is listed in
        `out_skipped` instead.
    """
    found = manifests.find(manifest, lab, asset)
    log = Path(cache) / "ranges" / f"{found.asset}-{found.size}"
    with RangeFile(_transfer(found, api), log) as remote:
        load(found.name, found.lab, full_scales, out_table, out_skipped, remote)
        remote.transfer.tell(f"; {remote.kept / 1e6:.2f} MB were here")


def fetch(manifest: str | os.PathLike, lab: str, asset: str, api: str, out: str | os.PathLike):
    """Fetch one file whole, and compare its checksum.

    What an earlier, broken transfer left is taken up; where the whole then turns out damaged, the
    file is fetched anew, once. Of two jobs that fetch the same file the second waits, and takes
    what the first has fetched.

    Parameters
    ----------
    manifest : path-like
        The list of the archive's files.
    lab, asset : str
        Which of its files: one dandiset may be several laboratories'.
    api : str
        The archive's API.
    out : path-like
        Where the file belongs; it appears there once it is whole. Until then its beginning is
        `.NAME.part` beside it.

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
    with _alone(part, found.name) as file:
        if out.exists() and _digest(out, algorithm) == expected:
            part.unlink()
            return
        while True:
            begun = _append(found, api, file)
            digest = _digest(part, algorithm)
            if digest == expected:
                os.replace(part, out)
                return
            if not begun:
                part.unlink()
                raise InputError(
                    found.name,
                    f"{algorithm} {digest}",
                    f"{expected}, as the manifest says",
                    "start the study again, or leave the file out",
                )
            file.truncate(0)
            LOGGER.warning("%s: what an earlier run left is damaged; fetching it anew", found.name)


def write_left_out(
    manifest: str | os.PathLike, leave_out: dict[str, dict[str, str]], out: str | os.PathLike
):
    """List the files that a study leaves out of the manifest, with the reasons it states.

    A file that it reads as another laboratory's is none of them.

    Parameters
    ----------
    manifest : path-like
        The list of the archive's files.
    leave_out : dict of str to dict of str to str
        Reason by path, by each laboratory of the study.
    out : path-like
        CSV list of `skipped.COLUMNS`.
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
    return Transfer(url, found.name, found.size, os.environ.get(TOKEN, ""), whole)


@contextmanager
def _alone(part: Path, name: str) -> Iterator[BinaryIO]:
    """Open the beginning of a file for appending, once no other job does."""
    same = False
    while True:
        with part.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                LOGGER.info("%s: another job is fetching it; waiting", name)
                fcntl.flock(file, fcntl.LOCK_EX)
            # whoever had it may have moved it to its place: then this is no beginning any more
            with suppress(FileNotFoundError):
                same = os.path.samestat(os.fstat(file.fileno()), part.stat())
            if same:
                yield file
                return


def _append(found: Asset, api: str, file: BinaryIO) -> int:
    """Bring a file to its full size; give the number of bytes that were there before."""
    begun = os.fstat(file.fileno()).st_size
    if begun > found.size:
        file.truncate(0)
        begun = 0
    if begun:
        LOGGER.info("%s: going on after %.1f MB", found.name, begun / 1e6)
    transfer = _transfer(found, api, whole=True)
    try:
        steps = _written(transfer.pieces(begun, found.size), file)
        for _ in progress(steps, -(-(found.size - begun) // STEP), f"{found.lab} [MB]"):
            pass
        file.flush()
        transfer.tell("")
    finally:
        transfer.close()
    return begun


def _written(pieces: Iterator[bytes], file: BinaryIO) -> Iterator[None]:
    """Write pieces, with a step of progress for each full or begun megabyte."""
    count = 0
    for piece in pieces:
        file.write(piece)
        before, count = count, count + len(piece)
        for _ in range(-(-count // STEP) - -(-before // STEP)):
            yield


def _digest(path: Path, algorithm: str) -> str:
    if algorithm == "dandi-etag":
        # the archive's own digest, for files that it has no other of yet
        from dandischema.digests.dandietag import DandiETag

        return DandiETag.from_file(path).as_str()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
