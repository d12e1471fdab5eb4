"""Worms that a kept model is applied to: less is asked of them than of worms that teach."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.apply.plan import Source
from chromapal.errors import InputError
from chromapal.files import write_json
from chromapal.worms import skipped, table, tables, volumes
from chromapal.worms.collect import HANDEDNESS, merged
from chromapal.worms.discover import laboratory
from chromapal.worms.nwb import contents, reader, traces
from chromapal.worms.table import MICROMETRES, VOXELS

LOGGER = logging.getLogger("chromapal")
EXACT = 0.999  # correlation of positions with voxels that they were computed from
MOST = 2**29  # voxels; as predicted colour, 16 bits a channel, these are 3 GB of memory
SEGMENTERS = "segment it first, with StarDist, Cellpose or NeuroPAL_ID for example"


def load(
    file: Source,
    lab: str,
    channels: dict[str, int],
    spacing: list[float],
    full_scales: dict[str, float],
    out_table: str | os.PathLike,
    out_facts: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Read one source of new worms; what cannot be used is listed with its reason.

    Parameters
    ----------
    file : Source
        The file, and what it is.
    lab : str
        The laboratory of all worms; "" for a table's own, or the name of the file's parent folder.
    channels : dict of str to int
        Which channels of a volume are R, G, B, W, from 0; a single channel is W.
    spacing : list of float
        Voxel size of volumes along x, y, z [um]; the file's own where it is empty.
    full_scales : dict of str to float
        Largest count per laboratory that the model's scale goes by; see `load.load`.
    out_table : path-like
        Parquet neuron table with a column `file`; gray stands in W.
    out_facts : path-like
        JSON: of a volume's file its shape and spacing, and whose neurons' traces it holds.
    out_skipped : path-like
        CSV list of `skipped.COLUMNS`.
    """
    path, lab = file.path, lab or None
    facts, left_out = {}, []
    try:
        if file.kind == "nwb":
            neurons = reader.read(path, lab, full_scales)
            facts = _of_nwb(path)
        elif file.kind == "volume":
            neurons, facts = _of_volume(path, file.centres, lab, channels, spacing, full_scales)
        else:
            text = completed(tables.cells(path), path, lab)
            neurons, left_out = placed(*tables.parsed(text, path, lab, full_scales), path)
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


def completed(text: pd.DataFrame, path: str | os.PathLike, lab: str | None = None) -> pd.DataFrame:
    """Add the columns of a neuron table that a new worm may lack.

    A worm without a name is called as its file; `gray` becomes W in worms that have all of it.

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


def _of_nwb(path: str | os.PathLike) -> dict:
    with contents.opened(path) as content:
        volume = contents.find_volume(content, path)
        return {
            "shape": [int(side) for side in volume.data.shape[:3]],
            "spacing": contents.spacing(volume, path).tolist(),
            "traces": traces.joined(content, path),
        }


def _of_volume(
    path: str | os.PathLike,
    centres: str,
    lab: str | None,
    channels: dict[str, int],
    spacing: list[float],
    full_scales: dict[str, float],
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
    if not table.is_voxel_size(sides):
        raise InputError(
            path,
            f"voxels of {', '.join(f'{side:.3g}' for side in sides)} um",
            f"{table.VOXEL_UM[0]:g} to {table.VOXEL_UM[1]:g} um along x, y and z",
            "state config key 'spacing'",
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
    if "full_scale" not in text:
        text["full_scale"] = f"{_full_scale(volume.data, path)}"
    rows, left_out = tables.parsed(completed(text, centres, lab), path, lab, full_scales)
    if left_out:
        raise InputError(path, left_out[0]["reason"], "a table of centres that can be used")
    return rows, {"shape": list(volume.data.shape[:3]), "spacing": sides.tolist(), "traces": []}


def _full_scale(data: np.ndarray, path: str | os.PathLike) -> int:
    """Infer what a camera could count from all voxels, not from those of a few dim neurons."""
    # a count that no camera gives is a mistake, found where a neuron has it
    inferred = table.full_scale_of(np.minimum(float(data.max()), table.FULL_SCALES[-1]), path)
    wide = np.issubdtype(data.dtype, np.integer) and data.dtype.itemsize > 1
    # a camera of 8 bits writes no 16
    return max(inferred, table.FULL_SCALES[1]) if wide else inferred


def _whole(text: pd.DataFrame, centres: str, shape: tuple[int, ...]) -> np.ndarray:
    """Give centres as voxels, rounded, all of them inside the volume."""
    places = text[VOXELS].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    voxels = np.rint(places)
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
