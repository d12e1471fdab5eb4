"""Read source files, of any kind, as one neuron table and a list of what was skipped."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import pandas as pd

from chromapal.console import progress
from chromapal.errors import InputError, PassingError, passing
from chromapal.worms import doubts, registry, skipped, table
from chromapal.worms.discover import laboratory

LOGGER = logging.getLogger(__name__)
Result = TypeVar("Result")


def load(
    files: Sequence[tuple[str, str]],
    kind: str,
    full_scales: dict[str, float],
    out_table: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Read a batch of source files; what cannot be used is listed with the reason.

    Parameters
    ----------
    files : sequence of (str, str)
        Each file, and the laboratory of its worms; "" for the name of the file's parent folder. A
        table's own `lab` column takes precedence.
    kind : str
        The source that reads them; see `chromapal.worms.registry`.
    full_scales : dict of str to float
        Largest count per laboratory, where the study states it.
    out_table, out_skipped : path-like
        See `write`.

    Raises
    ------
    PassingError
        See `read_each`.
    """
    source, labs = registry.source(kind), dict(files)

    def read(path: str) -> tuple[pd.DataFrame, list[dict]]:
        lab = labs[path] or None
        try:
            return source.read(path, lab, full_scales)
        except (InputError, OSError) as error:
            return nothing(path, lab, error)

    write(read_each(labs, read), out_table, out_skipped)


def read_each(paths: Sequence[str] | Mapping, read: Callable[[str], Result]) -> dict[str, Result]:
    """Read all files of a batch, and only then stop for one that could not be read for now.

    Parameters
    ----------
    paths : sequence or mapping of str
        The files.
    read : callable
        Reads one of them; it raises no error for a file that is at fault itself.

    Returns
    -------
    dict
        What was read, by path.

    Raises
    ------
    PassingError
        Some files are locked, may not be read, or their disk fails: the last of them; the log has
        a line for each.
    """
    results, failures = {}, []
    for path in progress(paths, len(paths), "files"):
        try:
            results[path] = read(path)
        except PassingError as error:
            failures.append(error)
    for error in failures[:-1]:
        LOGGER.error("error: %s", error)
    if failures:
        raise failures[-1]
    return results


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
    read: Mapping[str, tuple[pd.DataFrame, list[dict]]],
    out_table: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Write the neurons of source files; list and log what was skipped, log what is odd.

    Parameters
    ----------
    read : mapping of str to (pandas.DataFrame, list of dict)
        By file: the neurons of its usable worms, and a `skipped.entry` for each other worm.
    out_table : path-like
        Parquet neuron table with a column `file`, without rows if nothing could be used.
    out_skipped : path-like
        CSV list of `chromapal.columns.SKIPPED`.
    """
    parts = [table.empty().assign(file="")]
    listed: list[dict] = []
    for path, (neurons, skipped_worms) in read.items():
        for entry in skipped_worms:
            LOGGER.warning("skipped: %s", entry["reason"])
        for line in doubts.lines(neurons):
            LOGGER.warning("%s: %s", path, line)
        parts.append(neurons.assign(file=str(path)))
        listed += skipped_worms
    table.write(pd.concat(parts, ignore_index=True), out_table)
    skipped.write(listed, out_skipped)
