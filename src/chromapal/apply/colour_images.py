"""Colour images of any size with a trained colorizer; their lightness stays as it is."""

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chromapal import methods
from chromapal.apply import tiles
from chromapal.apply.image_model import load
from chromapal.apply.plan import require_apart
from chromapal.console import progress
from chromapal.errors import InputError, disk_is_full, passing
from chromapal.evaluate.figures import image_parts, style
from chromapal.evaluate.tables.write import write_table
from chromapal.files import whole, write_json
from chromapal.images.collection import luma, printable
from chromapal.images.export import save_counts
from chromapal.images.pixels import decode, fit, shrunk
from chromapal.prepare.images import ImageSamples
from chromapal.prepare.lab import rgb_to_lab, with_lightness_of
from chromapal.worms.discover import everything
from chromapal.worms.slugs import slugs

LOGGER = logging.getLogger("chromapal")
SHOWN = 12  # images of the contact sheet
SHOWN_PIXELS = 240  # of their shorter sides, at most
INDEX = ["file", "coloured", "width", "height", "bits"]
SKIPPED = ["file", "found", "expected", "advice"]


@dataclass(frozen=True)
class Sight:
    """How much of an image a network sees, and how large.

    Attributes
    ----------
    tile : int
        Largest side that is coloured at once [pixels]; more is coloured in overlapping tiles.
    side : int
        Shorter side to which larger images are shrunk for the network [pixels]; 0: none is. Their
        colours are enlarged again.
    """

    tile: int
    side: int = 0


def colour_all(
    model: str | os.PathLike,
    images: str | os.PathLike,
    tile: int,
    scale: str,
    out_folder: str | os.PathLike,
    out_sheet: str | os.PathLike,
    out_skipped: str | os.PathLike,
    out_applied: str | os.PathLike,
):
    """Colour all images of a folder; one that cannot be read does not stop the others.

    Parameters
    ----------
    model : path-like
        Folder of the trained model.
    images : path-like
        Folder of images, at any depth; it is only read.
    tile : int
        See `Sight`.
    scale : {"trained", "own"}
        Whether the network sees images as large as those that it was trained on, at most, or as
        they are.
    out_folder : path-like
        Folder of a PNG for each image, of 8 or 16 bits as the image has, and `index.csv`: which
        is which.
    out_sheet : path-like
        A figure of some images beside their colours.
    out_skipped : path-like
        CSV list of what was skipped, and why.
    out_applied : path-like
        JSON: the model and the images.

    Raises
    ------
    InputError
        The model cannot be used, an output is inside the folder of images, or no image can be
        coloured; the log says why each was skipped.
    """
    started = time.perf_counter()
    torch.set_num_threads(1)
    for out in (out_folder, out_sheet, out_skipped, out_applied):
        require_apart(out, images, "images")
    trained, facts = load(model)
    sight = Sight(tile, facts["side"] if scale == "trained" else 0)
    files, others = everything(images, "images")
    names = output_names([os.path.relpath(path, images) for path in files])
    due = image_parts.evenly_spaced(len(files), SHOWN) if files else []
    index, shown, errors = [], [], [*others]
    with whole(out_folder) as folder:
        folder.mkdir()
        coloured = progress(zip(files, names.items(), strict=True), len(files), "colour")
        for number, (path, (name, output)) in enumerate(coloured):
            try:
                pixels = decode(path)
                result = colour(trained, pixels, sight)
            except (InputError, ArithmeticError, MemoryError, RuntimeError) as error:
                errors.append(_line(error, path))
                continue
            save_counts(result, folder / output)
            height, width = pixels.shape[:2]
            bits = 8 * pixels.dtype.itemsize
            index.append((printable(name), output, width, height, bits))
            if due and number >= due[0]:
                # in place of one that was skipped, the next is shown
                due.pop(0)
                shown.append((printable(name), *map(_small, (pixels, result))))
        skipped = _skipped(errors, images)
        if not index:
            first = f"first of {len(errors)} reasons above: {errors[0]}" if errors else ""
            raise InputError("config key 'images'", "no image to colour", "at least one", first)
        write_table("coloured", pd.DataFrame(index, columns=INDEX), folder / "index.csv")
    style.save(sheet(shown, facts["colorizer"], len(index)), out_sheet)
    write_table("skipped_images", skipped, out_skipped)
    write_json({"model": str(model), "images": str(images)}, out_applied)
    seconds = time.perf_counter() - started
    LOGGER.info("%d images coloured, %d skipped, in %.1f s", len(index), len(errors), seconds)


def colour(trained: object, pixels: np.ndarray, sight: Sight) -> np.ndarray:
    """Colour one image; its lightness L (CIELAB) stays, to the rounding of counts.

    A colour that is too vivid for its lightness is mixed with gray; see
    `chromapal.prepare.lab.with_lightness_of`.

    Parameters
    ----------
    trained : chromapal.colorizers.common.contract.Colorizer
        A colorizer of images.
    pixels : numpy.ndarray of uint8 or uint16, shape (H, W, 3)
        As `chromapal.images.pixels.decode` gives it; the colours of a colour image are not used.
    sight : Sight
        See there.

    Returns
    -------
    numpy.ndarray, shape (H, W, 3)
        Of the same type. Rounding changes a channel by half a count at most, and L by .27 of 100
        at 8 bits, .0011 at 16.

    Raises
    ------
    FloatingPointError
        A colour is no number.
    """
    peak = np.iinfo(pixels.dtype).max
    result = np.empty_like(pixels)
    for rows, ab in _predicted(trained, pixels, sight):
        if not np.isfinite(ab).all():
            raise FloatingPointError("a colour is no number")
        counts, wanted = (torch.from_numpy(each) for each in (pixels[rows] / peak, ab))
        rgb = with_lightness_of(_channels_first(counts), _channels_first(wanted.double()))
        result[rows] = np.rint(rgb[0].permute(1, 2, 0).numpy() * peak)
    return result


def _predicted(
    trained: object, pixels: np.ndarray, sight: Sight
) -> Iterator[tuple[slice, np.ndarray]]:
    """Predict a and b of an image, some rows (n, W, 2) at a time."""

    def predict(tile: np.ndarray) -> np.ndarray:
        rgb = tile if tile.dtype == np.float32 else fit(tile, None)
        blank = np.full_like(rgb, np.nan)
        (colours,) = trained.predict(ImageSamples([(blank, luma(rgb))]), device="cpu", threads=1)
        lab = rgb_to_lab(_channels_first(torch.from_numpy(colours)))
        return lab[0, 1:].permute(1, 2, 0).numpy()

    if not sight.side or min(pixels.shape[:2]) <= sight.side:
        yield from tiles.blended(predict, pixels, sight.tile)
        return
    small = tiles.blended(predict, shrunk(pixels, sight.side), sight.tile)
    ab = np.concatenate([rows for _, rows in small])
    yield from tiles.enlarged(ab, *pixels.shape[:2])


def _channels_first(image: torch.Tensor) -> torch.Tensor:
    return image.permute(2, 0, 1)[None]


def output_names(paths: Sequence[str]) -> dict[str, str]:
    """Return the name of each image's PNG: all different, and safe on any disk.

    Parameters
    ----------
    paths : sequence of str
        Of images, relative to their folder.

    Returns
    -------
    dict of str to str
        The path without its suffix, or with it where another differs in nothing else, as
        `chromapal.worms.slugs.slugs` writes it; then `.png`.
    """
    texts = {path: os.path.splitext(path)[0] for path in paths}
    while True:
        alike = Counter(text.casefold() for text in texts.values())
        double = {path for path, text in texts.items() if alike[text.casefold()] > 1}
        changed = {path: path for path in double if texts[path] != path}
        if not changed:
            break
        texts |= changed
    keys = slugs(texts.values())
    return {path: f"{keys[text]}.png" for path, text in texts.items()}


def sheet(shown: Sequence[tuple], colorizer: str, count: int):
    """Draw images beside their colours.

    Parameters
    ----------
    shown : sequence of (str, numpy.ndarray, numpy.ndarray)
        An image's name, and itself and its colours, (H, W, 3), 0..1.
    colorizer : str
        Which method coloured them.
    count : int
        Number of images coloured, of which these are some.
    """
    names, inputs, results = zip(*shown, strict=True)
    words = methods.words("colorizers", colorizer)
    return image_parts.sheet(
        [image_parts.wrapped(name, 22, 3, spaced=False) for name in names],
        [("input", inputs)],
        [("coloured", results)],
        f"{len(shown)} of {count} images coloured by {words}",
        "lightness is the input's",
    )


def _small(pixels: np.ndarray) -> np.ndarray:
    """Shrink an image for the sheet; float32, 0..1."""
    # whole steps first: resampling a large image takes seconds
    step = max(1, max(pixels.shape[:2]) // (4 * SHOWN_PIXELS))
    return shrunk(np.ascontiguousarray(pixels[::step, ::step]), SHOWN_PIXELS)


def _line(error: Exception, path: Path) -> InputError:
    """Say in one line why an image was skipped."""
    if disk_is_full(error):
        raise error
    if passes := passing(error, path):
        # not a failed job, which would lose the other images: what is mended has to be asked for
        advice = "mend that, remove the folder of results, and give the same command again"
        return InputError(path, passes.found, passes.expected, advice)
    if isinstance(error, InputError):
        return error
    reason = " ".join(str(error).split())[:80] or type(error).__name__
    return InputError(path, f"an image that cannot be coloured ({reason})", "another one")


def _skipped(errors: Sequence[InputError], images: str | os.PathLike):
    """Log why images were skipped, and list them, sorted."""
    rows = []
    for error in errors:
        LOGGER.warning("skipped: %s", error)
        file = os.path.relpath(error.where, images)
        rows.append([printable(each) for each in (file, error.found, error.expected, error.advice)])
    return pd.DataFrame(sorted(rows), columns=SKIPPED)
