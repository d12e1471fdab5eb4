"""One source file, of whatever kind, becomes a neuron table and a list of what was left out."""

import logging
import os
from pathlib import Path

import pandas as pd

from chromapal.errors import InputError
from chromapal.worms import skipped, table, tables
from chromapal.worms.dandi.ranges import RangeFile
from chromapal.worms.discover import laboratory
from chromapal.worms.nwb import reader

LOGGER = logging.getLogger(__name__)


def load(
    path: str | os.PathLike,
    lab: str,
    full_scales: dict[str, float],
    out_table: str | os.PathLike,
    out_skipped: str | os.PathLike,
    remote: RangeFile | None = None,
):
    """Read one source file; what cannot be used is listed with its reason, the rest goes on.

    Parameters
    ----------
    path : path-like
        An NWB file (`.nwb`) or a neuron table (`.csv`, `.parquet`).
    lab : str
        The laboratory of the file's worms; "" for the name of the file's parent folder. A table's
        own `lab` column comes first.
    full_scales : dict of str to float
        Largest count per laboratory, where the study states it.
    out_table : path-like
        Parquet neuron table with a column `file`, without rows where nothing could be used.
    out_skipped : path-like
        CSV list of `skipped.COLUMNS`.
    remote : RangeFile, optional
        The bytes of an NWB file that is not on this disk; `path` then only names it.

    Raises
    ------
    InputError
        The remote file's bytes could not be fetched: no fault of the worm's, which is not left
        out for it.
    """
    lab = lab or None
    try:
        if Path(path).suffix.lower() == ".nwb":
            neurons, left_out = reader.read(path, lab, full_scales, remote), []
        else:
            neurons, left_out = tables.read(path, lab, full_scales)
    except InputError as error:
        neurons = table.empty()
        left_out = [skipped.entry(path, laboratory(path, lab), "", error)]
    if remote is not None and remote.failure is not None:
        raise remote.failure
    for entry in left_out:
        LOGGER.warning("left out: %s", entry["reason"])
    table.write(neurons.assign(file=pd.Series(str(path), neurons.index, dtype="str")), out_table)
    skipped.write(left_out, out_skipped)
