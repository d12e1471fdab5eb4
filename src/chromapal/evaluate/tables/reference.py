"""Compare a study's tables with the committed reference and say what moved; computes nothing.

Run as `python -m chromapal.evaluate.tables.reference results/STUDY/tables results/reference/STUDY`.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError

# Two runs on one machine are the same bytes. Across machines trainings round differently, so
# that scores of a learnt colour move; counts, guessing and chance must not.
TOLERANCES = {
    "mse": 0.05,
    "r2": 0.05,
    "r2_r": 0.08,
    "r2_g": 0.08,
    "r2_b": 0.08,
    "chroma_r2": 0.1,
    "ssim": 0.03,
    "colourfulness": 0.02,
    "colourfulness_ratio": 0.1,
    "delta_e": 1.0,
    "train_loss": 0.1,
    "validation_loss": 0.1,
    "accuracy": 0.03,
    "low": 0.04,
    "high": 0.04,
    "accuracy_all": 0.03,
    "accuracy_rows": 0.02,
    "balanced_accuracy": 0.03,
    "top5": 0.03,
    "macro_f1": 0.03,
    "recovery_ratio": 0.2,
    "ours": 0.05,
    "baseline": 0.001,
    "second_baseline": 0.001,
    "right": 3,
    "count": 3,
}
# The columns that tell rows apart; tables not listed here are not compared.
KEYS = {
    "colour.csv": ["study", "colorizer", "variant", "sample", "grid", "fold", "lab"],
    "identity.csv": [
        "study", "classifier", "colorizer", "variant", "sample", "grid", "features", "fold", "lab",
    ],
    "worms.csv": [
        "study", "lab", "worm", "fold", "measure", "colorizer", "variant", "sample", "grid",
        "classifier", "features",
    ],
    "losses.csv": ["study", "colorizer", "variant", "sample", "grid", "fold", "epoch", "step"],
    "summary.csv": ["table", "row", "column"],
    "names.csv": ["classifier", "colorizer", "variant", "features", "name"],
    "confusion.csv": [
        "classifier", "colorizer", "variant", "features", "true_class", "predicted_class",
    ],
    "skipped.csv": ["file", "lab", "worm", "stage", "reason"],
}  # fmt: skip
# A pair of classes that was never confused has no row: its count is 0.
SPARSE = {"confusion.csv": "count"}
SHOWN = 5


def compare(
    tables: str | os.PathLike,
    reference: str | os.PathLike,
    tolerances: Mapping[str, float] = TOLERANCES,
) -> tuple[list[str], int]:
    """Compare every table of the reference with the study's.

    Parameters
    ----------
    tables, reference : path-like
        Folders of CSV files.
    tolerances : mapping of str to float
        By column, the largest absolute difference that is no move; 0 for columns not named. It
        applies to numbers; a text, or a cell empty on one side only, moves by differing.

    Returns
    -------
    lines : list of str
        One per table, and the largest moves under it.
    code : int
        0 where nothing moved, else 1.

    Raises
    ------
    InputError
        A folder is missing, or the reference holds no table.
    """
    for folder in (tables, reference):
        if not Path(folder).is_dir():
            raise InputError(folder, "no such folder", "a folder of tables", "run the study first")
    files = [path for path in sorted(Path(reference).glob("*.csv")) if path.name in KEYS]
    if not files:
        raise InputError(reference, "no table", f"some of {', '.join(KEYS)}")
    lines, code = [], 0
    for file in files:
        path = Path(tables) / file.name
        moves = _moves(path, file, tolerances) if path.exists() else ["the study has no such table"]
        lines.append(f"{file.name}: " + (f"{len(moves)} moved" if moves else "as in the reference"))
        lines += [f"  {move}" for move in moves[:SHOWN]]
        if len(moves) > SHOWN:
            lines.append(f"  and {len(moves) - SHOWN} more")
        code = code or int(bool(moves))
    return lines, code


def _moves(path: Path, reference: Path, tolerances: Mapping[str, float]) -> list[str]:
    """Describe what differs, largest excess over tolerance first."""
    keys = KEYS[path.name]
    ours, theirs = (
        pd.read_csv(file, dtype="str", keep_default_na=False).set_index(keys)
        for file in (path, reference)
    )
    for table, file in ((ours, path), (theirs, reference)):
        if table.index.has_duplicates:
            return [f"{file} has several rows for one key"]
    if list(ours.columns) != list(theirs.columns):
        return [f"columns are {', '.join(ours.columns)}; were {', '.join(theirs.columns)}"]
    if path.name in SPARSE:
        every = ours.index.union(theirs.index)
        ours, theirs = ours.reindex(every, fill_value="0"), theirs.reindex(every, fill_value="0")
    moves = [f"{_row(keys, key)}: new row" for key in ours.index.difference(theirs.index)]
    moves += [f"{_row(keys, key)}: row is gone" for key in theirs.index.difference(ours.index)]
    both = theirs.index.intersection(ours.index)
    ours, theirs = ours.loc[both], theirs.loc[both]
    found = []
    for column in theirs.columns:
        now, then = (table[column].to_numpy() for table in (ours, theirs))
        numbers = [pd.to_numeric(values, errors="coerce") for values in (now, then)]
        difference = np.abs(numbers[0] - numbers[1])
        excess = np.where(np.isnan(difference), np.inf, difference - tolerances.get(column, 0))
        found += [
            (-excess[row], f"{_row(keys, both[row])}: {column} {then[row]!r} -> {now[row]!r}")
            for row in np.flatnonzero((now != then) & (excess > 1e-12))
        ]
    return moves + [text for _, text in sorted(found)]


def _row(keys: list[str], key: tuple[str, ...]) -> str:
    return " ".join(f"{name}={value}" for name, value in zip(keys, key, strict=True) if value)


def main(arguments: list[str]) -> int:
    """Print the comparison; the exit code says whether anything moved."""
    if len(arguments) != 2:
        print(
            "usage: python -m chromapal.evaluate.tables.reference TABLES REFERENCE", file=sys.stderr
        )
        return 2
    try:
        lines, code = compare(*arguments)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
