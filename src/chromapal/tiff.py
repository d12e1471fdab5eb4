"""What volumes and images need of TIFF files beyond tifffile: LZW, 0 as white, reduced copies.

Deflate (zlib), too: tifffile inflates a strip whole, and one of a megabyte can hold a gigabyte.
tifffile needs the package imagecodecs for LZW, in which Fiji and Bio-Formats often write. Pillow,
which is there anyway, brings libtiff, and decodes the same bytes.
"""

import importlib.util
import io
import os
import struct
import zlib
from collections import ChainMap

import numpy as np
import tifffile
from PIL import Image

from chromapal.errors import InputError

UNCOMPRESSED = "save it uncompressed, or compressed with LZW or Deflate (zlib)"
_DEFLATED = tuple(
    int(kind) for kind in (tifffile.COMPRESSION.ADOBE_DEFLATE, tifffile.COMPRESSION.DEFLATE)
)
_PACKED = tuple(int(kind) for kind in (tifffile.COMPRESSION.LZW, tifffile.COMPRESSION.ZSTD))
# tags of a TIFF of one row of bytes: width, height, bits, compression, photometric, offset of the
# only strip, samples per pixel, rows per strip, bytes of the strip
_ROW = (256, 257, 258, 259, 262, 273, 277, 278, 279)


def opened(path: str | os.PathLike) -> tifffile.TiffFile:
    """Open a TIFF file whose LZW can be decoded, with or without imagecodecs."""
    if importlib.util.find_spec("imagecodecs") is None:
        known = tifffile.TIFF.DECOMPRESSORS
        if not isinstance(known, ChainMap):
            more = {kind: _decoder(kind) for kind in _PACKED} | dict.fromkeys(_DEFLATED, _inflated)
            tifffile.TIFF.DECOMPRESSORS = ChainMap(more, known)
    return tifffile.TiffFile(path)


def require_decodable(page: tifffile.TiffPage, path: str | os.PathLike):
    """Refuse a compression that nothing here can decode.

    Raises
    ------
    InputError
        The compression needs a package that is not installed.
    """
    try:
        if page.compression != tifffile.COMPRESSION.NONE:
            tifffile.TIFF.DECOMPRESSORS[page.compression]
    except KeyError:
        name = getattr(page.compression, "name", page.compression)
        raise InputError(
            path, f"a TIFF compressed with {name}", "another compression", UNCOMPRESSED
        ) from None


def bright(values: np.ndarray, page: tifffile.TiffPage, path: str | os.PathLike) -> np.ndarray:
    """Return counts that grow with the light, also where the file's 0 is white.

    Raises
    ------
    InputError
        0 is white, and the values are not whole numbers from 0.
    """
    if page.photometric != tifffile.PHOTOMETRIC.MINISWHITE:
        return values
    if values.dtype.kind != "u":
        raise InputError(
            path, f"a TIFF of {values.dtype} in which 0 is white", "0 as black", "invert it"
        )
    return values.dtype.type(2**page.bitspersample - 1) - values


def full_pages(file: tifffile.TiffFile) -> int:
    """Count a file's pages without its masks and reduced copies of other pages."""
    pages = [file.pages[number].aspage() for number in range(len(file.pages))]
    return sum(not (page.is_reduced or page.is_mask) for page in pages)


def _inflated(packed: bytes, /, *, out: int | None = None, **_) -> bytes:
    """Inflate a strip or tile, no further than the `out` bytes that belong into it."""
    return zlib.decompressobj().decompress(packed, out if isinstance(out, int) else 0)


def _decoder(kind: int):
    def decode(packed: bytes, /, *, out: int | None = None, **_) -> bytes:
        """Decode a strip or tile of `out` bytes as a TIFF of one row."""
        values = (out, 1, 8, kind, 1, 8 + 2 + 12 * len(_ROW) + 4, 1, 1, len(packed))
        tags = zip(_ROW, values, strict=True)
        head = struct.pack("<2sHLH", b"II", 42, 8, len(_ROW))
        head += b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in tags)
        with Image.open(io.BytesIO(head + struct.pack("<L", 0) + packed), formats=("TIFF",)) as row:
            return row.tobytes()

    return decode
