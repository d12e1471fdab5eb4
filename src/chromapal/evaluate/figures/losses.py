"""Losses of training and validation worms while colorizers learn."""

import os

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.columns import VARIANTS
from chromapal.evaluate.figures import style
from chromapal.evaluate.tables import read

CURVES = {"train_loss": "training worms", "validation_loss": "validation worms"}


@style.styled
def figure(losses: pd.DataFrame) -> Figure:
    """Draw one panel per colorizer, sample and grid (rows) and variant (columns).

    Parameters
    ----------
    losses : pandas.DataFrame
        The table `losses.csv`; a thin line per fold, a bold one for their mean.
    """
    if losses.empty:
        return style.message("No colorizer of this study learns in epochs: no losses to show.")
    losses = losses.assign(run=read.run_label(losses))
    variants = losses.groupby("run")["variant"].nunique()
    rows = list(variants.sort_values(ascending=False, kind="stable").index)
    columns = read.ordered(losses["variant"], VARIANTS)
    drawn = style.new(
        2.2 + 2.6 * len(columns),
        1.2 + 2.0 * len(rows),
        "Loss while learning (mean squared error)",
    )
    panels = drawn.subplots(len(rows), len(columns), squeeze=False, sharey="row")
    colours = dict(zip(CURVES, style.palette(2), strict=True))
    for run, line in zip(rows, panels, strict=True):
        for variant, axes in zip(columns, line, strict=True):
            subset = read.pick(losses, run=run, variant=variant)
            if subset.empty:
                axes.set_axis_off()
                continue
            for name in CURVES:
                wide = subset.pivot_table(index="epoch", columns="fold", values=name)
                for _, curve in wide.items():
                    _curve(axes, curve.dropna(), color=colours[name], lw=0.6, ms=3, alpha=0.45)
                _curve(axes, wide.dropna().mean(axis=1), color=colours[name], lw=2, ms=5)
            models = subset["fold"].nunique()
            axes.set_title(f"{style.variant_label(variant)}\n(models: {models})")
            axes.set_xlabel("epoch")
            style.count_axis(axes, subset["epoch"])
        first = next(axes for axes in line if axes.axison)
        first.tick_params(labelleft=True)
        first.set_ylabel(f"{run}\nloss [study scale²]")
    handles = [Line2D([], [], color=colours[name], lw=2, label=CURVES[name]) for name in CURVES]
    handles.append(Line2D([], [], color="0.5", lw=0.6, label="one model (fold or pair of folds)"))
    drawn.legend(handles=handles, loc="outside lower center", ncols=3)
    return drawn


def _curve(axes: Axes, losses: pd.Series, **line_style):
    """Draw losses by epoch, with markers where they are too few for a line."""
    axes.plot(losses.index, losses, marker=style.marker(len(losses)), **line_style)


def draw(losses: str | os.PathLike, out: str | os.PathLike):
    """Draw `losses.png` from `losses.csv`."""
    style.save(figure(read.read_csv(losses)), out)
