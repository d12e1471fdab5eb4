"""Photographs in a folder with parts to train on and to score; training sees crops of them."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.images.collection import Image, printable
from chromapal.images.folder import Folder, fault
from chromapal.images.folder_files import assign
from chromapal.images.pixels import decode, fit, shrunk


class Photographs(Folder):
    """Photographs whose whole pictures are scored, and of which training sees square crops.

    Some of the training photographs are held out, to stop training and to choose what is chosen;
    those that are scored play no part in it.

    Parameters
    ----------
    images, skipped
        See `Collection`.
    largest : int, optional
        The shorter side of larger photographs is shrunk to this [pixels]; none is cut. By default
        photographs are not changed.
    crop : int
        Side of a crop [pixels].
    """

    READ_WITH = ("largest", "crop")

    def __init__(
        self,
        images: Iterable[Image],
        skipped: Iterable[tuple[str, str]] = (),
        largest: int | None = None,
        crop: int = 128,
    ):
        super().__init__(images, skipped)
        self.largest, self.crop = largest, crop

    @classmethod
    def find(
        cls,
        folder: str | os.PathLike,
        largest: int | None = None,
        crop: int = 128,
        held_out: int = 40,
        seed: int = 0,
        smallest: int = 32,
        check: str = "pixels",
    ) -> Self:
        """List the photographs.

        Parameters
        ----------
        folder : path-like
            With sub-folders `train`, and `test` or `val` (or `valid`, `validation`), of which
            `test` is scored where there is one, and the other is then not used.
        largest, crop
            As for the constructor.
        held_out : int
            Number of training photographs that are validated on; drawn.
        seed : int
            Of the draw.
        smallest, check
            As for `Folder.find`.

        Raises
        ------
        InputError
            No such folder, or no photographs to train with, to hold out or to score.
        """
        folder = Path(folder).expanduser()
        files, skipped = assign(folder, seed, 0, 0)
        scored = files["test"] or files["validation"]
        if not scored:
            raise InputError(
                printable(folder),
                "no photograph to score",
                "sub-folders train, and val or test, with photographs",
            )
        usable: dict[str, list[str]] = {"train": [], "test": []}
        for split, names in (("train", files["train"]), ("test", scored)):
            for name in progress(names, len(names), f"photographs to {split}"):
                reason = fault(folder / name, smallest, check)
                if reason:
                    skipped.append((name, reason))
                else:
                    usable[split].append(name)
        if len(usable["train"]) <= held_out or not usable["test"]:
            advice = "hold out fewer with key 'held_out'"
            if skipped:
                advice = f"the first skipped: {': '.join(map(printable, min(skipped)))}"
            raise InputError(
                printable(folder),
                f"{len(usable['train'])} photographs to train with, {len(usable['test'])} to score",
                f"more than {held_out}, which are held out, and 1",
                advice,
            )
        drawn = np.random.default_rng([seed, *b"held out"]).permutation(len(usable["train"]))
        validated = {usable["train"][index] for index in drawn[:held_out]}
        images = []
        for split, names in usable.items():
            for name in names:
                key = printable(name)
                part = "validation" if name in validated else split
                images.append(Image(key, key, part, str(folder / name)))
        return cls.found(printable(folder), images, skipped, largest=largest, crop=crop)

    def load(self, image: Image) -> np.ndarray:
        """Read a whole photograph; float32 of shape (H, W, 3), sRGB 0..1."""
        pixels = decode(image.file)
        return fit(pixels, None) if self.largest is None else shrunk(pixels, self.largest)

    def stamp(self, image: Image) -> bytes:
        """Return a file's name, length and time, and how it is shrunk, without reading the file."""
        return super().stamp(image) + repr(self.largest).encode()
