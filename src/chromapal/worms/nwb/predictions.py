"""What a study predicts of one worm, checked and ready to become columns of a file."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms.slugs import fault

COLOURS = tuple(f"{colour}_predicted" for colour in ("red", "green", "blue"))
REQUIRED = ("study", "version", "code_digest", "date")
_DEVIATIONS = {name: name.replace("_", "_sd_") for name in COLOURS}
_PLACES = range(1, 6)
# What each column says of itself in the file.
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
        f"name{place}_predicted": f"Synthetic: predicted name of the neuron, number {place} of "
        f"{len(_PLACES)}, the likeliest first; empty where there is none."
        for place in _PLACES
    },
    **{
        f"probability{place}_predicted": f"Synthetic: predicted probability, 0 to 1, of "
        f"name{place}_predicted; NaN where there is none."
        for place in _PLACES
    },
}


def spread(
    neurons: pd.DataFrame, count: int, source: str | os.PathLike
) -> dict[str, tuple[str, np.ndarray]]:
    """Check predictions, and spread them over all neurons of a file.

    Parameters
    ----------
    neurons : pandas.DataFrame
        `row` and columns of `COLUMNS`, `COLOURS` among them.
    count : int
        Neurons of the file.
    source : path-like
        The file that messages name.

    Returns
    -------
    dict of str to (str, numpy.ndarray)
        Description and values of each column given, shape (count,): float64 with NaN, or text
        with "", where `neurons` has no such row.

    Raises
    ------
    InputError
        A column is missing, unknown or there twice; a row is none of the file's or there twice;
        a value cannot be what its column says.
    """
    given = [str(name) for name in neurons.columns]
    faults = [f"no column {name}" for name in ("row", *COLOURS) if name not in given]
    faults += [f"a column {name!r}" for name in given if name not in ("row", *COLUMNS)]
    faults += [f"two columns {name}" for name in COLUMNS if given.count(name) > 1]
    if faults:
        raise InputError(source, f"{faults[0]} in its predictions", f"row, {', '.join(COLUMNS)}")
    rows = _rows(neurons["row"], count, source)
    columns = {}
    for name in [name for name in COLUMNS if name in given]:
        check = _names if name.startswith("name") else _numbers
        values = check(neurons[name], source)
        everywhere = np.full(count, "" if values.dtype == object else np.nan, values.dtype)
        everywhere[rows] = values
        columns[name] = COLUMNS[name], everywhere
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
            "predict from this very file",
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


def _names(column: pd.Series, source: str | os.PathLike) -> np.ndarray:
    # as plain objects: pandas' own text cannot hold every broken one, and would say so its own way
    pairs = zip(column.to_numpy(object), column.isna(), strict=True)
    values = np.array(["" if missing else str(text) for text, missing in pairs], dtype=object)
    for text in values[values != ""]:
        if fault(text):
            raise InputError(source, f"{fault(text)} as {column.name}", "a neuron's name, or none")
    return values


def facts(provenance: Mapping[str, str], source: str | os.PathLike) -> dict[str, str]:
    """Check what made the predictions.

    Raises
    ------
    InputError
        One of `REQUIRED` is missing, or a text is empty or holds control characters.
    """
    told = {str(key): str(value) for key, value in provenance.items()}
    for key in REQUIRED:
        if key not in told:
            raise InputError(source, f"no {key} in its provenance", ", ".join(REQUIRED))
    for text in (*told, *told.values()):
        if fault(text):
            raise InputError(source, f"{fault(text)} in its provenance", "printable text")
    return told
