"""The study's finished tables, read for figures and report, and which of their rows to show."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.columns import VARIANTS
from chromapal.evaluate.dictionary.entries import TEXT
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.files import live

# rows of a table that sum up all folds and laboratories
POOLED = {"fold": "all", "lab": "all"}
# Columns of text, those of image sets' cards among them.
TEXTS = {"quantity", "key"} | {
    column.name
    for table in TABLES.values()
    if table.path.startswith(("tables/", "audit/"))
    for column in table.columns
    if column.unit == TEXT
}


def read_csv(path: str | os.PathLike, numbers: Sequence[str] | None = None) -> pd.DataFrame:
    """Read one of the study's tables.

    Text stays text (a worm's name may be ``1`` or ``NA``); an empty number is NaN.

    Parameters
    ----------
    path : path
        The file.
    numbers : sequence of str, optional
        Its columns of numbers; all that are not known to be text unless given.
    """
    table = pd.read_csv(path, dtype="str", keep_default_na=False, na_filter=False).map(live)
    if numbers is None:
        numbers = [name for name in table.columns if name not in TEXTS]
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


def pick(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Take the rows whose columns hold the given values."""
    mask = np.ones(len(table), dtype=bool)
    for column, value in values.items():
        mask &= (table[column] == value).to_numpy(dtype=bool)
    return table[mask]


def ordered(values: pd.Series, order: Sequence[str]) -> list[str]:
    """List the distinct values, known ones in their usual order, others after them."""
    present = set(values)
    known = [value for value in order if value in present]
    return known + sorted(present - set(known))


def run_label(table: pd.DataFrame) -> pd.Series:
    """Name each row's colorizer, kind of sample and grid; baselines see no grid."""
    grid = table["grid"].map("{:.0f}".format)
    return table["colorizer"] + "\n" + table["sample"] + " samples, grid " + grid


def best(identity: pd.DataFrame, variant: str) -> tuple[str, str, str]:
    """Choose the classifier to show in detail.

    Parameters
    ----------
    identity : pandas.DataFrame
        The table `identity.csv`.
    variant : str
        Only this variant is considered.

    Returns
    -------
    tuple of str
        Classifier, feature set and colorizer of the highest pooled accuracy, on predicted
        colour where that was scored, else on any feature set. The choice is made on the same
        worms that are shown, which captions state.
    """
    pooled = pick(identity, variant=variant, **POOLED)
    predicted = pooled[pooled["features"] == "position+gray+predicted"]
    choice = (predicted if len(predicted) else pooled).sort_values(
        ["accuracy", "classifier"], ascending=[False, True], kind="stable"
    )
    return tuple(choice.iloc[0][["classifier", "features", "colorizer"]])


def shown_variant(table: pd.DataFrame) -> str:
    """Choose the variant to show in detail: named neurons only, where it was scored."""
    variants = ordered(table["variant"], ("no_background", *VARIANTS))
    return variants[0]
