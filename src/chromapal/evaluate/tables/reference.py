"""Compare a study's tables with the committed reference and list what differs; computes nothing.

Run as `python -m chromapal.evaluate.tables.reference results/STUDY/tables results/reference/STUDY`.
"""

import os
import sys
from pathlib import Path

import pandas as pd

from chromapal.columns import TRAINED_ON
from chromapal.errors import InputError
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables.differences import NOTHING, ROW, differences, read
from chromapal.evaluate.tables.tolerances import EXEMPT, Tolerances

TOLERANCES = "tolerances.csv"  # beside the studies' folders
MOST_MOVES = 5


def compare(tables: str | os.PathLike, reference: str | os.PathLike) -> tuple[list[str], int]:
    """Compare every table of the reference with the study's: every row, every column.

    Two runs on one machine are the same bytes. On another processor networks round otherwise, and
    so do scores of what they predict: what lies within the tolerances of `tolerances.csv` beside
    the reference is no move (see `chromapal.evaluate.tables.tolerances`).

    Parameters
    ----------
    tables, reference : path-like
        Folders of CSV files.

    Returns
    -------
    lines : list of str
        One per table, and the largest moves under it; then what was not compared, and what
        networks were trained with where that differs.
    code : int
        0 where nothing moved, else 1.

    Raises
    ------
    InputError
        A folder is missing, or the reference holds no table.
    """
    tables, reference = Path(tables), Path(reference)
    for folder in (tables, reference):
        if not folder.is_dir():
            raise InputError(folder, "no such folder", "a folder of tables", "run the study first")
    files = [path for path in sorted(reference.glob("*.csv")) if path.stem not in EXEMPT]
    if not files:
        raise InputError(reference, "no table", f"some of {', '.join(TABLES)}")
    tolerances = Tolerances.read(reference.parent / TOLERANCES)
    lines, code = [], 0
    for file in files:
        moves = _moves(tables / file.name, file, tolerances)
        lines.append(f"{file.name}: " + (f"{len(moves)} moved" if moves else "as in the reference"))
        lines += [f"  {move}" for move in moves[:MOST_MOVES]]
        if len(moves) > MOST_MOVES:
            lines.append(f"  and {len(moves) - MOST_MOVES} more")
        code = code or int(bool(moves))
    known = {path.name for path in files} | {f"{name}.csv" for name in EXEMPT}
    if more := sorted({path.name for path in tables.glob("*.csv")} - known):
        lines.append(f"not in the reference, and not compared: {', '.join(more)}")
    here, there = (_trained_on(folder, files) for folder in (tables, reference))
    if here and there and here != there:
        lines.append(f"networks were trained with {here}; those of the reference with {there}")
    return lines, code


def _moves(path: Path, reference: Path, tolerances: Tolerances) -> list[str]:
    """Describe what differs by more than it may, largest excess first."""
    name = reference.stem
    if name not in TABLES:
        return ["no table of this name is in the column dictionary"]
    if not path.exists():
        return ["the study has no such table"]
    now, then = read(path, name), read(reference, name)
    gone = [column for column in then.columns if column not in now]
    # older references do not state what networks were trained with
    added = [column for column in now.columns if column not in (*then.columns, *TRAINED_ON)]
    moves = [f"column {column} is gone" for column in gone]
    moves += [f"column {column} is new: commit the table again" for column in added]
    return moves + _beyond(name, differences(name, now, then), tolerances)


def _beyond(name: str, differences_found: pd.DataFrame, tolerances: Tolerances) -> list[str]:
    """Describe the differences that are no more tolerable, rows first."""
    rows, cells = [], []
    for (column, kind, level), part in differences_found.groupby(
        ["column", "rows", "level"], sort=True
    ):
        allowed = tolerances.of(name, column, kind, level)
        if column == ROW:
            if len(part) > allowed.size:
                rows += [
                    f"{row}: {'new row' if now == 'new' else 'row is gone'}"
                    for row, now in part[["row", "now"]].itertuples(index=False, name=None)
                ]
            continue
        excess = part["size"] - allowed.size
        # a text, or a cell that is empty on one side
        excess = excess.mask(part["size"].eq(float("inf")) & allowed.changes, 0)
        cells += [
            (-over, f"{row}: {column} {then!r} -> {now!r}")
            for row, then, now, over in zip(
                part["row"], part["then"], part["now"], excess, strict=True
            )
            if over > NOTHING
        ]
    return sorted(rows) + [text for _, text in sorted(cells)]


def _trained_on(folder: Path, files: list[Path]) -> str:
    """List what networks were trained with, as far as the tables state it."""
    stated_pairs = set()
    for file in files:
        if (folder / file.name).exists():
            table = pd.read_csv(folder / file.name, dtype="str", keep_default_na=False)
            if set(TRAINED_ON) <= set(table.columns):
                stated = table[list(TRAINED_ON)].drop_duplicates()
                stated_pairs |= {" ".join(row) for row in stated.itertuples(index=False, name=None)}
    return ", ".join(sorted(stated_pairs - {" "}))


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
