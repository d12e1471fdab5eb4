"""Files that appear whole or not at all, and tables that are the same bytes twice."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

FLOAT_FORMAT = "%.6g"


@contextmanager
def whole(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it there once the block succeeded.

    Works for a file and for a folder (whichever the block creates). A reader never sees half an
    output: `os.replace` is atomic within a file system.

    Parameters
    ----------
    path : path-like
        Where the finished output belongs. Parent folders are created.

    Yields
    ------
    Path
        The temporary path to write to; it keeps the suffix of `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        part = holder / path.name
        yield part
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(part, path)
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def write_csv(table: pd.DataFrame, path: str | os.PathLike, sort_by: list[str] | None = None):
    """Write a table for people: sorted rows, fixed float format, no index, no time stamps.

    Parameters
    ----------
    table : pandas.DataFrame
        What to write.
    path : path-like
        The CSV file.
    sort_by : list of str, optional
        Columns to sort by (stable); the order given is kept without it.
    """
    if sort_by:
        table = table.sort_values(sort_by, kind="stable")
    with whole(path) as part:
        table.to_csv(part, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")


def write_parquet(table: pd.DataFrame, path: str | os.PathLike):
    """Write a table for programs, whole or not at all."""
    with whole(path) as part:
        table.to_parquet(part, index=False)


def write_json(content: object, path: str | os.PathLike):
    """Write JSON with sorted keys, so that equal content is equal bytes."""
    with whole(path) as part:
        part.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: str | os.PathLike) -> object:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
