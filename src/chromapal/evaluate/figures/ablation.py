"""What each part of the method contributes: accuracy with and without it."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from chromapal.columns import FEATURES
from chromapal.evaluate.figures import style
from chromapal.evaluate.tables import read
from chromapal.evaluate.tables.read import read_csv

CURVE = "training worms"
QUESTIONS = ("handedness", "assignment", "refinement", "context", "colour scale", CURVE)
COLUMNS = 3


@style.styled
def figure(ablation: pd.DataFrame) -> Figure:
    """Draw a panel per question: a point with its interval per setting, laboratories as dots.

    Parameters
    ----------
    ablation : pandas.DataFrame
        The table `ablation.csv`.
    """
    if ablation.empty:
        return style.message(
            "No part of the method was switched off in this study: none to compare."
        )
    questions = read.ordered(ablation["question"], QUESTIONS)
    sets = read.ordered(ablation["features"], FEATURES)
    shades = dict(zip(sets, style.palette(len(sets)), strict=True))
    columns = min(COLUMNS, len(questions))
    rows = -(-len(questions) // columns)
    settings = ablation.groupby("question")["setting"].nunique().drop(CURVE, errors="ignore")
    high = max(2.6, 1.2 + (0.25 + 0.17 * len(sets)) * settings.max()) if len(settings) else 3.2
    drawn = style.new(
        4.2 * columns, 0.9 + high * rows,
        "Contribution of each part: neurons named right, with 95 % interval over worms",
    )  # fmt: skip
    panels = drawn.subplots(rows, columns, squeeze=False).ravel()
    values = ablation[["accuracy", "low", "high"]].to_numpy()
    limits = max(0.0, np.nanmin(values) - 0.02), min(1.0, np.nanmax(values) + 0.02)
    for question, axes in zip(questions, panels, strict=False):
        subset = ablation[ablation["question"] == question]
        if question == CURVE:
            _curve(axes, subset, shades)
            axes.set_ylim(limits)
        else:
            _points(axes, subset, shades)
            axes.set_xlim(limits)
        axes.set_title(style.text(question, 40), fontweight="bold")
    for axes in panels[len(questions) :]:
        axes.set_axis_off()
    handles = [
        Line2D([], [], color=shade, marker="o", label=style.text(name, 60))
        for name, shade in shades.items()
    ]
    handles.append(Line2D([], [], color="0.4", ls="", marker="o", ms=3, label="one laboratory"))
    drawn.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)))
    return drawn


def _shifts(sets: dict[str, str], width: float) -> dict[str, float]:
    offsets = width * (np.arange(len(sets)) - (len(sets) - 1) / 2) / len(sets)
    return dict(zip(sets, offsets, strict=True))


def _arms(rows: pd.DataFrame) -> np.ndarray:
    """Return both arms of intervals, of no length where there is no interval."""
    return np.nan_to_num(np.abs(rows[["low", "high"]].to_numpy().T - rows["accuracy"].to_numpy()))


def _points(axes: Axes, subset: pd.DataFrame, shades: dict[str, str]):
    """Draw settings below one another, in their order."""
    settings = subset.sort_values("order", kind="stable")["setting"].drop_duplicates().tolist()
    below = 0.25 / len(shades)  # laboratories lie below the interval, not behind it
    for name, shift in _shifts(shades, 0.75).items():
        rows = subset[subset["features"] == name]
        height = rows["setting"].map(settings.index).to_numpy() + shift
        pooled = (rows["lab"] == "all").to_numpy()
        axes.scatter(
            rows.loc[~pooled, "accuracy"], height[~pooled] + below, s=11, color=shades[name],
            alpha=0.6, lw=0,
        )  # fmt: skip
        axes.errorbar(
            rows.loc[pooled, "accuracy"], height[pooled], xerr=_arms(rows[pooled]), fmt="o",
            ms=6, lw=1.5, capsize=2, color=shades[name],
        )  # fmt: skip
    for line in range(1, len(settings)):
        axes.axhline(line - 0.5, color="0.85", lw=0.8)
    axes.set_yticks(range(len(settings)), [style.text(name, 26) for name in settings])
    axes.set_ylim(len(settings) - 0.5, -0.5)
    axes.set_xlabel("accuracy")
    axes.grid(axis="x", color="0.93")


def _curve(axes: Axes, subset: pd.DataFrame, shades: dict[str, str]):
    """Draw accuracy against the number of training worms."""
    subset = subset.assign(count=pd.to_numeric(subset["setting"])).sort_values(
        "count", kind="stable"
    )
    step = 0.02 * subset["count"].max()
    for name, shade in shades.items():
        rows = subset[subset["features"] == name]
        pooled = rows["lab"] == "all"
        axes.scatter(
            rows.loc[~pooled, "count"] + step, rows.loc[~pooled, "accuracy"], s=11, color=shade,
            alpha=0.6, lw=0,
        )  # fmt: skip
        axes.errorbar(
            rows.loc[pooled, "count"], rows.loc[pooled, "accuracy"], yerr=_arms(rows[pooled]),
            marker="o", ms=6, lw=1.5, capsize=2, color=shade,
        )  # fmt: skip
    axes.set_xlabel("training worms")
    axes.set_ylabel("accuracy")
    axes.grid(color="0.93")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(left=0)


def draw(ablation: str | os.PathLike, out: str | os.PathLike):
    """Draw `ablation.png` from `ablation.csv`."""
    style.save(figure(read_csv(ablation)), out)
