"""Find files of worms and their laboratories; standard library only, for parse time."""

import os
import re
from collections.abc import Sequence
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
        Where to look. Hidden files and folders are ignored.
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
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    if not files:
        raise InputError(where, f"no such file in {str(folder)!r}", expected)
    for path in files:
        require_path(path)
    return files


def laboratory(path: str | Path, lab: str | None = None) -> str:
    """Return a file's laboratory: the one stated, else the name of its parent folder."""
    # links are not followed: targets (as of git-annex) are in no laboratory's folder
    return lab or Path(os.path.abspath(path)).parent.name


def fold_name(text: str) -> str:
    """Write a fold as text: `2.0`, which a float column makes of `2`, is `2`; `nan` is ""."""
    text = re.sub(r"^([0-9]+)\.0*$", r"\1", text.strip())
    return "" if text.lower() in ("nan", "none", "<na>") else text
