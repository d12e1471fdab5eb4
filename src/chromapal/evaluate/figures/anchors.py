"""How much a few names given by hand improve all others."""

import os

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from chromapal.columns import FEATURES
from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.calibration import spread_labels
from chromapal.evaluate.tables import read
from chromapal.evaluate.tables.read import read_csv

# how neurons are chosen: in words, colour, marker
STRATEGIES = {
    "random": ("neurons chosen by chance", "#0173b2", "o"),
    "asked": ("neurons chosen by the program", "#de8f05", "s"),
}
# who answers: in words, dashes
EXPERTS = {"sure": ("a person who never errs", "-"), "errs": ("a person who errs", "--")}


@style.styled
def figure(anchors: pd.DataFrame) -> Figure:
    """Draw accuracy against the number of names given by hand, a column per feature set.

    Above of all labelled neurons; below of those that were not named by hand, with each laboratory
    where the person never errs.

    Parameters
    ----------
    anchors : pandas.DataFrame
        The table `anchors.csv`.
    """
    if anchors.empty:
        return style.message("No anchors were tried in this study: no names given by hand.")
    sets = read.ordered(anchors["features"], FEATURES)
    strategies = read.ordered(anchors["strategy"], tuple(STRATEGIES))
    worms = anchors.loc[anchors["lab"] == "all", "worms"].max()
    drawn = style.new(
        1 + 4.2 * len(sets), 8.4,
        "Neurons named right when a person names some of them, with 95 % interval over worms"
        + ("" if np.isnan(worms) else f" ({worms:.0f} worms)"),
    )  # fmt: skip
    panels = drawn.subplots(2, len(sets), sharex=True, sharey=True, squeeze=False)
    lowest = anchors[["accuracy", "low", "all_accuracy", "all_low"]].min().min()
    floor = max(0.0, np.floor(20 * lowest) / 20)
    for name, (whole, others) in zip(sets, panels.T, strict=True):
        subset = anchors[anchors["features"] == name].sort_values("anchors", kind="stable")
        for strategy in strategies:
            rows = subset[subset["strategy"] == strategy]
            _curves(whole, rows, strategy, "all_")
            _curves(others, rows, strategy, "")
            _before(others, rows, strategy)
        _laboratories(others, _sure(subset[subset["strategy"] == strategies[-1]]), 1.02 - floor)
        whole.set_title(style.text(name, 40))
        others.set_xlabel("neurons named by hand (anchors)")
        for axes in (whole, others):
            axes.grid(color="0.94")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0, 0].set_ylabel("accuracy on all labelled neurons")
    panels[1, 0].set_ylabel("accuracy on the other neurons")
    panels[0, 0].set_ylim(floor, 1.02)
    handles = [
        Line2D([], [], color=shade, marker=marker, lw=2.4, label=words)
        for words, shade, marker in map(_strategy_style, strategies)
    ]
    handles += [
        Line2D([], [], color="0.4", ls=dashes, lw=2.4, label=words)
        for words, dashes in EXPERTS.values()
    ]
    handles.append(Line2D([], [], color="0.4", ls=":", lw=1.4, label="the same, without anchors"))
    handles.append(Line2D([], [], color="0.4", lw=0.7, label="one laboratory"))
    drawn.legend(handles=handles, loc="outside lower center", ncols=2)
    return drawn


def _strategy_style(strategy: str) -> tuple[str, str, str]:
    return STRATEGIES.get(strategy, (style.text(strategy), "#029e73", "^"))


def _sure(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["expert"] == "sure"]


def _curves(axes, rows: pd.DataFrame, strategy: str, prefix: str):
    """Draw a strategy's curve for each person, by the columns of this prefix."""
    _, shade, marker = _strategy_style(strategy)
    for person, (_, dashes) in EXPERTS.items():
        whole = rows[(rows["expert"] == person) & (rows["lab"] == "all")]
        low, high = whole[f"{prefix}low"], whole[f"{prefix}high"]
        axes.fill_between(whole["anchors"], low, high, color=shade, alpha=0.12, lw=0)
        axes.plot(
            whole["anchors"], whole[f"{prefix}accuracy"], color=shade, ls=dashes, lw=2.4,
            marker=marker, ms=5,
        )  # fmt: skip


def _before(axes, rows: pd.DataFrame, strategy: str):
    """Draw the laboratories, and what the same neurons were without anchors."""
    _, shade, _ = _strategy_style(strategy)
    rows = _sure(rows)
    for _, curve in rows[rows["lab"] != "all"].groupby("lab"):
        axes.plot(curve["anchors"], curve["accuracy"], color=shade, lw=0.7, alpha=0.6)
    whole = rows[rows["lab"] == "all"]
    axes.plot(whole["anchors"], whole["before"], color=shade, ls=":", lw=1.4)


def _laboratories(axes, rows: pd.DataFrame, span: float):
    """Write each laboratory at the end of its thin line."""
    ends = rows[rows["lab"] != "all"].groupby("lab").last()
    if ends.empty:
        return
    end = rows["anchors"].max()
    for (lab, curve), height in zip(
        ends.iterrows(), spread_labels(ends["accuracy"], 0.035 * span), strict=True
    ):
        axes.annotate(
            style.text(lab, 12), (curve["anchors"], curve["accuracy"]),
            xytext=(end * 1.04 + 0.1, height), textcoords="data", fontsize=7, color="0.3",
            va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "0.7", "lw": 0.5, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    axes.set_xlim(-0.03 * end, end * 1.2 + 0.2)


def draw(anchors: str | os.PathLike, out: str | os.PathLike):
    """Draw `anchors.png` from `anchors.csv`."""
    style.save(figure(read_csv(anchors)), out)
