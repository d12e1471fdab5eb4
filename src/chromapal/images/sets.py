"""Image sets by kind, and their parts as what colorizers read."""

import hashlib
from collections.abc import Sequence

import numpy as np

from chromapal.images.bundled import Bundled
from chromapal.images.cifar100 import Cifar100
from chromapal.images.collection import Collection, Picture
from chromapal.images.folder import Folder
from chromapal.images.neuropal import NeuroPal

KINDS = {"bundled": Bundled, "cifar100": Cifar100, "folder": Folder, "neuropal": NeuroPal}


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
        """Hash what tells these pictures from others."""
        digest = hashlib.sha256()
        for picture in self.pictures:
            digest.update(self.collection.stamp(picture))
        return digest.digest()


def opened(options: dict, seed: int) -> Collection:
    """Open a set.

    Parameters
    ----------
    options : dict
        `kind`, a key of `KINDS`, and what that class is given besides the seed.
    seed : int
        Of splits and draws.
    """
    given = {key: value for key, value in options.items() if key != "kind"}
    return KINDS[options["kind"]](**given, seed=seed)


def part(collection: Collection, split: str, most: int | None = None, seed: int = 0) -> Part:
    """Give the pictures of a split, or some of them; fewer of one seed are among its more."""
    pictures = collection.of(split)
    if most is not None and most < len(pictures):
        order = np.random.default_rng([seed, *split.encode()]).permutation(len(pictures))
        pictures = [pictures[place] for place in sorted(order[:most])]
    return Part(collection, pictures)
