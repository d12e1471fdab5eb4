"""What more training images change: errors, greens, blues and vividness against their number."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.image_parts import MARKERS, arms, wrapped
from chromapal.evaluate.metrics.regions import ALL
from chromapal.evaluate.tables.read import read_csv
from chromapal.methods import baselines

# Column of image_hues.csv, the hue, what stands beside it, and a line to compare with.
PANELS = (
    ("mse_ab", ALL, "MSE ab [CIELAB²]", None),
    ("hue_found", "green", "green pixels found [fraction]", None),
    ("b_shift", ALL, "shift of b [CIELAB]\n← bluer, yellower →", 0),
    ("chroma_ratio", ALL, "chroma, predicted / true", 1),
)
DASHES = {"copy_gray": "--", "mean_colour": ":"}


@style.styled
def figure(hues: pd.DataFrame, images: pd.DataFrame, comparisons: Sequence[dict]) -> Figure:
    """Draw a row of panels per set, a curve per method, with intervals over sources.

    Parameters
    ----------
    hues, images : pandas.DataFrame
        The tables `image_hues.csv` and `images.csv`.
    comparisons : sequence of dict
        runs and colorizers; those whose runs have trained a method on three or more numbers of
        images are curves.
    """
    keys = ["set", "run", "colorizer"]
    rows = hues.merge(images[[*keys, "train_pictures"]], on=keys)
    sets = {name: _curves(part, comparisons) for name, part in rows.groupby("set", sort=True)}
    sets = {name: curves for name, curves in sets.items() if curves}
    if not sets:
        return style.message("No method was trained on three or more numbers of images.")
    drawn = style.new(14, 0.9 + 3.0 * len(sets), "More training images, the same test images")
    panels = drawn.subplots(len(sets), len(PANELS), squeeze=False)
    labels: dict[str, Line2D] = {}
    for line, (name, curves) in zip(panels, sets.items(), strict=True):
        line[0].set_title(style.text(name, 40), fontweight="bold")
        guessed = rows[(rows["set"] == name) & rows["colorizer"].isin(baselines())]
        for axes, (column, hue, label, neutral) in zip(line, PANELS, strict=True):
            for number, (method, curve) in enumerate(curves.items()):
                shade = style.palette(number + 1)[-1]
                _curve(axes, curve[curve["hue"] == hue], column, shade, MARKERS[number % 10])
                labels[method] = Line2D(
                    [], [], color=shade, marker=MARKERS[number % 10], ms=5,
                    label=wrapped(method, 30, 1),
                )  # fmt: skip
            if neutral is None:
                _baselines(axes, guessed[guessed["hue"] == hue], column, labels)
            else:
                axes.axhline(neutral, color="0.3", lw=0.8)
            axes.set_ylabel(label)
            _counts(axes, pd.concat(curves.values())["train_pictures"])
    drawn.legend(
        handles=list(labels.values()), loc="outside lower center", ncols=min(6, len(labels))
    )
    return drawn


def _curves(rows: pd.DataFrame, comparisons: Sequence[dict]) -> dict[str, pd.DataFrame]:
    """Return each method's rows, of the first comparison with enough numbers of images."""
    found: dict[str, pd.DataFrame] = {}
    for each in comparisons:
        for method in each["colorizers"]:
            part = rows[rows["run"].isin(each["runs"]) & (rows["colorizer"] == method)]
            if part["train_pictures"].nunique() > 2:
                found.setdefault(method, part.sort_values("train_pictures", kind="stable"))
    return found


def _curve(axes: Axes, rows: pd.DataFrame, column: str, shade: str, mark: str):
    axes.errorbar(
        rows["train_pictures"], rows[column],
        yerr=arms(rows, f"{column}_low", f"{column}_high", column),
        marker=mark, ms=5, lw=1.4, elinewidth=1, capsize=2, color=shade,
    )  # fmt: skip


def _baselines(axes: Axes, rows: pd.DataFrame, column: str, labels: dict[str, Line2D]):
    """Draw what baselines reach, which see all training images."""
    for row in rows.drop_duplicates("colorizer").to_dict("records"):
        name, look = row["colorizer"], DASHES.get(row["colorizer"], "-.")
        if np.isfinite(row[column]):
            axes.axhline(row[column], color="0.45", ls=look, lw=1.2)
            label = f"{wrapped(name, 30, 1)} (baseline)"
            labels[name] = Line2D([], [], color="0.45", ls=look, lw=1.2, label=label)


def _counts(axes: Axes, counts: pd.Series):
    """Mark the numbers of images on a logarithmic axis."""
    axes.set_xscale("log")
    ticks = sorted(counts.unique())
    axes.set_xticks(ticks, [f"{count:.0f}" for count in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set_xlabel("training images")
    axes.grid(axis="y", color="0.93")


def draw(
    image_hues: str | os.PathLike,
    images: str | os.PathLike,
    comparisons: Sequence[dict],
    out: str | os.PathLike,
):
    """Draw `learning_curves.png` from `image_hues.csv` and `images.csv`."""
    style.save(figure(read_csv(image_hues), read_csv(images), comparisons), out)
