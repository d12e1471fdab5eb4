"""Image sets by kind, their lists of pictures, and the parts that colorizers read."""

import hashlib
import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.files import write_parquet
from chromapal.images.bundled import Bundled
from chromapal.images.cifar100 import Cifar100
from chromapal.images.collection import SPLITS, Collection, Picture
from chromapal.images.folder import Folder
from chromapal.images.neuropal import NeuroPal

KINDS = {"bundled": Bundled, "cifar100": Cifar100, "folder": Folder, "neuropal": NeuroPal}
COLUMNS = ["key", "source", "split", "file", "at", "reason"]


class Part:
    """Some pictures of a collection, as `chromapal.prepare.pictures.Pictures`.

    Parameters
    ----------
    collection : Collection
        Where they are read from.
    pictures : sequence of Picture
        Which.
    """

    def __init__(self, collection: Collection, pictures: Sequence[Picture]):
        self.collection, self.pictures = collection, tuple(pictures)

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Read colours (H, W, 3) and gray (H, W)."""
        return self.collection.pair(self.pictures[index])

    def fingerprint(self) -> bytes:
        """Hash the contents of these pictures."""
        digest = hashlib.sha256()
        for picture in self.pictures:
            digest.update(self.collection.stamp(picture))
        return digest.digest()


def find(options: dict, seed: int) -> Collection:
    """Find the pictures of a set.

    Parameters
    ----------
    options : dict
        `kind`, a key of `KINDS`, and the other arguments of that class's `find`.
    seed : int
        Of splits and draws.
    """
    given = {key: value for key, value in options.items() if key != "kind"}
    return KINDS[options["kind"]].find(**given, seed=seed)


def list_pictures(options: dict, seed: int, out: str | os.PathLike):
    """Find the pictures of a set once, and list them for all jobs that read them.

    Parameters
    ----------
    options, seed
        See `find`.
    out : path-like
        Parquet, a row per picture in order of their keys: key, source, split, file (a path, as
        bytes: not every name is valid text) and at, as in `Picture`. Then a row per file that was
        skipped: key is its name, split is empty, and reason says why.
    """
    found = find(options, seed)
    rows = [(p.key, p.source, p.split, os.fsencode(p.file), p.at, "") for p in found.pictures]
    rows += [(name, "", "", b"", (), reason) for name, reason in found.skipped]
    write_parquet(pd.DataFrame(rows, columns=COLUMNS), out)


def listed(path: str | os.PathLike, options: dict, splits: Sequence[str] = SPLITS) -> Collection:
    """Return a set, or some of its splits, from its list, without reading any picture.

    Parameters
    ----------
    path : path-like
        What `list_pictures` wrote.
    options : dict
        As it was given there.
    splits : sequence of str
        Which pictures.
    """
    table = pd.read_parquet(path)
    pictures = [
        Picture(row.key, row.source, row.split, os.fsdecode(row.file), tuple(map(int, row.at)))
        for row in table[table["split"].isin(splits)].itertuples()
    ]
    skipped = table.loc[table["split"] == "", ["key", "reason"]].itertuples(index=False, name=None)
    kind = KINDS[options["kind"]]
    read_with = {name: options[name] for name in kind.READ_WITH if name in options}
    return kind(pictures, skipped, **read_with)


def part(collection: Collection, split: str, most: int | None = None, seed: int = 0) -> Part:
    """Give the pictures of a split, or some of them; smaller parts are within larger ones."""
    pictures = collection.of(split)
    if most is not None and most < len(pictures):
        order = np.random.default_rng([seed, *split.encode()]).permutation(len(pictures))
        pictures = [pictures[index] for index in sorted(order[:most])]
    return Part(collection, pictures)
