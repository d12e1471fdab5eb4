"""Table of other methods on the same worms, in pairs."""

import os

import numpy as np
import pandas as pd

from chromapal import sheet
from chromapal.errors import InputError
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.metrics import intervals
from chromapal.evaluate.metrics.identity import ALL
from chromapal.evaluate.tables import read
from chromapal.evaluate.tables.write import write_table
from chromapal.worms.table import WORM
from chromapal.worms.tables import MISSING

OWN = 0
DIGITS = 5  # accuracies that differ by less are the same one, written with fewer digits


def write_peers(worms: str | os.PathLike, peers: str | os.PathLike, out: str | os.PathLike):
    """Write `peers.csv`: other methods on the same worms, in pairs.

    Parameters
    ----------
    worms : path-like
        The study's `worms.csv`.
    peers : path-like
        CSV with lab, worm, and a column per method: fraction of labelled neurons named right. ""
        for none: the table is empty then.
    out : path-like
        The table. difference is ours minus the peer's mean over worms, low and high its
        bootstrap interval; p is that of Wilcoxon's signed-rank test, two-sided.

    Raises
    ------
    InputError
        The file cannot be read, lacks a column, has a worm twice, or a value not in 0..1.
    """
    rows = []
    if peers:
        table = read.read_csv(worms)
        peer = read_peers(peers)
        own = table[table["measure"].eq("identity") & table["variant"].eq("no_background")]
        own = own[own["colorizer"].eq("")]
        for key, scores in own.groupby(["study", "classifier", "features"], sort=True):
            # a number is no column of a file
            pairs = scores[[*WORM, "assigned"]].rename(columns={"assigned": OWN})
            pairs = pairs.merge(peer, on=WORM)
            for method in peer.columns.drop(WORM):
                both = pairs.dropna(subset=[OWN, method])
                for lab, rows_of_lab in [*both.groupby("lab"), (ALL, both)]:
                    if len(rows_of_lab):
                        rows.append(
                            (*key, method, lab, *_paired(rows_of_lab[OWN], rows_of_lab[method]))
                        )
    write_table("peers", pd.DataFrame(rows, columns=TABLES["peers"].names), out)


def read_peers(path: str | os.PathLike) -> pd.DataFrame:
    """Read the accuracy of other methods, one row per worm.

    Raises
    ------
    InputError
        See `write_peers`.
    """
    header, _, rows = sheet.read(path, short=True)
    methods = [name for name in header if name not in WORM]
    if not set(WORM) <= set(header) or not methods:
        raise InputError(path, f"columns {sheet.head(header)}", "lab, worm, and one per method")
    table = pd.DataFrame(rows, columns=header, dtype="str")
    for key in WORM:
        table[key] = table[key].str.strip().str.normalize("NFC")
    for name in methods:
        values = pd.to_numeric(table[name], errors="coerce")
        stated = ~table[name].str.strip().str.lower().isin(MISSING)
        wrong = table[name][stated & values.isna()]
        if len(wrong):
            raise InputError(path, f"{name} = {wrong.iloc[0]!r}", "a number, or nothing")
        table[name] = values
    twice = table[table.duplicated(WORM)]
    if len(twice):
        lab, worm = twice[WORM].iloc[0]
        raise InputError(path, f"worm {worm} of {lab} twice", "one line per worm")
    for name in methods:
        if not table[name].dropna().between(0, 1).all():
            raise InputError(path, f"{name} below 0 or above 1", "the fraction named right, 0 to 1")
    return table


def _paired(own: pd.Series, peer: pd.Series) -> tuple:
    # imported here: it takes a second, and figures need the columns' names only
    from scipy.stats import wilcoxon

    difference = (own - peer).round(DIGITS).to_numpy()
    low, high = intervals.over_worms(difference[None], seed=0)
    test = wilcoxon(difference).pvalue if np.any(difference != 0) else 1.0
    return (
        len(difference),
        own.mean(),
        peer.mean(),
        difference.mean(),
        low[0],
        high[0],
        int((difference > 0).sum()),
        int((difference == 0).sum()),
        int((difference < 0).sum()),
        test,
    )
