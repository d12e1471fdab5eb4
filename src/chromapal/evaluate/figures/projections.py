"""Projections of one worm's neurons, as measured and as normalised."""

import os

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.evaluate.figures import coloured, style

PLANES = (("x", "y"), ("x", "z"), ("y", "z"))
NORMALISED = dict(zip("xyz", "uvw", strict=True))
LABELLED = "labelled"
UNLABELLED = "unlabelled (nobody named them)"


@style.styled
def figure(neurons: pd.DataFrame, colour_scale: str) -> Figure:
    """Draw the worm with the most neurons: micrometres above, 0..1 per axis below.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Normalised neurons: lab, worm, xr, yr, zr [um], u, v, w, r, g, b, name.
    colour_scale : str
        Scale of r, g, b.
    """
    key = coloured.largest(neurons)
    subset = coloured.neurons_of(neurons, key)
    named = (subset["name"] != "").to_numpy()
    brighter = coloured.gain(subset, colour_scale)
    colours = coloured.colours(subset, colour_scale, brighter)
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
            (normal, (NORMALISED[across], NORMALISED[down]), False),
        ):
            axes.set_facecolor(style.DARK)
            for mask, marker, size in ((named, "o", 26), (~named, "D", 22)):
                axes.scatter(
                    subset.loc[mask, columns[0]], subset.loc[mask, columns[1]], c=colours[mask],
                    s=size, marker=marker, edgecolors="0.75" if marker == "o" else "white",
                    linewidths=0.3 if marker == "o" else 0.9,
                )  # fmt: skip
            axes.invert_yaxis()
            x, y = columns
            axes.set_xlabel(f"{across} [µm]" if measured else f"{x} ({across} as 0..1)")
            axes.set_ylabel(f"{down} [µm]" if measured else f"{y} ({down} as 0..1)")
        raw.set_aspect("equal", adjustable="box")
        raw.set_title(f"as measured, {across}{down} plane")
        normal.set_title(f"normalised, {across}{down} plane")
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


def draw(neurons: str | os.PathLike, colour_scale: str, out: str | os.PathLike):
    """Draw `projections.png` from a Parquet of normalised neurons."""
    coloured.save_coloured(figure, neurons, colour_scale, out=out)
