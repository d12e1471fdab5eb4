"""Cells of a Parquet file: the columns of neuron tables alone, their types checked."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import parquet, types

from chromapal import sheet
from chromapal.errors import InputError

if TYPE_CHECKING:
    # planning a study reads keys alone
    import pandas as pd

MAX_ROWS = 2_000_000  # 10,000 worms of 200 neurons
MAX_BYTES = 2**30  # of the columns read, unpacked; a packed file can promise any number
_WHOLE = (types.is_integer, types.is_boolean, types.is_decimal, types.is_null)
_WORDS = (types.is_string, types.is_large_string, types.is_string_view)
_BYTES = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
_LISTS = (types.is_list, types.is_large_list, types.is_fixed_size_list)
_DATES = (types.is_date, types.is_timestamp)


def read(
    path: str | os.PathLike, numbers: Sequence[str], texts: Sequence[str]
) -> tuple["pd.DataFrame", list[str]]:
    """Read columns of a file; what pandas or another program wrote about them is ignored.

    Parameters
    ----------
    path : path-like
        The file.
    numbers, texts : sequence of str
        Names of columns; those that the file lacks are passed over.

    Returns
    -------
    cells : pandas.DataFrame
        Texts as they stand, "" where missing: bytes are decoded, lists of letters joined; numbers
        as the file has them.
    names : list of str
        All columns of the file.

    Raises
    ------
    InputError
        It is no Parquet file, has too many rows, names a column twice, or one of those asked for
        is of another type.
    """
    import pandas as pd

    content, names = _content(path, numbers, texts)
    try:
        columns = {
            name: content[name].to_pandas()
            if name in numbers or types.is_timestamp(content[name].type)
            else pd.Series(_texts(content[name]), dtype="str")
            for name in content.column_names
        }
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise _unreadable(path, error) from None
    return pd.DataFrame(columns, index=pd.RangeIndex(content.num_rows)), names


def keys(
    path: str | os.PathLike, texts: Sequence[str], required: Sequence[str]
) -> set[tuple[str, ...]]:
    """Return the distinct combinations of some columns' texts, "" for a column that the file lacks.

    Returns
    -------
    set of tuple of str
        Empty if the file lacks one of the columns `required`.

    Raises
    ------
    InputError
        As `read` raises it.
    """
    content, names = _content(path, (), texts)
    if not set(required) <= set(names):
        return set()
    absent = np.full(content.num_rows, "", dtype=object)
    columns = [_texts(content[name]) if name in names else absent for name in texts]
    return set(zip(*columns, strict=True))


def _content(
    path: str | os.PathLike, numbers: Sequence[str], texts: Sequence[str]
) -> tuple[pa.Table, list[str]]:
    """Read columns without what other programs wrote about them, and the names of all columns."""
    asked = {*numbers, *texts}
    try:
        with parquet.ParquetFile(path) as file:
            _require_bounds(file.metadata, path, asked)
            # the schema names columns as they stand; a mapping would hide one named twice
            names = [field.name.strip() for field in file.schema_arrow]
            sheet.require_once(names, path)
            fields = [field for field in file.schema_arrow if field.name.strip() in asked]
            for field in fields:
                name = field.name.strip()
                _require_type(name, field.type, name in numbers, path)
            content = file.read(columns=[field.name for field in fields])
            content = content.rename_columns([name.strip() for name in content.column_names])
    except InputError:
        raise
    except (OSError, pa.ArrowException, ValueError, OverflowError) as error:
        raise _unreadable(path, error) from None
    return content.replace_schema_metadata(None), names


def _unreadable(path: str | os.PathLike, error: Exception) -> InputError:
    line = " ".join(str(error).split())[:150]
    return InputError(path, f"no readable Parquet file ({line})", "a neuron table")


def _require_bounds(facts: parquet.FileMetaData, path: str | os.PathLike, asked: set[str]):
    if facts.num_rows > MAX_ROWS:
        raise InputError(
            path, f"{facts.num_rows} rows", f"at most {MAX_ROWS}", "write one file per laboratory"
        )
    size = 0
    for group in range(facts.num_row_groups):
        row_group = facts.row_group(group)
        for index in range(row_group.num_columns):
            column = row_group.column(index)
            if column.path_in_schema.split(".")[0].strip() in asked:
                size += column.total_uncompressed_size
    if size > MAX_BYTES:
        raise InputError(path, f"columns of {size / 1e9:.1f} GB", f"at most {MAX_BYTES / 1e9:.1f}")


def _require_type(name: str, kind: pa.DataType, number: bool, path: str | os.PathLike):
    plain = kind.value_type if types.is_dictionary(kind) else kind
    if number:
        good = (*_WHOLE, types.is_floating, *_WORDS)
    else:
        good = (*_WHOLE, *_WORDS, *_BYTES, *_DATES)
        # the name 1.5 is hardly one, while an empty column has this type
        good += () if name in ("worm", "lab") else (types.is_floating,)
        if name == "ID" and any(is_list(plain) for is_list in _LISTS):
            plain = plain.value_type
    if not any(fits(plain) for fits in good):
        raise InputError(path, f"column {name} of type {kind}", "numbers" if number else "text")


def _texts(column: pa.ChunkedArray) -> np.ndarray:
    """Write values as text, each distinct one once."""
    parts = [np.array([], dtype=object)]
    for chunk in column.chunks:
        if any(is_list(chunk.type) for is_list in _LISTS):
            parts.append(_objects(map(_joined, chunk.to_pylist())))
            continue
        coded = chunk if types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        values = _objects([*map(_text, coded.dictionary.to_pylist()), ""])
        places = coded.indices.cast(pa.int64()).fill_null(len(values) - 1)
        parts.append(values[places.to_numpy(zero_copy_only=False)])
    return np.concatenate(parts)


def _objects(values: Iterable[str]) -> np.ndarray:
    return np.array(list(values), dtype=object)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.rstrip(b"\0").decode("utf-8", "replace")
    return str(value)


def _joined(letters: list | None) -> str:
    return "".join(map(_text, letters or []))
