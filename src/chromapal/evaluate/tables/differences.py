"""The cells in which two versions of a table differ, and the kind of row each is in."""

import os
import re
from functools import cache

import numpy as np
import pandas as pd

from chromapal import methods
from chromapal.columns import TRAINED_ON
from chromapal.errors import InputError
from chromapal.evaluate.dictionary.tables import TABLES

# Numbers are written with six digits, and another processor may round the last one otherwise.
LAST_DIGIT = 1.001e-5
NOTHING = 1e-9
# A pair of classes that was never confused has no row: its count is 0.
SPARSE = {"confusion": "count"}
# Columns that show whether a row depends on a trained network.
METHODS = ("colorizer", "classifier", "features", "setting", "source")
NETWORK, OTHER = "network", "other"
# The column of a row that only one version has.
ROW = "(row)"
ALL = "all"
COLUMNS = ["row", "rows", "level", "column", "then", "now", "size"]


def read(path: str | os.PathLike, name: str) -> pd.DataFrame:
    """Read a table as text, by its keys.

    Parameters
    ----------
    path : path-like
        The CSV file.
    name : str
        Key of `chromapal.evaluate.dictionary.tables.TABLES`.

    Raises
    ------
    InputError
        A key column is missing, or two rows have the same key.
    """
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    keys = list(TABLES[name].keys)
    if not set(keys) <= set(table.columns):
        raise InputError(path, f"columns {', '.join(table.columns)}", f"{', '.join(keys)}")
    table = table.set_index(keys, drop=False)
    if table.index.has_duplicates:
        raise InputError(path, "several rows for one key", f"one per {', '.join(keys)}")
    return table


def differences(name: str, now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """List the cells in which two versions of a table differ, by more than a last digit.

    Parameters
    ----------
    name : str
        Key of `chromapal.evaluate.dictionary.tables.TABLES`.
    now, then : pandas.DataFrame
        What `read` gave. Columns that only one of them has, and those that state what networks
        were trained with, are not compared.

    Returns
    -------
    pandas.DataFrame
        row (its key, as text), rows (`network` where the row depends on a trained network, else
        `other`), level (what the row covers: one `fold`, one `lab`, `fold+lab`, or `all`), column,
        then and now (as written), size (absolute difference; infinite between texts, and where one
        is empty). A row that only one version has is a difference of size 1 in the column `ROW`.
    """
    keys = list(TABLES[name].keys)
    if name in SPARSE:
        every = now.index.union(then.index)
        now, then = (_filled(table, every, SPARSE[name], keys) for table in (now, then))
    both = then.index.intersection(now.index)
    parts = []
    for table, other, words in ((now, then, ("", "new")), (then, now, ("there", "gone"))):
        single = table.loc[table.index.difference(other.index)]
        parts.append(_described(single, keys, ROW, *words, 1.0))
    now, then = now.loc[both], then.loc[both]
    for column in [name for name in then.columns if name in now and name not in TRAINED_ON]:
        texts = [table[column].to_numpy(dtype=object) for table in (then, now)]
        numbers = [
            pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
            for table in (then, now)
        ]
        size = np.abs(numbers[0] - numbers[1])
        size = np.where(np.isnan(size), np.inf, size)
        rounding = LAST_DIGIT * np.abs(numbers).max(axis=0) + NOTHING
        differs = (texts[0] != texts[1]) & ~(size <= rounding)
        then_text, now_text = (text[differs] for text in texts)
        parts.append(_described(then[differs], keys, column, then_text, now_text, size[differs]))
    return pd.concat(parts, ignore_index=True)


def _filled(table: pd.DataFrame, every: pd.Index, column: str, keys: list[str]) -> pd.DataFrame:
    """Add the rows of a sparse table that stand for 0."""
    filled = table[[column]].reindex(every, fill_value="0")
    return every.to_frame()[keys].assign(**{column: filled[column]})


def _described(rows: pd.DataFrame, keys: list[str], column: str, then, now, size) -> pd.DataFrame:
    words = [
        " ".join(f"{key}={value}" for key, value in zip(keys, row, strict=True) if value)
        for row in rows[keys].itertuples(index=False, name=None)
    ]
    found = pd.DataFrame({"row": pd.Series(words, dtype=object)})
    return found.assign(
        rows=kinds(rows), level=levels(rows), column=column, then=then, now=now, size=size
    )[COLUMNS]


def kinds(rows: pd.DataFrame) -> np.ndarray:
    """Return for each row whether it depends on a trained network, a colorizer or a classifier."""
    words = pd.Series("", index=range(len(rows)), dtype=object)
    for column in METHODS:
        if column in rows:
            words += " " + rows[column].to_numpy(dtype=object)
    return np.where(words.str.contains(_networks(), regex=True), NETWORK, OTHER)


@cache
def _networks() -> str:
    colorizers = set(methods.names("colorizers")) - set(methods.baselines())
    networks = colorizers | set(methods.declaring("classifiers", "gpu"))
    names = "|".join(map(re.escape, sorted(networks)))
    # the table `ablation` describes a classifier in words
    return rf"\b(?:{names})\b|predicted|\(transformer\)"


def levels(rows: pd.DataFrame) -> np.ndarray:
    """Return for each row whether it is of one fold, one laboratory, both, or neither."""
    words = np.full(len(rows), "", dtype=object)
    for column in ("fold", "lab"):
        if column in rows:
            one = rows[column].to_numpy(dtype=object) != ALL
            words = words + np.where(one, f"+{column}", "").astype(object)
    return np.array([word[1:] or ALL for word in words], dtype=object)
