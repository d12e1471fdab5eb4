"""Worms that a kept model is applied to: less is asked of them than of worms that teach."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.files import write_json
from chromapal.worms import nwb, nwb_file, skipped, table, tables, traces, volumes
from chromapal.worms.collect import HANDEDNESS, merged
from chromapal.worms.discover import laboratory

LOGGER = logging.getLogger("chromapal")
VOXELS, MICROMETRES = ("x", "y", "z"), ("xr", "yr", "zr")
SEGMENTERS = "segment it first, with StarDist, Cellpose or NeuroPAL_ID for example"


def load(
    path: str | os.PathLike,
    kind: str,
    centres: str,
    lab: str | None,
    channels: dict[str, int],
    spacing: list[float],
    out_table: str | os.PathLike,
    out_facts: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Read one source of new worms; what cannot be used is listed with its reason.

    Parameters
    ----------
    path : path-like
        The file.
    kind : {"nwb", "table", "volume"}
        What it is.
    centres : str
        Of a volume, the table of its neurons' centres; "" where there is none.
    lab : str or None
        The laboratory; the name of the file's parent folder without it.
    channels : dict of str to int
        Which channels of a volume are R, G, B, W, from 0; a single channel is W.
    spacing : list of float
        Voxel size of volumes along x, y, z [um]; the file's own where it is empty.
    out_table : path-like
        Parquet neuron table with a column `file`; gray stands in W.
    out_facts : path-like
        JSON: of a volume's file its shape and spacing, and whose neurons' traces it holds.
    out_skipped : path-like
        CSV list of `skipped.COLUMNS`.
    """
    facts, left_out = {}, []
    try:
        if kind == "nwb":
            neurons = nwb.read(path, lab, {})
            facts = _of_nwb(path)
        elif kind == "volume":
            neurons, facts = _of_volume(path, centres, lab, channels, spacing)
        else:
            text = completed(tables.cells(path), path)
            neurons, left_out = tables.parsed(text, path, lab, {})
    except InputError as error:
        neurons, facts = table.empty(), {}
        left_out = [skipped.entry(path, laboratory(path, lab), "", error)]
    for entry in left_out:
        LOGGER.warning("left out: %s", entry["reason"])
    table.write(neurons.assign(file=pd.Series(str(path), neurons.index, dtype="str")), out_table)
    write_json(facts, out_facts)
    skipped.write(left_out, out_skipped)


def collect(
    paths: Sequence[str | os.PathLike],
    skipped_parts: Sequence[str | os.PathLike],
    handedness: str,
    out_neurons: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Put the worms of all sources into one table, each worm once; it may have none.

    Parameters
    ----------
    paths, skipped_parts : sequence of path-like
        Tables and lists written by `load`.
    handedness : {"right", "mirrored", ""}
        What is stated about the worms' axes; "" for nothing.
    out_neurons, out_skipped : path-like
        Parquet, with the columns `name` and `handedness` that a study's neurons have too; CSV.
    """
    neurons, entries = merged(paths, skipped_parts)
    neurons = neurons.assign(
        full_scale=neurons.groupby("lab")["full_scale"].transform("max"),
        name=table.clean_name(neurons["ID"]),
        handedness=HANDEDNESS[handedness or None],
    )
    table.write(neurons, out_neurons)
    skipped.write(pd.concat(entries, ignore_index=True), out_skipped)


def completed(text: pd.DataFrame, path: str | os.PathLike) -> pd.DataFrame:
    """Add the columns of a neuron table that a new worm may lack; `gray` becomes W.

    Raises
    ------
    InputError
        A position is missing, or there is neither gray nor colour.
    """
    missing = [column for column in (*VOXELS, *MICROMETRES) if column not in text]
    if missing:
        raise InputError(
            path, f"no column {', '.join(missing)}", f"{', '.join((*VOXELS, *MICROMETRES))}"
        )
    if "gray" not in text and "W" not in text and not {"R", "G", "B"} <= set(text):
        raise InputError(path, "no channel", "a column gray or W, or R, G and B")
    blank = {"worm": Path(path).stem, "weight": "1", "ID": "", **dict.fromkeys(table.CHANNELS, "")}
    text = text.assign(**{name: value for name, value in blank.items() if name not in text})
    return text.assign(W=text["gray"]) if "gray" in text else text


def _of_nwb(path: str | os.PathLike) -> dict:
    with nwb_file.opened(path) as content:
        volume = nwb_file.find_volume(content, path)
        return {
            "shape": [int(side) for side in volume.data.shape[:3]],
            "spacing": nwb_file.spacing(volume, path).tolist(),
            "traces": traces.joined(content, path),
        }


def _of_volume(
    path: str | os.PathLike,
    centres: str,
    lab: str | None,
    channels: dict[str, int],
    spacing: list[float],
) -> tuple[pd.DataFrame, dict]:
    """Look up the counts of a volume at given centres."""
    if not centres:
        raise InputError(
            path, "no table of centres beside it", f"{Path(path).stem}.csv", SEGMENTERS
        )
    text = tables.cells(centres)
    missing = [axis for axis in VOXELS if axis not in text]
    if missing:
        raise InputError(centres, f"no column {', '.join(missing)}", "x, y, z [voxel]")
    volume = volumes.read(path)
    sides = np.asarray(spacing or volume.spacing, dtype=float)
    if len(sides) != 3:
        raise InputError(
            path, "no voxel size", "one along x, y and z [um]", "state config key 'spacing'"
        )
    worm = text.get("worm", pd.Series([""] * len(text)))
    if worm.nunique() > 1:
        raise InputError(centres, f"{worm.nunique()} worms", "the centres of one")
    named = volumes.named_channels(volume, channels, path)
    # counts come from the volume, not from the table of centres
    text = text.drop(columns=[*table.CHANNELS, "gray", *MICROMETRES], errors="ignore")
    voxels = _whole(text, centres, volume.data.shape)
    counts = volume.data[tuple(voxels.T)]
    text = text.assign(
        **dict(zip(MICROMETRES, (voxels * sides).T, strict=True)),
        **{name: counts[:, channel].astype(float) for name, channel in named.items()},
    )
    if text.get("worm", pd.Series([""])).eq("").all():
        text["worm"] = Path(centres).stem
    rows, left_out = tables.parsed(completed(text, centres), path, lab, {})
    if left_out:
        raise InputError(path, left_out[0]["reason"], "a table of centres that can be used")
    return rows, {"shape": list(volume.data.shape[:3]), "spacing": sides.tolist(), "traces": []}


def _whole(text: pd.DataFrame, centres: str, shape: tuple[int, ...]) -> np.ndarray:
    """Give centres as voxels, rounded, all of them inside the volume."""
    places = text[list(VOXELS)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    voxels = np.rint(places)
    bad = ~(np.isfinite(voxels) & (voxels >= 0) & (voxels < shape[:3])).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            centres,
            f"centre {text[list(VOXELS)].iloc[row].tolist()} in row {row}",
            f"voxels below {tuple(shape[:3])}, counted from 0",
        )
    for column, axis in enumerate(VOXELS):
        text[axis] = voxels[:, column]
    return voxels.astype(np.int64)
