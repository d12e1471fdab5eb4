"""Small square pictures cut from a folder of photographs."""

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

import numpy as np

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.images.bundled import patches
from chromapal.images.collection import SPLITS, Image, printable
from chromapal.images.photographs import Photographs

MOST_KEPT = 1 << 25  # pixels of patches that stay in memory


class Patches(Photographs):
    """Squares of photographs, of which no two overlap; every patch is an image of its own.

    Parameters
    ----------
    images, skipped
        See `Collection`.
    size : int
        Pixels a side of a patch.
    largest : int, optional
        The shorter side of larger photographs is shrunk to this before they are cut [pixels]; by
        default they are cut as they are.
    """

    READ_WITH = ("size", "largest")

    def __init__(
        self,
        images: Iterable[Image],
        skipped: Iterable[tuple[str, str]] = (),
        size: int = 32,
        largest: int | None = None,
    ):
        super().__init__(images, skipped, largest=largest)
        self.size, self.crop = size, None
        self._kept: dict[str, np.ndarray] = {}

    @classmethod
    def find(
        cls,
        folder: str | os.PathLike,
        size: int = 32,
        counts: Sequence[int] = (400, 100, 100),
        largest: int | None = None,
        held_out: int = 40,
        seed: int = 0,
        smallest: int = 32,
        check: str = "pixels",
    ) -> Self:
        """List the patches.

        Parameters
        ----------
        folder, held_out, smallest, check
            As for `Photographs.find`, which also decides on the split of each photograph.
        size, largest
            As for the constructor.
        counts : sequence of int
            Patches to train, validate and test. All photographs of a split give as many, or one
            less, as far as they have them.
        seed : int
            Of the draw of photographs that are held out, and of patches.

        Raises
        ------
        InputError
            As `Photographs.find`; or the photographs have fewer patches.
        """
        whole = Photographs.find(folder, largest, size, held_out, seed, smallest, check)
        images: list[Image] = []
        for split, count in zip(SPLITS, counts, strict=True):
            drawn = _drawn(whole, split, size, seed)
            if len(drawn) < count:
                raise InputError(
                    printable(folder),
                    f"{len(drawn)} patches of {size} pixels to {split}",
                    f"at least {count}",
                    "cut fewer with key 'counts', or shrink photographs less with key 'largest'",
                )
            images += drawn[:count]
        return cls.found(printable(folder), images, whole.skipped, size=size, largest=largest)

    def load(self, image: Image) -> np.ndarray:
        """Cut a patch; float32 of shape (size, size, 3), sRGB 0..1."""
        patch = self._kept.get(image.key)
        if patch is None:
            top, left = image.at
            patch = super().load(image)[top : top + self.size, left : left + self.size].copy()
            # training reads each in every epoch, and a photograph takes long to decode
            if len(self._kept) * self.size**2 < MOST_KEPT:
                self._kept[image.key] = patch
        return patch.copy()


def _drawn(whole: Photographs, split: str, size: int, seed: int) -> list[Image]:
    """List a split's patches: one of every photograph, then a second of each, and so on."""
    photographs = whole.of(split)
    order = np.random.default_rng([seed, *split.encode()]).permutation(len(photographs))
    per_photograph = [
        list(_cut(photographs[index], whole, size, seed))
        for index in progress(order.tolist(), len(order), f"photographs cut to {split}")
    ]
    rounds = itertools.zip_longest(*per_photograph)
    return [patch for each in rounds for patch in each if patch is not None]


def _cut(photograph: Image, whole: Photographs, size: int, seed: int) -> Iterator[Image]:
    """Yield a photograph's patches in the order in which they are drawn."""
    corners = list(patches(*whole.load(photograph).shape[:2], size))
    draw = np.random.default_rng([seed, *photograph.key.encode()])
    for index in draw.permutation(len(corners)):
        top, left = corners[index]
        key = f"{photograph.key} {top:04d} {left:04d}"
        yield Image(key, photograph.source, photograph.split, photograph.file, (top, left))
