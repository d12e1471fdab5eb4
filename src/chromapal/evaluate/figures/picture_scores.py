"""How well every method colours the images of every set."""

import os

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.image_parts import MARKERS, arms, runs, wrapped
from chromapal.evaluate.tables.read import read_csv
from chromapal.methods import baselines


@style.styled
def figure(images: pd.DataFrame) -> Figure:
    """Draw a row of panels per set: ΔE with its interval, and colourfulness over the true one.

    Parameters
    ----------
    images : pandas.DataFrame
        The table `images.csv`. The method with the smallest ΔE stands on top, by its best run.
    """
    if images.empty:
        return style.message("No image was coloured in this study: no colours to compare.")
    sets = sorted(images["set"].unique())
    names = runs(images)
    shades = dict(zip(names, style.palette(len(names)), strict=True))
    methods = [_best_first(images[images["set"] == name]) for name in sets]
    step = 0.28 + 0.08 * (len(names) - 1)
    heights = [0.6 + step * len(methods_of_set) for methods_of_set in methods]
    drawn = style.new(
        10.5, 0.9 + sum(heights),
        "Predicted colour of test images, with 95 % interval over the sources they were cut from",
    )  # fmt: skip
    panels = drawn.subplots(
        len(sets), 2, squeeze=False, height_ratios=heights, width_ratios=[1.3, 1]
    )
    for name, methods_of_set, (near, vivid) in zip(sets, methods, panels, strict=True):
        rows = images[images["set"] == name]
        _points(near, rows, methods_of_set, shades, "delta_e")
        _points(vivid, rows, methods_of_set, shades, "colourfulness_ratio")
        baseline = rows.loc[rows["colorizer"].isin(baselines()), "delta_e"].min()
        if baseline == baseline:
            near.axvline(baseline, color="0.3", ls="--", lw=1)
        vivid.axvline(1, color="0.3", ls=":", lw=1.2)
        vivid.tick_params(labelleft=False)
        near.set_title(
            f"{style.text(name, 40)} (test images: {_span(rows['pictures'])}, "
            f"sources: {_span(rows['sources'])})", fontweight="bold",
        )  # fmt: skip
        labels = [
            wrapped(method, 30, 2) + (" (baseline)" if method in baselines() else "")
            for method in methods_of_set
        ]
        near.set_yticks(range(len(methods_of_set)), labels)
    panels[-1, 0].set_xlabel("mean ΔE2000 (lower is better)")
    panels[-1, 1].set_xlabel("colourfulness, predicted / true (1: as vivid as the truth)")
    handles = _handles(shades)
    drawn.legend(handles=handles, loc="outside lower center", ncols=min(6, len(handles)))
    return drawn


def _best_first(rows: pd.DataFrame) -> list[str]:
    best = rows.groupby("colorizer", sort=True)["delta_e"].min()
    return best.sort_values(kind="stable", na_position="last").index.tolist()


def _points(axes: Axes, rows: pd.DataFrame, methods: list[str], shades: dict, value: str):
    """Draw a point per method and run, hollow for a baseline."""
    order = rows["run"].map(list(shades).index)
    runs_of_method = rows.groupby("colorizer")["run"].transform("size")
    # the runs that there are, around the middle of the method's line
    shift = (order.groupby(rows["colorizer"]).rank() - (runs_of_method + 1) / 2) * 0.6 / len(shades)
    rows = rows.assign(height=rows["colorizer"].map(methods.index) + shift)
    for number, (run, shade) in enumerate(shades.items()):
        for baseline in (False, True):
            subset = rows[(rows["run"] == run) & (rows["colorizer"].isin(baselines()) == baseline)]
            away = (
                arms(subset, "delta_e_low", "delta_e_high", value) if value == "delta_e" else None
            )
            axes.errorbar(
                subset[value], subset["height"], xerr=away, fmt=MARKERS[number % len(MARKERS)],
                ms=6, lw=1.4, capsize=2, color=shade, mfc="white" if baseline else shade, mew=1.4,
            )  # fmt: skip
    for height in rows.loc[rows[value].isna(), "height"]:
        axes.text(
            0.02, height, "undefined", transform=axes.get_yaxis_transform(), color="0.45",
            va="center", fontsize=7,
        )  # fmt: skip
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.grid(axis="x", color="0.93")
    for line in range(1, len(methods)):
        axes.axhline(line - 0.5, color="0.93", lw=0.8)


def _span(values: pd.Series) -> str:
    low, high = values.min(), values.max()
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _handles(shades: dict[str, str]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=shade, ls="", marker=MARKERS[number % len(MARKERS)],
               label=f"run {style.text(run, 24)}")
        for number, (run, shade) in enumerate(shades.items())
    ]  # fmt: skip
    return [
        *handles,
        Line2D([], [], color="0.3", ls="", marker="o", mfc="white", label="baseline"),
        Line2D([], [], color="0.3", ls="--", lw=1, label="best baseline's ΔE"),
        Line2D([], [], color="0.3", ls=":", lw=1.2, label="the truth's colourfulness"),
    ]


def draw(images: str | os.PathLike, out: str | os.PathLike):
    """Draw `picture_scores.png` from `images.csv`."""
    style.save(figure(read_csv(images)), out)
