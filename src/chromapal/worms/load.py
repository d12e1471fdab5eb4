"""One source file, of whatever kind, becomes a neuron table and a list of what was left out."""

import logging
import os

import pandas as pd

from chromapal.errors import InputError
from chromapal.worms import registry, skipped, table
from chromapal.worms.discover import laboratory

LOGGER = logging.getLogger(__name__)


def load(
    path: str | os.PathLike,
    kind: str,
    lab: str,
    full_scales: dict[str, float],
    out_table: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Read one source file; what cannot be used is listed with its reason, the rest goes on.

    Parameters
    ----------
    path : path-like
        The file.
    kind : str
        The source that reads it; see `chromapal.worms.registry`.
    lab : str
        The laboratory of the file's worms; "" for the name of the file's parent folder. A table's
        own `lab` column comes first.
    full_scales : dict of str to float
        Largest count per laboratory, where the study states it.
    out_table, out_skipped : path-like
        See `write`.
    """
    lab = lab or None
    try:
        neurons, left_out = registry.source(kind).read(path, lab, full_scales)
    except InputError as error:
        neurons, left_out = nothing(path, lab, error)
    write(path, neurons, left_out, out_table, out_skipped)


def nothing(
    path: str | os.PathLike, lab: str | None, error: InputError
) -> tuple[pd.DataFrame, list[dict]]:
    """Give the neurons of a file of which nothing can be used, and its entry in the list."""
    return table.empty(), [skipped.entry(path, laboratory(path, lab), "", error)]


def write(
    path: str | os.PathLike,
    neurons: pd.DataFrame,
    left_out: list[dict],
    out_table: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Write what became of one source file, and log what was left out.

    Parameters
    ----------
    path : path-like
        The file.
    neurons : pandas.DataFrame
        Neurons of its usable worms.
    left_out : list of dict
        A `skipped.entry` for each other worm.
    out_table : path-like
        Parquet neuron table with a column `file`, without rows where nothing could be used.
    out_skipped : path-like
        CSV list of `chromapal.columns.SKIPPED`.
    """
    for entry in left_out:
        LOGGER.warning("left out: %s", entry["reason"])
    table.write(neurons.assign(file=pd.Series(str(path), neurons.index, dtype="str")), out_table)
    skipped.write(left_out, out_skipped)
