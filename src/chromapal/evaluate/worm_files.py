"""What a person gets of each animal: names with a review queue, a picture, a page."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.console import progress
from chromapal.evaluate import identity, worm_page
from chromapal.evaluate.figures import worm
from chromapal.evaluate.identity import ANIMAL
from chromapal.evaluate.naming_tables import worm_answers
from chromapal.files import whole, write_csv
from chromapal.prepare.features import BODY
from chromapal.worms.slugs import slug

NAMES = (*identity.ASSIGNED, "probability", "anchor")


def replaced(table: pd.DataFrame, told: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Put columns of some rows, told apart by `row`, in the place of a table's own."""
    found = table.set_index("row")
    found.update(told.set_index("row")[list(columns)])
    return found.reset_index()


def write_worm_files(
    identities: Sequence[dict],
    neurons_path: str | os.PathLike,
    aligned: dict[str, str],
    handedness: dict[str, str],
    stated: dict[str, str],
    features: str,
    out: str | os.PathLike,
):
    """Write `{lab}/{worm}.csv`, `.png` and `.html` for every test animal.

    Parameters
    ----------
    identities : sequence of dict
        path and fold of the shown classifier's identities files.
    neurons_path : path-like
        The study's neurons.
    aligned, handedness : dict
        Files of aligned neurons, and of decisions about axes, by fold.
    stated : dict
        Files of names that honour what a person has stated, by fold; they replace a classifier's.
    features : str
        The feature set whose names are shown.
    out : path-like
        The folder, written whole or not at all.
    """
    neurons = pd.read_parquet(neurons_path)
    neurons = neurons.assign(row=np.arange(len(neurons), dtype=np.int64))
    tables = []
    for part in identities:
        named = pd.read_parquet(part["path"])
        named = named[named["features"].eq(features)]
        body, doubtful = pd.DataFrame(columns=["row", *BODY]), pd.Series(dtype=bool)
        if part["fold"] in aligned:
            body = pd.read_parquet(aligned[part["fold"]])
            decided = pd.read_parquet(handedness[part["fold"]]).set_index(ANIMAL)
            doubtful = decided["doubtful"].astype(bool)
        named = named.assign(anchor="")
        if part["fold"] in stated:
            told = pd.read_parquet(stated[part["fold"]])
            named, body = replaced(named, told, NAMES), replaced(body, told, BODY)
            # a person's statements decide which side is left
            decided = named.loc[named["row"].isin(told["row"]), ANIMAL].drop_duplicates()
            doubtful[doubtful.index.isin(pd.MultiIndex.from_frame(decided))] = False
        tables.append(worm_answers(named, neurons, body, doubtful))
    everything = pd.concat(tables, ignore_index=True)
    with whole(out) as folder:
        animals = list(everything.groupby(ANIMAL, sort=True))
        for (lab, name), rows in progress(animals, len(animals), "worm pages"):
            path = folder / slug(lab) / slug(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            table = f"{path}.csv"
            write_csv(rows, table, sort_by=["review"])
            worm.draw(table, f"{path}.png")
            worm_page.write(table, f"{path}.html")
