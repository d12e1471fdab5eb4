"""What the image sets hold: some of their images, and how colourful their splits are."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from chromapal.evaluate.figures import image_parts, style
from chromapal.evaluate.tables.read import read_csv

QUANTITIES = {
    "hue": ("hue [degrees, HSV]", "pixels with a chroma of at least 5"),
    "saturation": ("saturation [0..1, HSV]", "all pixels"),
    "chroma": ("chroma [CIELAB]", "all pixels"),
}
SPLITS = ("train", "validation", "test")
SPLIT_STYLES = dict(zip(SPLITS, zip(style.palette(3), ("-", "--", ":"), strict=True), strict=True))
EXAMPLES = 8


@dataclass(frozen=True)
class Content:
    """What is drawn of one set.

    Parameters
    ----------
    images : sequence of numpy.ndarray
        True colours of some test images, shape (H, W, 3), 0..1.
    splits, colours : pandas.DataFrame
        The set's card.
    """

    images: Sequence[np.ndarray]
    splits: pd.DataFrame
    colours: pd.DataFrame


@style.styled
def figure(sets: Mapping[str, Content]) -> Figure:
    """Draw a row per set: test images, then hue, saturation and chroma of every split.

    Parameters
    ----------
    sets : mapping of str to Content
        By the sets' names.
    """
    if not sets:
        return style.message("This study has no set of images.")
    drawn = style.new(13, 0.75 + 2.75 * len(sets), "Sets of images")
    parts = np.atleast_1d(drawn.subfigures(len(sets), 1))
    for subfigure, (name, content) in zip(parts, sets.items(), strict=True):
        subfigure.suptitle(
            f"{style.text(name, 60)}: {_split_sizes(content.splits)}", x=0.01, ha="left", fontsize=9
        )
        left, right = subfigure.subfigures(1, 2, width_ratios=[1, 2.3], wspace=0.02)
        _examples(left, content.images)
        panels = right.subplots(1, len(QUANTITIES))
        for axes, quantity in zip(panels, QUANTITIES, strict=True):
            _histogram(axes, content.colours, quantity)
        panels[0].set_ylabel("fraction of the split's pixels [%]")
    handles = [
        Line2D([], [], color=shade, ls=dash, lw=1.8, label=name)
        for name, (shade, dash) in SPLIT_STYLES.items()
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return drawn


def _split_sizes(splits: pd.DataFrame) -> str:
    """Write how many images each split has, and from how many sources."""
    return ", ".join(
        f"{row.pictures:.0f} {style.text(row.split)} (sources: {row.sources:.0f})"
        for row in splits.itertuples()
    )


def _examples(subfigure: SubFigure, images: Sequence[np.ndarray]):
    shapes = [pixels.shape[0] / pixels.shape[1] for pixels in images]
    columns = 2 if shapes and np.median(shapes) < 0.6 else 4
    panels = subfigure.subplots(EXAMPLES // columns, columns).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, pixels in zip(panels, images, strict=False):
        axes.imshow(pixels, vmin=0, vmax=1)
    if not images:
        subfigure.text(0.5, 0.5, "no test image", ha="center", va="center", color="0.5")


def _histogram(axes: Axes, colours: pd.DataFrame, quantity: str):
    label, counted = QUANTITIES[quantity]
    rows = colours[colours["quantity"] == quantity]
    for split, (shade, dash) in SPLIT_STYLES.items():
        bins = rows[rows["split"] == split].sort_values("low")
        # a split without images has no fractions
        if len(bins) and bins["share"].notna().all():
            edges = [*bins["low"], bins["high"].iloc[-1]]
            axes.stairs(100 * bins["share"], edges, color=shade, ls=dash, lw=1.6)
    axes.set_xlabel(label)
    axes.set_title(counted, color="0.35", fontsize=8)
    axes.set_ylim(0, 1.12 * max(axes.get_ylim()[1], 1e-9))
    if quantity == "hue":
        axes.set_xlim(0, 360)
        axes.set_xticks(range(0, 361, 60))
        # which number is which hue
        strip = axes.inset_axes((0, 0.95, 1, 0.05))
        strip.imshow(np.linspace(0, 1, 256)[None], cmap=colormaps["hsv"], aspect="auto")
        strip.set_axis_off()
    else:
        axes.set_xlim(left=0)


def read_content(card: str | os.PathLike, test_images: str | os.PathLike) -> Content:
    """Read a set's card and the true colours of some of the test images shown."""
    numbers = image_parts.list_test_images(test_images)["number"]
    chosen = [numbers.iloc[index] for index in image_parts.evenly_spaced(len(numbers), EXAMPLES)]
    loaded = [image_parts.load(Path(test_images) / f"{number}_true.png") for number in chosen]
    return Content(
        [pixels for pixels in loaded if pixels is not None],
        read_csv(Path(card) / "splits.csv"),
        read_csv(Path(card) / "colours.csv", ("low", "high", "pixels", "share")),
    )


def draw(sets: Sequence[dict], out: str | os.PathLike):
    """Draw `picture_sets.png`.

    Parameters
    ----------
    sets : sequence of dict
        set, card (folder of its card) and test_images (their folder).
    out : path-like
        The figure.
    """
    contents = {each["set"]: read_content(each["card"], each["test_images"]) for each in sets}
    style.save(figure(contents), out)
