"""Find a study's source files and count their worms, before any job runs.

Standard library only, for the workflow calls this while it is parsed (a Parquet file is opened
with pyarrow, imported where one is met).
"""

import csv
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from chromapal.errors import InputError

SUFFIXES = {
    "nwb": (".nwb",),
    "tables": (".csv", ".parquet"),
    "volumes": (".tif", ".tiff", ".nd2", ".czi"),
}
SUFFIXES["worms"] = tuple(suffix for kind in SUFFIXES.values() for suffix in kind)
REQUIRED = (
    "worm", "x", "y", "z", "xr", "yr", "zr", "weight", "R", "G", "B", "W", "ID",
)  # fmt: skip
_KEYS = ("worm", "lab", "fold")


def discover(folder: str | Path, kind: str) -> list[Path]:
    """List a folder's source files, at any depth, sorted.

    Parameters
    ----------
    folder : path-like
        Where to look. Hidden files and folders are passed over.
    kind : {"nwb", "tables", "volumes", "worms"}
        Which files, of those in `SUFFIXES`, in upper or lower case.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        There is no such folder, it holds no such file, or one with braces in its path.
    """
    folder = Path(folder)
    where = f"config key '{kind}'"
    expected = f"a folder with {' or '.join(SUFFIXES[kind])} files"
    if not folder.is_dir():
        raise InputError(where, f"no folder {str(folder)!r}", expected)
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES[kind]
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


def count_worms(
    files: Iterable[str | Path], lab: str | None = None
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Count the worms that files promise, without checking their numbers.

    A table that lacks a column, or cannot be read, promises none: reading it gives the reason.

    Parameters
    ----------
    files : iterable of path-like
        Files as `discover` lists them; an NWB file counts as one worm.
    lab : str, optional
        The laboratory of files without a `lab` column; their parent folder's name without it.

    Returns
    -------
    worms : dict of str to int
        Number of worms per laboratory, at most: bad worms are found when they are read.
    folds : tuple of str
        The distinct numeric folds in the tables' `fold` column, sorted.
    """
    keys: set[tuple[str, str]] = set()
    folds: set[str] = set()
    for path in map(Path, files):
        if path.suffix.lower() == ".nwb":
            keys.add((laboratory(path, lab), str(path)))
            continue
        for worm, stated, fold in _keys(path):
            keys.add((stated.strip() or laboratory(path, lab), worm.strip()))
            folds.add(fold_name(fold))
    numeric = sorted((fold for fold in folds if fold.isdigit()), key=int)
    return dict(sorted(Counter(lab for lab, _ in keys).items())), tuple(numeric)


def fold_name(text: str) -> str:
    """Write a fold as text: `2.0`, which a float column makes of `2`, is `2`; `nan` is ""."""
    text = re.sub(r"^([0-9]+)\.0*$", r"\1", text.strip())
    return "" if text.lower() in ("nan", "none", "<na>") else text


def _keys(path: Path) -> set[tuple[str, str, str]]:
    try:
        read = _parquet_columns if path.suffix.lower() == ".parquet" else _csv_columns
        return read(path)
    except (OSError, ValueError, csv.Error):
        return set()


def _csv_columns(path: Path) -> set[tuple[str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        header = next(rows, [])
        if not set(REQUIRED) <= set(header):
            return set()
        places = [header.index(key) if key in header else None for key in _KEYS]
        return {_pick(row, places) for row in rows if len(row) == len(header)}


def _pick(row: Sequence[str], places: Sequence[int | None]) -> tuple[str, ...]:
    return tuple("" if place is None else row[place] for place in places)


def _parquet_columns(path: Path) -> set[tuple[str, str, str]]:
    from pyarrow import parquet

    header = parquet.read_schema(path).names
    if not set(REQUIRED) <= set(header):
        return set()
    table = parquet.read_table(path, columns=[key for key in _KEYS if key in header])
    columns = [
        ["" if value is None else str(value) for value in table[key].to_pylist()]
        if key in header
        else [""] * table.num_rows
        for key in _KEYS
    ]
    return set(zip(*columns, strict=True))
