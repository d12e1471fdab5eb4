"""Coloured test images against the true ones, image by image."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from chromapal.evaluate.metrics.images import score
from chromapal.evaluate.tables.read import read_csv
from chromapal.files import read_json, write_parquet


def write_scores(
    test_images: str | os.PathLike,
    coloured: str | os.PathLike,
    facts: str | os.PathLike,
    out: str | os.PathLike,
):
    """Score the images of one model, as they stand on disk: in 8 bits, as a person sees them.

    Parameters
    ----------
    test_images : path-like
        Folder of `chromapal.images.export.write_test_images`.
    coloured : path-like
        Folder of the same numbers, coloured.
    facts : path-like
        JSON of what is the same for all images: train_pictures, parameters, and what networks
        were trained with.
    out : path-like
        Parquet: key, source, the measures of `chromapal.evaluate.metrics.images.score`, and
        the facts.
    """
    index = read_csv(Path(test_images) / "index.csv")
    rows = []
    for number in index["number"]:
        truth, prediction = (
            _read(Path(test_images) / f"{number:03d}_true.png"),
            _read(Path(coloured) / f"{number:03d}.png"),
        )
        rows.append(score(truth, prediction))
    table = pd.concat([index[["key", "source"]], pd.DataFrame(rows)], axis=1)
    write_parquet(table.assign(**read_json(facts)), out)


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float32) / 255
