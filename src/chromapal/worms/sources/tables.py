"""A user's own neuron tables: CSV or Parquet files with one or many worms each."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chromapal.worms.discover import REQUIRED, fold_name, laboratory
from chromapal.worms.registry import Source

_KEYS = ("worm", "lab", "fold")


class Tables(Source):
    """Their columns are those of `chromapal.worms.table`."""

    suffixes = (".csv", ".parquet")
    key = "tables"
    words = "neuron tables"

    def count(self, config, files):
        """Count distinct worms; a table that lacks a column or cannot be read counts as empty.

        The reason is given when it is read.
        """
        worms: set[tuple[str, str]] = set()
        folds: set[str] = set()
        for path in map(Path, files):
            file_lab = laboratory(path, config["laboratory"] or None)
            for worm, stated, fold in _keys(path):
                worms.add((stated.strip() or file_lab, worm.strip()))
                folds.add(fold_name(fold))
        numeric = sorted((fold for fold in folds if fold.isdigit()), key=int)
        return dict(sorted(Counter(lab for lab, _ in worms).items())), tuple(numeric)

    def read(self, path, lab, full_scales):
        """Read all worms of a file; see `chromapal.worms.tables.read`."""
        from chromapal.worms import tables

        return tables.read(path, lab, full_scales)

    def read_new(self, path, stated):
        """Read all worms of a file; see `chromapal.worms.new_tables.read`."""
        from chromapal.worms import new_tables

        return *new_tables.read(path, stated.lab, stated.full_scales), {}


def _keys(path: Path) -> set[tuple[str, str, str]]:
    try:
        read = _parquet_columns if path.suffix.lower() == ".parquet" else _csv_columns
        return read(path)
    except (OSError, ValueError, csv.Error):
        return set()


def _csv_columns(path: Path) -> set[tuple[str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        header = next(rows, [])
        if not set(REQUIRED) <= set(header):
            return set()
        indices = [header.index(key) if key in header else None for key in _KEYS]
        return {_pick(row, indices) for row in rows if len(row) == len(header)}


def _pick(row: Sequence[str], indices: Sequence[int | None]) -> tuple[str, ...]:
    return tuple("" if index is None else row[index] for index in indices)


def _parquet_columns(path: Path) -> set[tuple[str, str, str]]:
    from pyarrow import parquet

    header = parquet.read_schema(path).names
    if not set(REQUIRED) <= set(header):
        return set()
    table = parquet.read_table(path, columns=[key for key in _KEYS if key in header])
    columns = [
        ["" if value is None else str(value) for value in table[key].to_pylist()]
        if key in header
        else [""] * table.num_rows
        for key in _KEYS
    ]
    return set(zip(*columns, strict=True))


SOURCE = Tables()
