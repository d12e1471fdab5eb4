"""What the image track's figures share: methods in order, wrapped names, images in a sheet."""

import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread

from chromapal.evaluate.figures import style
from chromapal.evaluate.tables.read import read_csv
from chromapal.methods import baselines

MARKERS = "osD^vP<>*X"
DASHES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 3)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 3)))
CELL = 1.05  # width of an image in a sheet, at least [inch]
LETTERS = 13  # that fit above one
LINE = 0.155  # height of a line of text [inch]
GAP = 0.06  # between images [inch]
MOST_ROWS = 8
MOST_METHODS = 8  # side by side; more of them go on below
EMPTY = "0.93"
Column = tuple[str, Sequence[np.ndarray | None]]


def wrapped(name: object, letters: int = LETTERS, lines: int = 3, spaced: bool = True) -> str:
    """Break a name into lines, make it safe for a figure, and cut what is too long.

    Parameters
    ----------
    name : object
        Shown as text.
    letters, lines : int
        Most letters in a line, and lines.
    spaced : bool
        Underscores become spaces; `False` keeps them, in names that people search for.
    """
    separator = "" if spaced else "_"
    text = str(name).replace("_", f"{separator} ")
    broken = textwrap.wrap(text, letters, max_lines=lines, placeholder="…")
    if not spaced:
        broken = [line.replace("_ ", "_") for line in broken]
    # after breaking, which could part a dollar sign from what makes it harmless
    return "\n".join(style.text(line, letters + 1) for line in broken)


def ordered(methods: Iterable[str], delta_e: Mapping[str, float]) -> list[str]:
    """Order methods: baselines, then by rising ΔE, those of unknown ΔE last."""

    def sort_key(name: str) -> tuple:
        value = delta_e.get(name, np.nan)
        return name not in baselines(), np.isnan(value), 0 if np.isnan(value) else value, name

    return sorted(set(methods), key=sort_key)


def heading(method: str) -> str:
    """Name a method above its column."""
    return wrapped(method) + ("\n(baseline)" if method in baselines() else "")


def runs(table: pd.DataFrame) -> list[str]:
    """List the runs of a table, the one of most sets and methods first."""
    keys = table[["set", "run", "colorizer"]].drop_duplicates()
    counts = keys.groupby("run", sort=True).size()
    return counts.sort_values(ascending=False, kind="stable").index.tolist()


def evenly_spaced(count: int, most: int = MOST_ROWS) -> list[int]:
    """Choose up to `most` of `count` indices, evenly from the first to the last.

    Neighbours in a set are often cut from one photograph.
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()


def arms(rows: pd.DataFrame, low: str, high: str, value: str) -> np.ndarray:
    """Return both arms of intervals, of no length where there is no interval; shape (2, n)."""
    return np.nan_to_num(np.abs(rows[[low, high]].to_numpy().T - rows[value].to_numpy()))


def load(path: str | os.PathLike) -> np.ndarray | None:
    """Read a PNG as (H, W, 3), 0..1, gray repeated; None where there is no such file."""
    if not Path(path).is_file():
        return None
    pixels = imread(path)
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels[..., :3]


def list_test_images(folder: str | os.PathLike) -> pd.DataFrame:
    """List the test images that are shown of a set: number ("000"), key and source, as text."""
    path = Path(folder) / "index.csv"
    table = read_csv(path, ())
    return table.assign(number=[f"{int(number):03d}" for number in table["number"]])


def image(axes: Axes, pixels: np.ndarray | None):
    """Show an image without axes, or an empty field where there is none."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    if pixels is None:
        axes.set_facecolor(EMPTY)
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", color="0.5")
    else:
        axes.imshow(pixels, aspect="equal", vmin=0, vmax=1)


def sheet(
    rows: Sequence[str],
    given: Sequence[Column],
    methods: Sequence[Column],
    title: str,
    note: str,
) -> Figure:
    """Draw images in rows and columns; of many methods, as many side by side as can be read.

    Where columns are so few that the page would stay empty on the right, rows go on there, and
    images are enlarged until they fill its width.

    Parameters
    ----------
    rows : sequence of str
        What stands left of each row; safe for a figure.
    given, methods : sequence of (str, sequence)
        What stands above each column, safe too, and its images (H, W, 3), one per row. The
        columns given stand left of each block of methods.
    title, note : str
        Above and below everything.
    """
    count = max(1, -(-len(methods) // MOST_METHODS))
    step = max(1, -(-len(methods) // count))
    blocks = [[*given, *methods[at * step : (at + 1) * step]] for at in range(count)]
    left = 0.15 + 0.072 * max(len(line) for name in rows for line in name.split("\n"))
    columns = max(map(len, blocks))
    narrow = left + (CELL + GAP) * columns
    stacks = min(len(rows), max(1, int(style.NARROWEST // narrow)))
    step = -(-len(rows) // stacks)
    stacked = [range(at, min(at + step, len(rows))) for at in range(0, len(rows), step)]
    cell = max(CELL, (style.NARROWEST / len(stacked) - left) / columns - GAP)
    wide = left + (cell + GAP) * columns
    tall = [cell * _shape([images[row] for _, images in blocks[0]]) for row in range(len(rows))]
    high = max(sum(tall[row] + GAP for row in each) for each in stacked)
    heads = [LINE * max(name.count("\n") + 1 for name, _ in block) for block in blocks]
    # laid out by hand: arranging a hundred panels takes the layout engine seconds, and leaves gaps
    drawn = style.new(
        wide * len(stacked), 0.3 + sum(head + high + 0.12 for head in heads) + 2 * LINE
    )
    drawn.set_layout_engine("none")
    height = drawn.get_figheight()
    drawn.suptitle(title, x=0.01, y=1 - 0.07 / height, ha="left", va="top")
    top = height - 0.3
    for head, block in zip(heads, blocks, strict=True):
        top -= head + 0.12
        for number, each in enumerate(stacked):
            bottom = top
            for row in each:
                bottom -= tall[row] + GAP
                line = [images[row] for _, images in block]
                panels = _line(drawn, line, (number * wide + left, bottom), (cell, tall[row]))
                panels[0].set_ylabel(rows[row], rotation=0, ha="right", va="center", fontsize=8)
                for axes, (above, _) in zip(panels, block if row == each[0] else [], strict=False):
                    axes.set_title(above, loc="center", fontsize=8)
        top -= high
    drawn.text(0.01, 0.06 / height, note, color="0.35", fontsize=8, va="bottom")
    return drawn


def _line(
    drawn: Figure,
    images: Sequence[np.ndarray | None],
    corner: tuple[float, float],
    size: tuple[float, float],
) -> list[Axes]:
    """Draw images of a size side by side; the first one's lower left corner is given [inch]."""
    width, height = drawn.get_size_inches()
    (left, bottom), (cell, high) = corner, size
    panels = []
    for column, pixels in enumerate(images):
        place = (left + column * (cell + GAP)) / width, bottom / height
        panels.append(drawn.add_axes((*place, cell / width, high / height)))
        image(panels[-1], pixels)
    return panels


def _shape(images: Sequence[np.ndarray | None]) -> float:
    """Return the height of a row of images one wide, so that three lines of text fit."""
    shapes = [pixels.shape[0] / pixels.shape[1] for pixels in images if pixels is not None]
    return float(np.clip(np.median(shapes), 0.42, 3.0)) if shapes else 1.0
