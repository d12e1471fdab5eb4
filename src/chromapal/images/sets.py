"""Image sets by kind, their lists of images, and the parts that colorizers read."""

import hashlib
import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.files import write_parquet
from chromapal.images.bundled import Bundled
from chromapal.images.cifar100 import Cifar100
from chromapal.images.collection import SPLITS, Collection, Image
from chromapal.images.folder import Folder
from chromapal.images.neuropal import NeuroPal
from chromapal.images.patches import Patches
from chromapal.images.photographs import Photographs

KINDS = {
    "bundled": Bundled,
    "cifar100": Cifar100,
    "folder": Folder,
    "neuropal": NeuroPal,
    "patches": Patches,
    "photographs": Photographs,
}
COLUMNS = ["key", "source", "split", "file", "at", "reason"]


class Part:
    """Some images of a collection, as `chromapal.prepare.images.Images`.

    Parameters
    ----------
    collection : Collection
        Where they are read from.
    images : sequence of Image
        Which.
    """

    def __init__(self, collection: Collection, images: Sequence[Image]):
        self.collection, self.images = collection, tuple(images)

    def __len__(self) -> int:
        """Count the images."""
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Read colours (H, W, 3) and gray (H, W)."""
        return self.collection.pair(self.images[index])

    def fingerprint(self) -> bytes:
        """Hash the contents of these images."""
        digest = hashlib.sha256()
        for image in self.images:
            digest.update(self.collection.stamp(image))
        return digest.digest()


def find(options: dict, seed: int) -> Collection:
    """Find the images of a set.

    Parameters
    ----------
    options : dict
        `kind`, a key of `KINDS`, and the other arguments of that class's `find`.
    seed : int
        Of splits and draws.
    """
    given = {key: value for key, value in options.items() if key != "kind"}
    return KINDS[options["kind"]].find(**given, seed=seed)


def list_images(options: dict, seed: int, out: str | os.PathLike):
    """Find the images of a set once, and list them for all jobs that read them.

    Parameters
    ----------
    options, seed
        See `find`.
    out : path-like
        Parquet, a row per image in order of their keys: key, source, split, file (a path, as
        bytes: not every name is valid text) and at, as in `Image`. Then a row per file that was
        skipped: key is its name, split is empty, and reason says why.
    """
    found = find(options, seed)
    rows = [(p.key, p.source, p.split, os.fsencode(p.file), p.at, "") for p in found.images]
    rows += [(name, "", "", b"", (), reason) for name, reason in found.skipped]
    write_parquet(pd.DataFrame(rows, columns=COLUMNS), out)


def listed(path: str | os.PathLike, options: dict, splits: Sequence[str] = SPLITS) -> Collection:
    """Return a set, or some of its splits, from its list, without reading any image.

    Parameters
    ----------
    path : path-like
        What `list_images` wrote.
    options : dict
        As it was given there.
    splits : sequence of str
        Which images.
    """
    table = pd.read_parquet(path)
    images = [
        Image(row.key, row.source, row.split, os.fsdecode(row.file), tuple(map(int, row.at)))
        for row in table[table["split"].isin(splits)].itertuples()
    ]
    skipped = table.loc[table["split"] == "", ["key", "reason"]].itertuples(index=False, name=None)
    kind = KINDS[options["kind"]]
    read_with = {name: options[name] for name in kind.READ_WITH if name in options}
    return kind(images, skipped, **read_with)


def part(collection: Collection, split: str, most: int | None = None, seed: int = 0) -> Part:
    """Return the images of a split, or some of them; smaller parts are within larger ones."""
    images = collection.of(split)
    if most is not None and most < len(images):
        order = np.random.default_rng([seed, *split.encode()]).permutation(len(images))
        images = [images[index] for index in sorted(order[:most])]
    return Part(collection, images)
