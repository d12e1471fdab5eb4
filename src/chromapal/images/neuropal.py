"""Z slices of NeuroPAL volumes, split by worm."""

import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.images import neuropal_volume
from chromapal.images.collection import Collection, Image, luma, printable
from chromapal.images.split import split_sources
from chromapal.worms.discover import discover, laboratory
from chromapal.worms.nwb.channels import rgbw

GRAY_SOURCES = ("luminance", "white")


class NeuroPal(Collection):
    """Slices of the colour volumes of NWB files, each mapped to a square.

    Colours and gray are scaled by the worm's own quantiles, so that nothing is fitted across
    worms; see `chromapal.images.neuropal_volume.slices`.

    Parameters
    ----------
    images, skipped
        See `Collection`.
    size : int
        Pixels a side; a volume's x and y are each stretched to it.
    gray_source : {"luminance", "white"}
        The source of gray: luma of the colours, or the white (panneuronal) channel.
    kept : int
        Worms whose slices stay in memory, those last used.
    """

    READ_WITH = ("size", "gray_source")

    def __init__(
        self,
        images: Iterable[Image],
        skipped: Iterable[tuple[str, str]],
        size: int,
        gray_source: str = "luminance",
        kept: int = 32,
    ):
        super().__init__(images, skipped)
        self.size, self.gray_source, self.kept = size, gray_source, kept
        self._read: OrderedDict[str, dict[str, np.ndarray]] = OrderedDict()

    @classmethod
    def find(
        cls,
        source: str | os.PathLike | Sequence[str | os.PathLike],
        size: int,
        seed: int = 0,
        validation: float = 0.2,
        test: float = 0.2,
        gray_source: str = "luminance",
        most_slices: int | None = None,
        kept: int = 32,
    ) -> Self:
        """List the slices, reading only the shapes of the volumes.

        Parameters
        ----------
        source : path-like or sequence of path-like
            A folder with NWB files at any depth, or the files.
        size, gray_source, kept
            As for the constructor. Worms without a white channel are skipped if it
            is the source of gray.
        seed : int
            Seed of the split.
        validation, test : float
            Fractions of the worms.
        most_slices : int, optional
            Maximum number of slices per worm, evenly spaced in depth; all by default.

        Raises
        ------
        InputError
            No usable file, or an unknown gray source.
        """
        if gray_source not in GRAY_SOURCES:
            raise InputError(
                "NeuroPAL slices", f"gray source {gray_source!r}", f"one of {GRAY_SOURCES}"
            )
        for key, value in (("size", size), ("most_slices", most_slices), ("kept", kept)):
            if value is not None and value < 1:
                raise InputError("NeuroPAL slices", f"{key} {value}", "at least 1")
        needed = "RGBW" if gray_source == "white" else "RGB"
        worms: dict[str, tuple[Path, int]] = {}
        skipped = []
        files = _files(source)
        for path in progress(files, len(files), "volumes"):
            try:
                worm, depth = _describe(path, needed)
            except InputError as error:
                skipped.append((str(path), f"found {error.found}; expected {error.expected}"))
                continue
            if worm in worms:
                skipped.append((str(path), f"a second file of {worm}"))
                continue
            worms[worm] = path, depth
        roles = split_sources(worms, seed, validation, test)
        images = []
        for worm, (path, depth) in worms.items():
            for z in _evenly_spaced(depth, most_slices):
                key = f"{worm} z{z:03d}"
                images.append(Image(key, worm, roles[worm], str(path), (z,)))
        read_with = {"size": size, "gray_source": gray_source, "kept": kept}
        return cls.found("NeuroPAL slices", images, skipped, **read_with)

    def load(self, image: Image) -> np.ndarray:
        """Return a slice's red, green and blue; float32 of shape (size, size, 3), 0..1."""
        channels, z = self._slices(image)
        return np.stack([channels[letter][z] for letter in "RGB"], axis=2)

    def pair(self, image: Image) -> tuple[np.ndarray, np.ndarray]:
        """Return a slice's colours, and its luma or white channel; gray of shape (size, size)."""
        rgb = self.load(image)
        if self.gray_source == "luminance":
            return rgb, luma(rgb)
        channels, z = self._slices(image)
        return rgb, channels["W"][z].copy()

    def _slices(self, image: Image) -> tuple[dict[str, np.ndarray], int]:
        path, (z,) = image.file, image.at
        if path not in self._read:
            self._read[path] = neuropal_volume.slices(path, self.size)
            if len(self._read) > self.kept:
                self._read.popitem(last=False)
        self._read.move_to_end(path)
        return self._read[path], z


def _files(source: str | os.PathLike | Sequence[str | os.PathLike]) -> list[Path]:
    if isinstance(source, str | os.PathLike):
        return [Path(source)] if Path(source).is_file() else discover(source, (".nwb",), "nwb")
    return sorted(map(Path, source))


def _describe(path: Path, needed: str) -> tuple[str, int]:
    """Return a worm's name with its laboratory, and how many slices it has."""
    # imported here because it takes a second, and most sets have no volumes
    from chromapal.worms.nwb import contents

    with contents.opened(path) as content:
        worm = contents.worm_name(content, path)
        volume = contents.find_volume(content, path)
        neuropal_volume.require_counts(volume.data, path)
        channels = rgbw(volume, path)
        missing = [letter for letter in needed if letter not in channels]
        if missing:
            raise InputError(path, f"no channel {', '.join(missing)}", ", ".join(needed))
        return f"{printable(laboratory(path))}/{printable(worm)}", volume.data.shape[2]


def _evenly_spaced(depth: int, most: int | None) -> list[int]:
    """Return the slices in the middle of `most` equal parts of the depth."""
    count = depth if most is None else min(most, depth)
    return [int((part + 0.5) * depth / count) for part in range(count)]
