"""Losses while colorizers of images learn, per set and method."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.image_parts import DASHES, runs, wrapped
from chromapal.evaluate.tables.read import read_csv

CURVES = {"train_loss": "training images", "validation_loss": "validation images"}
COLUMNS = 4
WIDE = 10.0  # largest loss / smallest, from where small ones need a logarithmic axis


@style.styled
def figure(losses: pd.DataFrame) -> Figure:
    """Draw a panel per set and method; runs differ in their line style.

    Parameters
    ----------
    losses : pandas.DataFrame
        The table `image_losses.csv`. Methods, and runs of one, may minimise different losses:
        every panel has an axis of its own.
    """
    if losses.empty:
        return style.message("No colorizer of images learns in epochs here: no losses to show.")
    sets = sorted(losses["set"].unique())
    dashes = {run: DASHES[number % len(DASHES)] for number, run in enumerate(runs(losses))}
    colours = dict(zip(CURVES, style.palette(2), strict=True))
    methods = [sorted(losses.loc[losses["set"] == name, "colorizer"].unique()) for name in sets]
    columns = min(COLUMNS, max(map(len, methods)))
    lines = [-(-len(names) // columns) for names in methods]
    drawn = style.new(
        0.5 + 3.0 * columns, 0.9 + 2.25 * sum(lines) + 0.3 * len(sets),
        "Loss while learning (each method's and run's own; "
        "heights of different losses do not compare)",
    )  # fmt: skip
    subfigures = np.atleast_1d(
        drawn.subfigures(len(sets), 1, height_ratios=[n + 0.15 for n in lines])
    )
    for name, subfigure, methods_of_set, count in zip(
        sets, subfigures, methods, lines, strict=True
    ):
        subfigure.suptitle(style.text(name, 60), x=0.01, ha="left", fontsize=10, fontweight="bold")
        panels = subfigure.subplots(count, columns, squeeze=False).ravel()
        for axes, method in zip(panels, methods_of_set, strict=False):
            rows = losses[(losses["set"] == name) & (losses["colorizer"] == method)]
            _curves(axes, rows, dashes, colours)
            axes.set_title(wrapped(method, 36, 2))
        for axes in panels[len(methods_of_set) :]:
            axes.set_axis_off()
        for axes in panels[::columns]:
            axes.set_ylabel("loss")
    handles = [Line2D([], [], color=colours[name], lw=2, label=CURVES[name]) for name in CURVES]
    handles += [
        Line2D([], [], color="0.3", ls=dash, label=f"run {style.text(run, 24)}")
        for run, dash in dashes.items()
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=min(6, len(handles)))
    return drawn


def _curves(axes: Axes, rows: pd.DataFrame, dashes: dict, colours: dict[str, str]):
    """Draw one method's runs; a loss that is not a number leaves a gap."""
    values = rows[list(CURVES)].replace([np.inf, -np.inf], np.nan)
    low, high = np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)
    if low > 0 and high > WIDE * low:
        axes.set_yscale("log")
        # plain numbers, also where an axis spans less than a decade
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    for run, curve in rows.assign(**values).groupby("run", sort=True):
        # steps, as the epochs of few images are short
        curve = curve.sort_values(["epoch", "step"])
        for name, shade in colours.items():
            axes.plot(
                curve["step"], curve[name], color=shade, ls=dashes[run], lw=1.4, ms=4,
                marker=style.marker(len(curve)),
            )  # fmt: skip
    axes.set_xlabel("optimiser step")
    style.count_axis(axes, rows["step"], ticks=5)


def draw(losses: str | os.PathLike, out: str | os.PathLike):
    """Draw `picture_losses.png` from `image_losses.csv`."""
    style.save(figure(read_csv(losses)), out)
