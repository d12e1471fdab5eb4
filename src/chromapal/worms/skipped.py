"""The list of worms and files that were skipped, with the reason."""

import logging
import os
from collections.abc import Iterable

import pandas as pd

from chromapal.columns import SKIPPED
from chromapal.files import live, write_csv

LOGGER = logging.getLogger(__name__)


def entry(file: object, lab: str, worm: str, reason: object, stage: str = "source") -> dict:
    """Describe one worm (or file, with `worm` "") that was skipped.

    Parameters
    ----------
    file : object
        Path of the source file.
    lab, worm : str
        The worm's key, as far as known. Unprintable characters are escaped.
    reason : object
        One line, such as an `InputError`.
    stage : {"source", "colour", "identity"}
        The step that skips the worm.
    """
    values = (str(file), lab, worm, stage, str(reason))
    return {name: _printable(value) for name, value in zip(SKIPPED, values, strict=True)}


def of_no_files(found: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
    """List, and log, what is called like a file of worms and is none; see `registry.Source`."""
    for _, _, reason in found:
        LOGGER.warning("skipped: %s", reason)
    rows = [entry(path, lab, "", reason) for path, lab, reason in found]
    return pd.DataFrame(rows, columns=list(SKIPPED))


def _printable(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


def read(path: str | os.PathLike) -> pd.DataFrame:
    """Read a list written by `write`; every column is text (`007` and `NA` are names)."""
    return pd.read_csv(path, dtype="str", keep_default_na=False, na_filter=False).map(live)


def log_reasons(listed: pd.DataFrame) -> str:
    """Log why sources were skipped, one line each, as a failed job leaves no list.

    Returns
    -------
    str
        Advice for the error that ends such a job; empty if nothing was skipped.
    """
    reasons = listed.loc[listed["stage"] == "source", "reason"].tolist()
    for reason in reasons:
        LOGGER.warning("skipped: %s", reason)
    return f"first of {len(reasons)} reasons above: {reasons[0]}" if reasons else ""


def write(entries: pd.DataFrame | Iterable[dict], path: str | os.PathLike):
    """Write the list, sorted."""
    table = pd.DataFrame(entries, columns=list(SKIPPED))
    write_csv(table, path, sort_by=list(SKIPPED))
