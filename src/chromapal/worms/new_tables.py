"""Read neuron tables of new worms, which need fewer columns than training worms."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms import skipped, table, tables
from chromapal.worms.table import MICROMETRES, VOXELS

MAX_VOXELS = 2**29  # voxels; as predicted colour, 16 bits a channel, 3 GB of memory


def read(
    path: str | os.PathLike,
    lab: str | None,
    full_scales: dict[str, float],
    folder_lab: str | None = None,
) -> tuple[pd.DataFrame, list[dict]]:
    """Read one file of neuron tables that need only positions and gray.

    Parameters
    ----------
    path : path-like
        A `.csv` or `.parquet` file.
    lab : str or None
        The laboratory of all its worms, whatever a column says.
    full_scales : dict of str to float
        Largest count per laboratory.
    folder_lab : str, optional
        The laboratory of worms for which neither states one; the name of the file's parent folder
        without it.

    Returns
    -------
    neurons, skipped_worms
        As `chromapal.worms.tables.read` returns them.

    Raises
    ------
    InputError
        The file cannot be read or holds no row, a position is missing, or there is neither gray
        nor colour.
    """
    text = add_missing_columns(tables.cells(path), path, lab)
    return _without_huge_volumes(*tables.parsed(text, path, lab or folder_lab, full_scales), path)


def add_missing_columns(
    text: pd.DataFrame, path: str | os.PathLike, lab: str | None = None
) -> pd.DataFrame:
    """Add the columns of a neuron table that a new worm may lack.

    A worm without a name is named after its file; a complete `gray` column becomes W.

    Parameters
    ----------
    text : pandas.DataFrame
        Cells of a table.
    path : path-like
        The file.
    lab : str, optional
        The laboratory of all its worms, whatever a column says.

    Raises
    ------
    InputError
        A position is missing.
    """
    missing = [column for column in (*VOXELS, *MICROMETRES) if column not in text]
    if missing:
        raise InputError(
            path,
            f"no column {', '.join(missing)} among {tables.shown(text)}",
            f"{', '.join((*VOXELS, *MICROMETRES))}, separated by commas",
        )
    blank = {"worm": "", "weight": "1", "ID": "", **dict.fromkeys(table.CHANNELS, "")}
    text = text.assign(**{name: value for name, value in blank.items() if name not in text})
    text = text.assign(worm=text["worm"].mask(_empty(text["worm"]), Path(path).stem))
    if lab:
        text = text.assign(lab=lab)
    if "gray" in text:
        keys = [text[name] for name in table.WORM if name in text]
        whole = ~_empty(text["gray"]).groupby(keys).transform("any")
        text = text.assign(W=text["gray"].where(whole, text["W"]))
    return text


def _empty(cells: pd.Series) -> pd.Series:
    return cells.isna() | cells.astype("str").str.strip().str.lower().isin(tables.MISSING)


def _without_huge_volumes(
    neurons: pd.DataFrame, skipped_worms: list[dict], path: str | os.PathLike
) -> tuple[pd.DataFrame, list[dict]]:
    """Skip worms whose predicted volume would not fit into memory."""
    entries, usable = list(skipped_worms), np.ones(len(neurons), dtype=bool)
    for (lab, worm), rows in neurons.groupby(table.WORM, sort=False).indices.items():
        largest = neurons.iloc[rows][VOXELS].to_numpy(float).max(axis=0)
        if (largest + 1).prod() > MAX_VOXELS:
            usable[rows] = False
            text = ", ".join(f"{side:.0f}" for side in largest)
            found = f"voxels up to ({text}) (worm {worm!r})"
            error = InputError(path, found, "x, y, z as indices into the worm's volume")
            entries.append(skipped.entry(path, lab, worm, error))
    return neurons[usable].reset_index(drop=True), entries
