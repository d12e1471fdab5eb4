"""Base class of image sets: lists of images with source and split, loaded one at a time."""

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from chromapal.errors import InputError

SPLITS = ("train", "validation", "test")
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, of red, green and blue


@dataclass(frozen=True, order=True)
class Image:
    """One image of a set; its pixels stay on disk.

    Parameters
    ----------
    key : str
        Unique within the set, printable.
    source : str
        What the image was cut from: a photograph, a worm. Splits never separate a source.
    split : {"train", "validation", "test"}
        The split of the image.
    file : str
        Its file: a path, or the name of a bundled photograph.
    at : tuple of int
        Position in a file with several images: top row and left column [pixels],
        number of a record, or of a slice.
    """

    key: str
    source: str
    split: str
    file: str = field(default="", compare=False)
    at: tuple[int, ...] = field(default=(), compare=False)


class Collection(ABC):
    """A set of images, or some of its splits.

    Each kind of set has a class method `find`, which looks for the images and splits them; the
    constructor takes those images and the options in `READ_WITH`, and reads no file.

    Parameters
    ----------
    images : iterable of Image
        Sorted by key here.
    skipped : iterable of (str, str)
        Files that were skipped, and why; printable.

    Attributes
    ----------
    READ_WITH : tuple of str
        Options of the set that say how an image is read.
    images : tuple of Image
        In order of their keys.
    skipped : tuple of (str, str)
        File and reason, sorted.
    size : int or None
        Side of all images [pixels], where they are squares of one size.
    crop : int or None
        Side of the square crops that training sees of the images [pixels]; None: all of them.

    Raises
    ------
    ValueError
        Two images with one key, an unprintable key, an unknown split, or a source in two
        splits: a mistake in the set's code, not in the user's files.
    """

    READ_WITH: tuple[str, ...] = ()
    size: int | None = None
    crop: int | None = None

    def __init__(self, images: Iterable[Image], skipped: Iterable[tuple[str, str]] = ()):
        self.images = tuple(sorted(images))
        self.skipped = tuple(sorted(skipped))
        _require_sound(self.images)

    @classmethod
    def found(
        cls,
        name: str,
        images: Iterable[Image],
        skipped: Iterable[tuple[str, str]] = (),
        **read_with,
    ) -> Self:
        """Create a set from the images found, with printable names and reasons.

        Raises
        ------
        InputError
            No image to train with; `name` is the set's name in the message.
        """
        entries = [(printable(file), printable(reason)) for file, reason in skipped]
        collection = cls(images, entries, **read_with)
        if not collection.of("train"):
            found = f"no image to train with ({len(entries)} skipped)"
            first = f"the first skipped: {': '.join(min(entries))}" if entries else ""
            raise InputError(name, found, "at least one usable image", first)
        return collection

    @abstractmethod
    def load(self, image: Image) -> np.ndarray:
        """Read an image's colours.

        Returns
        -------
        numpy.ndarray of float32, shape (H, W, 3)
            sRGB, 0..1. A new array each time; the caller may write to it.

        Raises
        ------
        InputError
            The file behind it cannot be read any more.
        """

    def pair(self, image: Image) -> tuple[np.ndarray, np.ndarray]:
        """Read an image once: its colours as `load` does, and its gray as `gray` does."""
        rgb = self.load(image)
        return rgb, luma(rgb)

    def stamp(self, image: Image) -> bytes:
        """Return a digest that changes when the image changes."""
        return b"".join(hashlib.sha256(part.tobytes()).digest() for part in self.pair(image))

    def gray(self, image: Image) -> np.ndarray:
        """Read a colorizer's input; here the luma of the image's colours.

        Returns
        -------
        numpy.ndarray of float32, shape (H, W)
            0..1.

        Raises
        ------
        InputError
            The file behind it cannot be read any more.
        """
        return self.pair(image)[1]

    def of(self, split: str) -> tuple[Image, ...]:
        """Return the images of a split, in order of their keys."""
        return tuple(image for image in self.images if image.split == split)


def luma(rgb: np.ndarray) -> np.ndarray:
    """Weigh red, green and blue to gray (ITU-R BT.601).

    Parameters
    ----------
    rgb : numpy.ndarray
        Shape (..., 3), 0..1.

    Returns
    -------
    numpy.ndarray of float32, shape (...)
        0..1.
    """
    gray = rgb @ np.asarray(LUMA, dtype=np.float32)
    return np.clip(gray, 0, 1, dtype=np.float32)  # the weights' sum rounds to 1 + 1e-7


def printable(text: object) -> str:
    """Return text that prints on one line, unique for each text.

    Text with unprintable characters or backslashes is written as Python escapes it.
    """
    text = str(text)
    return text if text.isprintable() and "\\" not in text else repr(text)[1:-1]


def _require_sound(images: tuple[Image, ...]):
    key, count = Counter(p.key for p in images).most_common(1)[0] if images else ("", 0)
    if count > 1:
        raise ValueError(f"{count} images of key {key!r}")
    sides: dict[str, str] = {}
    for image in images:
        if image.split not in SPLITS or not image.key.isprintable():
            raise ValueError(f"{image}: expected a printable key and one of {SPLITS}")
        if sides.setdefault(image.source, image.split) != image.split:
            raise ValueError(f"source {image.source!r} in two splits")
