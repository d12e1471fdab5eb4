"""Photographs and micrographs that come with scikit-image and scikit-learn; nothing to download."""

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np

from chromapal.errors import InputError
from chromapal.images.collection import Collection, Image, luma
from chromapal.images.pixels import decode, dimensions, fit
from chromapal.images.split import split_sources

_SKIMAGE, _SKLEARN = ("skimage", "data"), ("sklearn", "datasets/images")
# Colour images inside the wheels of scikit-image 0.26 and scikit-learn 1.9, one view per scene;
# the others of `skimage.data` would be downloaded.
PHOTOGRAPHS = {
    "astronaut": (*_SKIMAGE, "astronaut.png"),
    "cat": (*_SKIMAGE, "chelsea.png"),
    "coffee": (*_SKIMAGE, "coffee.png"),
    "flower": (*_SKLEARN, "flower.jpg"),
    "hubble_deep_field": (*_SKIMAGE, "hubble_deep_field.jpg"),
    "immunohistochemistry": (*_SKIMAGE, "ihc.png"),
    "motorcycle": (*_SKIMAGE, "motorcycle_left.png"),
    "retina": (*_SKIMAGE, "retina.jpg"),
    "rocket": (*_SKIMAGE, "rocket.jpg"),
    "temple": (*_SKLEARN, "china.jpg"),
}
# Grayscale micrographs to colour; they cannot be used for training.
MICROGRAPHS = {
    "cell": (*_SKIMAGE, "cell.png"),
    "microaneurysms": (*_SKIMAGE, "microaneurysms.png"),
}


class Bundled(Collection):
    """Non-overlapping square patches of the bundled colour images, split by image.

    Parameters
    ----------
    images, skipped
        See `Collection`.
    size : int
        Pixels a side of a patch.
    """

    READ_WITH = ("size",)

    def __init__(self, images: Iterable[Image], skipped: Iterable[tuple[str, str]], size: int):
        super().__init__(images, skipped)
        self.size = size

    @classmethod
    def find(
        cls,
        size: int,
        seed: int = 0,
        validation: float = 0.2,
        test: float = 0.2,
        most_per_source: int | None = None,
        photographs: Sequence[str] | None = None,
    ) -> Self:
        """List the patches.

        Parameters
        ----------
        size : int
            Pixels a side of a patch.
        seed : int
            Seed of the split and of the draw of patches.
        validation, test : float
            Fractions of the images.
        most_per_source : int, optional
            Maximum number of patches per image, so that large images do not outweigh others;
            all by default.
        photographs : sequence of str, optional
            Names of `PHOTOGRAPHS`; all by default. An image smaller than a patch is
            skipped.

        Raises
        ------
        InputError
            A size or limit below 1, an unknown name, or no image as large as a patch.
        """
        for key, value in (("size", size), ("most_per_source", most_per_source)):
            if value is not None and value < 1:
                raise InputError(f"bundled images' {key}", str(value), "at least 1")
        corners_of: dict[str, list[tuple[int, int]]] = {}
        skipped = []
        for name in sorted(set(PHOTOGRAPHS if photographs is None else photographs)):
            path = _path(name, PHOTOGRAPHS)
            if not path.is_file():
                skipped.append((path.name, "not installed"))
                continue
            high, wide = dimensions(path)
            corners = list(patches(high, wide, size))
            if not corners:
                skipped.append((path.name, f"{wide} x {high} pixels, less than {size} a side"))
                continue
            if most_per_source is not None and len(corners) > most_per_source:
                draw = np.random.default_rng([seed, *name.encode()])
                indices = draw.choice(len(corners), most_per_source, replace=False)
                corners = [corners[index] for index in sorted(indices)]
            corners_of[name] = corners
        roles = split_sources(corners_of, seed, validation, test)
        images = [
            Image(f"{name} {top:04d} {left:04d}", name, roles[name], name, (top, left))
            for name, corners in corners_of.items()
            for top, left in corners
        ]
        return cls.found("bundled images", images, skipped, size=size)

    def load(self, image: Image) -> np.ndarray:
        """Cut a patch; float32 of shape (size, size, 3), sRGB 0..1."""
        top, left = image.at
        pixels = _photograph(_path(image.file, PHOTOGRAPHS))
        return fit(pixels[top : top + self.size, left : left + self.size], None)


def patches(high: int, wide: int, size: int) -> Iterator[tuple[int, int]]:
    """List the corners of as many whole patches as fit, the rest an even margin around them.

    Parameters
    ----------
    high, wide, size : int
        Pixels of the image, and a side of a patch.

    Yields
    ------
    tuple of int
        Top row and left column; none where the image is too small.
    """
    for top in range(high % size // 2, high - size + 1, size):
        for left in range(wide % size // 2, wide - size + 1, size):
            yield top, left


def micrograph(name: str) -> np.ndarray:
    """Read a bundled grayscale micrograph.

    Parameters
    ----------
    name : str
        One of `MICROGRAPHS`.

    Returns
    -------
    numpy.ndarray of float32, shape (H, W)
        0..1.

    Raises
    ------
    InputError
        An unknown name.
    """
    return luma(fit(decode(_path(name, MICROGRAPHS)), None))


@lru_cache(maxsize=len(PHOTOGRAPHS))  # some 20 MB in all
def _photograph(path: Path) -> np.ndarray:
    pixels = decode(path)
    pixels.flags.writeable = False
    return pixels


def _path(name: str, known: dict[str, tuple[str, str, str]]) -> Path:
    if name not in known:
        raise InputError("bundled images", repr(name), f"one of {', '.join(known)}")
    package, folder, file = known[name]
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent / folder / file
