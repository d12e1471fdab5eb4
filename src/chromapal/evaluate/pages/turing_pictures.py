"""Which pictures a person is asked about; see `chromapal.evaluate.pages.turing`."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.evaluate.pages import turing
from chromapal.evaluate.tables.read import read_csv

COLUMNS = ["key", "colorizer", "truth", "prediction"]


def write_page(
    coloured: list[dict],
    shown: dict[str, str | os.PathLike],
    pictures: int,
    seed: int,
    title: str,
    out: str | os.PathLike,
):
    """Write the page over a study's coloured pictures; see `choose`."""
    turing.write(choose(coloured, shown, pictures, seed), seed, title, out)


def choose(
    coloured: list[dict], shown: dict[str, str | os.PathLike], pictures: int, seed: int
) -> pd.DataFrame:
    """Draw test pictures of every set, and share them out among its methods.

    Parameters
    ----------
    coloured : list of dict
        Models: set, run, colorizer, and the folder (path) of what they coloured.
    shown : dict of str to path-like
        By set, the folder of its true pictures; see `chromapal.images.export.write_test_pictures`.
    pictures : int
        Pictures of a set at most.
    seed : int
        Of the draw. No picture is drawn twice, and methods get equally many, or one more.

    Returns
    -------
    pandas.DataFrame
        key (with its set), colorizer (with its run), truth and prediction (paths).
    """
    rows = []
    for name in dict.fromkeys(entry["set"] for entry in coloured):
        models = [entry for entry in coloured if entry["set"] == name]
        index = read_csv(Path(shown[name]) / "index.csv")
        generator = np.random.default_rng([seed, *name.encode()])
        drawn = generator.permutation(len(index))[:pictures]
        turns = generator.permutation(len(models))
        for place, spot in enumerate(drawn):
            model = models[turns[place % len(models)]]
            number, key = index.loc[spot, ["number", "key"]]
            rows.append(
                (
                    f"{name}: {key}",
                    f"{model['colorizer']} ({model['run']})",
                    Path(shown[name]) / f"{number:03d}_true.png",
                    Path(model["path"]) / f"{number:03d}.png",
                )
            )
    return pd.DataFrame(rows, columns=COLUMNS)
