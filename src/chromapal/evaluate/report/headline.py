"""A study's main results in a few sentences, which open its report and which `make run` ends with.

As a program: `python -m chromapal.evaluate.report.headline results/STUDY`.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal import methods
from chromapal.columns import FEATURES
from chromapal.evaluate.report.html import number
from chromapal.evaluate.tables import read
from chromapal.worms.table import WORM


def sentences(tables: str | os.PathLike) -> list[tuple[str, str]]:
    """Summarise finished tables, each result with its baselines.

    Parameters
    ----------
    tables : path-like
        The study's folder of tables.

    Returns
    -------
    list of (str, str)
        What it is about, and the sentence: worms, names, colour, worth of predicted colour.
    """
    colour, identity = (_pooled(tables, name) for name in ("colour", "identity"))
    found = [("Worms", _worms(tables)), ("Names", _names(identity)), ("Colour", _colour(colour))]
    worth = _worth(identity)
    return [*found, ("Worth of predicted colour", worth)] if worth else found


def _read(tables: str | os.PathLike, name: str) -> pd.DataFrame:
    return read.read_csv(Path(tables) / f"{name}.csv")


def _pooled(tables: str | os.PathLike, name: str) -> pd.DataFrame:
    """Read a table's rows over all folds and laboratories, of the variant that is shown."""
    rows = read.pick(_read(tables, name), **read.POOLED)
    return read.pick(rows, variant=read.shown_variant(rows)) if len(rows) else rows


def _worms(tables: str | os.PathLike) -> str:
    worms, skipped = _read(tables, "worms"), _read(tables, "skipped")
    labs = worms.drop_duplicates(WORM)["lab"].value_counts().sort_index()
    each = ", ".join(f"{lab} {count}" for lab, count in labs.items()) or "none"
    out = len(skipped)
    left = f"; {out} {'entry' if out == 1 else 'entries'} in the list of what was skipped"
    return f"{labs.sum()} were tested ({each}){left if out else ''}."


def _names(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "no classifier was run in this study."
    score = _score(rows)
    # a study may name from predicted colours alone, of one colorizer or more
    own = rows[rows["colorizer"].eq("")] if rows["colorizer"].eq("").any() else rows
    own = own.drop_duplicates(["classifier", "features"])
    # the classifier that names most from the richest features
    features = read.ordered(own["features"], FEATURES)
    richest = own[own["features"].eq(features[-1])]
    best = richest.sort_values([score, "classifier"], ascending=[False, True], kind="stable")
    classifier, count = best["classifier"].iloc[0], len(best)
    own = read.pick(own, classifier=classifier).set_index("features")
    low, high = ("assigned_low", "assigned_high") if score == "assigned" else ("low", "high")
    scores = [
        f"{own.at[name, score]:.3f} from {name} "
        f"({number(own.at[name, low])} to {number(own.at[name, high])})"
        for name in reversed(features)
    ]
    how = ", one name to one neuron" if score == "assigned" else ""
    return (
        f"fraction of neurons that {methods.words('classifiers', classifier)}"
        f"{f', the best of {count} classifiers,' if count > 1 else ''} names right"
        f"{how}: {', '.join(scores)}; always the commonest name {number(own['majority'].max())}, "
        f"chance {number(own['chance'].max())}."
    )


def _score(rows: pd.DataFrame) -> str:
    """Return the column of accuracy: of names one to one, where worms are aligned."""
    return "assigned" if rows["assigned"].notna().any() else "accuracy"


def _colour(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "no colorizer was run in this study."
    # of one colorizer's kinds of samples and grids the best
    rows = rows.sort_values(["chroma_r2", "sample", "grid"], ascending=False, kind="stable")
    rows = rows.drop_duplicates("colorizer")
    explained = [
        f"{methods.words('colorizers', name)} {number(value)}"
        for name, value in rows[["colorizer", "chroma_r2"]].to_numpy()
    ]
    best = rows[~rows["colorizer"].isin(methods.baselines())][:1]
    vivid = "".join(
        f"; predicted colours are {number(value)} times as colourful as true ones"
        for value in best["colourfulness_ratio"]
    )
    return (
        "what is explained beyond brightness in worms never seen (chroma R²; 1 is all, 0 or less "
        f"nothing): {', '.join(explained)}{vivid}."
    )


def _worth(rows: pd.DataFrame) -> str:
    rows = rows[rows["features"].eq("position+gray+predicted")]
    if rows.empty:
        return ""
    ratios = rows.groupby("classifier")["recovery_ratio"].max()
    known = [
        f"{methods.words('classifiers', name)} {number(ratio)}"
        for name, ratio in ratios.items()
        if not np.isnan(ratio)
    ]
    if not known:
        return (
            "the recovery ratio is undefined here, because true colour did not help any classifier "
            "beyond doubt."
        )
    return (
        "of what true colour adds to position and gray, the best predicted colour recovers "
        "(recovery ratio; 1: all of it, 0: nothing, below 0: it misleads): "
        f"{', '.join(known)}."
    )


def main(arguments: Sequence[str] | None = None):
    """Print the sentences, how new worms are named, and where the report is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="the study's folder, results/STUDY")
    study = parser.parse_args(arguments).study
    for about, sentence in sentences(study / "tables"):
        print(f"{about}: {sentence}")
    if (study / "model").exists():
        print(f"New worms: make apply MODEL={study} WORMS=FOLDER")
    print(f"Report: {study}/report/report.html")


if __name__ == "__main__":
    main()
