"""Volumes of voxels from microscopes' files: TIFF and OME-TIFF, and others through bioio."""

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chromapal.errors import InputError
from chromapal.worms import tiff_volumes
from chromapal.worms.nwb import channels as dyes

READERS = {".nd2": "bioio-nd2", ".czi": "bioio-czi"}


@dataclass(frozen=True)
class Volume:
    """Counts on a grid.

    Attributes
    ----------
    data : numpy.ndarray, shape (X, Y, Z, channels)
        Counts.
    spacing : tuple of float
        Voxel size along x, y, z [um]; empty if the file does not state it.
    channels : tuple of str
        Names of channels; empty if the file does not state it.
    """

    data: np.ndarray
    spacing: tuple[float, ...] = ()
    channels: tuple[str, ...] = ()


def read(path: str | os.PathLike) -> Volume:
    """Read a volume whole.

    Raises
    ------
    InputError
        It cannot be read, holds several positions or points in time or only a part of its planes,
        has no depth, or needs a package that is not installed.
    """
    suffix = Path(path).suffix.lower()
    try:
        if suffix in READERS:
            return _read_bioio(path, READERS[suffix])
        return Volume(*tiff_volumes.read(path))
    except InputError:
        raise
    except Exception as error:
        # readers of microscope files raise many kinds of errors for a damaged one
        raise InputError(path, f"a volume that cannot be read ({error})", "a whole file") from None


def named_channels(
    volume: Volume, stated: dict[str, int], path: str | os.PathLike
) -> dict[str, int]:
    """Return the index of each channel: stated, by dye names, or the only one as white.

    Raises
    ------
    InputError
        The channels are unknown, two are named after one dye, or a stated channel does not exist
        in the volume.
    """
    count = volume.data.shape[3]
    for letter, channel in stated.items():
        if channel >= count:
            raise InputError(
                path, f"{count} channels", f"channel {channel} ({letter}) of config key 'channels'"
            )
    if stated:
        return stated
    if count == 1:
        return {"W": 0}
    # names of another number of channels do not say which is which
    if len(volume.channels) == count and (named := dyes.by_name(volume.channels, path)):
        return named
    raise InputError(
        path,
        f"{count} channels with no known dye in their names",
        "one gray channel",
        "set it, for example --config 'channels={W: 0}'",
    )


def _read_bioio(path: str | os.PathLike, package: str) -> Volume:
    try:
        bioio = importlib.import_module("bioio")
        importlib.import_module(package.replace("-", "_"))
    except ImportError:
        raise InputError(
            path,
            f"a {Path(path).suffix} file, which needs packages that are not installed",
            f"bioio and {package}",
            f"pip install bioio {package}, or save the volume as OME-TIFF",
        ) from None
    image = bioio.BioImage(path)
    if len(image.scenes) > 1:
        raise InputError(
            path,
            f"{len(image.scenes)} scenes (positions) in one file",
            "one volume",
            "save each as an OME-TIFF of its own",
        )
    # bioio would give the first of several points in time, phases, tiles and the like
    several = {axis: size for axis, size in image.dims.items() if axis not in "XYZC" and size > 1}
    if several:
        sizes = ", ".join(f"{size} along {axis}" for axis, size in several.items())
        raise InputError(path, sizes, "one volume, not a time series")
    if image.dims.Z < 2:
        raise InputError(path, "a flat image", "X, Y and Z, with or without channels")
    sizes = image.physical_pixel_sizes
    sides = [float(side) for side in (sizes.X, sizes.Y, sizes.Z) if side]
    return Volume(
        np.asarray(image.get_image_data("XYZC")),
        tuple(sides) if len(sides) == 3 else (),
        tuple(str(name) for name in image.channel_names or ()),
    )
