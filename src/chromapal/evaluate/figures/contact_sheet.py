"""Test images of one set in gray, in truth, and as every method of a run coloured them."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chromapal.evaluate.figures import image_parts, style
from chromapal.evaluate.figures.image_parts import wrapped
from chromapal.evaluate.tables import read
from chromapal.evaluate.tables.read import read_csv

Column = Sequence[np.ndarray | None]


@style.styled
def figure(
    sources: Sequence[str],
    gray: Column,
    truth: Column,
    methods: Mapping[str, Column],
    scores: pd.DataFrame,
    name: str,
    run: str,
) -> Figure:
    """Draw a row per image: input, truth, and every method, baselines first, then the best.

    Parameters
    ----------
    sources : sequence of str
        What each image was cut from; at most eight images are drawn, evenly chosen.
    gray, truth : sequence of numpy.ndarray or None
        Shape (H, W, 3), 0..1, one per source; None leaves an empty field.
    methods : mapping of str to sequence
        The same, by colorizer.
    scores : pandas.DataFrame
        Rows of `images.csv` of this set and run.
    name, run : str
        The set and the run.
    """
    if not len(sources):
        return style.message(f"The set {style.text(name)} has no test image to show.")
    indices = image_parts.evenly_spaced(len(sources))
    return image_parts.sheet(
        [wrapped(sources[index], 22, 3, spaced=False) for index in indices],
        _chosen([("gray\n(input)", gray), ("truth", truth)], indices),
        _chosen(headed(methods, scores), indices),
        f"{style.text(name, 20)}, run {style.text(run, 20)}: test images, which no method saw",
        note(scores),
    )


def headed(methods: Mapping[str, Column], scores: pd.DataFrame) -> list[tuple[str, Column]]:
    """Put the methods' columns in order, each below its name and score."""
    delta_e = scores.set_index("colorizer")["delta_e"].to_dict()
    columns = []
    for method in image_parts.ordered(methods, delta_e):
        value = delta_e.get(method, np.nan)
        score = "not scored" if np.isnan(value) else f"ΔE {value:.1f}"
        columns.append((f"{image_parts.heading(method)}\n{score}", methods[method]))
    return columns


def note(scores: pd.DataFrame) -> str:
    """Say what the scores above columns are."""
    tested = scores["pictures"].max()
    return "" if np.isnan(tested) else f"ΔE: mean ΔE2000 over all {tested:.0f} test images"


def _chosen(columns: Sequence[tuple[str, Column]], indices: list[int]) -> list[tuple[str, Column]]:
    return [(heading, [images[index] for index in indices]) for heading, images in columns]


def draw(
    test_images: str | os.PathLike,
    coloured: Sequence[dict],
    images: str | os.PathLike,
    name: str,
    run: str,
    out: str | os.PathLike,
):
    """Draw the contact sheet of one set and run.

    Parameters
    ----------
    test_images : path-like
        Folder of the set's test images: `index.csv`, `NNN_true.png`, `NNN_gray.png`.
    coloured : sequence of dict
        path of a folder of `NNN.png`, and its colorizer.
    images : path-like
        The table `images.csv`.
    name, run : str
        The set and the run.
    out : path-like
        The figure.
    """
    index = image_parts.list_test_images(test_images)
    # only what is drawn is read: a set may have thousands of test images
    index = index.iloc[image_parts.evenly_spaced(len(index))]
    gray, truth = (loaded(test_images, index, f"_{kind}") for kind in ("gray", "true"))
    methods = {each["colorizer"]: loaded(each["path"], index) for each in coloured}
    scores = read.pick(read_csv(images), set=name, run=run)
    style.save(figure(list(index["source"]), gray, truth, methods, scores, name, run), out)


def loaded(folder: str | os.PathLike, index: pd.DataFrame, kind: str = "") -> Column:
    """Read the images of an index from a folder of `NNN{kind}.png`."""
    return [image_parts.load(Path(folder) / f"{number}{kind}.png") for number in index["number"]]
