"""Volumes in TIFF files: plain stacks, those of ImageJ, and OME-TIFF in one or several files."""

import os
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections import Counter

import numpy as np
import tifffile

from chromapal import tiff
from chromapal.errors import InputError

# as OME, ImageJ and people write them, in lower case, without a plural's s
UNITS_UM = {
    **dict.fromkeys(("µm", "um", "micron", "micrometer", "micrometre"), 1.0),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), 1e4),
    **dict.fromkeys(("m", "meter", "metre"), 1e6),
    **dict.fromkeys(("in", "inch", "inche", '"'), 25400.0),
    **dict.fromkeys(("å", "angstrom", "ångström"), 1e-4),
}
ONE = "one volume, whole and in one file"
Description = ElementTree.Element | None


def read(path: str | os.PathLike) -> tuple[np.ndarray, tuple[float, ...], tuple[str, ...]]:
    """Read the one volume of a TIFF file.

    Returns
    -------
    data : numpy.ndarray, shape (X, Y, Z, channels)
        Counts; inverted where the file's 0 is white.
    spacing : tuple of float
        Voxel size along x, y, z [um]; empty if the file does not state it.
    channels : tuple of str
        Names of channels; empty if the file does not state it.

    Raises
    ------
    InputError
        Not one volume, planes are missing, a compression that cannot be decoded, or no depth.
    """
    with tiff.opened(path) as file:
        described = ElementTree.fromstring(file.ome_metadata) if file.is_ome else None
        series = _volume(file, described, path)
        tiff.require_decodable(series.keyframe, path)
        data, axes = series.asarray(), series.axes
        if data.shape != series.shape:
            # tifffile only logs that it found more or fewer planes than the file states
            raise InputError(path, f"planes of {data.shape} where it states {series.shape}", ONE)
        data = tiff.bright(data, series.keyframe, path)
        image = _image(described, series)
        spacing = _imagej_spacing(file) if image is None else _ome_spacing(image)
    names = () if image is None else image.findall("{*}Pixels/{*}Channel")
    return _ordered(data, axes, path), spacing, tuple(name.get("Name") or "" for name in names)


def um(unit: object) -> float | None:
    """Return a unit's length [um]; None for one that is not a length."""
    text = str(unit).replace("\\u00B5", "µ")
    text = unicodedata.normalize("NFKC", text).strip().lower().replace("μ", "µ")
    return UNITS_UM.get(text, UNITS_UM.get(text.removesuffix("s")))


def _volume(
    file: tifffile.TiffFile, described: Description, path: str | os.PathLike
) -> tifffile.TiffPageSeries:
    """Choose the one image with depth that this file has planes of, and all of them."""
    if described is not None and described.find(".//{*}Pixels") is None:
        raise InputError(path, "a part of an OME-TIFF of several files", ONE)
    images = [series for series in file.series if not series.keyframe.is_reduced]
    if described is not None and any(series.kind != "ome" for series in images):
        raise InputError(path, "an OME description that does not fit its planes", ONE)
    planes = {id(series): _planes(series) for series in images}
    if described is not None:
        # each file of several may describe all positions, and the first need not be this file's
        images = [image for image in images if any(_of(file, planes[id(image)]))]
    deep = [image for image in images if _has_depth(image)] or images
    if not deep:
        raise InputError(path, "a volume that cannot be read (no image in it)", ONE)
    if len(deep) != 1:
        raise InputError(
            path,
            f"{len(deep)} images in one file (positions, scenes or series)",
            "one volume",
            "save each position as a file of its own",
        )
    (chosen,) = deep
    missing = sum(plane is None or not all(plane.databytecounts) for plane in planes[id(chosen)])
    if missing:
        raise InputError(
            path,
            f"{missing} of {len(planes[id(chosen)])} planes missing",
            ONE,
            "put the other files of this OME-TIFF beside it",
        )
    used = sum(sum(_of(file, planes[id(image)])) for image in images)
    # other kinds of TIFF make a further image of such planes
    if chosen.kind in ("ome", "imagej") and used < (whole := tiff.full_pages(file)):
        raise InputError(path, f"{whole} planes, of which its description uses {used}", ONE)
    return chosen


def _planes(series: tifffile.TiffPageSeries) -> list:
    """Return a series' pages, None where one is missing."""
    if series.is_truncated:
        # one page describes all planes, which follow it
        return [series.keyframe]
    planes = []
    for number in range(len(series)):
        try:
            planes.append(series[number])
        except IndexError:
            break
    return planes


def _of(file: tifffile.TiffFile, planes: list) -> list[bool]:
    return [plane is not None and plane.parent is file for plane in planes]


def _has_depth(series: tifffile.TiffPageSeries) -> bool:
    sizes = zip(series.axes, series.shape, strict=True)
    return any(axis in "ZQI" and size > 1 for axis, size in sizes)


def _ordered(data: np.ndarray, axes: str, path: str | os.PathLike) -> np.ndarray:
    """Return data of any axes as X, Y, Z, channels."""
    stated, shape = axes, data.shape
    # a plain stack does not say what its pages are: assume planes along z
    axes = axes.replace("Q", "Z").replace("I", "Z").replace("S", "C")
    for axis in [axis for axis in axes if axis not in "XYZC"]:
        index = axes.index(axis)
        if data.shape[index] != 1:
            raise InputError(
                path, f"axes {stated} of {shape}", "one volume, not a time series or positions"
            )
        data, axes = data.squeeze(index), axes.replace(axis, "", 1)
    if set(axes) - {"C"} != set("XYZ") or max(Counter(axes).values()) > 1:
        raise InputError(path, f"axes {stated}", "X, Y and Z, with or without channels")
    if "C" not in axes:
        data, axes = data[..., None], f"{axes}C"
    return data.transpose([axes.index(axis) for axis in "XYZC"])


def _image(described: Description, series: tifffile.TiffPageSeries) -> ElementTree.Element | None:
    """Return what an OME description says of the series; tifffile passes over empty images."""
    if described is None:
        return None
    images = described.findall("{*}Image")
    if len(images) > 1:
        images = [image for image in images if (image.get("Name") or "") == series.name]
    # of several images of one name, none says which is meant
    return images[0] if len(images) == 1 else ElementTree.Element("Image")


def _ome_spacing(image: ElementTree.Element) -> tuple[float, ...]:
    pixels, sides = image.find("{*}Pixels"), []
    for axis in "XYZ" if pixels is not None else "":
        size, unit = (
            pixels.get(f"PhysicalSize{axis}"),
            um(pixels.get(f"PhysicalSize{axis}Unit", "µm")),
        )
        sides += [float(size) * unit] if size and unit else []
    return tuple(sides) if len(sides) == 3 else ()


def _imagej_spacing(file: tifffile.TiffFile) -> tuple[float, ...]:
    """Read voxel size as ImageJ writes it: pixels per unit, and the spacing of planes.

    ImageJ states no spacing where it is 1 unit, and takes a negative one for its amount. An
    axis has the unit of x unless it has its own.
    """
    facts, tags = file.imagej_metadata or {}, file.pages.first.tags
    if "unit" not in facts or "XResolution" not in tags or "YResolution" not in tags:
        return ()
    units = [um(facts.get(name, facts["unit"])) for name in ("unit", "yunit", "zunit")]
    pixels = [tags[name].value for name in ("XResolution", "YResolution")]
    if None in units or not all(above and below for above, below in pixels):
        return ()
    steps = [*(below / above for above, below in pixels), abs(float(facts.get("spacing", 1.0)))]
    return tuple(unit * step for unit, step in zip(units, steps, strict=True))
