"""Describe a data set: its numbers of images, colours, and duplicates across splits."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from skimage.color import rgb2hsv, rgb2lab

from chromapal.console import progress
from chromapal.files import whole, write_csv
from chromapal.images.collection import SPLITS, Collection, Image
from chromapal.images.duplicates import Twins
from chromapal.images.sets import listed

# Upper end and number of bins. No colour of sRGB has a CIELAB chroma above 134.
SCALES = {"hue": (360.0, 36), "saturation": (1.0, 20), "chroma": (140.0, 28)}
COLOURLESS = 5.0  # CIELAB chroma below which a pixel has no meaningful hue


@dataclass(frozen=True)
class Card:
    """Description of a set of images.

    Parameters
    ----------
    splits : pandas.DataFrame
        Per split: images, sources, pixels, smallest and largest height and width [pixels],
        fraction of pixels with a CIELAB chroma below 5, mean chroma; NaN without images.
    colours : pandas.DataFrame
        Histograms, one row per split, quantity (hue [degrees, HSV], saturation [0..1, HSV],
        chroma [CIELAB, D65]) and bin: split, quantity, low, high, pixels, fraction of the split's
        pixels counted. Hue counts only pixels with a chroma of at least 5.
    duplicates : pandas.DataFrame
        Images with a twin in another split; see `chromapal.images.duplicates.Twins.table`.
    skipped : pandas.DataFrame
        Columns file and reason.
    """

    splits: pd.DataFrame
    colours: pd.DataFrame
    duplicates: pd.DataFrame
    skipped: pd.DataFrame


def describe(collection: Collection) -> Card:
    """Describe a set of images, loading each one once and without keeping it.

    Raises
    ------
    InputError
        An image cannot be read.
    """
    twins = Twins()
    tallies = {split: _Tally() for split in SPLITS}
    ordered = [image for split in SPLITS for image in collection.of(split)]
    for image in progress(ordered, len(ordered), "describe images"):
        rgb = collection.load(image)
        twins.add(image, rgb)
        tallies[image.split].add(image, rgb)
    return Card(
        pd.DataFrame([{"split": split, **tally.summary()} for split, tally in tallies.items()]),
        pd.DataFrame([row for split, tally in tallies.items() for row in tally.bins(split)]),
        twins.table(),
        pd.DataFrame(collection.skipped, columns=["file", "reason"]),
    )


def colour_values(rgb: np.ndarray) -> dict[str, np.ndarray]:
    """Return the pixels' hue, saturation and chroma.

    Parameters
    ----------
    rgb : numpy.ndarray
        Shape (H, W, 3), sRGB 0..1.

    Returns
    -------
    dict of str to numpy.ndarray
        hue [degrees] of the pixels with a chroma of at least 5; saturation 0..1 and chroma of
        all, flat.
    """
    hue, saturation, _ = np.moveaxis(rgb2hsv(rgb), 2, 0).reshape(3, -1)
    _, a, b = np.moveaxis(rgb2lab(rgb), 2, 0).reshape(3, -1)
    chroma = np.hypot(a, b)
    return {"hue": hue[chroma >= COLOURLESS] * 360, "saturation": saturation, "chroma": chroma}


def write(card: Card, folder: str | os.PathLike):
    """Write a card as `splits.csv`, `colours.csv`, `duplicates.csv` and `skipped.csv`."""
    for name in ("splits", "colours", "duplicates", "skipped"):
        write_csv(getattr(card, name), Path(folder) / f"{name}.csv")


def write_card(images: str | os.PathLike, options: dict, out: str | os.PathLike):
    """Describe a set, listed as for `chromapal.images.sets.listed`, in a folder of CSV files."""
    with whole(out) as folder:
        write(describe(listed(images, options)), folder)


@dataclass
class _Tally:
    """Sums over the images of one split."""

    sources: set[str] = field(default_factory=set)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    chroma: float = 0.0
    counts: dict[str, np.ndarray] = field(
        default_factory=lambda: {
            name: np.zeros(bins, dtype=np.int64) for name, (_, bins) in SCALES.items()
        }
    )

    def add(self, image: Image, rgb: np.ndarray):
        self.sources.add(image.source)
        self.sizes.append(rgb.shape[:2])
        values = colour_values(rgb)
        self.chroma += float(values["chroma"].sum(dtype=np.float64))
        for name, found in values.items():
            self.counts[name] += _histogram(found, *SCALES[name])

    def summary(self) -> dict:
        pixels = int(self.counts["chroma"].sum())
        heights, widths = zip(*self.sizes, strict=True) if self.sizes else ([np.nan], [np.nan])
        return {
            "pictures": len(self.sizes),
            "sources": len(self.sources),
            "pixels": pixels,
            "height_least": min(heights),
            "height_most": max(heights),
            "width_least": min(widths),
            "width_most": max(widths),
            "colourless": 1 - self.counts["hue"].sum() / pixels if pixels else np.nan,
            "chroma_mean": self.chroma / pixels if pixels else np.nan,
        }

    def bins(self, split: str) -> Iterator[dict]:
        for quantity, counts in self.counts.items():
            top, bins = SCALES[quantity]
            total = counts.sum()
            for index, count in enumerate(counts):
                yield {
                    "split": split,
                    "quantity": quantity,
                    "low": index * top / bins,
                    "high": (index + 1) * top / bins,
                    "pixels": int(count),
                    "share": count / total if total else np.nan,
                }


def _histogram(values: np.ndarray, top: float, bins: int) -> np.ndarray:
    # float32 rounds an edge such as 120 degrees down; a hundred-thousandth of a bin puts it back
    index = np.floor(values.astype(np.float64) * (bins / top) + 1e-5).astype(np.int64)
    return np.bincount(np.clip(index, 0, bins - 1), minlength=bins)
