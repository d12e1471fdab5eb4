"""Colour metrics of every colorizer and variant, folds as dots."""

import os

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.columns import VARIANTS
from chromapal.evaluate.figures import style
from chromapal.evaluate.tables import read

METRICS = {
    "mse": ("mean squared error [study scale²]", "lower is better", None),
    "chroma_r2": ("chroma R²", "0: no better than brightness alone", 0.0),
    "colourfulness_ratio": ("colourfulness, predicted / true", "1: as vivid as the truth", 1.0),
    "delta_e": ("ΔE2000", "lower is better; about 1 is just noticeable", None),
}


@style.styled
def figure(colour: pd.DataFrame) -> Figure:
    """Draw one panel per metric: a dot per fold, a bar mark for all test worms together.

    Parameters
    ----------
    colour : pandas.DataFrame
        The table `colour.csv`.
    """
    colour = colour[colour["lab"] == "all"]
    if colour.empty:
        return style.message("No colorizer was run in this study: no colours to compare.")
    colour = colour.assign(run=read.run_label(colour))
    runs = sorted(colour["run"].unique())
    variants = read.ordered(colour["variant"], VARIANTS)
    shades = dict(zip(variants, style.palette(len(variants)), strict=True))
    shift = dict(zip(variants, _spread(len(variants)), strict=True))
    height = colour["run"].map(runs.index) + colour["variant"].map(shift)
    shade = np.array([shades[variant] for variant in colour["variant"]])
    pooled = (colour["fold"] == "all").to_numpy()
    worms = int(colour.loc[pooled, "worms"].max()) if pooled.any() else 0
    drawn = style.new(
        12, 2.0 + 0.72 * len(runs), f"Predicted colour of test neurons ({worms} worms)"
    )
    panels = drawn.subplots(1, len(METRICS), sharey=True)
    for axes, (name, (label, note, reference)) in zip(panels, METRICS.items(), strict=True):
        value = colour[name].to_numpy()
        axes.scatter(value[~pooled], height[~pooled], c=shade[~pooled], s=14, alpha=0.7)
        axes.scatter(value[pooled], height[pooled], c=shade[pooled], s=110, marker="|", lw=2.5)
        if reference is not None:
            axes.axvline(reference, color="0.4", ls=":", lw=1)
        axes.set_xlabel(label)
        axes.set_title(note, color="0.35", fontsize=8)
        axes.grid(axis="y", color="0.93")
    panels[0].set_yticks(range(len(runs)), runs)
    panels[0].set_ylim(len(runs) - 0.5, -0.5)
    handles = [
        Line2D([], [], color=shades[name], marker="o", ls="", label=style.variant_label(name))
        for name in variants
    ]
    handles += [
        Line2D([], [], color="0.4", marker="o", ms=4, ls="", label="one fold"),
        Line2D([], [], color="0.4", marker="|", ms=10, mew=2.5, ls="", label="all test worms"),
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return drawn


def _spread(count: int) -> np.ndarray:
    return np.linspace(-0.25, 0.25, count) if count > 1 else np.zeros(1)


def draw(colour: str | os.PathLike, out: str | os.PathLike):
    """Draw `colour.png` from `colour.csv`."""
    style.save(figure(read.read_csv(colour)), out)
