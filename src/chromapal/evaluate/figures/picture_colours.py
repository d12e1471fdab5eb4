"""How vivid predicted colours are, and which hues they have, as histograms beside the truth's."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from skimage.color import lab2rgb

from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.image_parts import ordered, wrapped
from chromapal.evaluate.tables import read
from chromapal.evaluate.tables.read import read_csv
from chromapal.methods import baselines

LABELS = {"hue": "hue angle [degrees, CIELAB]", "chroma": "chroma [CIELAB]"}
COLUMNS = 6  # methods side by side, at most
TRUTH, PREDICTED = "0.8", style.COLOURS[0]
VIVID = 80.0  # chroma up to which is drawn


@style.styled
def figure(colours: pd.DataFrame, images: pd.DataFrame, name: str, run: str) -> Figure:
    """Draw the histograms of hue and of chroma of every trained method.

    Parameters
    ----------
    colours : pandas.DataFrame
        Rows of `image_colours.csv` of this set and run.
    images : pandas.DataFrame
        Rows of `images.csv` of the same, whose colourfulness stands above.
    name, run : str
        The set and the run.
    """
    ratios = images.set_index("colorizer")["colourfulness_ratio"].to_dict()
    errors = images.set_index("colorizer")["delta_e"].to_dict()
    methods = ordered(set(colours["colorizer"]) - set(baselines()), errors)
    if not methods:
        return style.message(f"No trained method coloured test images of {style.text(name)}.")
    blocks = -(-len(methods) // COLUMNS)
    columns = -(-len(methods) // blocks)
    drawn = style.new(
        2.6 * columns, 0.9 + 4.0 * blocks,
        f"{style.text(name, 30)}, run {style.text(run, 30)}: colours of test images",
    )  # fmt: skip
    panels = drawn.subplots(2 * blocks, columns, squeeze=False, sharey="row")
    for axes in panels.ravel():
        axes.set_axis_off()
    for place, method in enumerate(methods):
        block, column = divmod(place, columns)
        ratio = ratios.get(method, np.nan)
        for row, quantity in enumerate(LABELS):
            axes = panels[2 * block + row, column]
            axes.set_axis_on()
            _histograms(axes, read.pick(colours, colorizer=method, quantity=quantity), quantity)
            if column == 0:
                axes.set_ylabel("fraction of all pixels [%]")
            if row == 0:
                vivid = "" if np.isnan(ratio) else f"\ncolourfulness, pred. / true: {ratio:.2f}"
                axes.set_title(f"{wrapped(method, 32, 1)}{vivid}")
    for axes in panels[:, 0]:
        # once all of a row are drawn, which share it
        axes.set_ylim(bottom=0)
    handles = [
        Rectangle((0, 0), 1, 1, color=TRUTH, label="truth"),
        Line2D([], [], color=PREDICTED, lw=1.6, label="predicted"),
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return drawn


def _histograms(axes: Axes, bins: pd.DataFrame, quantity: str):
    bins = bins.sort_values("low")
    edges = [*bins["low"], bins["high"].iloc[-1]]
    axes.stairs(100 * bins["share_true"], edges, fill=True, color=TRUTH)
    axes.stairs(100 * bins["share_predicted"], edges, color=PREDICTED, lw=1.6)
    axes.set_xlabel(LABELS[quantity])
    if quantity == "chroma":
        axes.set_xlim(0, VIVID)
        return
    axes.set_xlim(0, 360)
    axes.set_xticks(range(0, 361, 60))
    # which number is which hue
    angle = np.radians(np.linspace(0, 360, 180))
    strip = axes.inset_axes((0, 1.0, 1, 0.05))
    lab = np.stack([np.full_like(angle, 65.0), 45 * np.cos(angle), 45 * np.sin(angle)], axis=-1)
    strip.imshow(np.clip(lab2rgb(lab[None]), 0, 1), aspect="auto")
    strip.set_axis_off()


def draw(
    image_colours: str | os.PathLike,
    images: str | os.PathLike,
    name: str,
    run: str,
    out: str | os.PathLike,
):
    """Draw the colours of one set and run from `image_colours.csv` and `images.csv`."""
    colours, scores = (
        read.pick(read_csv(path), set=name, run=run) for path in (image_colours, images)
    )
    style.save(figure(colours, scores, name, run), out)
