"""Find files of worms and their laboratories; standard library only, for parse time."""

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from chromapal.errors import InputError
from chromapal.worms.slugs import require_path

REQUIRED = (
    "worm", "x", "y", "z", "xr", "yr", "zr", "weight", "R", "G", "B", "W", "ID",
)  # fmt: skip


def discover(folder: str | Path, suffixes: Sequence[str], key: str) -> list[Path]:
    """List a folder's files of some suffixes, at any depth, sorted.

    Parameters
    ----------
    folder : path-like
        Where to look. Hidden files and folders are ignored; links to folders are followed, each
        folder once.
    suffixes : sequence of str
        In lower case; upper case in file names matches too.
    key : str
        The config key of the folder, for messages.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        The folder does not exist or holds no such file, or a path is one that no job
        could be given, see `chromapal.worms.slugs.path_fault`.
    """
    folder = Path(folder)
    where = f"config key '{key}'"
    expected = f"a folder with {' or '.join(suffixes)} files"
    if not folder.is_dir():
        raise InputError(where, f"no folder {str(folder)!r}", expected)
    entries = list(_walk(folder))
    files = sorted(path for path, fault in entries if not fault and _has(path, suffixes))
    if not files:
        first = next(iter(no_files(folder, suffixes)), None)
        found = f"no such file in {str(folder)!r}"
        raise InputError(where, found, expected, f"there is {first}" if first else "")
    for path in files:
        require_path(path)
    return files


def no_files(folder: str | Path, suffixes: Sequence[str]) -> list[InputError]:
    """List what is called like a file of worms in a folder, or leads to some, and is none.

    Returns
    -------
    list of InputError
        One for each link to nothing and each folder that cannot be opened or is called like a
        file; `where` is its path.
    """
    entries = sorted(_walk(Path(folder)))
    good = [path for path, fault in entries if not fault and _has(path, suffixes)]
    inside = {parent for path in good for parent in path.parents}
    return [
        InputError(path, *fault)
        for path, fault in entries
        if fault and path not in inside and (_has(path, suffixes) or _may_hide_worms(path, fault))
    ]


def everything(folder: str | Path, key: str) -> tuple[list[Path], list[InputError]]:
    """List a folder's files, whatever they are called, at any depth, sorted.

    Parameters
    ----------
    folder, key
        As for `discover`.

    Returns
    -------
    files : list of Path
        Also those that no job could be given by name.
    others : list of InputError
        Links to nothing, pipes and the like, and folders that cannot be opened; `where` is the
        path.

    Raises
    ------
    InputError
        The folder does not exist.
    """
    if not Path(folder).is_dir():
        raise InputError(f"config key '{key}'", f"no folder {str(folder)!r}", "a folder")
    entries = sorted(_walk(Path(folder)))
    others = [InputError(path, *fault) for path, fault in entries if fault and fault != _FOLDER]
    return [path for path, fault in entries if not fault], others


def _may_hide_worms(path: Path, fault: tuple[str, ...]) -> bool:
    # a link without a suffix may have led to a laboratory's folder
    return fault == _CLOSED or (fault == _LINK and not path.suffix)


_CLOSED = "a folder that cannot be opened", "one that you may read"
_LINK = "a link to nothing", "a file", "fetch what it leads to, with datalad get for example"
_FOLDER = "a folder", "a file", "export a Zarr folder as one HDF5 file"
_SPECIAL = "neither a file nor a folder", "a file"


def _has(path: Path, suffixes: Sequence[str]) -> bool:
    return path.suffix.lower() in suffixes


def _walk(top: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield what is in a folder, with what was found and expected if it is no file.

    Folders come before links to them, so that a link elsewhere never takes a folder's place.
    """
    root = Path(os.path.realpath(top))
    entered: set[str] = set()
    waiting = [str(top)]
    while waiting:
        links: list[str] = []
        for start in waiting:
            closed: list[OSError] = []
            for directory, folders, names in os.walk(start, onerror=closed.append):
                real = os.path.realpath(directory)
                if real in entered:
                    folders.clear()
                    continue
                entered.add(real)
                visible = sorted(name for name in folders if not name.startswith("."))
                paths = [os.path.join(directory, name) for name in visible]
                links += [path for path in paths if os.path.islink(path)]
                folders[:] = visible
                for path in map(Path, paths):
                    yield path, _FOLDER
                for name in names:
                    path = Path(directory, name)
                    if not name.startswith("."):
                        yield path, _fault(path)
            for error in closed:
                yield Path(error.filename), _CLOSED
        # a link to a folder around this one leads to other people's worms
        waiting = sorted(link for link in links if not root.is_relative_to(os.path.realpath(link)))


def _fault(path: Path) -> tuple[str, ...]:
    if os.path.isfile(path):
        return ()
    return _LINK if os.path.islink(path) else _SPECIAL


def laboratory(path: str | Path, lab: str | None = None, folder: str | Path = "") -> str:
    """Return a file's laboratory.

    Parameters
    ----------
    path : path-like
        The file.
    lab : str, optional
        The laboratory that is stated.
    folder : path-like
        The folder in which files were looked for; "" if the file was named itself.

    Returns
    -------
    str
        The laboratory stated; else the first folder below `folder` on the way to the file
        (`EY` of `worms/EY/000541/sub-1/1.nwb` in `worms`); else the file's parent folder.
    """
    if not lab:
        # links are not followed: targets (as of git-annex) are in no laboratory's folder
        path = Path(os.path.abspath(path))
        top = Path(os.path.abspath(folder))
        below = path.relative_to(top).parts if folder and path.is_relative_to(top) else ()
        lab = below[0] if len(below) > 1 else path.parent.name
    # one name may be stored in two ways: an umlaut as one character, or as two
    return unicodedata.normalize("NFC", lab)


def fold_name(text: str) -> str:
    """Write a fold as text: `2.0`, which a float column makes of `2`, is `2`; `nan` is ""."""
    text = re.sub(r"^([0-9]+)\.0*$", r"\1", text.strip())
    return "" if text.lower() in ("nan", "none", "<na>") else text
