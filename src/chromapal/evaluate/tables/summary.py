"""The original study's three tables, same rows and columns, ours next to the published figure."""

import os

import pandas as pd

from chromapal import methods
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables.published import CELLS, COLORIZER, MEASURES, Cell
from chromapal.evaluate.tables.write import write_table

POOLED = "all"


def write_summary(
    colour: str | os.PathLike,
    identity: str | os.PathLike,
    real: bool,
    split: str,
    colour_scale: str,
    out: str | os.PathLike,
):
    """Write `summary.csv`.

    Parameters
    ----------
    colour, identity : path-like
        The study's `colour.csv` and `identity.csv`.
    real : bool
        The worms are real; the published column stays empty for simulated ones.
    split, colour_scale : str
        The study's, written in the column `source`.
    out : path-like
        The table: table, row, column, published, ours, baseline and second_baseline with their
        names, source (which of our runs it is). A cell that was not run is empty. Identity is
        scored as the original did, over pooled test rows, unlabelled ones counting as a name.
    """
    colour, identity = _read(colour), _read(identity)
    rows = []
    for cell in CELLS:
        ours = (
            _identity_cell(cell, identity, split)
            if cell.classifier
            else _colour_cell(cell, colour, f"split by {split}, {colour_scale} scale")
        )
        published = {"published": cell.published} if real else {}
        cell_keys = {"table": cell.table, "row": cell.row, "column": cell.column}
        rows.append({**cell_keys, **published, **ours})
    write_table("summary", pd.DataFrame(rows, columns=TABLES["summary"].names), out)


def _read(path: str | os.PathLike) -> pd.DataFrame:
    text = dict.fromkeys(("lab", "fold", "colorizer", "sample"), "str")
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values="")
    return table[table["lab"].eq(POOLED)].fillna(dict.fromkeys(text, ""))


def _identity_cell(cell: Cell, table: pd.DataFrame, split: str) -> dict[str, object]:
    """Find the nearest run of a classifier, scored over all test rows of the variant."""
    table = table[
        table["fold"].eq(POOLED)
        & table["variant"].eq(cell.variant)
        & table["classifier"].eq(cell.classifier)
        & table["colorizer"].isin([COLORIZER] if "predicted" in cell.features else [""])
    ]
    for features in cell.features:
        run = table[table["features"].eq(features)]
        if len(run):
            run = run.iloc[0]
            return {
                "ours": run["accuracy_rows"],
                "baseline": run["majority_rows"],
                "baseline_name": "majority",
                "second_baseline": run["chance"],
                "second_baseline_name": "chance",
                "source": f"{cell.classifier} on {features}, {cell.variant}, split by {split}, "
                "all test rows",
            }
    return {}


def _colour_cell(cell: Cell, table: pd.DataFrame, setting: str) -> dict[str, object]:
    """Find the run nearest to the original: `neuron` samples before `worm`, finer grids first.

    A run of one fold is compared with that fold of the baselines.
    """
    table = table[table["variant"].eq(cell.variant)]
    runs = table[table["colorizer"].eq(COLORIZER) & table["fold"].eq(POOLED)]
    if runs.empty:
        return {}
    run = runs.sort_values(["sample", "grid"], ascending=[True, False], kind="stable").iloc[0]
    measure = MEASURES[cell.column]
    same = table["sample"].eq(run["sample"]) & table["grid"].eq(run["grid"])
    folds = _folds(table[table["colorizer"].eq(COLORIZER) & same])
    values = {
        "ours": run[measure],
        "source": f"{COLORIZER}, {run['sample']} samples, grid {run['grid']}, {cell.variant}, "
        f"{setting}, " + (f"{next(iter(folds))} only" if len(folds) == 1 else "all folds"),
    }
    for key, name in zip(("baseline", "second_baseline"), methods.baselines(), strict=False):
        others = table[table["colorizer"].eq(name)]
        fold = POOLED if _folds(others) == folds else next(iter(folds))
        others = others[others["fold"].eq(fold)]
        if len(others) and (fold == POOLED or len(folds) == 1):
            values |= {key: others[measure].iloc[0], f"{key}_name": name}
    return values


def _folds(table: pd.DataFrame) -> set[str]:
    return set(table["fold"]) - {POOLED}
