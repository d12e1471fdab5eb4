"""Write a set's test images: the gray inputs and the true colours."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from chromapal.console import progress
from chromapal.files import whole, write_csv
from chromapal.images.bundled import micrograph
from chromapal.images.sets import listed, part


def write_test_images(images: str | Path, options: dict, out: str | Path):
    """Write the test images of a set.

    Parameters
    ----------
    images, options
        The set's list, and its options; see `chromapal.images.sets.listed`.
    out : path-like
        Folder of `NNN_true.png`, `NNN_gray.png` (8 bit) and `index.csv` with columns number, key
        and source, in order of keys.
    """
    tested = part(listed(images, options, ["test"]), "test")
    with whole(out) as folder:
        folder.mkdir()
        for number in progress(range(len(tested)), len(tested), "test images"):
            rgb, gray = tested[number]
            save(rgb, folder / f"{number:03d}_true.png")
            save(gray, folder / f"{number:03d}_gray.png")
        rows = [(number, p.key, p.source) for number, p in enumerate(tested.images)]
        write_csv(pd.DataFrame(rows, columns=["number", "key", "source"]), folder / "index.csv")


def write_micrographs(names: Sequence[str], out: str | Path):
    """Write bundled grayscale micrographs, `NAME.png`, into a folder."""
    with whole(out) as folder:
        folder.mkdir()
        for name in names:
            save(micrograph(name), folder / f"{name}.png")


def save(image: np.ndarray, path: str | Path):
    """Write an image of 0..1, gray (H, W) or colour (H, W, 3), as PNG of 8 bits."""
    counts = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(counts).save(path, format="PNG")


def save_counts(pixels: np.ndarray, path: str | Path):
    """Write colours as PNG of as many bits as they have.

    Parameters
    ----------
    pixels : numpy.ndarray of uint8 or uint16, shape (H, W, 3)
        Full scale of the type is 1.
    path : path-like
        The file.
    """
    if pixels.dtype == np.uint8:
        Image.fromarray(pixels).save(path, format="PNG")
        return
    # Pillow writes no colours of sixteen bits
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 6 * width), np.uint8)
    rows[:, 0] = 1  # each byte less the one a pixel before it, which packs better
    rows[:, 1:] = np.ascontiguousarray(pixels, dtype=">u2").view(np.uint8).reshape(height, -1)
    rows[:, 7:] -= rows[:, 1:-6].copy()
    header = struct.pack(">2I5B", width, height, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    with Path(path).open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, content in chunks:
            checksum = zlib.crc32(content, zlib.crc32(kind))
            file.write(struct.pack(">I", len(content)) + kind + content)
            file.write(struct.pack(">I", checksum))
