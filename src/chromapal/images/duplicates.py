"""Find equal or similar images in different splits."""

import hashlib
import itertools
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from chromapal.images.area import area_matrix
from chromapal.images.collection import SPLITS, Image, luma

NEAR = 4  # bits of 64 that may differ
COLUMNS = ["picture", "split", "twin", "twin_split", "bits", "exact"]
_ROWS, _COLUMNS = 8, 9
_STEP = 0.5 / 255  # smallest difference in brightness
_FLAT = 0.1  # range of the averaged luma below which an image has no structure to recognise
_BLOCK = 1 << 22


def difference_hash(rgb: np.ndarray) -> tuple[int, bool]:
    """Hash how an image's luma changes from left to right (Krawetz 2013, dHash).

    Luma is averaged to 8 rows of 9 pixels; a bit is 1 where a pixel is darker than its right
    neighbour by more than half a count of 255. Brightness, contrast, compression and scale
    hardly change it.

    Parameters
    ----------
    rgb : numpy.ndarray
        Shape (H, W, 3), 0..1.

    Returns
    -------
    bits : int
        64 bits, the first row's first pixel highest.
    flat : bool
        Whether the averaged luma spans less than a tenth of full scale: for sky and backdrops the
        hash is meaningless.
    """
    gray = luma(rgb)
    small = area_matrix(gray.shape[0], _ROWS) @ gray @ area_matrix(gray.shape[1], _COLUMNS).T
    steps = np.diff(small, axis=1)
    bits = int.from_bytes(np.packbits(steps > _STEP).tobytes(), "big")
    return bits, bool(np.ptp(small) < _FLAT)


@dataclass
class Twins:
    """Collects hashes image by image, and then finds the nearest across splits."""

    _keys: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in SPLITS})
    _bits: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in SPLITS})
    _flat: dict[str, list[bool]] = field(default_factory=lambda: {name: [] for name in SPLITS})
    _exact: dict[str, list[bytes]] = field(default_factory=lambda: {name: [] for name in SPLITS})

    def add(self, image: Image, rgb: np.ndarray):
        """Add one image; only its hashes are kept."""
        bits, flat = difference_hash(rgb)
        digest = hashlib.sha256(f"{rgb.shape}".encode() + np.ascontiguousarray(rgb).tobytes())
        self._keys[image.split].append(image.key)
        self._bits[image.split].append(bits)
        self._flat[image.split].append(flat)
        self._exact[image.split].append(digest.digest())

    def table(self) -> pd.DataFrame:
        """List validation and test images with a twin in another split.

        Returns
        -------
        pandas.DataFrame
            Columns of `COLUMNS`: the image and its split, the nearest image of another split
            (validation is compared with train, test with both), in how many bits they differ
            (at most `NEAR`) and whether all their pixels are equal. Flat images have only
            exact twins. A near twin should be checked by eye: dark edges and smooth ramps
            also resemble each other. At most one row per image and other split, sorted.
        """
        rows = []
        for other, own in itertools.combinations(SPLITS, 2):
            rows += self._between(own, other)
        return pd.DataFrame(rows, columns=COLUMNS).sort_values(COLUMNS, ignore_index=True)

    def _between(self, own: str, other: str) -> list[tuple]:
        first: dict[bytes, str] = {}
        for digest, key in zip(self._exact[other], self._keys[other], strict=True):
            first.setdefault(digest, key)
        there = np.flatnonzero(~np.array(self._flat[other], dtype=bool))
        position, distance = nearest(
            np.array(self._bits[own], dtype=np.uint64),
            np.array(self._bits[other], dtype=np.uint64)[there],
        )
        rows = []
        for index, key in enumerate(self._keys[own]):
            twin = first.get(self._exact[own][index])
            if twin is not None:
                rows.append((key, own, twin, other, 0, True))
            elif not self._flat[own][index] and distance[index] <= NEAR:
                twin = self._keys[other][there[position[index]]]
                rows.append((key, own, twin, other, int(distance[index]), False))
        return rows


def nearest(bits: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find, for each hash, which of the others differs in the fewest bits; the first of equals.

    Parameters
    ----------
    bits, others : numpy.ndarray of uint64
        Shapes (n,) and (m,).

    Returns
    -------
    position : numpy.ndarray of int64, shape (n,)
        Index in `others`; 0 where there are none.
    distance : numpy.ndarray of int64, shape (n,)
        Bits that differ; 65 where there are no others.
    """
    position = np.zeros(len(bits), dtype=np.int64)
    distance = np.full(len(bits), 65, dtype=np.int64)
    if len(others):
        step = max(_BLOCK // len(others), 1)
        for start in range(0, len(bits), step):
            part = slice(start, start + step)
            differ = np.bitwise_count(bits[part, None] ^ others[None])
            position[part] = differ.argmin(axis=1)
            distance[part] = differ.min(axis=1)
    return position, distance
