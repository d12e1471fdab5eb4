"""Any folder of images, such as ImageNet, Places, CelebA or a user's own."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.images.collection import SPLITS, Collection, Image, printable
from chromapal.images.folder_files import assign
from chromapal.images.pixels import decode, dimensions, fit

CHECKS = ("pixels", "header")


class Folder(Collection):
    """Images of a folder, split by sub-folder or by seed; every file is a source of its own.

    Parameters
    ----------
    images, skipped
        See `Collection`.
    size : int, optional
        The shorter side is scaled to this and the longer one cropped to its middle [pixels]; by
        default images are not changed.
    """

    READ_WITH = ("size",)

    def __init__(
        self,
        images: Iterable[Image],
        skipped: Iterable[tuple[str, str]] = (),
        size: int | None = None,
    ):
        super().__init__(images, skipped)
        self.size = size

    @classmethod
    def find(
        cls,
        folder: str | os.PathLike,
        size: int | None = None,
        seed: int = 0,
        validation: float = 0.15,
        test: float = 0.15,
        most: int | dict[str, int] | None = None,
        smallest: int = 16,
        check: str = "pixels",
    ) -> Self:
        """List the images.

        Parameters
        ----------
        folder : path-like
            With sub-folders `train`, `val` (or `valid`, `validation`) and `test`, of which all
            but `train` may be missing and are then drawn from it; or without these, to be split
            by the seed. Classes may be further sub-folders.
        size : int, optional
            Pixels a side, as for the constructor.
        seed : int
            Seed of the draws. A smaller set of one seed is part of a larger one.
        validation, test : float
            Fractions of the files, for splits without a sub-folder.
        most : int or dict of str to int, optional
            Maximum number of images per split, for all or by split; all by default.
        smallest : int
            Images with a side below this are skipped [pixels].
        check : {"pixels", "header"}
            Whether files are decoded once, so that broken ones are skipped, or only their headers
            read: for a folder of millions, where `load` then raises over a broken one.

        Raises
        ------
        InputError
            No such folder, no usable image to train with, or a limit that makes no sense.
        """
        folder = Path(folder).expanduser()
        if check not in CHECKS:
            raise InputError("folder of images", f"check {check!r}", f"one of {', '.join(CHECKS)}")
        if size is not None and size < 1:
            raise InputError("folder of images", f"size {size}", "at least 1")
        limits = _limits(most)
        files, skipped = assign(folder, seed, validation, test)
        images = []
        for split in SPLITS:
            names = np.array(files[split], dtype=object)
            np.random.default_rng([seed, *split.encode()]).shuffle(names)
            wanted = limits.get(split, len(names))
            used = 0
            for name in progress(names, len(names), f"images to {split}"):
                if used == wanted:
                    break
                reason = fault(folder / name, smallest, check)
                if reason:
                    skipped.append((name, reason))
                    continue
                used += 1
                key = printable(name)
                images.append(Image(key, key, split, str(folder / name)))
        return cls.found(printable(folder), images, skipped, size=size)

    def load(self, image: Image) -> np.ndarray:
        """Read and resize an image; float32 of shape (H, W, 3), sRGB 0..1."""
        return fit(decode(image.file), self.size)

    def stamp(self, image: Image) -> bytes:
        """Return a file's name, length and time, without reading the file."""
        try:
            facts = os.stat(image.file)
        except FileNotFoundError:
            raise InputError(image.file, "no such file", "the image that was listed") from None
        return repr((image.key, facts.st_size, facts.st_mtime_ns, self.size)).encode()


def fault(path: Path, smallest: int, check: str) -> str:
    """Return why a file cannot be used as an image of a set; "" if it can.

    Parameters
    ----------
    path : Path
        The file.
    smallest, check
        See `Folder.find`.
    """
    try:
        high, wide = dimensions(path)
        if min(high, wide) < smallest:
            return f"{wide} x {high} pixels, less than {smallest} a side"
        if check == "pixels":
            decode(path)
    except InputError as error:
        return error.found
    return ""


def _limits(most: int | dict[str, int] | None) -> dict[str, int]:
    if most is None:
        return {}
    limits = most if isinstance(most, dict) else dict.fromkeys(SPLITS, most)
    for split, limit in limits.items():
        if split not in SPLITS or limit < 0:
            raise InputError(
                "folder of images",
                f"{limit} images to {split} at most",
                f"0 or more to {', '.join(SPLITS)}",
            )
    return limits
