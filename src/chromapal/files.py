"""Files that appear whole or not at all, and tables that are the same bytes twice."""

import errno
import itertools
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Takes half a second to import, which whoever only reads JSON must not wait for.
    import pandas as pd

from chromapal.errors import InputError, NoSpaceError, disk_is_full

FLOAT_FORMAT = "%.6g"


@contextmanager
def writable(path: str | os.PathLike) -> Iterator[None]:
    """Give one line where the block cannot make a file, or its folder.

    Raises
    ------
    InputError
        The folder is a file, read-only or somebody else's, or the name is too long.
    NoSpaceError
        The disk is full.
    """
    try:
        yield
    except OSError as error:
        if disk_is_full(error):
            raise NoSpaceError(path) from None
        # the system's own words for it say "file exists", or nothing of a folder
        below = isinstance(error, FileExistsError | NotADirectoryError)
        reason = "a file is where its folder belongs" if below else error.strerror
        raise InputError(path, f"no way to write it ({reason})", "a writable folder") from None


@contextmanager
def whole(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it there once the block succeeded.

    Works for a file and for a folder (whichever the block creates). A reader never sees half an
    output: `os.replace` is atomic within a file system. Of two writers the later one stays.
    Permissions follow the umask, also where a library writes for its owner alone, so that
    colleagues who share a disk can read each other's results.

    Parameters
    ----------
    path : path-like
        Where the finished output belongs. Parent folders are created.

    Yields
    ------
    Path
        The temporary path to write to; it keeps the suffix of `path`.

    Raises
    ------
    InputError
        Nothing can be written there.
    NoSpaceError
        The disk is full; what was written of this output is removed.
    """
    path = Path(path)
    holder = None
    try:
        with writable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            holder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        part = holder / path.name
        yield part
        _follow_umask(part, holder)
        _move(part, path, holder)
    except Exception as error:
        if disk_is_full(error):
            # of a file in a folder that is itself not whole yet, the folder's name says more
            raise NoSpaceError(path) from None
        raise
    finally:
        if holder is not None:
            shutil.rmtree(holder, ignore_errors=True)


def _follow_umask(part: Path, holder: Path):
    """Give a finished output, and all within it, the permissions that the umask leaves.

    safetensors, for one, writes files that nobody but their owner can read. A file that was made
    executable stays so.
    """
    # Python can only ask for the umask by changing it, under the feet of other threads.
    probe = holder / f"{part.name}.umask"
    probe.mkdir()
    allowed = stat.S_IMODE(probe.stat().st_mode) & 0o777
    inside = part.rglob("*") if part.is_dir() and not part.is_symlink() else ()
    for path in (part, *inside):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.lstat().st_mode)
        runs = path.is_dir() or mode & stat.S_IXUSR
        # a folder's other bits stay: where the group is inherited, it goes on being so
        wanted = mode & ~0o777 | allowed & (0o777 if runs else 0o666)
        if wanted != mode:
            path.chmod(wanted)


def _move(part: Path, path: Path, holder: Path):
    """Put a finished output in its place, a folder in place of an old one too."""
    for turn in itertools.count():
        if path.is_dir():
            # aside first, in one step; another writer of the same output may be quicker
            with suppress(FileNotFoundError):
                os.replace(path, holder / f"old{turn}")
        try:
            os.replace(part, path)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def write_csv(table: "pd.DataFrame", path: str | os.PathLike, sort_by: list[str] | None = None):
    """Write a table for people: sorted rows, fixed float format, no index, no time stamps.

    Parameters
    ----------
    table : pandas.DataFrame
        What to write.
    path : path-like
        The CSV file.
    sort_by : list of str, optional
        Columns to sort by (stable); the order given is kept without it.
    """
    if sort_by:
        table = table.sort_values(sort_by, kind="stable")
    with whole(path) as part:
        table.to_csv(part, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")


def write_parquet(table: "pd.DataFrame", path: str | os.PathLike):
    """Write a table for programs, whole or not at all."""
    with whole(path) as part:
        table.to_parquet(part, index=False)


def write_json(content: object, path: str | os.PathLike):
    """Write JSON with sorted keys, so that equal content is equal bytes."""
    with whole(path) as part:
        part.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: str | os.PathLike) -> object:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
