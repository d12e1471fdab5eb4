"""Volumes of voxels with a table of neuron centres become the neuron table of one worm."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms import neuropal_id, stack, table, tables, volumes
from chromapal.worms.new_tables import add_missing_columns
from chromapal.worms.table import MICROMETRES, VOXELS

COLOURS = {"R": "red", "G": "green", "B": "blue"}
# columns in which napari and scikit-image write positions
OTHERS = (("axis-0", "axis-1", "axis-2"), ("centroid-0", "centroid-1", "centroid-2"))
SEGMENTERS = "segment it first, with StarDist, Cellpose or NeuroPAL_ID for example"


def read(
    path: str | os.PathLike,
    centres: str,
    lab: str | None,
    channels: dict[str, int],
    spacing: Sequence[float],
    full_scales: dict[str, float],
    folder_lab: str | None = None,
    with_stack: bool = False,
) -> tuple[pd.DataFrame, dict]:
    """Read one worm: the counts of a volume at given centres.

    Parameters
    ----------
    path : path-like
        The volume; see `chromapal.worms.volumes.read`.
    centres : str
        Table with columns x, y, z [voxel, from 0] of one worm's neurons, or the CSV that
        NeuroPAL_ID saves; "" if there is none.
    lab : str or None
        The worm's laboratory; None for the table's own, or the name of the volume's parent folder.
    channels : dict of str to int
        Which channels are R, G, B, W, from 0; a single channel is W.
    spacing : sequence of float
        Voxel size along x, y, z [um]; the volume's own where it is empty.
    full_scales : dict of str to float
        Largest count per laboratory.
    folder_lab : str, optional
        The worm's laboratory where neither states one; the name of the volume's parent folder
        without it.
    with_stack : bool
        Whether the facts have a `chromapal.worms.stack.Stack` too.

    Returns
    -------
    neurons : pandas.DataFrame
        A validated neuron table.
    facts : dict
        The volume's shape [voxel] and spacing [um], and its stack where it is wanted.

    Raises
    ------
    InputError
        Volume or table cannot be used, or a centre lies outside the volume.
    """
    if not centres:
        raise InputError(
            path, "no table of centres next to it", f"{Path(path).stem}.csv", SEGMENTERS
        )
    volume = volumes.read(path)
    sides = np.asarray(spacing or volume.spacing, dtype=float)
    if len(sides) != 3:
        raise InputError(
            path, "no voxel size", "one along x, y and z [um]", "set config key 'spacing'"
        )
    if not table.is_voxel_size(sides):
        raise InputError(
            path,
            f"voxels of {', '.join(f'{side:.3g}' for side in sides)} um",
            f"{table.VOXEL_UM[0]:g} to {table.VOXEL_UM[1]:g} um along x, y and z",
            "set config key 'spacing'",
        )
    text = _centres(centres, tuple(sides))
    worm = text.get("worm", pd.Series([""] * len(text)))
    if worm.nunique() > 1:
        raise InputError(centres, f"{worm.nunique()} worms", "the centres of one worm")
    named = volumes.named_channels(volume, channels, path)
    _require_gray(named, volume, path)
    # counts come from the volume, not from the table of centres
    text = text.drop(columns=[*table.CHANNELS, "gray", *MICROMETRES], errors="ignore")
    voxels = _centre_voxels(text, centres, volume.data.shape)
    counts = volume.data[tuple(voxels.T)]
    text = text.assign(
        **dict(zip(MICROMETRES, (voxels * sides).T, strict=True)),
        **{name: counts[:, channel].astype(float) for name, channel in named.items()},
    )
    if "full_scale" not in text:
        text["full_scale"] = f"{_full_scale(volume.data, path)}"
    rows, skipped_worms = tables.parsed(
        add_missing_columns(text, centres, lab), path, lab or folder_lab, full_scales
    )
    if skipped_worms:
        raise InputError(path, skipped_worms[0]["reason"], "a table of centres that can be used")
    facts = {"shape": list(volume.data.shape[:3]), "spacing": sides.tolist()}
    if with_stack:
        facts["stack"] = stack.shown(volume.data, named, voxels, sides)
    return rows, facts


def _centres(path: str, sides: tuple[float, float, float]) -> pd.DataFrame:
    """Read a table of centres, x, y, z and what else it may say."""
    if neuropal_id.wrote(path):
        return neuropal_id.read(path, sides)
    text = tables.cells(path)
    missing = [axis for axis in VOXELS if axis not in text]
    if missing:
        theirs = next((names for names in OTHERS if set(names) <= set(text.attrs["header"])), ())
        renamed = ", ".join(f"{name} as {axis}" for name, axis in zip(theirs, "zyx", strict=False))
        raise InputError(
            path,
            f"no column {', '.join(missing)} among {tables.shown(text)}",
            "x, y, z [voxel, counted from 0]",
            f"if your tool counts axes in the order z, y, x: write {renamed}" if renamed else "",
        )
    return text


def _require_gray(named: dict[str, int], volume: volumes.Volume, path: str | os.PathLike):
    """Refuse channels of which no gray can be made."""
    missing = [words for letter, words in COLOURS.items() if letter not in named]
    if "W" not in named and missing:
        called = f" ({', '.join(volume.channels)[:80]})" if volume.channels else ""
        raise InputError(
            path,
            f"no channel for {', '.join(missing)} or white{called}",
            "white, or red, green and blue",
            "set config key 'channels'",
        )


def _full_scale(data: np.ndarray, path: str | os.PathLike) -> int:
    """Infer a camera's full scale from all voxels, not from those of a few dim neurons."""
    # an impossible count is a mistake that is reported where a neuron has it
    inferred = table.full_scale_of(np.minimum(float(data.max()), table.FULL_SCALES[-1]), path)
    wide = np.issubdtype(data.dtype, np.integer) and data.dtype.itemsize > 1
    # an 8-bit camera does not write 16-bit counts
    return max(inferred, table.FULL_SCALES[1]) if wide else inferred


def _centre_voxels(text: pd.DataFrame, centres: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return centres as voxels, rounded, all of them inside the volume."""
    positions = text[VOXELS].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    voxels = np.rint(positions)
    bad = ~(np.isfinite(voxels) & (voxels >= 0) & (voxels < shape[:3])).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            centres,
            f"centre {text[VOXELS].iloc[row].tolist()} in row {row}",
            f"voxels below {tuple(shape[:3])}, counted from 0",
        )
    for column, axis in enumerate(VOXELS):
        text[axis] = voxels[:, column]
    return voxels.astype(np.int64)
