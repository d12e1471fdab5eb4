"""What a person gets of each animal: names with a review queue, a picture, a page."""

import difflib
import logging
import os
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.console import progress
from chromapal.evaluate.figures import worm
from chromapal.evaluate.metrics import identity
from chromapal.evaluate.pages import worm_page
from chromapal.evaluate.tables.naming import PROBABILITY, worm_answers
from chromapal.files import whole, write_csv
from chromapal.prepare.features import BODY
from chromapal.worms.slugs import slug
from chromapal.worms.table import ANIMAL

LOGGER = logging.getLogger("chromapal")
NAMES = (*identity.ASSIGNED, *PROBABILITY, "anchor")


def replaced(table: pd.DataFrame, told: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Put columns of some rows, told apart by `row`, in the place of a table's own."""
    found = table.set_index("row")
    found.update(told.set_index("row")[list(columns)])
    return found.reset_index()


def warn_of_unused(
    anchors: str | os.PathLike,
    shown: Collection[tuple[str, str]],
    honoured: Collection[tuple[str, str]],
):
    """Log every file of statements that no page honours.

    Parameters
    ----------
    anchors : path-like
        The folder of what people have stated.
    shown, honoured : collection of (lab, worm)
        Animals with a page, and those of them whose page honours a file.
    """
    used = {f"{slug(lab)}/{slug(worm)}.csv": (lab, worm) in honoured for lab, worm in shown}
    for path in sorted(path for path in Path(anchors).rglob("*") if path.is_file()):
        name = path.relative_to(anchors).as_posix()
        if path.suffix.lower() == ".csv" and name not in used:
            close = difflib.get_close_matches(name, used, n=3, cutoff=0)
            LOGGER.warning(
                "not used: %s: found no test animal of this file name; expected one such as %s",
                path, ", ".join(close),
            )  # fmt: skip
        elif name in used and not used[name]:
            LOGGER.warning("not used: %s: refused; the logs answer_anchors/*.log say why", path)


def write_worm_files(
    identities: Sequence[dict],
    neurons: str | os.PathLike,
    aligned: dict[str, str],
    handedness: dict[str, str],
    stated: dict[str, str],
    features: str,
    out: str | os.PathLike,
    anchors: str | os.PathLike = "",
):
    """Write `{lab}/{worm}.csv`, `.png` and `.html` for every test animal.

    Parameters
    ----------
    identities : sequence of dict
        path and fold of the shown classifier's identities files.
    neurons : path-like
        The study's neurons.
    aligned, handedness : dict
        Files of aligned neurons, and of decisions about axes, by fold.
    stated : dict
        Files of names that honour what a person has stated, by fold; they replace a classifier's.
    features : str
        The feature set whose names are shown.
    out : path-like
        The folder, written whole or not at all.
    anchors : path-like, optional
        The folder of what people have stated; files there that no page honours are logged.
    """
    neurons = pd.read_parquet(neurons)
    neurons = neurons.assign(row=np.arange(len(neurons), dtype=np.int64))
    tables, honoured = [], set()
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
            # what is stated may settle which side is left, or bring it into doubt
            decided = named.loc[named["row"].isin(told["row"]), [*ANIMAL, "row"]]
            decided = decided.drop_duplicates(ANIMAL).set_index(ANIMAL)["row"]
            doubtful.update(decided.map(told.set_index("row")["doubtful"]).astype(bool))
            honoured |= set(decided.index)
        answers = worm_answers(named, neurons, body, doubtful)
        # a stated name keeps its side where the sides of others are in doubt
        sided = worm_answers(named, neurons, body, doubtful[:0])
        fixed = named["anchor"].ne("") & named["anchor"].eq(named["assigned1"])
        tables.append(answers.where(~answers["row"].isin(named.loc[fixed, "row"]), sided))
    everything = pd.concat(tables, ignore_index=True)
    if anchors:
        warn_of_unused(
            anchors, set(everything[ANIMAL].itertuples(index=False, name=None)), honoured
        )
    with whole(out) as folder:
        animals = list(everything.groupby(ANIMAL, sort=True))
        for (lab, name), rows in progress(animals, len(animals), "worm pages"):
            path = folder / slug(lab) / slug(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            table = f"{path}.csv"
            write_csv(rows, table, sort_by=["review"])
            worm.draw(table, f"{path}.png")
            worm_page.write(table, f"{path}.html")
