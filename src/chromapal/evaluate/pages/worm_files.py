"""The files of each worm: names with a review queue, an image, a page."""

import difflib
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.columns import ASSIGNED, BODY, PROBABILITY
from chromapal.console import progress
from chromapal.evaluate.figures import worm
from chromapal.evaluate.pages import worm_page
from chromapal.evaluate.tables.answers import worm_answers
from chromapal.evaluate.tables.write import write_table
from chromapal.files import whole
from chromapal.worms.slugs import worm_paths
from chromapal.worms.table import WORM

LOGGER = logging.getLogger("chromapal")
NAMES = (*ASSIGNED, *PROBABILITY, "anchor")


def replace_rows(table: pd.DataFrame, newer: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Replace columns of a table in the rows that `newer` has, matched by `row`."""
    result = table.set_index("row")
    result.update(newer.set_index("row")[list(columns)])
    return result.reset_index()


def warn_of_unused_files(
    anchors: str | os.PathLike,
    worms: Mapping[tuple[str, str], str],
    used_for: Collection[tuple[str, str]],
):
    """Warn of every file of anchors that no page uses.

    Parameters
    ----------
    anchors : path-like
        The folder of anchors.
    worms : mapping of (lab, worm) to str
        Worms with a page, and the names of their files without suffix.
    used_for : collection of (lab, worm)
        Those of them whose page uses a file of anchors.
    """
    used = {f"{path}.csv": worm in used_for for worm, path in worms.items()}
    for path in sorted(path for path in Path(anchors).rglob("*") if path.is_file()):
        name = path.relative_to(anchors).as_posix()
        if path.suffix.lower() == ".csv" and name not in used:
            close = difflib.get_close_matches(name, used, n=3, cutoff=0)
            LOGGER.warning(
                "not used: %s: found no test worm of this file name; expected one such as %s",
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
    """Write `{lab}/{worm}.csv`, `.png` and `.html` for every test worm.

    Parameters
    ----------
    identities : sequence of dict
        path and fold of the identities files of the classifier whose names are shown.
    neurons : path-like
        The study's neurons.
    aligned, handedness : dict
        Files of aligned neurons, and of decisions about handedness, by fold.
    stated : dict
        Files of names given with a person's anchors, by fold; they replace the classifier's.
    features : str
        The feature set whose names are shown.
    out : path-like
        The folder, written whole or not at all.
    anchors : path-like, optional
        The folder of anchors; the log warns of files there that no page uses.
    """
    neurons = pd.read_parquet(neurons)
    neurons = neurons.assign(row=np.arange(len(neurons), dtype=np.int64))
    tables, used_for = [], set()
    for entry in identities:
        named = pd.read_parquet(entry["path"])
        named = named[named["features"].eq(features)]
        body, doubtful = pd.DataFrame(columns=["row", *BODY]), pd.Series(dtype=bool)
        if entry["fold"] in aligned:
            body = pd.read_parquet(aligned[entry["fold"]])
            decided = pd.read_parquet(handedness[entry["fold"]]).set_index(WORM)
            doubtful = decided["doubtful"].astype(bool)
        named = named.assign(anchor="")
        if entry["fold"] in stated:
            anchored = pd.read_parquet(stated[entry["fold"]])
            named, body = replace_rows(named, anchored, NAMES), replace_rows(body, anchored, BODY)
            # anchors may decide which side is left, or bring it into doubt
            decided = named.loc[named["row"].isin(anchored["row"]), [*WORM, "row"]]
            decided = decided.drop_duplicates(WORM).set_index(WORM)["row"]
            doubtful.update(decided.map(anchored.set_index("row")["doubtful"]).astype(bool))
            used_for |= set(decided.index)
        tables.append(worm_answers(named, neurons, body, doubtful))
    everything = pd.concat(tables, ignore_index=True)
    # of all worms of the study, as for the names of files of anchors
    paths = worm_paths(neurons[WORM].itertuples(index=False, name=None))
    if anchors:
        shown = everything[WORM].itertuples(index=False, name=None)
        warn_of_unused_files(anchors, {worm: paths[worm] for worm in shown}, used_for)
    with whole(out) as folder:
        worms = list(everything.groupby(WORM, sort=True))
        for (lab, name), rows in progress(worms, len(worms), "worm pages"):
            path = folder / paths[lab, name]
            path.parent.mkdir(parents=True, exist_ok=True)
            table = f"{path}.csv"
            write_table("named", rows, table, sort_by=["review"])
            worm.draw(table, f"{path}.png")
            worm_page.write(table, f"{path}.html")
