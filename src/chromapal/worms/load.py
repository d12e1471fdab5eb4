"""Read one source file, of any kind, as a neuron table and a list of what was skipped."""

import logging
import os

import pandas as pd

from chromapal.errors import InputError, passing
from chromapal.worms import doubts, registry, skipped, table
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
    """Read one source file; what cannot be used is listed with the reason.

    Parameters
    ----------
    path : path-like
        The file.
    kind : str
        The source that reads it; see `chromapal.worms.registry`.
    lab : str
        The laboratory of the file's worms; "" for the name of the file's parent folder. A table's
        own `lab` column takes precedence.
    full_scales : dict of str to float
        Largest count per laboratory, where the study states it.
    out_table, out_skipped : path-like
        See `write`.
    """
    lab = lab or None
    try:
        neurons, skipped_worms = registry.source(kind).read(path, lab, full_scales)
    except (InputError, OSError) as error:
        neurons, skipped_worms = nothing(path, lab, error)
    write(path, neurons, skipped_worms, out_table, out_skipped)


def nothing(
    path: str | os.PathLike, lab: str | None, error: InputError | OSError
) -> tuple[pd.DataFrame, list[dict]]:
    """Return no neurons, and the list entry, for a file that cannot be used.

    Raises
    ------
    PassingError
        The file is not at fault: it is locked, may not be read, or its disk fails.
    """
    trouble = passing(error, getattr(error, "where", path))
    if trouble is not None:
        raise trouble from None
    if not isinstance(error, InputError):
        raise error
    return table.empty(), [skipped.entry(path, laboratory(path, lab), "", error)]


def write(
    path: str | os.PathLike,
    neurons: pd.DataFrame,
    skipped_worms: list[dict],
    out_table: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Write the neurons of one source file; list and log what was skipped, log what is odd.

    Parameters
    ----------
    path : path-like
        The file.
    neurons : pandas.DataFrame
        Neurons of its usable worms.
    skipped_worms : list of dict
        A `skipped.entry` for each other worm.
    out_table : path-like
        Parquet neuron table with a column `file`, without rows if nothing could be used.
    out_skipped : path-like
        CSV list of `chromapal.columns.SKIPPED`.
    """
    for entry in skipped_worms:
        LOGGER.warning("skipped: %s", entry["reason"])
    for line in doubts.lines(neurons):
        LOGGER.warning("%s: %s", path, line)
    table.write(neurons.assign(file=pd.Series(str(path), neurons.index, dtype="str")), out_table)
    skipped.write(skipped_worms, out_skipped)
