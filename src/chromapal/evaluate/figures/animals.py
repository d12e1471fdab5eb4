"""Which animals figures show, and their neurons in true colour."""

import os
from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chromapal.evaluate.figures import style
from chromapal.prepare.normalise import display
from chromapal.worms.table import ANIMAL


def save_coloured(
    figure: Callable[..., Figure],
    neurons: str | os.PathLike,
    *settings: object,
    out: str | os.PathLike,
):
    """Draw animals that have colour, from a Parquet of normalised neurons, or say there is none."""
    table = pd.read_parquet(neurons)
    shown = table[table["colour"]].reset_index(drop=True)
    nothing = "No animal of this study has the channels that colour is made of."
    style.save(figure(shown, *settings) if len(shown) else style.message(nothing), out)


def largest(neurons: pd.DataFrame) -> tuple[str, str]:
    """Give (lab, worm) of the animal with the most neurons; ties go to the first by name."""
    sizes = neurons.groupby(ANIMAL).size()
    return sizes.index[int(np.argmax(sizes.to_numpy()))]


def largest_by_laboratory(neurons: pd.DataFrame, most: int = 3) -> list[tuple[str, str]]:
    """Give the largest animal of up to `most` laboratories, by the laboratories' names."""
    return [largest(part) for _, part in neurons.groupby("lab")][:most]


def of(neurons: pd.DataFrame, key: tuple[str, str]) -> pd.DataFrame:
    """Take one animal's neurons, those nearest to the objective (highest z) last."""
    lab, worm = key
    part = neurons[(neurons["lab"] == lab) & (neurons["worm"] == worm)]
    return part.sort_values("zr", kind="stable")


def gain(neurons: pd.DataFrame, colour_scale: str) -> float:
    """Say how much one animal's colours are brightened, at least 1, to be seen on a screen.

    Counts over a full scale are often nearly black. The 99 % quantile of the true channels
    becomes 1; ranks need none.
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
    """Give colours as shown, shape (n, len(columns)), 0..1; middle gray where one is missing."""
    values = brighter * neurons[list(columns)].to_numpy(dtype=np.float64)
    shown = display(values, colour_scale)
    return np.where(np.isnan(shown), 0.5, shown)


def said(brighter: float) -> str:
    """Say for a title by how much colours were brightened; nothing where they were not."""
    return f", brightened {brighter:.3g} times" if brighter > 1 else ""
