"""A user's own neuron tables: CSV or Parquet files with one or many worms each."""

import re
import unicodedata
from collections import Counter
from operator import itemgetter
from pathlib import Path

from chromapal import sheet
from chromapal.errors import InputError
from chromapal.worms.discover import REQUIRED, fold_name
from chromapal.worms.registry import Source

_KEYS = ("worm", "lab", "fold")
_NUMBER = re.compile(r"[0-9]{1,9}")


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
            file_lab = self.laboratory(path, config)
            for worm, stated, fold in _keys(path):
                key = (stated.strip() or file_lab, worm.strip())
                worms.add(tuple(unicodedata.normalize("NFC", text) for text in key))
                folds.add(fold_name(fold))
        numeric = sorted((fold for fold in folds if _NUMBER.fullmatch(fold)), key=int)
        return dict(sorted(Counter(lab for lab, _ in worms).items())), tuple(numeric)

    def read(self, path, lab, full_scales):
        """Read all worms of a file; see `chromapal.worms.tables.read`."""
        from chromapal.worms import tables

        return tables.read(path, lab, full_scales)

    def read_new(self, path, stated):
        """Read all worms of a file; see `chromapal.worms.new_tables.read`."""
        from chromapal.worms import new_tables

        return *new_tables.read(path, stated.lab, stated.full_scales, stated.folder_lab), {}


def _keys(path: Path) -> set[tuple[str, ...]]:
    try:
        return _parquet_keys(path) if path.suffix.lower() == ".parquet" else _csv_keys(path)
    except InputError:
        return set()


def _csv_keys(path: Path) -> set[tuple[str, ...]]:
    rows = sheet.rows(path)
    _, header = next(rows, (0, []))
    if not set(REQUIRED) <= set(header):
        return set()
    # an absent column is the one behind the last, which is empty
    pick = itemgetter(*(header.index(key) if key in header else len(header) for key in _KEYS))
    return {pick([*row, ""]) for _, row in rows}


def _parquet_keys(path: Path) -> set[tuple[str, ...]]:
    from chromapal.worms import parquet_cells

    return parquet_cells.keys(path, _KEYS, REQUIRED)


SOURCE = Tables()
