"""Volumes of voxels from microscopes' files: TIFF and OME-TIFF, and others through bioio."""

import importlib
import os
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from chromapal.errors import InputError
from chromapal.worms.nwb.channels import letter_of

READERS = {".nd2": "bioio-nd2", ".czi": "bioio-czi"}
UNITS_UM = {"nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "mm": 1e3}


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
        It cannot be read, is a time series, has no depth, or needs a package that is not installed.
    """
    suffix = Path(path).suffix.lower()
    try:
        return _read_bioio(path, READERS[suffix]) if suffix in READERS else _read_tiff(path)
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
        The channels are unknown, or a stated channel does not exist in the volume.
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
    letters = [letter_of(name) for name in volume.channels]
    named = {letter: index for index, letter in enumerate(letters) if letter}
    if named:
        return named
    raise InputError(
        path,
        f"{count} channels with no known dye in their names",
        "one gray channel",
        "set it, for example --config 'channels={W: 0}'",
    )


def _read_tiff(path: str | os.PathLike) -> Volume:
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        axes, data = series.axes, series.asarray()
        spacing, channels = _ome(file.ome_metadata) if file.is_ome else (_imagej(file), ())
    # a plain stack does not say what its pages are: assume planes along z
    axes = axes.replace("Q", "Z").replace("I", "Z").replace("S", "C")
    for axis in [axis for axis in axes if axis not in "XYZC"]:
        index = axes.index(axis)
        if data.shape[index] != 1:
            raise InputError(
                path, f"axes {series.axes} of {data.shape}", "one volume, not a time series"
            )
        data, axes = data.squeeze(index), axes.replace(axis, "", 1)
    if "Z" not in axes or axes.count("Z") > 1 or axes.count("C") > 1:
        raise InputError(path, f"axes {series.axes}", "X, Y and Z, with or without channels")
    if "C" not in axes:
        data, axes = data[..., None], f"{axes}C"
    return Volume(data.transpose([axes.index(axis) for axis in "XYZC"]), spacing, channels)


def _ome(text: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Read voxel size and channel names from OME-XML."""
    pixels = ElementTree.fromstring(text).find(".//{*}Pixels")
    sides = []
    for axis in "XYZ":
        size = pixels.get(f"PhysicalSize{axis}")
        unit = UNITS_UM.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        sides += [float(size) * unit] if size and unit else []
    names = [channel.get("Name") or "" for channel in pixels.findall("{*}Channel")]
    return tuple(sides) if len(sides) == 3 else (), tuple(names)


def _imagej(file: tifffile.TiffFile) -> tuple[float, ...]:
    """Read voxel size as ImageJ writes it: pixels per unit, and the spacing of planes."""
    facts, tags = file.imagej_metadata or {}, file.pages[0].tags
    unit = UNITS_UM.get(str(facts.get("unit", "")).replace("\\u00B5m", "µm"))
    if unit is None or not facts.get("spacing") or "XResolution" not in tags:
        return ()
    across = [tags[name].value for name in ("XResolution", "YResolution")]
    sides = [unit * below / above for above, below in across if above]
    return (*sides, unit * float(facts["spacing"])) if len(sides) == 2 else ()


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
    if image.dims.T != 1:
        raise InputError(path, f"{image.dims.T} points in time", "one volume, not a time series")
    sizes = image.physical_pixel_sizes
    sides = [float(side) for side in (sizes.X, sizes.Y, sizes.Z) if side]
    return Volume(
        np.asarray(image.get_image_data("XYZC", T=0)),
        tuple(sides) if len(sides) == 3 else (),
        tuple(str(name) for name in image.channel_names or ()),
    )
