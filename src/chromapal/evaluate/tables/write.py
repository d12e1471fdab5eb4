"""Write tables with the columns of the column dictionary."""

import os

import pandas as pd

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.files import write_csv


def write_table(
    name: str, table: pd.DataFrame, out: str | os.PathLike, sort_by: list[str] | None = None
):
    """Write one table, its columns in the order of the dictionary.

    Parameters
    ----------
    name : str
        Key of `chromapal.evaluate.dictionary.tables.TABLES`.
    table : pandas.DataFrame
        The rows; a table without rows may lack columns.
    out, sort_by
        See `chromapal.files.write_csv`.

    Raises
    ------
    ValueError
        The table lacks a column of the dictionary, or has one that is not there.
    """
    names = TABLES[name].names
    if table.empty:
        table = table.reindex(columns=names)
    wrong = sorted(set(names) ^ set(table.columns))
    if wrong:
        raise ValueError(f"table {name}: only in the dictionary or only in the table: {wrong}")
    write_csv(table[names], out, sort_by)


def distinct(values: pd.Series) -> str:
    """Join the distinct parts of texts such as `cpu` and `cpu+cuda`, "" for none."""
    return "+".join(sorted({part for value in values for part in value.split("+")} - {""}))
