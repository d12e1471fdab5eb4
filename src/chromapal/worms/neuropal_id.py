"""Read the CSV in which NeuroPAL_ID saves a worm's neurons, as centres with a person's names.

Its layout is that of NeuroPAL_ID's `saveID2CSV` (since 2023; before 2021-08 without "Emphasized?",
before 2023 without the internal positions): rows about the image, then one table with a heading.
"""

import csv
import itertools
import os
from pathlib import Path

import pandas as pd

from chromapal.errors import InputError
from chromapal.files import live

OPENS_WITH, NAME = "Atlas Version", "User ID"
INTERNAL = ("Internal X (px)", "Internal Y (px)", "Internal Z (slice)")
REAL = ("Real X (um)", "Real Y (um)", "Real Z (um)")


def wrote(path: str | os.PathLike) -> bool:
    """Return whether a file opens as NeuroPAL_ID's CSV does."""
    try:
        with Path(path).open(encoding="utf-8-sig", errors="replace") as lines:
            return lines.read(len(OPENS_WITH) + 1).lstrip('"').startswith(OPENS_WITH)
    except OSError:
        return False


def read(path: str | os.PathLike, spacing: tuple[float, float, float]) -> pd.DataFrame:
    """Read centres and the names that a person gave; automatic names are nobody's labels.

    Parameters
    ----------
    path : path-like
        The CSV file.
    spacing : tuple of float
        Voxel size along x, y, z [um], by which older files' positions are divided.

    Returns
    -------
    pandas.DataFrame
        x, y, z [voxel, from 0; NeuroPAL_ID counts from 1] and ID, "" without a name.

    Raises
    ------
    InputError
        There is no table of neurons with positions in it, or a position is no number.
    """
    table = _table(path)
    columns = next((names for names in (INTERNAL, REAL) if set(names) <= set(table)), None)
    if columns is None or NAME not in table:
        raise InputError(
            path,
            "a CSV of NeuroPAL_ID without its columns of names and positions",
            f"{NAME} and {', '.join(REAL)} or {', '.join(INTERNAL)}",
        )
    places = table[list(columns)].apply(pd.to_numeric, errors="coerce")
    if places.isna().any(axis=None):
        row = int(places.isna().any(axis=1).argmax())
        found = ", ".join(map(repr, table[list(columns)].iloc[row]))
        raise InputError(path, f"position ({found}) of neuron {row}", "three numbers")
    sides = (1.0, 1.0, 1.0) if columns is INTERNAL else spacing
    voxels = {
        axis: places[column] / side - 1
        for axis, column, side in zip("xyz", columns, sides, strict=True)
    }
    return pd.DataFrame({**voxels, "ID": table[NAME].map(live).str.strip()})


def _table(path: str | os.PathLike) -> pd.DataFrame:
    """Return the cells below the heading that begins with the column of names."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
            rows = csv.reader(lines, delimiter=max(",;\t", key=first.count))
            below = itertools.dropwhile(lambda row: row[:1] != [NAME], rows)
            heading = next(below, [])
            neurons = [row[: len(heading)] for row in below if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"no readable CSV file ({error})", "UTF-8 text") from None
    cells = itertools.zip_longest(heading, *neurons, fillvalue="")
    return pd.DataFrame({name: column for name, *column in cells if name}, dtype="str")
