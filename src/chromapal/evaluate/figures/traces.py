"""Calcium traces of one worm's named neurons as a heat map."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chromapal.evaluate.figures import style
from chromapal.evaluate.tables.read import read_csv

KEYS = ["series", "time"]
# what is shown of a trace, in standard deviations from its mean: activity is rises more than falls
LOWEST, HIGHEST = -2.0, 3.0
ROW, AROUND = 0.13, 0.9  # height of a trace and of what surrounds a series [inch]


def standardised(traces: pd.DataFrame) -> pd.DataFrame:
    """Return traces in standard deviations from their own means; a constant one is 0."""
    away = traces - traces.mean()
    return away / traces.std(ddof=0).replace(0, 1)


@style.styled
def figure(wide: pd.DataFrame, title: str) -> Figure:
    """Draw every series, a named row per neuron, over time.

    Parameters
    ----------
    wide : pandas.DataFrame
        The table `traces_wide.csv`: series, time [s], and a column per name.
    title : str
        What stands above.
    """
    panels = {}
    for series, rows in wide.groupby("series", sort=True):
        values = rows.drop(columns=KEYS).dropna(axis=1, how="all")
        if len(rows) > 1 and len(values.columns):
            panels[series] = rows["time"].to_numpy(), standardised(values)
    if not panels:
        return style.message(f"{style.text(title, 100)}: there is none.")
    heights = [AROUND + ROW * len(values.columns) for _, values in panels.values()]
    drawn = style.new(11, 0.7 + sum(heights), style.text(title, 120))
    parts = drawn.subplots(len(panels), squeeze=False, height_ratios=heights)[:, 0]
    for axes, (series, (time, values)) in zip(parts, panels.items(), strict=True):
        shown = _rows(axes, time, values)
        axes.set_title(style.text(series, 110))
    parts[-1].set_xlabel("time [s]")
    bar = drawn.colorbar(shown, ax=list(parts), extend="both", pad=0.01, aspect=30)
    bar.set_label("standard deviations from the trace's mean [s.d.]")
    return drawn


def _rows(axes: Axes, time: np.ndarray, values: pd.DataFrame):
    """Draw one series, names from top to bottom; times may be unevenly spaced."""
    # colours that stay apart for colour-blind readers
    shown = axes.pcolormesh(
        time, np.arange(len(values.columns)), np.ma.masked_invalid(values.to_numpy().T),
        cmap="cividis", vmin=LOWEST, vmax=HIGHEST, shading="nearest", rasterized=True,
    )  # fmt: skip
    axes.set_facecolor("0.85")  # no value
    names = [style.text(name, 24) for name in values.columns]
    axes.set_yticks(np.arange(len(names)), names, fontsize=6)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    return shown


def draw(wide: str | os.PathLike, title: str, out: str | os.PathLike):
    """Draw `traces.png` from one worm's `traces_wide.csv`."""
    columns = pd.read_csv(wide, nrows=0).columns
    style.save(figure(read_csv(wide, [name for name in columns if name != "series"]), title), out)
