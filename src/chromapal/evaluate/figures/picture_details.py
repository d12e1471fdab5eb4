"""Errors in smooth regions of images and in fine detail."""

import os

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.image_parts import MARKERS, arms, ordered, wrapped
from chromapal.evaluate.metrics.regions import DETAILS
from chromapal.evaluate.tables import read
from chromapal.evaluate.tables.read import read_csv
from chromapal.methods import baselines

# By column: what stands below it, and a line to compare with.
PANELS = {
    "mse_ab": ("MSE ab [CIELAB²]", None),
    "against_smooth": ("MSE ab less that of smooth regions\nof the same images [CIELAB²]", 0),
    "mse_ab_over_gray": ("MSE ab over that of a gray image", 1),
}


@style.styled
def figure(details: pd.DataFrame, name: str, run: str) -> Figure:
    """Draw a row per method, with a point per third of the pixels and its interval over sources.

    Parameters
    ----------
    details : pandas.DataFrame
        Rows of `image_details.csv` of this set and run.
    name, run : str
        The set and the run.
    """
    if details.empty:
        return style.message(f"No test image of {style.text(name)} was coloured.")
    errors = details.groupby("colorizer")["mse_ab"].mean().to_dict()
    methods = ordered(errors, errors)
    shades = dict(zip(DETAILS, style.palette(len(DETAILS)), strict=True))
    drawn = style.new(
        12, 1.3 + 0.42 * len(methods),
        f"{style.text(name, 40)}, run {style.text(run, 40)}: error by local detail of the true "
        "image, with 95 % intervals over the sources of test images",
    )  # fmt: skip
    panels = drawn.subplots(1, len(PANELS), sharey=True)
    for axes, (column, (label, line)) in zip(panels, PANELS.items(), strict=True):
        for number, (detail, shade) in enumerate(shades.items()):
            rows = details[details["detail"] == detail].set_index("colorizer").reindex(methods)
            if column == "against_smooth" and detail == DETAILS[0]:
                continue
            axes.errorbar(
                rows[column], np.arange(len(methods)) + 0.22 * (number - 1),
                xerr=arms(rows, f"{column}_low", f"{column}_high", column),
                fmt=MARKERS[number], ms=5, lw=1.2, capsize=2, color=shade,
            )  # fmt: skip
        if line is not None:
            axes.axvline(line, color="0.3", ls=":", lw=1.2)
        axes.set_xlabel(label)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color="0.93")
        for row in range(1, len(methods)):
            axes.axhline(row - 0.5, color="0.93", lw=0.8)
    words = [
        wrapped(method, 30, 2) + (" (baseline)" if method in baselines() else "")
        for method in methods
    ]
    panels[0].set_yticks(range(len(methods)), words)
    panels[0].set_ylim(len(methods) - 0.5, -0.5)
    labels = ("smooth third", "middle third", "third with the finest detail")
    handles = [
        Line2D([], [], color=shades[detail], marker=MARKERS[number], ms=5, ls="", label=label)
        for number, (detail, label) in enumerate(zip(DETAILS, labels, strict=True))
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return drawn


def draw(image_details: str | os.PathLike, name: str, run: str, out: str | os.PathLike):
    """Draw the detail of one set and run from `image_details.csv`."""
    style.save(figure(read.pick(read_csv(image_details), set=name, run=run), name, run), out)
