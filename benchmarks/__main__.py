"""Run every benchmark of this folder; print a table and write `results/benchmarks.csv`.

A benchmark is a file here whose `run()` gives one dictionary per measure: `benchmark`, `measure`
(with its unit), `value` (ours), `baseline` (the named peer's, or none), `ratio` (how many times
better than the peer, or none) and `goal`, such as `ratio >= 10` or `value <= 4`, or "" for what
is measured without one.
"""

import importlib
import operator
import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from chromapal.files import write_csv

FOLDER = Path(__file__).parent
COLUMNS = ["benchmark", "measure", "value", "baseline", "ratio", "goal"]
SIGNS = {">=": operator.ge, "<=": operator.le}


def benchmarks() -> list[str]:
    """List the benchmarks by file name."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def reached(row: dict) -> bool:
    """Return whether a measure meets its goal."""
    column, sign, limit = row["goal"].split()
    return SIGNS[sign](row[column], float(limit))


def main(chosen: list[str]) -> int:
    """Run the benchmarks chosen by name (all without a choice); 1 where a goal was missed."""
    screen = Console()
    rows = []
    for name in chosen or benchmarks():
        screen.print(f"running {name}")
        rows += importlib.import_module(f"benchmarks.{name}").run()
    results = pd.DataFrame(rows, columns=COLUMNS)
    results["reached"] = [
        {True: "yes", False: "no"}[reached(row)] if row["goal"] else "" for row in rows
    ]

    table = Table(*results.columns)
    for row in results.to_dict("records"):
        table.add_row(*(_text(value) for value in row.values()))
    Console(width=140).print(table)
    path = FOLDER / "results" / "benchmarks.csv"
    write_csv(results, path)
    screen.print(f"wrote {path}")
    return int((results["reached"] == "no").any())


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.3g}"
    return str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
