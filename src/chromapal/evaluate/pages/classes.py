"""One class of neurons across all worms of a run: a page beside those of the worms."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chromapal.columns import RGB_SHOWN
from chromapal.evaluate.pages.assemble import assembled
from chromapal.evaluate.pages.packing import encoded, gain_of, rounded
from chromapal.files import whole
from chromapal.worms import ganglia
from chromapal.worms.stack import Stack
from chromapal.worms.table import MICROMETRES, WORM

TEMPLATE, PARTS = "classes.html", ("classes.css", "classes.js")
TITLE = "Classes across worms"
HALF_UM = 4.0  # how far a crop goes along x and y
STEP_UM = 0.5  # its pixels
DEEP_UM = 2.0  # above and below a neuron, of which the brightest level is taken


@dataclass(frozen=True)
class ClassedWorm:
    """What the page shows of a worm.

    Attributes
    ----------
    named : pandas.DataFrame
        The table `new_neurons` of the column dictionary, of one worm.
    page : str
        The address of the worm's own page, relative to this one.
    measured : pandas.DataFrame or None
        Each neuron's own colour, `RGB_SHOWN` [0 to 1], rows as in `named`.
    stack : chromapal.worms.stack.Stack or None
        The recording around its neurons.
    """

    named: pd.DataFrame
    page: str
    measured: pd.DataFrame | None = None
    stack: Stack | None = None


def write(worms: Sequence[ClassedWorm], out: str | os.PathLike):
    """Write the page, whole or not at all."""
    text = page(worms)
    with whole(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def page(worms: Sequence[ClassedWorm]) -> str:
    """Return the whole page; every text in it is escaped."""
    return assembled(TEMPLATE, PARTS, TITLE, content(worms))


def content(worms: Sequence[ClassedWorm]) -> dict:
    """Return what the page's scripts are given: classes by ganglion, and named neurons by worm."""
    answered = [worm.named.loc[worm.named["answer"].ne(""), "class"] for worm in worms]
    classes = pd.Series(sorted({name for own in answered for name in own}), dtype="str")
    parts = ganglia.ganglion(classes)
    number = {name: place for place, name in enumerate(classes)}
    return {
        "classes": [
            {"class": name, "ganglion": part} for name, part in zip(classes, parts, strict=True)
        ],
        "ganglia": [each for each in ganglia.GANGLIA if each in set(parts)],
        "worms": [_worm(worm, number) for worm in worms],
    }


def _worm(worm: ClassedWorm, number: dict[str, int]) -> dict:
    named = worm.named["answer"].ne("").to_numpy()
    predicted = worm.named[list(RGB_SHOWN)].to_numpy(float)
    measured = None if worm.measured is None else worm.measured.to_numpy(float)
    gain = gain_of(predicted if measured is None else measured)
    neurons = worm.named.assign(
        predicted=rounded(np.clip(predicted * gain, 0, 1), 3),
        measured=None if measured is None else rounded(np.clip(measured * gain, 0, 1), 3),
    )[named]
    held = {
        **worm.named[WORM].iloc[0].to_dict(),
        "page": worm.page,
        "neurons": [
            {
                "neuron": int(row.neuron),
                "name": row.answer,
                "class": number[row.class_],
                "probability": round(float(row.probability), 4),
                "status": row.status,
                "predicted": row.predicted,
                "measured": row.measured,
            }
            for row in neurons.rename(columns={"class": "class_"}).itertuples()
        ],
    }
    if worm.stack is not None:
        levels = crops(worm.stack, neurons[MICROMETRES].to_numpy(float))
        held["crops"] = {
            "side": levels.shape[-1],
            "channels": levels.shape[1],
            "levels": encoded(levels, "u1"),
        }
    return held


def crops(stack: Stack, positions: np.ndarray) -> np.ndarray:
    """Cut the recording around neurons.

    Parameters
    ----------
    stack : chromapal.worms.stack.Stack
        The recording.
    positions : numpy.ndarray, shape (n, 3)
        Neurons as recorded [um].

    Returns
    -------
    numpy.ndarray of uint8, shape (n, c, side, side)
        Levels of red, green and blue, or of white where there are none of these; the brightest of
        the planes within `DEEP_UM`. 0 outside the recording.
    """
    letters = [letter for letter in "RGB" if letter in stack.channels] or ["W"]
    several = letters != ["W"]
    offsets = np.arange(-HALF_UM, HALF_UM + STEP_UM / 2, STEP_UM)
    origin, step = np.array(stack.origin), np.array(stack.step)
    deep, high, wide = stack.channels[letters[0]].shape
    found = np.zeros((len(positions), 3 if several else 1, len(offsets), len(offsets)), np.uint8)
    for neuron, (x, y, z) in enumerate(positions):
        across = np.rint((x + offsets - origin[0]) / step[0]).astype(int)
        down = np.rint((y + offsets - origin[1]) / step[1]).astype(int)
        first, last = np.rint((z + np.array([-DEEP_UM, DEEP_UM]) - origin[2]) / step[2]).astype(int)
        planes = slice(max(first, 0), min(last, deep - 1) + 1)
        inside = ((down >= 0) & (down < high))[:, None] & ((across >= 0) & (across < wide))
        at = np.ix_(down.clip(0, high - 1), across.clip(0, wide - 1))
        for letter in letters:
            cut = stack.channels[letter][planes]
            if len(cut):
                channel = "RGB".index(letter) if several else 0
                found[neuron, channel] = np.where(inside, cut.max(axis=0, initial=0)[at], 0)
    return found
