"""Projections of one worm's neurons, as measured, and as normalised or aligned."""

import os

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.columns import BODY, POSITION
from chromapal.evaluate.figures import coloured, style
from chromapal.prepare.frame import is_aligned

PLANES = (("x", "y"), ("x", "z"), ("y", "z"))
NORMALISED = dict(zip("xyz", POSITION, strict=True))
ALIGNED = dict(zip("xyz", BODY, strict=True))
LABELLED = "labelled"
UNLABELLED = "unlabelled (nobody named them)"


@style.styled
def figure(neurons: pd.DataFrame, colour_scale: str) -> Figure:
    """Draw the worm with the most neurons: as measured above, 0..1 per axis or aligned below.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Normalised neurons: lab, worm, xr, yr, zr [um], u, v, w, r, g, b, name; and body axes
        [um] where they are aligned.
    colour_scale : str
        Scale of r, g, b.
    """
    key = coloured.largest(neurons)
    subset = coloured.neurons_of(neurons, key)
    named = (subset["name"] != "").to_numpy()
    brighter = coloured.gain(subset, colour_scale)
    colours = coloured.colours(subset, colour_scale, brighter)
    aligned = is_aligned(neurons)
    lab, worm = key
    drawn = style.new(
        11, 6.6,
        f"{style.text(lab)} {style.text(worm)}: {len(subset)} neurons in their true colour"
        f"{coloured.brightened(brighter)}; {(~named).sum()} of them unlabelled",
    )  # fmt: skip
    rows = drawn.subplots(2, 3, gridspec_kw={"height_ratios": [0.75, 1]})
    for (across, down), raw, normal in zip(PLANES, *rows, strict=True):
        for axes, columns, measured in (
            (raw, (f"{across}r", f"{down}r"), True),
            (
                normal,
                tuple((ALIGNED if aligned else NORMALISED)[a] for a in (across, down)),
                False,
            ),
        ):
            axes.set_facecolor(style.DARK)
            for mask, marker, size in ((named, "o", 26), (~named, "D", 22)):
                axes.scatter(
                    subset.loc[mask, columns[0]], subset.loc[mask, columns[1]], c=colours[mask],
                    s=size, marker=marker, edgecolors="0.75" if marker == "o" else "white",
                    linewidths=0.3 if marker == "o" else 0.9,
                )  # fmt: skip
            x, y = columns
            if measured:
                x, y = f"{across} [µm]", f"{down} [µm]"
            elif aligned:
                x, y = f"{x} [µm]", f"{y} [µm]"
            else:
                x, y = f"{x} ({across} as 0..1)", f"{y} ({down} as 0..1)"
            axes.set_xlabel(x)
            axes.set_ylabel(y)
            if measured or not aligned:
                axes.invert_yaxis()
            if measured or aligned:
                axes.set_aspect("equal", adjustable="box")
        raw.set_title(f"as measured, {across}{down} plane")
        normal.set_title("in body axes" if aligned else f"normalised, {across}{down} plane")
    marker_style = {"ls": "", "markerfacecolor": "0.6", "markeredgecolor": "0.3", "color": "0.6"}
    drawn.legend(
        handles=[
            Line2D([], [], marker="o", ms=6, label=f"{LABELLED} ({named.sum()})", **marker_style),
            Line2D(
                [], [], marker="D", ms=4, label=f"{UNLABELLED} ({(~named).sum()})", **marker_style
            ),
        ],
        loc="outside lower center",
        ncols=2,
    )
    return drawn


def draw(
    neurons: str | os.PathLike,
    aligned: str | os.PathLike | None,
    colour_scale: str,
    out: str | os.PathLike,
):
    """Draw `projections.png` from a Parquet of normalised neurons, and one of body axes if any."""
    coloured.save_coloured(figure, neurons, colour_scale, aligned=aligned, out=out)
