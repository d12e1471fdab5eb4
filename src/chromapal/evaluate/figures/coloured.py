"""Which worms figures show, and their neurons in true colour."""

import os
from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chromapal.evaluate.figures import style
from chromapal.prepare.frame import with_colour
from chromapal.prepare.normalise import display
from chromapal.worms.table import WORM


def save_coloured(
    figure: Callable[..., Figure],
    neurons: str | os.PathLike,
    *settings: object,
    out: str | os.PathLike,
    aligned: str | os.PathLike | None = None,
):
    """Draw the worms that have colour, aligned ones in body axes too; or a note that none has."""
    coloured = with_colour(neurons, aligned)
    nothing = "No worm of this study has the channels that colour is made of."
    style.save(figure(coloured, *settings) if len(coloured) else style.message(nothing), out)


def largest(neurons: pd.DataFrame) -> tuple[str, str]:
    """Return (lab, worm) of the worm with the most neurons; ties go to the first by name."""
    sizes = neurons.groupby(WORM).size()
    return sizes.index[int(np.argmax(sizes.to_numpy()))]


def largest_by_laboratory(neurons: pd.DataFrame, most: int = 3) -> list[tuple[str, str]]:
    """Return the largest worm of up to `most` laboratories, by the laboratories' names."""
    return [largest(subset) for _, subset in neurons.groupby("lab")][:most]


def neurons_of(neurons: pd.DataFrame, key: tuple[str, str]) -> pd.DataFrame:
    """Take one worm's neurons, those nearest to the objective (highest z) last."""
    lab, worm = key
    subset = neurons[(neurons["lab"] == lab) & (neurons["worm"] == worm)]
    return subset.sort_values("zr", kind="stable")


def gain(neurons: pd.DataFrame, colour_scale: str) -> float:
    """Return the factor by which one worm's colours are brightened for the screen, at least 1.

    Counts over a full scale are often nearly black. The 99 % quantile of the true channels
    becomes 1; ranks are not brightened.
    """
    if colour_scale == "rank_normal":
        return 1.0
    high = np.nanquantile(neurons[["r", "g", "b"]].to_numpy(dtype=np.float64), 0.99)
    return float(max(1 / high, 1.0)) if high > 0 else 1.0


def colours(
    neurons: pd.DataFrame,
    colour_scale: str,
    brighter: float = 1.0,
    columns: tuple = ("r", "g", "b"),
) -> np.ndarray:
    """Return colours as drawn, shape (n, len(columns)), 0..1; middle gray where missing."""
    values = brighter * neurons[list(columns)].to_numpy(dtype=np.float64)
    coloured = display(values, colour_scale)
    return np.where(np.isnan(coloured), 0.5, coloured)


def brightened(brighter: float) -> str:
    """Write for a title how much colours were brightened; empty where they were not."""
    return f", brightened {brighter:.3g} times" if brighter > 1 else ""
