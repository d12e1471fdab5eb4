"""What one change does: the same methods on the same sets in two runs, side by side."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.image_parts import MARKERS, arms, wrapped
from chromapal.evaluate.tables.read import read_csv

METRICS = {
    "delta_e": "mean ΔE2000 (lower is better)",
    "colourfulness_ratio": "colourfulness, predicted / true (1: as vivid)",
}


@style.styled
def figure(images: pd.DataFrame, comparisons: Sequence[dict]) -> Figure:
    """Draw a panel per comparison: ΔE and colourfulness of every set and method, run by run.

    Parameters
    ----------
    images : pandas.DataFrame
        The table `images.csv`.
    comparisons : sequence of dict
        title, runs (two or more, in the order of the legend) and colorizers (all without the
        key); methods that were not scored in at least two of the runs are not drawn.
    """
    if not comparisons:
        return style.message("No runs of this study's images are compared.")
    subsets = [_compared(images, each) for each in comparisons]
    heights = [0.9 + 0.36 * max(subset["row"].nunique(), 1) for subset in subsets]
    drawn = style.new(11.5, 0.5 + sum(heights), "Runs compared, the same test images in each row")
    panels = drawn.subplots(
        len(subsets), len(METRICS), squeeze=False, height_ratios=heights, width_ratios=[1.3, 1]
    )
    for each, subset, pair in zip(comparisons, subsets, panels, strict=True):
        pair[0].set_title(style.text(each["title"], 60), fontweight="bold")
        if subset.empty:
            for axes in pair:
                axes.set_axis_off()
            pair[0].text(0, 0.5, "no method was scored in two of these runs", color="0.35")
            continue
        run_colours = dict(zip(each["runs"], style.palette(len(each["runs"])), strict=True))
        for axes, value in zip(pair, METRICS, strict=True):
            _dumbbells(axes, subset, run_colours, value)
            axes.set_xlabel(METRICS[value])
        pair[1].axvline(1, color="0.3", ls=":", lw=1.2)
        rows = subset.drop_duplicates("row").sort_values("row")
        pair[0].set_yticks(
            rows["row"],
            [
                f"{style.text(row.set, 18)}: {wrapped(row.colorizer, 26, 2)}"
                for row in rows.itertuples()
            ],
        )
        pair[1].set_yticks(rows["row"], [])
        pair[1].legend(
            handles=_handles(subset, run_colours),
            loc="upper left",
            bbox_to_anchor=(1.01, 1),
            borderpad=0,
        )
    return drawn


def _compared(images: pd.DataFrame, comparison: dict) -> pd.DataFrame:
    """Take the rows of one comparison; `row` counts them from the top."""
    chosen = comparison.get("colorizers", list(images["colorizer"]))
    rows = images[images["run"].isin(comparison["runs"]) & images["colorizer"].isin(chosen)]
    keys = ["set", "colorizer"]
    rows = rows[rows.groupby(keys)["run"].transform("nunique") > 1]
    return rows.assign(row=rows.groupby(keys, sort=True).ngroup())


def _dumbbells(axes: Axes, subset: pd.DataFrame, run_colours: dict[str, str], value: str):
    """Draw a point per run, runs of one set and method joined by a line."""
    shifts = dict(zip(run_colours, np.linspace(-0.15, 0.15, len(run_colours)), strict=True))
    subset = subset.assign(height=subset["row"] + subset["run"].map(shifts))
    for _, rows in subset.sort_values("height").groupby("row"):
        axes.plot(rows[value], rows["height"], color="0.75", lw=3, zorder=1)
    for number, (run, shade) in enumerate(run_colours.items()):
        rows = subset[subset["run"] == run]
        away = arms(rows, "delta_e_low", "delta_e_high", value) if value == "delta_e" else None
        axes.errorbar(
            rows[value], rows["height"], xerr=away, fmt=MARKERS[number % len(MARKERS)], ms=6,
            lw=1.2, capsize=2, color=shade,
        )  # fmt: skip
    axes.set_ylim(subset["row"].max() + 0.5, -0.5)
    axes.grid(axis="x", color="0.93")


def _handles(subset: pd.DataFrame, run_colours: dict[str, str]) -> list[Line2D]:
    """Name the runs and how many images each was trained on."""
    handles = []
    for number, (run, shade) in enumerate(run_colours.items()):
        counts = subset.loc[subset["run"] == run, "train_pictures"].dropna()
        training = ""
        if len(counts):
            low, high = counts.min(), counts.max()
            training = f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
            training = f"\n({training} training images)"
        label = wrapped(run, 22, 2, spaced=False) + training
        mark = MARKERS[number % len(MARKERS)]
        handles.append(Line2D([], [], color=shade, ls="", marker=mark, label=label))
    return handles


def draw(images: str | os.PathLike, comparisons: Sequence[dict], out: str | os.PathLike):
    """Draw `picture_comparisons.png` from `images.csv`; `comparisons` as for `figure`."""
    style.save(figure(read_csv(images), comparisons), out)
