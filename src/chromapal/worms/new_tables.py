"""Neuron tables of worms to be named: less is asked of them than of worms to learn from."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms import skipped, table, tables
from chromapal.worms.table import MICROMETRES, VOXELS

EXACT = 0.999  # correlation of positions with voxels that they were computed from
MOST = 2**29  # voxels; as predicted colour, 16 bits a channel, these are 3 GB of memory


def read(
    path: str | os.PathLike, lab: str | None, full_scales: dict[str, float]
) -> tuple[pd.DataFrame, list[dict]]:
    """Read one file of neuron tables; positions and gray are enough.

    Parameters
    ----------
    path : path-like
        A `.csv` or `.parquet` file.
    lab : str or None
        The laboratory of all its worms, whatever a column says.
    full_scales : dict of str to float
        Largest count per laboratory.

    Returns
    -------
    neurons, left_out
        As `chromapal.worms.tables.read` gives them.

    Raises
    ------
    InputError
        The file cannot be read or holds no row, a position is missing, or there is neither gray
        nor colour.
    """
    text = completed(tables.cells(path), path, lab)
    return placed(*tables.parsed(text, path, lab, full_scales), path)


def completed(text: pd.DataFrame, path: str | os.PathLike, lab: str | None = None) -> pd.DataFrame:
    """Add the columns of a neuron table that a new worm may lack.

    A worm without a name gets that of its file; `gray` becomes W in worms with no gap in it.

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
            f"no column {', '.join(missing)} among {', '.join(map(repr, text.columns[:20]))}",
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
        keys = [text[name] for name in table.ANIMAL if name in text]
        whole = ~_empty(text["gray"]).groupby(keys).transform("any")
        text = text.assign(W=text["gray"].where(whole, text["W"]))
    return text


def _empty(cells: pd.Series) -> pd.Series:
    return cells.isna() | cells.astype("str").str.strip().str.lower().isin(tables.MISSING)


def placed(
    neurons: pd.DataFrame, left_out: list[dict], path: str | os.PathLike
) -> tuple[pd.DataFrame, list[dict]]:
    """Leave out worms whose micrometres cannot be those of their voxels.

    Names would be given to them all the same, and be wrong: an exchange of two axes is a mirror
    image, in which left is right.

    Parameters
    ----------
    neurons : pandas.DataFrame
        A valid neuron table.
    left_out : list of dict
        Worms left out before.
    path : path-like
        The file.

    Returns
    -------
    neurons, left_out
        The same, fewer and more.
    """
    found, keep = list(left_out), np.ones(len(neurons), dtype=bool)
    for (lab, worm), spots in neurons.groupby(table.ANIMAL, sort=False).indices.items():
        if wrong := _misplaced(neurons.iloc[spots]):
            keep[spots] = False
            error = InputError(path, f"{wrong[0]} (worm {worm!r})", *wrong[1:])
            found.append(skipped.entry(path, lab, worm, error))
    return neurons[keep].reset_index(drop=True), found


def _misplaced(worm: pd.DataFrame) -> tuple[str, ...]:
    """Say what was found and expected where a worm's two kinds of position contradict."""
    voxels, places = worm[VOXELS].to_numpy(float), worm[MICROMETRES].to_numpy(float)
    largest = voxels.max(axis=0)
    if (largest + 1).prod() > MOST:
        shown = ", ".join(f"{side:.0f}" for side in largest)
        return f"voxels up to ({shown})", "x, y, z as indices into the worm's volume"
    steps, lengths = voxels - voxels.mean(axis=0), places - places.mean(axis=0)
    scale = np.outer(np.linalg.norm(lengths, axis=0), np.linalg.norm(steps, axis=0))
    # how far each of xr, yr, zr (rows) follows x, y, z; positions that do not (of a straightened
    # worm, say) are taken as they are
    follows = np.abs(lengths.T @ steps) / np.where(scale > 0, scale, np.inf)
    for axis, place in enumerate(MICROMETRES):
        other = int(follows[axis].argmax())
        if follows[axis, other] > EXACT and follows[axis, axis] < EXACT:
            return f"{place} along {VOXELS[other]}", f"{place} along {VOXELS[axis]}"
        side = np.ptp(places[:, axis]) / max(np.ptp(voxels[:, axis]), 1)
        if follows[axis, axis] > EXACT and not table.is_voxel_size(side):
            return (
                f"voxels of {side:.3g} um along {VOXELS[axis]}",
                f"{table.VOXEL_UM[0]:g} to {table.VOXEL_UM[1]:g} um",
                f"give {place} in micrometres",
            )
    return ()
