"""Grayscale micrographs, coloured by every method of a run; nobody knows their true colours."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from chromapal.evaluate.figures import image_parts, style
from chromapal.evaluate.figures.image_parts import wrapped


@style.styled
def figure(
    gray: Mapping[str, np.ndarray],
    methods: Mapping[str, Mapping[str, np.ndarray | None]],
    name: str,
    run: str,
) -> Figure:
    """Draw a row per micrograph: as it is, then as every method colours it, baselines first.

    Parameters
    ----------
    gray : mapping of str to numpy.ndarray
        Micrographs by name, shape (H, W, 3), 0..1.
    methods : mapping of str to mapping
        By colorizer, its colouring of each, the same shape; None leaves an empty field.
    name, run : str
        The set on whose images the methods were trained, and the run.
    """
    if not gray:
        return style.message("This study has no micrograph to colour.")
    names = sorted(gray)
    columns = [
        (image_parts.heading(method), [methods[method].get(each) for each in names])
        for method in image_parts.ordered(methods, {})
    ]
    return image_parts.sheet(
        [wrapped(each, 22) for each in names],
        [("gray\n(input)", [gray[each] for each in names])],
        columns,
        f"Micrographs in the colours of {style.text(name, 20)}, run {style.text(run, 20)}",
        "No true colours exist: what is seen is what a method expects, no finding.",
    )


def draw(
    micrographs: str | os.PathLike,
    coloured: Sequence[dict],
    name: str,
    run: str,
    out: str | os.PathLike,
):
    """Draw the micrographs as the methods of one set and run colour them.

    Parameters
    ----------
    micrographs : path-like
        Folder of the grayscale micrographs, one PNG each.
    coloured : sequence of dict
        path of a folder of `micrograph_NAME.png`, and its colorizer.
    name, run : str
        The set on whose images the methods were trained, and the run.
    out : path-like
        The figure.
    """
    gray = {path.stem: image_parts.load(path) for path in sorted(Path(micrographs).glob("*.png"))}
    methods = {
        each["colorizer"]: {
            micrograph: image_parts.load(Path(each["path"]) / f"micrograph_{micrograph}.png")
            for micrograph in gray
        }
        for each in coloured
    }
    style.save(figure(gray, methods, name, run), out)
