"""Find files of worms, and what their paths tell; standard library only, for parse time."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from chromapal.errors import InputError

REQUIRED = (
    "worm", "x", "y", "z", "xr", "yr", "zr", "weight", "R", "G", "B", "W", "ID",
)  # fmt: skip


def discover(folder: str | Path, suffixes: Sequence[str], key: str) -> list[Path]:
    """List a folder's files of some suffixes, at any depth, sorted.

    Parameters
    ----------
    folder : path-like
        Where to look. Hidden files and folders are passed over.
    suffixes : sequence of str
        In lower case; those of files may be in upper case.
    key : str
        The config key that names the folder, for messages.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        There is no such folder, it holds no such file, or one with braces in its path.
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
        # to the workflow they would be wildcards
        if set("{}") & set(str(path)):
            raise InputError(path, "braces in its path", "a path without", "rename it")
    return files


def laboratory(path: str | Path, lab: str | None = None) -> str:
    """Give a file's laboratory: the one stated, else the name of its parent folder."""
    # as it is called here: what a link points to (git-annex's store) lies in no laboratory's folder
    return lab or Path(os.path.abspath(path)).parent.name


def fold_name(text: str) -> str:
    """Write a fold as text: `2.0`, which a float column makes of `2`, is `2`; `nan` is ""."""
    text = re.sub(r"^([0-9]+)\.0*$", r"\1", text.strip())
    return "" if text.lower() in ("nan", "none", "<na>") else text
