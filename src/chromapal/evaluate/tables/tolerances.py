"""How far tables differ between equal studies whose networks were trained differently.

Run as `python -m chromapal.evaluate.tables.tolerances OUT RUN RUN [RUN ...]`, each RUN a folder of
one study's tables: of trainings with other seeds and other precisions, and of other processors.
"""

import itertools
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.evaluate.dictionary.entries import TEXT
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables.differences import NETWORK, ROW, differences, read
from chromapal.files import write_csv

# A tolerance is so many times the largest difference that was seen between any two runs.
FACTOR = 1.5
KEYS = ["table", "column", "rows", "level"]
COLUMNS = [*KEYS, "runs", "largest", "tolerance", "changes"]
EXEMPT = ("timings",)


@dataclass(frozen=True)
class Tolerance:
    """A difference that is accepted.

    Attributes
    ----------
    size : float
        The largest absolute difference; in the column `ROW` the most rows of one kind that may
        come or go.
    changes : bool
        Whether a text may be another one, or a number come and go.
    """

    size: float = 0.0
    changes: bool = False


class Tolerances:
    """Tolerances by table, column, kind of row and level.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `COLUMNS`; a column, kind and level that is not listed of a table that is did not
        differ between runs.
    """

    def __init__(self, table: pd.DataFrame):
        self.table = table
        self.measured = set(table["table"])
        self.exact = {
            tuple(row[:4]): Tolerance(row[4], row[5])
            for row in table[[*KEYS, "tolerance", "changes"]].itertuples(index=False, name=None)
        }

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Tolerances":
        """Read what `write` wrote; where there is no such file, nothing may move."""
        if not Path(path).exists():
            return cls(pd.DataFrame(columns=COLUMNS))
        return cls(_read(path))

    def of(self, table: str, column: str, rows: str, level: str) -> Tolerance:
        """Return the tolerance of a cell.

        Of a table that no run was measured on, rows that depend on a network have the
        largest tolerance, among rows of the same kind in other tables, of the column of the same
        name and level; else of columns of the same unit and level; else of columns of the same
        unit. Other rows have none.
        """
        if table in self.measured:
            return self.exact.get((table, column, rows, level), Tolerance())
        if rows != NETWORK:
            return Tolerance()
        known = self.table[self.table["rows"].eq(rows)]
        unit = _unit(table, column)
        same = known["column"].eq(column)
        alike = [_unit(*key) == unit for key in known[["table", "column"]].itertuples(index=False)]
        alike = np.array(alike, dtype=bool) & (unit != TEXT)
        here = known["level"].eq(level)
        for chosen in (known[same & here], known[alike & here], known[alike]):
            if len(chosen):
                return Tolerance(chosen["tolerance"].max(), bool(chosen["changes"].any()))
        return Tolerance()


def _unit(table: str, column: str) -> str:
    return "rows" if column == ROW else TABLES[table].units.get(column, TEXT)


def _read(path: str | os.PathLike) -> pd.DataFrame:
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    return table.assign(
        **{name: pd.to_numeric(table[name]) for name in ("runs", "largest", "tolerance")},
        changes=table["changes"].eq("yes"),
    )


def measure(runs: Sequence[str | os.PathLike]) -> pd.DataFrame:
    """Measure how far the tables of equal studies lie apart.

    Parameters
    ----------
    runs : sequence of path-like
        Two or more folders of tables of one study; they differ in what networks were trained
        with, or in the processor. Tables that the first has and any other lacks are skipped.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`: a row per table, column, kind of row and level in which any two runs
        differ. largest is the greatest absolute difference between two runs in any row of the
        kind; of `ROW` the greatest number of rows that one of two runs has alone. tolerance is
        `FACTOR` times that. `changes` says whether a text differed, or a number came and went.

    Raises
    ------
    InputError
        Fewer than two runs, a folder without tables, or a table that cannot be read.
    """
    if len(runs) < 2:
        raise InputError("tolerances", f"{len(runs)} runs", "two at least, of one study")
    folders = [Path(run) for run in runs]
    parts = []
    for name in sorted(set(TABLES) - set(EXEMPT)):
        paths = [folder / f"{name}.csv" for folder in folders]
        if not all(path.exists() for path in paths):
            continue
        versions = [read(path, name) for path in paths]
        for now, then in itertools.combinations(versions, 2):
            moves = differences(name, now, then)
            # what the runs were told to differ in is no measure of how far results differ
            moves = moves[moves["column"] != "seed"].reset_index(drop=True)
            moves["changes"] = np.isinf(moves["size"])
            moves["size"] = moves["size"].replace(np.inf, 0)
            grouped = moves.groupby(["column", "rows", "level"], sort=True)
            pair = grouped.agg(
                largest=("size", "max"), count=("size", "size"), changes=("changes", "any")
            ).reset_index()
            pair["largest"] = pair["largest"].where(pair["column"].ne(ROW), pair["count"])
            parts.append(pair.assign(table=name))
    if not parts:
        raise InputError(runs[0], "no table that all runs have", "tables of one study")
    every = pd.concat(parts, ignore_index=True).groupby(KEYS, sort=True)
    table = every.agg(largest=("largest", "max"), changes=("changes", "any")).reset_index()
    return table.assign(runs=len(runs), tolerance=FACTOR * table["largest"])[COLUMNS]


def write(runs: Sequence[str | os.PathLike], out: str | os.PathLike):
    """Write what `measure` gives; of a file that is there, lines of other tables stay."""
    moves = measure(runs)
    if Path(out).exists():
        others = _read(out)
        tables = {path.stem for run in runs for path in Path(run).glob("*.csv")}
        moves = pd.concat([others[~others["table"].isin(tables)], moves], ignore_index=True)
    moves["changes"] = np.where(moves["changes"].astype(bool), "yes", "")
    write_csv(moves, out, sort_by=KEYS)


def main(arguments: list[str]) -> int:
    """Write the file; the exit code says whether that worked."""
    if len(arguments) < 3:
        usage = "usage: python -m chromapal.evaluate.tables.tolerances OUT RUN RUN [RUN ...]"
        print(usage, file=sys.stderr)
        return 2
    try:
        write(arguments[1:], arguments[0])
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
