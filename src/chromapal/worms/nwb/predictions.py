"""A study's predictions for one worm, checked and arranged as columns of a file."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms.slugs import fault

COLOURS = tuple(f"{colour}_predicted" for colour in ("red", "green", "blue"))
REQUIRED = ("study", "version", "code_digest", "date")
_DEVIATIONS = {name: name.replace("_", "_sd_") for name in COLOURS}
_RANKS = range(1, 6)
# Description of each column in the file.
COLUMNS = {
    **{
        name: f"Synthetic: {name.replace('_predicted', '')}, predicted on the study's colour "
        "scale; NaN where nothing was predicted."
        for name in COLOURS
    },
    **{
        deviation: f"Synthetic: predicted standard deviation of {name}; NaN where it is unknown."
        for name, deviation in _DEVIATIONS.items()
    },
    **{
        f"name{rank}_predicted": f"Synthetic: predicted name of the neuron, number {rank} of "
        f"{len(_RANKS)}, the likeliest first; empty where there is none."
        for rank in _RANKS
    },
    **{
        f"probability{rank}_predicted": f"Synthetic: predicted probability, 0 to 1, of "
        f"name{rank}_predicted; NaN where there is none."
        for rank in _RANKS
    },
    "status_predicted": "Synthetic: how the neuron came by name1_predicted. model; forced, where "
    "another neuron of the worm has a likelier name; person, where column stated says it; none, "
    "where there is none.",
    "stated": "What a person stated about the neuron: a name or a class, or that it is no neuron; "
    "empty where nothing was stated.",
}
TEXTS = (*(f"name{rank}_predicted" for rank in _RANKS), "status_predicted", "stated")


def file_columns(
    neurons: pd.DataFrame, count: int, source: str | os.PathLike
) -> dict[str, tuple[str, np.ndarray]]:
    """Check predictions, and arrange them by the neurons of a file.

    Parameters
    ----------
    neurons : pandas.DataFrame
        `row` and columns of `COLUMNS`, `COLOURS` among them.
    count : int
        Neurons of the file.
    source : path-like
        The file, for messages.

    Returns
    -------
    dict of str to (str, numpy.ndarray)
        Description and values of each column given, shape (count,): float64 with NaN, or text
        with "", where `neurons` has no such row.

    Raises
    ------
    InputError
        A column is missing, unknown or repeated; a row does not exist in the file or is repeated;
        a value is not valid in its column.
    """
    columns_given = [str(name) for name in neurons.columns]
    faults = [f"no column {name}" for name in ("row", *COLOURS) if name not in columns_given]
    faults += [f"a column {name!r}" for name in columns_given if name not in ("row", *COLUMNS)]
    faults += [f"two columns {name}" for name in COLUMNS if columns_given.count(name) > 1]
    if faults:
        raise InputError(source, f"{faults[0]} in its predictions", f"row, {', '.join(COLUMNS)}")
    rows = _rows(neurons["row"], count, source)
    columns = {}
    for name in [name for name in COLUMNS if name in columns_given]:
        check = _texts if name in TEXTS else _numbers
        values = check(neurons[name], source)
        padded = np.full(count, "" if values.dtype == object else np.nan, values.dtype)
        padded[rows] = values
        columns[name] = COLUMNS[name], padded
    return columns


def _rows(column: pd.Series, count: int, source: str | os.PathLike) -> np.ndarray:
    if not len(column) or not pd.api.types.is_integer_dtype(column) or column.isna().any():
        found = f"rows of type {column.dtype}" if len(column) else "no rows"
        raise InputError(source, f"{found} in its predictions", "whole numbers from 0")
    outside, twice = column[(column < 0) | (column >= count)], column[column.duplicated()]
    if len(outside) or len(twice):
        found = f"row {outside.iloc[0]}" if len(outside) else f"row {twice.iloc[0]} twice"
        raise InputError(
            source,
            f"{found} in its predictions",
            f"rows 0 to {count - 1}, each at most once",
            "predict from this same file",
        )
    return column.to_numpy(np.int64)


def _numbers(column: pd.Series, source: str | os.PathLike) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = np.isinf(values) | (np.isnan(values) & column.notna().to_numpy())
    expected = "finite numbers"
    if column.name.startswith("probability"):
        bad |= (values < 0) | (values > 1)
        expected = "0 to 1"
    elif column.name in _DEVIATIONS.values():
        bad |= values < 0
        expected = "at least 0"
    if bad.any():
        found = f"{column.name} {column[bad].iloc[0]!s} in its predictions"
        raise InputError(source, found, f"{expected}, or NaN")
    return values


def _texts(column: pd.Series, source: str | os.PathLike) -> np.ndarray:
    # as plain objects: pandas' text type raises its own error for a broken text
    pairs = zip(column.to_numpy(object), column.isna(), strict=True)
    values = np.array(["" if missing else str(text) for text, missing in pairs], dtype=object)
    for text in values[values != ""]:
        if fault(text):
            raise InputError(source, f"{fault(text)} as {column.name}", "printable text, or none")
    return values


def facts(provenance: Mapping[str, str], source: str | os.PathLike) -> dict[str, str]:
    """Check the provenance of the predictions.

    Raises
    ------
    InputError
        One of `REQUIRED` is missing, or a text is empty or holds control characters.
    """
    entries = {str(key): str(value) for key, value in provenance.items()}
    for key in REQUIRED:
        if key not in entries:
            raise InputError(source, f"no {key} in its provenance", ", ".join(REQUIRED))
    for text in (*entries, *entries.values()):
        if fault(text):
            raise InputError(source, f"{fault(text)} in its provenance", "printable text")
    return entries
