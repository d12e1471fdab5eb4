"""What every image set is: a list of pictures with a source and a split, loaded one at a time."""

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
class Picture:
    """One picture of a set; its pixels stay on disk.

    Parameters
    ----------
    key : str
        Unique within the set, printable.
    source : str
        What the picture was cut from: a photograph, an animal. Splits never separate a source.
    split : {"train", "validation", "test"}
        What the picture is for.
    file : str
        What it is read from: a path, or the name of a bundled photograph.
    at : tuple of int
        Where in the file, where that holds several pictures: top row and left column [pixels],
        number of a record, or of a slice.
    """

    key: str
    source: str
    split: str
    file: str = field(default="", compare=False)
    at: tuple[int, ...] = field(default=(), compare=False)


class Collection(ABC):
    """A set of pictures, or some of its splits.

    Each kind of set has a class method `find`, which looks for the pictures and splits them; the
    constructor takes what was found, looks at no file, and takes besides what `READ_WITH` names.

    Parameters
    ----------
    pictures : iterable of Picture
        Sorted by key here.
    skipped : iterable of (str, str)
        Files that were skipped, and why; printable.

    Attributes
    ----------
    READ_WITH : tuple of str
        Options of the set that say how a picture is read.
    pictures : tuple of Picture
        In order of their keys.
    skipped : tuple of (str, str)
        File and reason, sorted.

    Raises
    ------
    ValueError
        Two pictures of one key, an unprintable key, an unknown split, or a source on two sides:
        a mistake in the set's code, not in the user's files.
    """

    READ_WITH: tuple[str, ...] = ()

    def __init__(self, pictures: Iterable[Picture], skipped: Iterable[tuple[str, str]] = ()):
        self.pictures = tuple(sorted(pictures))
        self.skipped = tuple(sorted(skipped))
        _require_sound(self.pictures)

    @classmethod
    def found(
        cls,
        name: str,
        pictures: Iterable[Picture],
        skipped: Iterable[tuple[str, str]] = (),
        **read_with,
    ) -> Self:
        """Make a set of what `find` came upon, with names and reasons as they print.

        Raises
        ------
        InputError
            No picture to train with; `name` is what the message calls the set.
        """
        printable = [(shown(file), shown(reason)) for file, reason in skipped]
        collection = cls(pictures, printable, **read_with)
        if not collection.of("train"):
            found = f"no picture to train with ({len(printable)} left out)"
            first = f"the first left out: {': '.join(min(printable))}" if printable else ""
            raise InputError(name, found, "at least one usable picture", first)
        return collection

    @abstractmethod
    def load(self, picture: Picture) -> np.ndarray:
        """Read a picture's colours.

        Returns
        -------
        numpy.ndarray of float32, shape (H, W, 3)
            sRGB, 0..1. A new array each time; the caller may write to it.

        Raises
        ------
        InputError
            The file behind it cannot be read any more.
        """

    def pair(self, picture: Picture) -> tuple[np.ndarray, np.ndarray]:
        """Read a picture once: its colours as `load` does, and its gray as `gray` does."""
        rgb = self.load(picture)
        return rgb, luma(rgb)

    def stamp(self, picture: Picture) -> bytes:
        """Give what tells a picture from another, or from itself once it has changed."""
        return b"".join(hashlib.sha256(part.tobytes()).digest() for part in self.pair(picture))

    def gray(self, picture: Picture) -> np.ndarray:
        """Read what a colorizer is given; here the luma of the picture's colours.

        Returns
        -------
        numpy.ndarray of float32, shape (H, W)
            0..1.

        Raises
        ------
        InputError
            The file behind it cannot be read any more.
        """
        return self.pair(picture)[1]

    def of(self, split: str) -> tuple[Picture, ...]:
        """Give the pictures of a split, in order of their keys."""
        return tuple(picture for picture in self.pictures if picture.split == split)


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


def shown(text: object) -> str:
    """Write foreign text so that it prints on one line, another line for each text.

    Text with unprintable characters or backslashes is written as Python escapes it.
    """
    text = str(text)
    return text if text.isprintable() and "\\" not in text else repr(text)[1:-1]


def _require_sound(pictures: tuple[Picture, ...]):
    key, count = Counter(p.key for p in pictures).most_common(1)[0] if pictures else ("", 0)
    if count > 1:
        raise ValueError(f"{count} pictures of key {key!r}")
    sides: dict[str, str] = {}
    for picture in pictures:
        if picture.split not in SPLITS or not picture.key.isprintable():
            raise ValueError(f"{picture}: expected a printable key and one of {SPLITS}")
        if sides.setdefault(picture.source, picture.split) != picture.split:
            raise ValueError(f"source {picture.source!r} on two sides")
