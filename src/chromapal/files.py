"""Atomic writing of files and folders, and reproducible tables."""

import errno
import fcntl
import itertools
import json
import os
import re
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Takes half a second to import, and is not needed to read JSON.
    import pandas as pd

from chromapal.errors import InputError, NoSpaceError, disk_is_full

FLOAT_FORMAT = "%.6g"
# An unfinished output is in a folder such as `.table.csv.k3x9_a1b` beside its place, with a file
# that its writer keeps locked and that names its machine.
UNFINISHED = re.compile(r"\..+\.[a-z0-9_]{8}")
LOCK = ".lock"
# Some network disks know no locks of other machines: theirs are orphans after this time.
LONG_AGO = 86400.0  # seconds
# What a spreadsheet takes for a formula, also behind blanks and as wide characters, and here also
# after apostrophes; a number is harmless.
_FORMULA = re.compile(r"'*(\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
_HARMLESS = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]")


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
    parent = lock = None
    try:
        with writable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_orphans_in(path.parent, f".{path.name}.")
            parent, lock = _unfinished(path)
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
            # closed first: some network disks keep a removed file, and its folder, while it is open
            os.close(lock)
            shutil.rmtree(parent, ignore_errors=True)


def require_writable(folder: str | os.PathLike):
    """Refuse a folder for results in which nothing can be written, whether it exists or not.

    Raises
    ------
    InputError
        It, or the folder that it would be made in, is a file, read-only or somebody else's.
    """
    there = Path(os.path.abspath(folder))
    while not os.path.lexists(there):
        there = there.parent
    with writable(folder), tempfile.TemporaryFile(dir=there):
        pass


def remove_orphans(folder: str | os.PathLike):
    """Remove what killed writers left at any depth of a folder; what is being written stays."""
    for inner, names, _ in os.walk(folder):
        _remove_orphans_in(Path(inner), ".")
        names[:] = [name for name in names if not name.startswith(".")]


def _unfinished(path: Path) -> tuple[Path, int]:
    """Make the folder in which an output is written; return it with its open, locked file."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        lock = os.open(folder / LOCK, os.O_CREAT | os.O_WRONLY, 0o644)
        try:
            os.write(lock, socket.gethostname().encode())
        except OSError:
            os.close(lock)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with suppress(OSError):  # a disk without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        # somebody may have taken it for an orphan before it was locked
        if (folder / LOCK).exists():
            return folder, lock
        os.close(lock)


def _remove_orphans_in(folder: Path, prefix: str):
    with suppress(OSError), os.scandir(folder) as entries:
        found = [
            entry.path
            for entry in entries
            if entry.name.startswith(prefix)
            and UNFINISHED.fullmatch(entry.name)
            and entry.is_dir(follow_symlinks=False)
        ]
        for path in found:
            with suppress(OSError):
                _remove_orphan(Path(path))


def _remove_orphan(folder: Path):
    """Remove an unfinished output unless its writer may be alive."""
    touched = max(path.lstat().st_mtime for path in (folder, *folder.iterdir()))
    orphan = time.time() - touched > LONG_AGO
    # without a lock: one of an older version of this package, or whose lock is about to be made
    with suppress(FileNotFoundError), (folder / LOCK).open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            orphan |= lock.read() == socket.gethostname()
        except BlockingIOError:
            return
        except OSError:  # a disk without locks
            pass
        if orphan:
            # the sign for a writer that has not locked it yet, see `_unfinished`
            (folder / LOCK).unlink()
    if orphan:
        shutil.rmtree(folder, ignore_errors=True)


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

    Texts that a spreadsheet would run are made inert; see `inert`.

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
    texts = [name for name in table if table[name].dtype.kind == "O"]
    table = table.assign(**{name: table[name].map(inert) for name in texts})
    with whole(path) as temporary:
        table.to_csv(temporary, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")


def inert(cell: object) -> object:
    """Put an apostrophe before a text that a spreadsheet would run as a formula; `live` undoes it.

    Names of worms and laboratories come from other people's files. Numbers, also those that are
    texts, and single signs stay.
    """
    return f"'{cell}" if isinstance(cell, str) and _runs(cell) else cell


def live(cell: object) -> object:
    """Return a text as it was before `inert`."""
    quoted = isinstance(cell, str) and cell.startswith("'") and _runs(cell[1:])
    return cell[1:] if quoted else cell


def _runs(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not _HARMLESS.fullmatch(text.strip(" "))


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
