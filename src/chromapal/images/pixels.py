"""Read image files of any kind as red, green and blue, and crop them to squares."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageOps, UnidentifiedImageError

from chromapal import tiff
from chromapal.errors import InputError

# Not every format that Pillow opens: some start other programs.
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "JPEG2000")
EXPECTED = "an image (PNG, JPEG, TIFF, BMP, GIF, WebP, PPM, JPEG 2000)"

# TIFF's tags
_BITS = 258
_PHOTOMETRIC = 262
_ORIENTATION = 274

# TIFF's orientations, as what makes an image upright
_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}


def dimensions(path: str | os.PathLike) -> tuple[int, int]:
    """Return height and width from an image's header, before any EXIF rotation.

    Raises
    ------
    InputError
        The file is not an image, or holds several.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                _require_one_image(image, path)
                return image.height, image.width
    except InputError:
        raise
    except Exception:
        # a TIFF that Pillow cannot read, or not an image
        return decode(path).shape[:2]


def decode(path: str | os.PathLike) -> np.ndarray:
    """Read a file of one image as red, green and blue.

    EXIF orientation is applied, gray repeated, alpha composited on white, CMYK and palettes are
    converted, a TIFF whose 0 is white is inverted, and one of 9 to 15 bits fills 16. Sixteen bits
    stay sixteen in gray images, PNG and TIFF. Embedded colour profiles are not applied.

    Returns
    -------
    numpy.ndarray of uint8 or uint16, shape (H, W, 3)
        Full scale of the type is 1.

    Raises
    ------
    InputError
        The file is not an image, is damaged, holds several images (pages, channels, an animation),
        has floating point or 32-bit values, or more pixels than Pillow reads (179 million).
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
    if size is None:
        peak = np.float32(np.iinfo(pixels.dtype).max)
        return np.divide(pixels, peak, dtype=np.float32)
    high, wide = pixels.shape[:2]
    side = min(high, wide)
    left, top = (wide - side) // 2, (high - side) // 2
    return _resized(pixels[top : top + side, left : left + side], size, size)


def shrunk(pixels: np.ndarray, size: int) -> np.ndarray:
    """Scale the shorter side down to `size`, the longer one in proportion, and to 0..1.

    Parameters
    ----------
    pixels : numpy.ndarray of uint8 or uint16, shape (H, W, 3)
        As `decode` gives it.
    size : int
        Pixels (bicubic, antialiased); an image that is no larger keeps its size.

    Returns
    -------
    numpy.ndarray of float32, shape (h, w, 3)
        0..1.
    """
    high, wide = pixels.shape[:2]
    scale = size / min(high, wide)
    if scale >= 1:
        return fit(pixels, None)
    return _resized(pixels, round(high * scale), round(wide * scale))


def _resized(pixels: np.ndarray, high: int, wide: int) -> np.ndarray:
    if pixels.dtype == np.uint8:
        planes = [Image.fromarray(np.ascontiguousarray(pixels))]
    else:
        planes = [Image.fromarray(plane) for plane in np.moveaxis(pixels, 2, 0).astype(np.float32)]
    planes = [plane.resize((wide, high), Image.Resampling.BICUBIC) for plane in planes]
    result = np.dstack([np.asarray(plane) for plane in planes])
    peak = np.float32(np.iinfo(pixels.dtype).max)
    return np.clip(np.divide(result, peak, dtype=np.float32), 0, 1)


def _with_pillow(path: str | os.PathLike) -> np.ndarray:
    with Image.open(path, formats=FORMATS) as file:
        _require_one_image(file, path)
        if file.format == "TIFF" and _needs_tifffile(file):
            return _with_tifffile(path)
        if file.format == "PNG" and _has_sixteen_bit_colours(file):
            return _sixteen_bit_png(file, path)
        file.load()
        image = _upright(file)
        if image.mode.startswith("I;16") or (image.mode == "I" and file.format in ("PNG", "PPM")):
            gray = _filled(np.asarray(image).astype(np.uint16), _bits(file))
            return np.repeat(gray[..., None], 3, axis=2)
        if image.mode in ("I", "F"):
            raise InputError(path, "32 bits a pixel, of unknown full scale", EXPECTED)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            paper = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(paper, image)
        return np.array(image.convert("RGB"))


def _has_sixteen_bit_colours(file: Image.Image) -> bool:
    # a transparent colour, which such a file may name, is left to Pillow
    return file.tile[0].args in ("RGB;16B", "RGBA;16B") and "transparency" not in file.info


def _sixteen_bit_png(file: Image.Image, path: str | os.PathLike) -> np.ndarray:
    """Read a PNG of sixteen-bit colours, of which Pillow keeps the upper eight bits.

    Read as if the lower byte came last in the file (`16L`), it keeps the lower eight.
    """
    file.load()
    upper = np.asarray(_upright(file), dtype=np.uint16)
    with Image.open(path, formats=("PNG",)) as again:
        (tile,) = again.tile
        again.tile = [tile._replace(args=tile.args.replace("16B", "16L"))]
        again.load()
        pixels = upper << 8 | np.asarray(_upright(again), dtype=np.uint16)
    if pixels.shape[2] == 4:
        pixels = _on_white(pixels, tifffile.EXTRASAMPLE.UNASSALPHA)
    return np.ascontiguousarray(pixels)


def _needs_tifffile(file: Image.Image) -> bool:
    """Return whether Pillow would halve a TIFF's bits, or take its 0 for black."""
    return _bits(file) > 8 and ("RGB" in file.mode or file.tag_v2.get(_PHOTOMETRIC) == 0)


def _bits(file: Image.Image) -> int:
    return int(np.max(file.tag_v2.get(_BITS, 1))) if file.format == "TIFF" else 16


def _filled(pixels: np.ndarray, bits: int) -> np.ndarray:
    """Stretch samples of few bits, such as 12, to the full scale of their type."""
    peak = np.iinfo(pixels.dtype).max
    if 2**bits > peak:
        return pixels
    return np.rint(pixels * (peak / (2**bits - 1))).astype(pixels.dtype)


def _require_one_image(file: Image.Image, path: str | os.PathLike):
    """Refuse a stack, channels or a film, of which the first would be read in silence."""
    count = getattr(file, "n_frames", 1)
    if file.format == "MPO":
        # a camera's JPEG with previews of itself
        return
    if file.format == "TIFF" and count > 1:
        with tiff.opened(path) as pages:
            count = tiff.full_pages(pages)
    if count > 1:
        raise InputError(path, f"{count} images in one file (a stack, channels or a film)", "one")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # EXIF data may be damaged although the pixels are not
        return image


def _with_tifffile(path: str | os.PathLike) -> np.ndarray:
    """Read a TIFF of sixteen bits, of which Pillow keeps the upper eight or reads none."""
    try:
        with tiff.opened(path) as file:
            page = file.pages.first
            tiff.require_decodable(page, path)
            _require_readable(page, path)
            pixels, axes, tags = page.asarray(), page.axes, page.tags
    except InputError:
        raise
    except Exception as error:
        # as Pillow, over damaged files
        raise InputError(path, f"a broken image ({error})", EXPECTED) from None
    known = page.photometric in (
        *(tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.MINISBLACK),
        tifffile.PHOTOMETRIC.MINISWHITE,
    )
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(path, f"a TIFF of {pixels.dtype}, of unknown full scale", EXPECTED)
    pixels = tiff.bright(pixels, page, path)
    if axes == "SYX":
        pixels, axes = np.moveaxis(pixels, 0, 2), "YXS"
    if axes == "YX":
        pixels, axes = np.repeat(pixels[..., None], 3, axis=2), "YXS"
    if axes != "YXS" or pixels.shape[2] not in (3, 4) or not known:
        raise InputError(path, f"a TIFF of axes {axes} and shape {pixels.shape}", EXPECTED)
    if pixels.shape[2] == 4 and page.extrasamples:
        pixels = _on_white(pixels, page.extrasamples[0])
    pixels = _filled(pixels[..., :3], page.bitspersample)
    if turn := _TURNS.get(int(tags.valueof(_ORIENTATION, 1))):
        pixels = turn(pixels)
    return np.ascontiguousarray(pixels)


def _require_readable(page: tifffile.TiffPage, path: str | os.PathLike):
    """Refuse a page that would fill the memory, as Pillow does."""
    pixels, most = page.imagewidth * page.imagelength, 2 * Image.MAX_IMAGE_PIXELS
    if pixels > most:
        raise InputError(path, f"{pixels} pixels", f"{most} at most", "cut it into parts")


def _on_white(pixels: np.ndarray, kind: int) -> np.ndarray:
    """Composite red, green, blue and alpha on white; a fourth sample of no kind says nothing."""
    peak = np.iinfo(pixels.dtype).max
    colours, alpha = pixels[..., :3], pixels[..., 3:] / peak
    if kind == tifffile.EXTRASAMPLE.ASSOCALPHA:
        mixed = colours + peak * (1 - alpha)
    elif kind == tifffile.EXTRASAMPLE.UNASSALPHA:
        mixed = colours * alpha + peak * (1 - alpha)
    else:
        return colours
    return np.rint(np.clip(mixed, 0, peak)).astype(pixels.dtype)


def _nothing(path: str | os.PathLike) -> str:
    if not Path(path).is_file():
        return "no such file"
    return "not an image" if Path(path).stat().st_size else "an empty file"
