"""Coloured test images against the true ones, image by image."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from skimage.color import rgb2lab

from chromapal.evaluate.metrics import regions
from chromapal.evaluate.metrics.images import score
from chromapal.evaluate.tables.read import read_csv
from chromapal.files import read_json, write_parquet


def write_scores(
    test_images: str | os.PathLike,
    coloured: str | os.PathLike,
    facts: str | os.PathLike,
    out_scores: str | os.PathLike,
    out_regions: str | os.PathLike,
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
    out_scores : path-like
        Parquet: key, source, the measures of `chromapal.evaluate.metrics.images.score`, and
        the facts.
    out_regions : path-like
        Parquet: key, source, and the sums of `chromapal.evaluate.metrics.regions.measure`, some
        rows per image; without test images no column but the first two.
    """
    index = read_csv(Path(test_images) / "index.csv")[["number", "key", "source"]]
    rows, sums = [], [index.iloc[:0].drop(columns="number")]
    for number, key, source in index.itertuples(index=False, name=None):
        truth, prediction = (
            _read(Path(test_images) / f"{number:03d}_true.png"),
            _read(Path(coloured) / f"{number:03d}.png"),
        )
        rows.append(score(truth, prediction))
        labs = (rgb2lab(image.astype(np.float64)) for image in (truth, prediction))
        sums.append(regions.measure(*labs).assign(key=key, source=source))
    table = pd.concat([index[["key", "source"]], pd.DataFrame(rows)], axis=1)
    write_parquet(table.assign(**read_json(facts)), out_scores)
    write_parquet(pd.concat(sums, ignore_index=True), out_regions)


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float32) / 255
