"""Read image files of any kind as red, green and blue, and crop them to squares."""

import os
import warnings
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageOps, UnidentifiedImageError

from chromapal.errors import InputError

# Not every format that Pillow opens: some start other programs.
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "JPEG2000")
EXPECTED = "an image (PNG, JPEG, TIFF, BMP, GIF, WebP, PPM, JPEG 2000)"

_BITS = 258  # TIFF's tag BitsPerSample


def dimensions(path: str | os.PathLike) -> tuple[int, int]:
    """Return height and width from an image's header, before any EXIF rotation.

    Raises
    ------
    InputError
        The file is not an image.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                return image.height, image.width
    except Exception:
        # a TIFF that Pillow cannot read, or not an image
        return decode(path).shape[:2]


def decode(path: str | os.PathLike) -> np.ndarray:
    """Read an image file as red, green and blue; of several frames the first.

    EXIF orientation is applied, gray repeated, alpha composited on white, CMYK and palettes are
    converted. Sixteen bits stay sixteen in gray images and TIFF; Pillow keeps the upper eight of
    a sixteen-bit colour PNG. Embedded colour profiles are not applied.

    Returns
    -------
    numpy.ndarray of uint8 or uint16, shape (H, W, 3)
        Full scale of the type is 1.

    Raises
    ------
    InputError
        The file is not an image, is damaged, or has floating point or 32-bit values.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _with_pillow(path)
    except InputError:
        raise
    except UnidentifiedImageError:
        if Path(path).suffix.lower() in (".tif", ".tiff"):
            return _with_tifffile(path)
        raise InputError(path, _nothing(path), EXPECTED) from None
    except Exception as error:
        # Pillow raises many kinds of errors for a damaged file
        raise InputError(path, f"a broken image ({error})", EXPECTED) from None


def fit(pixels: np.ndarray, size: int | None) -> np.ndarray:
    """Scale the shorter side to `size`, cut the middle of the longer one, and scale to 0..1.

    Parameters
    ----------
    pixels : numpy.ndarray of uint8 or uint16, shape (H, W, 3)
        As `decode` gives it.
    size : int or None
        Pixels a side (bicubic, antialiased); None keeps the image as it is.

    Returns
    -------
    numpy.ndarray of float32, shape (size, size, 3) or (H, W, 3)
        0..1.
    """
    peak = np.float32(np.iinfo(pixels.dtype).max)
    if size is None:
        return np.divide(pixels, peak, dtype=np.float32)
    high, wide = pixels.shape[:2]
    side = min(high, wide)
    left, top = (wide - side) // 2, (high - side) // 2
    middle = pixels[top : top + side, left : left + side]
    if pixels.dtype == np.uint8:
        planes = [Image.fromarray(np.ascontiguousarray(middle))]
    else:
        planes = [Image.fromarray(plane) for plane in np.moveaxis(middle, 2, 0).astype(np.float32)]
    planes = [plane.resize((size, size), Image.Resampling.BICUBIC) for plane in planes]
    result = np.dstack([np.asarray(plane) for plane in planes])
    return np.clip(np.divide(result, peak, dtype=np.float32), 0, 1)


def _with_pillow(path: str | os.PathLike) -> np.ndarray:
    with Image.open(path, formats=FORMATS) as file:
        if file.format == "TIFF" and "RGB" in file.mode and np.max(file.tag_v2.get(_BITS, 1)) > 8:
            return _with_tifffile(path)
        file.load()
        image = _upright(file)
        if image.mode.startswith("I;16") or (image.mode == "I" and file.format in ("PNG", "PPM")):
            gray = np.asarray(image).astype(np.uint16)
            return np.repeat(gray[..., None], 3, axis=2)
        if image.mode in ("I", "F"):
            raise InputError(path, "32 bits a pixel, of unknown full scale", EXPECTED)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            paper = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(paper, image)
        return np.array(image.convert("RGB"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # EXIF data may be damaged although the pixels are not
        return image


def _with_tifffile(path: str | os.PathLike) -> np.ndarray:
    """Read a TIFF of sixteen-bit colours, of which Pillow keeps the upper eight or reads none."""
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            pixels, axes = page.asarray(), page.axes
            known = page.photometric in (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.MINISBLACK)
    except Exception as error:
        # as Pillow, over damaged files
        raise InputError(path, f"a broken image ({error})", EXPECTED) from None
    if axes == "SYX":
        pixels, axes = np.moveaxis(pixels, 0, 2), "YXS"
    if axes == "YX":
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if axes not in ("YX", "YXS") or pixels.shape[2] not in (3, 4) or not known:
        raise InputError(path, f"a TIFF of axes {axes} and shape {pixels.shape}", EXPECTED)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(path, f"a TIFF of {pixels.dtype}, of unknown full scale", EXPECTED)
    if pixels.shape[2] == 4:
        peak = np.iinfo(pixels.dtype).max
        alpha = pixels[..., 3:] / peak
        pixels = np.rint(pixels * alpha + peak * (1 - alpha)).astype(pixels.dtype)
    return np.ascontiguousarray(pixels[..., :3])


def _nothing(path: str | os.PathLike) -> str:
    if not Path(path).is_file():
        return "no such file"
    return "not an image" if Path(path).stat().st_size else "an empty file"
