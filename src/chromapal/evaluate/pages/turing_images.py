"""Choose the images of the colour Turing test; see `chromapal.evaluate.pages.turing`."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.evaluate.pages import turing
from chromapal.evaluate.tables.read import read_csv

COLUMNS = ["key", "colorizer", "truth", "prediction"]


def write_page(
    coloured: list[dict],
    true_images: dict[str, str | os.PathLike],
    images: int,
    seed: int,
    title: str,
    out: str | os.PathLike,
):
    """Write the page over a study's coloured images; see `choose`."""
    turing.write(choose(coloured, true_images, images, seed), seed, title, out)


def choose(
    coloured: list[dict], true_images: dict[str, str | os.PathLike], images: int, seed: int
) -> pd.DataFrame:
    """Draw test images of every set, and divide them among its methods.

    Parameters
    ----------
    coloured : list of dict
        Models: set, run, colorizer, and the folder (path) of what they coloured.
    true_images : dict of str to path-like
        By set, the folder of its true images; see `chromapal.images.export.write_test_images`.
    images : int
        Images of a set at most.
    seed : int
        Of the draw. No image is drawn twice, and methods get equally many, or one more.

    Returns
    -------
    pandas.DataFrame
        key (with its set), colorizer (with its run), truth and prediction (paths).
    """
    rows = []
    for name in dict.fromkeys(entry["set"] for entry in coloured):
        models = [entry for entry in coloured if entry["set"] == name]
        index = read_csv(Path(true_images[name]) / "index.csv")
        generator = np.random.default_rng([seed, *name.encode()])
        chosen = generator.permutation(len(index))[:images]
        order = generator.permutation(len(models))
        for position, row in enumerate(chosen):
            model = models[order[position % len(models)]]
            number, key = index.loc[row, ["number", "key"]]
            rows.append(
                (
                    f"{name}: {key}",
                    f"{model['colorizer']} ({model['run']})",
                    Path(true_images[name]) / f"{number:03d}_true.png",
                    Path(model["path"]) / f"{number:03d}.png",
                )
            )
    return pd.DataFrame(rows, columns=COLUMNS)
