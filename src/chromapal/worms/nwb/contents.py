"""Open a NeuroPAL NWB file quietly, and find its parts."""

import logging
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import h5py
import ndx_multichannel_volume
import numpy as np
from hdmf.build import GroupBuilder
from pynwb import NWBHDF5IO, NWBFile

from chromapal.errors import NO_LOCKS, InputError, number_of, passing
from chromapal.worms import table
from chromapal.worms.nwb import own_parts
from chromapal.worms.nwb.attributes import numbers, shortened, told, vector
from chromapal.worms.nwb.type_map import one_type_map
from chromapal.worms.session import date_in
from chromapal.worms.slugs import fault

LOGGER = logging.getLogger(__name__)
VOLUME = "NeuroPALImageRaw"
MultiChannelVolume = ndx_multichannel_volume.MultiChannelVolume
# what h5py, hdmf and numpy raise for damaged data
DAMAGE = (
    OSError, KeyError, RuntimeError, ValueError, TypeError, IndexError, AttributeError,
    OverflowError, RecursionError, EOFError, AssertionError,
)  # fmt: skip
MOST_CHANNELS = 32
MOST_VALUES = 1_000_000  # of a vector
MOST_VOXELS = 1 << 34  # of a volume with its channels: 32 GB of counts


@contextmanager
def opened(path: str | os.PathLike, remote: BinaryIO | None = None) -> Iterator[NWBFile]:
    """Open an NWB file for reading; `remote` is its file object if it is not on this disk.

    Files contain the namespaces they were written with. Those not installed are read from the file;
    for the others the installed version is used, and pynwb's warnings about that are dropped.
    Other warnings are logged.

    A damaged file may keep HDF5 busy for ever, or end the process: call what opens files through
    `chromapal.worms.nwb.worker.run`.

    Raises
    ------
    InputError
        The file does not exist, is not HDF5, is truncated or damaged, has parts in other files, or
        cannot be read by pynwb; or the block raised one of `DAMAGE` while reading.
    PassingError
        It cannot be read now: a lock, a permission, a disk that fails.
    """
    file = _hdf5(path, remote)
    try:
        own_parts.require(file, path)
        content, io, caught = _read(file)
    except Exception as error:
        # pynwb and hdmf raise many kinds of errors for a file that breaks the schema
        known = isinstance(error, InputError | MemoryError)
        mistake = error if known else passing(error, path) or _no_nwb(path, error, file)
        with suppress(Exception):
            file.close()
        raise mistake from None
    for warning in caught:
        if "namespace" not in str(warning.message):
            LOGGER.info("%s: %s", path, " ".join(str(warning.message).split()))
    try:
        yield content
    except InputError:
        raise
    except DAMAGE as error:
        if (trouble := passing(error, path)) is not None:
            raise trouble from None
        raise InputError(
            path, f"damaged data ({told(error)})", "a readable file", "download the file again"
        ) from error
    finally:
        with suppress(Exception):  # what HDF5 cannot close, the file's own objects, is read anyway
            io.close()


def _hdf5(path: str | os.PathLike, remote: BinaryIO | None) -> h5py.File:
    """Open the HDF5 file; without a lock where the disk has none, as it is only read."""
    expected = "an NWB file"
    if remote is None and not Path(path).is_file():
        raise InputError(path, "no such file", expected)
    try:
        try:
            return h5py.File(remote or path, "r")
        except OSError as error:
            if remote is not None or number_of(error) not in NO_LOCKS:
                raise
            return h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError, ValueError) as error:
        if (trouble := passing(error, path)) is not None:
            raise trouble from None
        text = told(error)
        found = "a truncated HDF5 file" if "truncated" in text else f"no HDF5 file ({text})"
        if remote is None and not Path(path).stat().st_size:
            found = "an empty file"
        raise InputError(path, found, expected, "download the file again") from None


def _read(file: h5py.File) -> tuple[NWBFile, NWBHDF5IO, list[warnings.WarningMessage]]:
    with one_type_map(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        io = _Vectors(mode="r", load_namespaces=True, file=file)
        return io.read(), io, caught


class _Vectors(NWBHDF5IO):
    """Read rows and columns of a matrix, as MATLAB writes vectors, as the vectors of the schema."""

    def read_builder(self) -> GroupBuilder:
        """Return what the file holds, before objects are made of it."""
        root = super().read_builder()
        waiting = [root]
        while waiting:
            group = waiting.pop()
            waiting += group.groups.values()
            for name, dataset in group.datasets.items():
                data = dataset.data
                # a series of one trace has a column of data, too
                if name == "data" or not isinstance(data, h5py.Dataset) or data.ndim != 2:
                    continue
                if 1 in data.shape and data.size <= MOST_VALUES:
                    dict.__setitem__(dataset, "data", data[:].ravel())
        return root


def _no_nwb(path: str | os.PathLike, error: Exception, file: h5py.File) -> InputError:
    # if no part of a damaged file is readable, pynwb's message is all there is
    with suppress(Exception):
        for cause in _causes(file):
            return InputError(path, cause, "an NWB file with a volume and one label per neuron")
    # hdmf puts everything read so far before the reason
    reason = told(error.args[-1] if error.args else error)
    return InputError(path, f"an NWB file that pynwb cannot read ({reason})", "a NeuroPAL NWB file")


def _causes(file: h5py.File) -> Iterator[str]:
    """Yield causes that pynwb's own message does not state."""
    if "nwb_version" not in file.attrs:
        yield "an HDF5 file that is not an NWB file"
    volume = file.get(f"acquisition/{VOLUME}")
    if volume is not None:
        for part in ("data", "RGBW_channels"):
            if part not in volume:
                yield f"a volume without {part} in acquisition/{VOLUME}"
    tables: list[h5py.Group] = []

    def collect(_name: str, item: h5py.Group | h5py.Dataset):
        if "colnames" in item.attrs:
            tables.append(item)

    file.get("processing", file).visititems(collect)
    for rows in tables:
        sizes = {
            name: len(rows.get(f"{name}_index", rows[name]))
            for name in map(str, rows.attrs["colnames"])
            if name in rows
        }
        if len(set(sizes.values())) > 1:
            counts = " but ".join(f"{count} {name}" for name, count in sizes.items())
            yield f"labels that do not match the neurons in {rows.name} ({counts})"


def worm_name(content: NWBFile, path: str | os.PathLike) -> str:
    """Return the file's `identifier`, or the subject's if that is empty.

    Raises
    ------
    InputError
        Both are empty, or the name holds control characters.
    """
    subject = content.subject.subject_id if content.subject is not None else None
    name = str(content.identifier or "").strip() or str(subject or "").strip()
    if fault(name):
        raise InputError(path, f"{fault(name)} as identifier", "a name without control characters")
    return name


def session(content: NWBFile) -> str:
    """Return the day of `session_start_time` in the file's own time zone.

    "" if its year is implausible: 1900 and 1970 are written for unknown dates.
    """
    return date_in(content.session_start_time.date().isoformat())


def subject(content: NWBFile) -> dict[str, str]:
    """Return the strain, sex and stage of a file's worm, "" where they are not stated."""
    fields = {"strain": "strain", "sex": "sex", "stage": "growth_stage"}
    return {fact: word(getattr(content.subject, name, None)) for fact, name in fields.items()}


def word(text: object) -> str:
    """Return a value as text, "" if it is missing or unprintable."""
    found = "" if text is None else str(text).strip()
    return "" if fault(found) else found


def find_volume(content: NWBFile, path: str | os.PathLike) -> MultiChannelVolume:
    """Return `NeuroPALImageRaw`, or the file's only multichannel volume.

    Raises
    ------
    InputError
        There is no volume, none of several has that name, or it does not have four axes.
    """
    volumes = {
        name: item
        for name, item in content.acquisition.items()
        if isinstance(item, MultiChannelVolume)
    }
    if VOLUME not in volumes and len(volumes) != 1:
        found = f"only {', '.join(sorted(volumes))}" if volumes else "no volume"
        raise InputError(path, found, f"a MultiChannelVolume acquisition/{VOLUME}")
    volume = volumes.get(VOLUME) or next(iter(volumes.values()))
    _require_axes(volume, path)
    return volume


def _require_axes(volume: MultiChannelVolume, path: str | os.PathLike):
    """Refuse a volume that cannot have the axes X, Y, Z, channel; a cube's axes look all alike."""
    shape = tuple(volume.data.shape)
    if len(shape) != 4 or 0 in shape:
        raise InputError(path, f"a volume of shape {shape}", "axes X, Y, Z, channel, none empty")
    order = getattr(volume.imaging_volume, "order_optical_channels", None)
    named = 0 if order is None else order.channels.size if hasattr(order.channels, "size") else 0
    first_fits = shape[0] == named if named else shape[0] <= MOST_CHANNELS < shape[3]
    last_fits = shape[3] == named if named else shape[3] <= MOST_CHANNELS
    if first_fits and not last_fits:
        raise InputError(
            path,
            f"a volume of shape {shape}, its channels on the first axis",
            "axes in the order X, Y, Z, channel",
            "channel, Z, Y, X is turned by data.transpose(3, 2, 1, 0)",
        )
    if shape[3] > MOST_CHANNELS or math.prod(shape) > MOST_VOXELS:
        raise InputError(
            path,
            f"a volume of shape {shape}",
            f"axes X, Y, Z, channel; at most {MOST_CHANNELS} channels and {MOST_VOXELS:.0e} counts",
        )


def spacing(volume: MultiChannelVolume, path: str | os.PathLike) -> np.ndarray:
    """Return the voxel size of a volume.

    Returns
    -------
    numpy.ndarray
        Shape (3,), um along x, y, z.

    Raises
    ------
    InputError
        It is missing, not three numbers above 0, or not plausible for a light microscope in um.
    """
    stated = volume.imaging_volume.grid_spacing
    values = vector(numbers(stated))
    if values.shape != (3,) or not np.all(np.isfinite(values) & (values > 0)):
        raise InputError(
            path,
            f"grid_spacing {shortened(stated)}",
            "three voxel sizes in um above 0",
        )
    if not table.is_voxel_size(values):
        # the unit does not decide: some writers state 'meters' for sizes in um
        unit = getattr(stated, "attrs", {}).get("unit", "none stated")
        raise InputError(
            path,
            f"grid_spacing {values.tolist()} (unit: {unit})",
            f"voxel sizes in um, {table.VOXEL_UM[0]:g} to {table.VOXEL_UM[1]:g}",
            "they look like metres: write them in um" if table.is_voxel_size(values * 1e6) else "",
        )
    return values
