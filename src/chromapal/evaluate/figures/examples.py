"""Accuracy per neuron name against the number of examples in training."""

import os

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from chromapal.columns import FEATURES
from chromapal.evaluate.figures import style
from chromapal.evaluate.tables import read

BINS = 6
UNNAMED = ("", "background")


def trend(names: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Pool names with similarly many examples.

    Parameters
    ----------
    names : pandas.DataFrame
        Columns training_examples, tested, right; a row per name.
    bins : int
        At most so many groups, of about equally many names.

    Returns
    -------
    pandas.DataFrame
        Columns examples (mean of the group), accuracy (right / tested of the group), names.
    """
    group = pd.qcut(names["training_examples"], bins, labels=False, duplicates="drop").fillna(0)
    pooled = names.groupby(group.rename("group")).agg(
        examples=("training_examples", "mean"),
        tested=("tested", "sum"),
        right=("right", "sum"),
        names=("name", "count"),
    )
    return pooled.assign(accuracy=pooled["right"] / pooled["tested"])[
        ["examples", "accuracy", "names"]
    ].reset_index(drop=True)


@style.styled
def figure(names: pd.DataFrame, identity: pd.DataFrame) -> Figure:
    """Draw a panel per feature set of the best classifier: a dot per name, a line for the trend.

    Parameters
    ----------
    names : pandas.DataFrame
        The table `names.csv`.
    identity : pandas.DataFrame
        The table `identity.csv`, from which the best classifier is taken.
    """
    if names.empty or read.pick(identity, **read.POOLED).empty:
        return style.message("No classifier was run in this study: no names to score.")
    variant = read.shown_variant(identity)
    classifier, _, colorizer = read.best(identity, variant)
    subset = read.pick(names, variant=variant, classifier=classifier)
    subset = subset[
        subset["colorizer"].isin(["", colorizer])
        & (subset["tested"] > 0)
        & ~subset["name"].isin(UNNAMED)
    ]
    if subset.empty:
        return style.message(f"No named neuron was tested with {classifier}.")
    sets = read.ordered(subset["features"], FEATURES)
    drawn = style.new(
        1 + 2.5 * len(sets),
        3.6,
        "Each name's accuracy against its examples in training\n"
        f"({classifier.replace('_', ' ')}; {style.variant_label(variant)})",
    )
    panels = drawn.subplots(1, len(sets), sharex=True, sharey=True, squeeze=False)[0]
    for name, shade, axes in zip(sets, style.palette(len(sets)), panels, strict=True):
        rows = subset[subset["features"] == name]
        fraction = rows["right"] / rows["tested"]
        axes.scatter(
            rows["training_examples"], fraction, s=6 + 3 * np.sqrt(rows["tested"]), color=shade,
            alpha=0.4, lw=0,
        )  # fmt: skip
        line = trend(rows)
        axes.plot(line["examples"], line["accuracy"], color="black", marker="o", ms=3, lw=1.5)
        axes.set_title(f"{name}\n({len(rows)} names, {rows['tested'].sum():.0f} neurons)")
        axes.set_xlabel("training examples of the name")
        axes.grid(color="0.94")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("fraction of its test neurons named right")
    panels[0].set_ylim(-0.04, 1.04)
    return drawn


def draw(names: str | os.PathLike, identity: str | os.PathLike, out: str | os.PathLike):
    """Draw `examples.png` from `names.csv` and `identity.csv`."""
    style.save(figure(read.read_csv(names), read.read_csv(identity)), out)
