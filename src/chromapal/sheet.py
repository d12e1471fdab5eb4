"""Rows of CSV files as people and spreadsheets save them; standard library only."""

import csv
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from chromapal.errors import InputError
from chromapal.files import live

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_LONGEST_HEAD = 20  # columns of a header that a line shows


def read(
    path: str | os.PathLike, short: bool = False
) -> tuple[list[str], list[int], list[list[str]]]:
    """Read a file whole; see `rows`.

    Returns
    -------
    header : list of str
        Names of columns; empty for an empty file.
    lines : list of int
        Line of each row in the file, from 1.
    cells : list of list of str
        A row each.
    """
    (_, header), *others = list(rows(path, short)) or [(0, [])]
    return header, [line for line, _ in others], [cells for _, cells in others]


def rows(path: str | os.PathLike, short: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield a file's header, then its rows, each with its line.

    What a spreadsheet leaves around a table is passed over: a first line `sep=,`, rows of empty
    cells, columns without a name, and spaces around the names of columns.

    Parameters
    ----------
    path : path-like
        UTF-8, with or without a byte order mark; cells separated by commas.
    short : bool
        Whether a row may lack cells at its end, which are then empty.

    Raises
    ------
    InputError
        The file cannot be read, its cells are separated otherwise, it names a column twice, or a
        row has more cells than the header, or fewer.
    """
    kept: list[int] | None = None
    width = 0
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                if not any(map(str.strip, row)):
                    continue
                if kept is None:
                    if _states_separator(row, path):
                        continue
                    header = [name.strip() for name in row]
                    _require_commas(header, path)
                    require_once(header, path)
                    kept = [index for index, name in enumerate(header) if name]
                    width = len(header)
                    yield reader.line_num, [header[index] for index in kept]
                    continue
                if len(row) != width:
                    missing = kept[-1] + 1 - len(row)
                    if any(map(str.strip, row[width:])) or (missing > 0 and not short):
                        raise InputError(
                            f"{path}, line {reader.line_num}",
                            f"{len(row)} cells",
                            f"{width}, as in the header ({head(header)})",
                        )
                    row += [""] * missing
                cells = row if len(kept) == len(row) else [row[index] for index in kept]
                # asked once: a study of 1,000 worms has millions of cells when it is planned
                if "'" in "".join(cells):
                    cells = [live(cell) for cell in cells]
                yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"no readable CSV file ({error})", "UTF-8 text") from None


def head(names: list[str]) -> str:
    """Show the first columns of a header in a line; `none` for an empty one."""
    shown = ", ".join(map(repr, names[:_LONGEST_HEAD]))
    return f"{shown[:150]}…" if len(shown) > 150 else shown or "none"


def require_once(header: list[str], path: str | os.PathLike):
    """Refuse a header that names a column twice; several without a name are none."""
    twice = sorted(name for name, count in Counter(header).items() if name and count > 1)
    if twice:
        raise InputError(path, f"two columns {', '.join(twice[:5])}", "each column once")


def _states_separator(row: list[str], path: str | os.PathLike) -> bool:
    """Return whether a first line tells a spreadsheet that commas separate cells: `sep=,`."""
    first = row[0].strip().lower()
    if not first.startswith("sep=") or any(map(str.strip, row[1:])):
        return False
    _refuse(first[4:], path)
    return True


def _require_commas(header: list[str], path: str | os.PathLike):
    if len(header) == 1:
        _refuse(header[0], path)


def _refuse(text: str, path: str | os.PathLike):
    for separator, words in _OTHER_SEPARATORS.items():
        if separator in text:
            raise InputError(
                path,
                f"cells separated by {words} ({head([text])})",
                "cells separated by commas",
                "save it as CSV (UTF-8) with commas, and points in numbers",
            )
