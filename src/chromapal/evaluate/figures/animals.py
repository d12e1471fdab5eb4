"""Which animals figures show, and their neurons in true colour."""

import numpy as np
import pandas as pd

from chromapal.prepare.normalise import display

KEY = ["lab", "worm"]


def largest(neurons: pd.DataFrame) -> tuple[str, str]:
    """Give (lab, worm) of the animal with the most neurons; ties go to the first by name."""
    sizes = neurons.groupby(KEY).size()
    return sizes.index[int(np.argmax(sizes.to_numpy()))]


def largest_by_laboratory(neurons: pd.DataFrame, most: int = 3) -> list[tuple[str, str]]:
    """Give the largest animal of up to `most` laboratories, by the laboratories' names."""
    return [largest(part) for _, part in neurons.groupby("lab")][:most]


def of(neurons: pd.DataFrame, key: tuple[str, str]) -> pd.DataFrame:
    """Take one animal's neurons, those nearest to the objective (highest z) last."""
    lab, worm = key
    part = neurons[(neurons["lab"] == lab) & (neurons["worm"] == worm)]
    return part.sort_values("zr", kind="stable")


def colours(neurons: pd.DataFrame, colour_scale: str, columns: tuple = ("r", "g", "b")):
    """Give colours as shown, shape (n, 3), 0..1; middle gray where a channel is missing."""
    shown = display(neurons[list(columns)].to_numpy(dtype=np.float64), colour_scale)
    return np.where(np.isnan(shown), 0.5, shown)
