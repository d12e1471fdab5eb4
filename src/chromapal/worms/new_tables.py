"""Read neuron tables of new worms, which need fewer columns than training worms."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms import skipped, table, tables
from chromapal.worms.table import MICROMETRES, VOXELS

MIN_CORRELATION = 0.999  # correlation of positions with voxels that they were computed from
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
    return without_wrong_positions(*tables.parsed(text, path, lab or folder_lab, full_scales), path)


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
        A position is missing, or there is neither gray nor colour.
    """
    missing = [column for column in (*VOXELS, *MICROMETRES) if column not in text]
    if missing:
        raise InputError(
            path,
            f"no column {', '.join(missing)} among {tables.shown(text)}",
            f"{', '.join((*VOXELS, *MICROMETRES))}, separated by commas",
        )
    if "gray" not in text and "W" not in text and not {"R", "G", "B"} <= set(text):
        raise InputError(path, "no channel", "a column gray or W, or R, G and B")
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


def without_wrong_positions(
    neurons: pd.DataFrame, skipped_worms: list[dict], path: str | os.PathLike
) -> tuple[pd.DataFrame, list[dict]]:
    """Skip worms whose positions in micrometres contradict those in voxels.

    Their names would be wrong: two exchanged axes give a mirror image, in which left is right.

    Parameters
    ----------
    neurons : pandas.DataFrame
        A valid neuron table.
    skipped_worms : list of dict
        Worms skipped so far.
    path : path-like
        The file.

    Returns
    -------
    neurons, skipped_worms
        The neurons of the remaining worms, and the extended list.
    """
    entries, usable = list(skipped_worms), np.ones(len(neurons), dtype=bool)
    for (lab, worm), rows in neurons.groupby(table.WORM, sort=False).indices.items():
        if fault := _position_fault(neurons.iloc[rows]):
            usable[rows] = False
            error = InputError(path, f"{fault[0]} (worm {worm!r})", *fault[1:])
            entries.append(skipped.entry(path, lab, worm, error))
    return neurons[usable].reset_index(drop=True), entries


def _position_fault(worm: pd.DataFrame) -> tuple[str, ...]:
    """Return what was found and expected if a worm's positions contradict each other, else ()."""
    voxels, positions = worm[VOXELS].to_numpy(float), worm[MICROMETRES].to_numpy(float)
    largest = voxels.max(axis=0)
    if (largest + 1).prod() > MAX_VOXELS:
        text = ", ".join(f"{side:.0f}" for side in largest)
        return f"voxels up to ({text})", "x, y, z as indices into the worm's volume"
    steps, lengths = voxels - voxels.mean(axis=0), positions - positions.mean(axis=0)
    scale = np.outer(np.linalg.norm(lengths, axis=0), np.linalg.norm(steps, axis=0))
    # correlation of xr, yr, zr (rows) with x, y, z; positions without any (such as those of a
    # straightened worm) are accepted as they are
    follows = np.abs(lengths.T @ steps) / np.where(scale > 0, scale, np.inf)
    for axis, column in enumerate(MICROMETRES):
        other = int(follows[axis].argmax())
        if follows[axis, other] > MIN_CORRELATION and follows[axis, axis] < MIN_CORRELATION:
            return f"{column} along {VOXELS[other]}", f"{column} along {VOXELS[axis]}"
        side = np.ptp(positions[:, axis]) / max(np.ptp(voxels[:, axis]), 1)
        if follows[axis, axis] > MIN_CORRELATION and not table.is_voxel_size(side):
            return (
                f"voxels of {side:.3g} um along {VOXELS[axis]}",
                f"{table.VOXEL_UM[0]:g} to {table.VOXEL_UM[1]:g} um",
                f"give {column} in micrometres",
            )
    return ()
