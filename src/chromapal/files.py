"""Atomic writing of files and folders, and reproducible tables."""

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
    # Takes half a second to import, and is not needed to read JSON.
    import pandas as pd

from chromapal.errors import InputError, NoSpaceError, disk_is_full

FLOAT_FORMAT = "%.6g"


@contextmanager
def writable(path: str | os.PathLike) -> Iterator[None]:
    """Turn a failure to create a file or its folder into one clear line.

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
        # the system's message would be "file exists", or would not mention the folder
        below = isinstance(error, FileExistsError | NotADirectoryError)
        reason = "a file is where its folder belongs" if below else error.strerror
        raise InputError(path, f"no way to write it ({reason})", "a writable folder") from None


@contextmanager
def whole(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path next to `path`, and move it there once the block succeeded.

    Works for a file and for a folder (whichever the block creates). A reader never sees half an
    output: `os.replace` is atomic within a file system. Of two writers, the later one wins.
    Permissions follow the umask, even if a library makes files private, so that colleagues who
    share a disk can read each other's results.

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
        The output cannot be written there.
    NoSpaceError
        The disk is full; what was written of this output is removed.
    """
    path = Path(path)
    parent = None
    try:
        with writable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            parent = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        temporary = parent / path.name
        yield temporary
        _follow_umask(temporary, parent)
        _move(temporary, path, parent)
    except Exception as error:
        if disk_is_full(error):
            # for a file in an unfinished folder, the folder's name is more useful
            raise NoSpaceError(path) from None
        raise
    finally:
        if parent is not None:
            shutil.rmtree(parent, ignore_errors=True)


def _follow_umask(temporary: Path, parent: Path):
    """Set the permissions of a finished output, and everything in it, to those of the umask.

    safetensors, for example, writes files that only their owner can read. An executable file
    stays executable.
    """
    # Python can only read the umask by changing it, which affects other threads.
    probe = parent / f"{temporary.name}.umask"
    probe.mkdir()
    allowed = stat.S_IMODE(probe.stat().st_mode) & 0o777
    inside = temporary.rglob("*") if temporary.is_dir() and not temporary.is_symlink() else ()
    for path in (temporary, *inside):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.lstat().st_mode)
        executable = path.is_dir() or mode & stat.S_IXUSR
        # a folder's other bits stay, such as the one by which its group is inherited
        required = mode & ~0o777 | allowed & (0o777 if executable else 0o666)
        if required != mode:
            path.chmod(required)


def _move(temporary: Path, path: Path, parent: Path):
    """Move a finished output to its final path, replacing an old file or folder."""
    for attempt in itertools.count():
        if path.is_dir():
            # first move the old one aside; another writer of the same output may be quicker
            with suppress(FileNotFoundError):
                os.replace(path, parent / f"old{attempt}")
        try:
            os.replace(temporary, path)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def write_csv(table: "pd.DataFrame", path: str | os.PathLike, sort_by: list[str] | None = None):
    """Write a table as CSV: sorted rows, fixed float format, no index, no time stamps.

    Parameters
    ----------
    table : pandas.DataFrame
        The table to write.
    path : path-like
        The CSV file.
    sort_by : list of str, optional
        Columns to sort by (stable); by default, the order stays.
    """
    if sort_by:
        table = table.sort_values(sort_by, kind="stable")
    with whole(path) as temporary:
        table.to_csv(temporary, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")


def write_parquet(table: "pd.DataFrame", path: str | os.PathLike):
    """Write a table as Parquet."""
    with whole(path) as temporary:
        table.to_parquet(temporary, index=False)


def write_json(content: object, path: str | os.PathLike):
    """Write JSON with sorted keys, so that equal content is equal bytes."""
    with whole(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: str | os.PathLike, advice: str = "", finite: bool = False) -> object:
    """Read a JSON file.

    Parameters
    ----------
    path : path-like
        The file.
    advice : str
        How to go on where it cannot be read.
    finite : bool
        Whether to refuse NaN and infinity, which Python writes and JSON does not have.

    Raises
    ------
    InputError
        There is no such file, or it is not JSON, or nested too deeply to be read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        return json.loads(text, parse_constant=_refused if finite else None)
    except FileNotFoundError:
        raise InputError(path, "no file", "a JSON file", advice) from None
    except OSError as error:
        raise InputError(
            path, f"no readable file ({error.strerror})", "a JSON file", advice
        ) from None
    except (ValueError, RecursionError) as error:
        # of text that is no JSON, of numbers of thousands of digits, of nested brackets
        found = f"invalid JSON ({str(error)[:80]})"
        raise InputError(path, found, "a JSON file", advice) from None


def _refused(constant: str):
    raise ValueError(f"{constant} is no number")
