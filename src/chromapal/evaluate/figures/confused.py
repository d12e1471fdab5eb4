"""Where in the head names are taken for one another."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chromapal.columns import BODY
from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.worm import VIEWS, free_positions
from chromapal.evaluate.tables.read import read_csv

PAIRS = 20


def best(places: pd.DataFrame) -> tuple[str, str]:
    """Choose the classifier and feature set that name most neurons right."""
    names = places.drop_duplicates(["classifier", "features", "name"])
    sums = names.groupby(["classifier", "features"])[["right", "tested"]].sum()
    return (sums["right"] / sums["tested"]).fillna(0).idxmax()


def most_confused(places: pd.DataFrame, pairs: int = PAIRS) -> pd.DataFrame:
    """Count how often two names were taken for one another, either way.

    Parameters
    ----------
    places : pandas.DataFrame
        Columns name, confused_with, confused.
    pairs : int
        How many pairs to keep.

    Returns
    -------
    pandas.DataFrame
        Columns one, other, count; most often confused first. Names without a position are left out.
    """
    rows = places[places["confused_with"].isin(places["name"]) & (places["confused"] > 0)]
    ends = np.sort(rows[["name", "confused_with"]].to_numpy(dtype=str), axis=1)
    table = pd.DataFrame({"one": ends[:, 0], "other": ends[:, 1], "count": rows["confused"].values})
    summed = table.groupby(["one", "other"], as_index=False)["count"].sum()
    return summed.nlargest(pairs, "count", keep="first").reset_index(drop=True)


@style.styled
def figure(places: pd.DataFrame) -> Figure:
    """Draw the head from its left and from its back, with the pairs most often confused.

    Parameters
    ----------
    places : pandas.DataFrame
        The table `places.csv`; the classifier and feature set that name most neurons right are
        drawn.
    """
    if places.empty:
        return style.message("No name was tested in this study: none to draw in the head.")
    classifier, features = best(places)
    subset = places[(places["classifier"] == classifier) & (places["features"] == features)]
    names = subset.drop_duplicates("name").set_index("name").dropna(subset=list(BODY))
    tested = names[names["tested"] > 0]
    if tested.empty:
        return style.message("No tested name has a position in the head.")
    names = names.assign(accuracy=names["right"] / names["tested"].where(names["tested"] > 0))
    pairs = most_confused(subset[subset["name"].isin(names.index)])
    drawn = style.new(
        13, 8.6,
        "Where names are taken for one another: "
        f"{style.text(classifier.replace('_', ' '))} on {style.text(features, 40)}",
    )  # fmt: skip
    parts = drawn.add_gridspec(2, 2, width_ratios=[1, 0.24])
    for row, ((across, up), words) in enumerate(VIEWS.items()):
        axes = drawn.add_subplot(parts[row, 0])
        points_drawn = _names(axes, names, (across, up))
        _pairs(axes, names, (across, up), pairs)
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.08)
        axes.set(xlabel=f"{across} [µm]", ylabel=f"{up} [µm]", title=words)
    bar = drawn.colorbar(
        points_drawn, ax=drawn.axes[:2], orientation="horizontal", shrink=0.5, pad=0.02
    )
    bar.set_label("share of the name's neurons named right (hollow: never tested)")
    _list(drawn.add_subplot(parts[:, 1]), names, pairs)
    return drawn


def _names(axes: Axes, names: pd.DataFrame, columns: tuple[str, str]):
    """Draw each name at its position, those nearest to the viewer on top."""
    across, up = columns
    names = names.sort_values("left" if up == "dorsal" else "dorsal", kind="stable")
    untested = names["accuracy"].isna()
    axes.scatter(
        names.loc[untested, across], names.loc[untested, up], s=24, facecolors="none",
        edgecolors="0.6", lw=0.8,
    )  # fmt: skip
    tested = names[~untested]
    return axes.scatter(
        tested[across], tested[up], c=tested["accuracy"], cmap="cividis", vmin=0, vmax=1, s=42,
        edgecolors="0.4", linewidths=0.4, zorder=3,
    )  # fmt: skip


def _pairs(axes: Axes, names: pd.DataFrame, columns: tuple[str, str], pairs: pd.DataFrame):
    """Join confused names by lines, numbered as in the list next to them."""
    points = names[list(columns)].to_numpy()
    ends = np.stack([names.loc[pairs[end], list(columns)].to_numpy() for end in ("one", "other")])
    largest = pairs["count"].max()
    for one, other, count in zip(*ends, pairs["count"], strict=True):
        axes.plot(
            *zip(one, other, strict=True), color="#d55e00", lw=0.8 + 4 * count / largest,
            alpha=0.7, solid_capstyle="round", zorder=2,
        )  # fmt: skip
    # a number's size at the width these panels come out [um]
    size = 0.19 / (9.0 / max(1.16 * np.ptp(points[:, 0]), 1.0))
    middles = ends.mean(axis=0)
    sizes = np.tile([1.25 * size, size], (len(pairs), 1))
    centres = free_positions(middles, sizes, points, 0.2 * size, np.full(len(pairs), 8 * size))
    for number, (middle, centre) in enumerate(zip(middles, centres, strict=True), start=1):
        axes.annotate(
            str(number), middle, xytext=np.where(np.isnan(centre), middle, centre), fontsize=8,
            textcoords="data", ha="center", va="center", zorder=5, fontweight="bold",
            arrowprops={"arrowstyle": "-", "color": "0.2", "lw": 0.6, "shrinkA": 0, "shrinkB": 0},
            bbox={"boxstyle": "round,pad=0.12", "fc": "white", "ec": "0.5", "lw": 0.4},
        )  # fmt: skip


def _list(axes: Axes, names: pd.DataFrame, pairs: pd.DataFrame):
    """List the numbered pairs, how often they were confused and how far apart they lie."""
    axes.set_axis_off()
    axes.set_title("most often confused\n(times; distance between their positions)")
    body = names[list(BODY)]
    for number, (one, other, count) in enumerate(pairs.itertuples(index=False), start=1):
        apart = np.linalg.norm(body.loc[one].to_numpy() - body.loc[other].to_numpy())
        axes.text(
            0, 1.01 - 0.045 * number,
            f"{number:>2}  {style.text(one, 12)} and {style.text(other, 12)}: {count:.0f}"
            f"  ({apart:.0f} µm)",
            transform=axes.transAxes, fontsize=8.5, va="center",
        )  # fmt: skip
    if pairs.empty:
        axes.text(0, 0.95, "none was confused", transform=axes.transAxes, fontsize=8.5)


def draw(places: str | os.PathLike, out: str | os.PathLike):
    """Draw `confused.png` from `places.csv`."""
    style.save(figure(read_csv(places)), out)
