"""Which hues are found, how far off they are, and which way they stray."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from skimage.color import lab2rgb

from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.image_parts import MARKERS, arms, wrapped
from chromapal.evaluate.metrics.regions import ALL, GRAY, HUES, SECTORS
from chromapal.evaluate.tables import read
from chromapal.evaluate.tables.read import read_csv
from chromapal.methods import baselines

# By column: what stands below it, and a line to compare with.
PANELS = {
    "hue_found": ("found: predicted in the\nright sector [fraction]", None),
    "mse_ab_over_gray": ("MSE ab over that of\na gray image", 1),
    "chroma_ratio": ("chroma, predicted / true", 1),
    "b_shift": ("shift of b [CIELAB]\n← bluer, yellower →", 0),
}
SHARES = "pixels of the hue [%]"
MOST = 6  # methods that can be told apart


@style.styled
def figure(hues: pd.DataFrame, name: str, run: str) -> Figure:
    """Draw a row per hue of the truth, and a panel per measure, with intervals over sources.

    Parameters
    ----------
    hues : pandas.DataFrame
        Rows of `image_hues.csv` of this set and run. Of the trained methods the six with the
        smallest error are drawn.
    name, run : str
        The set and the run.
    """
    trained = hues[~hues["colorizer"].isin(baselines())]
    overall = trained[trained["hue"] == ALL].sort_values(["mse_ab", "colorizer"], kind="stable")
    methods = overall["colorizer"].tolist()[:MOST]
    if not methods:
        return style.message(f"No trained method coloured test images of {style.text(name)}.")
    shades = dict(zip(methods, style.palette(len(methods)), strict=True))
    drawn = style.new(
        14, 1.3 + 0.58 * len(HUES),
        f"{style.text(name, 40)}, run {style.text(run, 40)}: colours by the hue of the true pixel, "
        "with 95 % intervals over the sources of test images",
    )  # fmt: skip
    panels = drawn.subplots(1, 1 + len(PANELS), sharey=True)
    shift = dict(zip(methods, np.linspace(-0.32, 0.32, len(methods) + 2)[1:-1], strict=True))
    _shares(panels[0], trained, shades, shift)
    for axes, (column, (label, line)) in zip(panels[1:], PANELS.items(), strict=True):
        for number, (method, shade) in enumerate(shades.items()):
            rows = _of(trained, method)
            if line == 1:
                # beside no colour at all, any is many times too much
                rows.loc[GRAY, column] = np.nan
            axes.errorbar(
                rows[column], np.arange(len(HUES)) + shift[method],
                xerr=arms(rows, f"{column}_low", f"{column}_high", column),
                fmt=MARKERS[number], ms=4.5, lw=1.1, color=shade,
            )  # fmt: skip
        if line is not None:
            axes.axvline(line, color="0.3", ls=":", lw=1.2)
            axes.set_xlim(left=min(0, axes.get_xlim()[0]))
        axes.set_xlabel(label)
    for axes in panels:
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color="0.93")
        for line in range(1, len(HUES)):
            axes.axhline(line - 0.5, color="0.93", lw=0.8)
    panels[0].set_yticks(range(len(HUES)), [hue if hue != ALL else "all pixels" for hue in HUES])
    panels[0].set_ylim(len(HUES) - 0.5, -0.5)
    _swatches(panels[0])
    handles = [
        Line2D([], [], color=shade, marker=MARKERS[number], ms=5, ls="",
               label=wrapped(method, 30, 1))
        for number, (method, shade) in enumerate(shades.items())
    ]  # fmt: skip
    handles.append(Rectangle((0, 0), 1, 1, color="0.8", label="truth"))
    drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return drawn


def _of(hues: pd.DataFrame, method: str) -> pd.DataFrame:
    return hues[hues["colorizer"] == method].set_index("hue").reindex(HUES)


def _shares(axes: Axes, hues: pd.DataFrame, shades: dict[str, str], shift: dict[str, float]):
    """Draw how many pixels have a hue: a bar in the truth, a point by each method."""
    shown = [*SECTORS, GRAY]
    for number, (method, shade) in enumerate(shades.items()):
        rows = _of(hues, method).loc[shown]
        if number == 0:
            axes.barh(range(len(shown)), 100 * rows["share_true"], 0.8, color="0.8")
        heights = np.arange(len(shown)) + shift[method]
        axes.plot(
            100 * rows["share_predicted"], heights, ls="", marker=MARKERS[number], ms=4.5,
            color=shade,
        )  # fmt: skip
    axes.set_xlabel(SHARES)
    axes.set_xlim(left=0)


def _swatches(axes: Axes):
    """Show each sector's middle colour beside its name."""
    axes.tick_params(axis="y", pad=24)
    for row, (low, high) in enumerate(SECTORS.values()):
        angle = np.radians((low + high) / 2)
        colour = lab2rgb([[[65.0, 45 * np.cos(angle), 45 * np.sin(angle)]]])[0, 0]
        axes.add_patch(
            Rectangle(
                (-0.125, row - 0.35), 0.095, 0.7, color=np.clip(colour, 0, 1), clip_on=False,
                transform=axes.get_yaxis_transform(),
            )
        )  # fmt: skip


def draw(image_hues: str | os.PathLike, name: str, run: str, out: str | os.PathLike):
    """Draw the hues of one set and run from `image_hues.csv`."""
    style.save(figure(read.pick(read_csv(image_hues), set=name, run=run), name, run), out)
