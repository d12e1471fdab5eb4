"""The list of worms and files that were left out, with the reason."""

import logging
import os
from collections.abc import Iterable

import pandas as pd

from chromapal.columns import SKIPPED
from chromapal.files import write_csv

LOGGER = logging.getLogger(__name__)


def entry(file: object, lab: str, worm: str, reason: object, stage: str = "source") -> dict:
    """Describe one worm (or file, with `worm` "") that was left out.

    Parameters
    ----------
    file : object
        Path of the source file.
    lab, worm : str
        The worm's key, as far as it is known. Unprintable characters are shown escaped.
    reason : object
        One line, such as an `InputError`.
    stage : {"source", "colour", "identity"}
        What the worm is left out of.
    """
    values = (str(file), lab, worm, stage, str(reason))
    return {name: _shown(value) for name, value in zip(SKIPPED, values, strict=True)}


def _shown(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


def read(path: str | os.PathLike) -> pd.DataFrame:
    """Read a list written by `write`; every column is text (`007` and `NA` are names)."""
    return pd.read_csv(path, dtype="str", keep_default_na=False, na_filter=False)


def told(listed: pd.DataFrame) -> str:
    """Log why sources were left out, a line each; where nothing is left no list outlives the job.

    Returns
    -------
    str
        Advice for the error that ends such a job; empty where nothing was left out.
    """
    reasons = listed.loc[listed["stage"] == "source", "reason"].tolist()
    for reason in reasons:
        LOGGER.warning("left out: %s", reason)
    return f"first of {len(reasons)} reasons above: {reasons[0]}" if reasons else ""


def write(entries: pd.DataFrame | Iterable[dict], path: str | os.PathLike):
    """Write the list, sorted."""
    table = pd.DataFrame(entries, columns=list(SKIPPED))
    write_csv(table, path, sort_by=list(SKIPPED))
