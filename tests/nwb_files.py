"""Tiny NeuroPAL NWB files with a knob for every trap."""

import zlib
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import h5py
import numpy as np
from hdmf.backends.hdf5 import H5DataIO
from ndx_multichannel_volume import (
    CElegansSubject,
    ImagingVolume,
    MultiChannelVolume,
    OpticalChannelPlus,
    OpticalChannelReferences,
    VolumeSegmentation,
)
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ophys import Fluorescence, ImageSegmentation, PlaneSegmentation, RoiResponseSeries

from chromapal.worms.nwb.type_map import one_type_map
from chromapal.worms.nwb.writer import CHUNK, Volume
from chromapal.worms.nwb.writer import write_nwb as write_worm
from chromapal.worms.simulate.worms import CHANNELS, SimulationParams, simulate_worm

DYES = ("mNeptune2.5", "CyOFP1", "mTagBFP2", "TagRFP-T")
SHAPE = (9, 8, 7)
ONE_VOXEL = (((1, 2, 3, 1.0),), ((8, 7, 6, 1.0),), ((4, 0, 5, 1.0),))
NAMES = ("AVAL", "", "VB02?")


def ramp(shape: tuple[int, ...] = SHAPE, channels: int = 4) -> np.ndarray:
    """Counts that tell their place: 1000 (channel + 1) + 100 x + 10 y + z."""
    x, y, z, c = np.indices((*shape, channels))
    return (1000 * (c + 1) + 100 * x + 10 * y + z).astype(np.uint16)


def write_nwb(path: Path, **knobs) -> Path:
    """Write one worm; the defaults are a healthy file as in the WormID dandisets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with one_type_map():
        _write(path, **knobs)
    return path


def _write(
    path: Path,
    identifier: str = "w1",
    subject: str = "w1",
    start: datetime = datetime(2024, 1, 1, tzinfo=UTC),
    data: np.ndarray | None = None,
    chunks: tuple[int, ...] | None = (4, 4, 4, 1),
    dyes: tuple[str, ...] = DYES,
    rgbw: tuple[int, ...] = (0, 1, 2, 3),
    spacing: tuple[float, ...] = (0.5, 0.25, 2.0),
    masks: tuple = ONE_VOXEL,
    names: tuple[str, ...] | None = NAMES,
    name_column: str = "ID_labels",
    ragged: bool = True,
    kind: str = "plane",
    volume: bool = True,
    volume_name: str = "NeuroPALImageRaw",
    segmentation: bool = True,
    second_segmentation: bool = False,
):
    file = NWBFile(
        session_description="tiny",
        identifier=identifier,
        session_start_time=start,
    )
    file.subject = CElegansSubject(subject_id=subject, growth_stage="YA", sex="O", species="worm")
    imaging = _imaging_volume(file, dyes, spacing)
    if volume:
        data = ramp(channels=len(dyes)) if data is None else data
        stored = H5DataIO(data, chunks=chunks, compression="gzip") if chunks else data
        file.add_acquisition(
            MultiChannelVolume(
                name=volume_name,
                imaging_volume=imaging,
                description="raw",
                RGBW_channels=np.array(rgbw, dtype=np.int8),
                data=stored,
            )
        )
    if segmentation:
        module = file.create_processing_module("NeuroPAL", "neurons")
        holder = ImageSegmentation(name="NeuroPALSegmentation")
        if second_segmentation:
            other = _segmentation(imaging, "plane", "Other", (((0, 0, 0, 1.0),),), ("X",))
            holder.add_plane_segmentation(other)
        rows = _segmentation(imaging, kind, "NeuroPALNeurons", masks, names, name_column, ragged)
        holder.add_plane_segmentation(rows)
        module.add(holder)
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)


def _imaging_volume(file: NWBFile, dyes, spacing) -> ImagingVolume:
    channels = [
        OpticalChannelPlus(
            name=dye,
            description=dye,
            emission_lambda=600.0,
            emission_range=[590.0, 610.0],
            excitation_lambda=500.0,
            excitation_range=[490.0, 510.0],
        )
        for dye in dict.fromkeys(dyes)
    ]
    imaging = ImagingVolume(
        name="NeuroPALImVol",
        description="head",
        device=file.create_device("Microscope"),
        location="head",
        reference_frame="head",
        origin_coords=[0.0, 0.0, 0.0],
        grid_spacing=list(spacing),
        optical_channel_plus=channels,
        order_optical_channels=OpticalChannelReferences(
            name="order_optical_channels", channels=list(dyes)
        ),
    )
    file.add_imaging_plane(imaging)
    return imaging


def _segmentation(imaging, kind, name, masks, names, name_column="ID_labels", ragged=True):
    if kind == "volume":
        labels = {} if names is None else {"labels": list(names)}
        rows = VolumeSegmentation(name=name, description="r", imaging_volume=imaging, **labels)
    else:
        rows = PlaneSegmentation(name=name, description="rows", imaging_plane=imaging)
    for mask in masks:
        rows.add_roi(voxel_mask=[tuple(voxel) for voxel in mask])
    if kind == "plane" and names is not None:
        values = [list(text) for text in names] if ragged else list(names)
        if ragged:
            flat = [letter for letters in values for letter in letters]
            ends = list(np.cumsum([len(letters) for letters in values]))
            rows.add_column(name=name_column, description="names", data=flat, index=ends)
        else:
            rows.add_column(name=name_column, description="names", data=values)
    return rows


NEURONS = "processing/NeuroPAL/NeuroPALSegmentation/NeuroPALNeurons"


def replace(path: Path, name: str, values) -> Path:
    """Put other values into a dataset of a written file, its attributes kept."""
    with h5py.File(path, "r+") as file:
        attributes = dict(file[name].attrs)
        del file[name]
        if values is not None:
            file[name] = values
            file[name].attrs.update(attributes)
    return path


def write_big(path: Path, shape: tuple[int, ...] = (2000, 480, 52, 4), kinds: int = 8) -> Path:
    """Write a simulated worm into a volume of noise of 12 bits, 400 MB on the disk.

    The layout is that of `nwb_writer`; the voxels are 0.3 x 0.3 x 0.75 um, the worm lies in the
    middle. A few chunks of noise are compressed once and stored again and again.
    """
    worm, _ = simulate_worm(SimulationParams(), 1, 0)
    spacing = (0.3, 0.3, 0.75)
    places = np.rint(worm[["xr", "yr", "zr"]].to_numpy() / spacing).astype(int)
    places += (np.array(shape[:3]) - places.min(axis=0) - places.max(axis=0)) // 2
    worm = worm.assign(**dict(zip("xyz", places.T, strict=True)))
    start = datetime(2024, 1, 1, tzinfo=UTC)
    blank = lambda block: np.zeros([part.stop - part.start for part in block], np.uint16)  # noqa: E731
    volume = Volume(blank, shape[:3], spacing, CHANNELS, (0, 1, 2, 3))
    write_worm(path, worm, volume, start, "LAB")
    noise = np.random.default_rng(1).integers(0, 4096, (kinds, np.prod(CHUNK)), np.uint16)
    stored = [zlib.compress(_shuffled(chunk), 4) for chunk in noise]
    with h5py.File(path, "r+") as file:
        data = file["acquisition/NeuroPALImageRaw/data"]
        corners = product(*(range(0, n, side) for n, side in zip(shape, CHUNK, strict=True)))
        for number, corner in enumerate(corners):
            data.id.write_direct_chunk(corner, stored[number % kinds])
    return path


def _shuffled(chunk: np.ndarray) -> bytes:
    """Put all low bytes first, as HDF5's shuffle filter does."""
    return chunk.astype("<u2").view(np.uint8).reshape(-1, 2).T.tobytes()


def as_matlab_writes(path: Path) -> Path:
    """Turn text attributes into ASCII of fixed length, and add what no schema knows."""
    with h5py.File(path, "r+") as file:

        def shorten(item: h5py.Group | h5py.Dataset):
            for name, value in dict(item.attrs).items():
                if isinstance(value, str):
                    item.attrs.create(name, np.bytes_(value.encode()))
            if "colnames" in item.attrs:
                item.attrs.create("colnames", np.array(item.attrs["colnames"][:], dtype="S16"))

        shorten(file)
        file["processing"].visititems(lambda _, item: shorten(item))
        file["acquisition"].visititems(lambda _, item: shorten(item))
        file["processing/NeuroPAL"].attrs["foreign"] = np.arange(3, dtype=np.int16)
        file["general/foreign"] = np.arange(5, dtype=np.float32)
        file["general/again"] = h5py.SoftLink("/general/foreign")
    return path


def as_older(path: Path, version: str = "0.0.1") -> Path:
    """Let a file have been written by other versions of all its namespaces."""
    with h5py.File(path, "r+") as file:
        for versions in file["specifications"].values():
            (now,) = versions
            versions.move(now, version)
            text = versions[version]["namespace"].asstr()[()]
            del versions[version]["namespace"]
            versions[version]["namespace"] = text.replace(f'"{now}"', f'"{version}"')
    return path


def add_traces(path, labels=None, regions=(), own=False, numbers=None, **series):
    """Add a series of traces of some regions, of a table of their own or of the neurons'."""
    series = {"data": np.zeros((5, len(regions))), "unit": "n.a.", "rate": 1.0, **series}
    with one_type_map(), NWBHDF5IO(path, "a", load_namespaces=True) as io:
        file = io.read()
        neurons = file.processing["NeuroPAL"]["NeuroPALSegmentation"]["NeuroPALNeurons"]
        module = file.create_processing_module("CalciumActivity", "traces")
        table = neurons
        if numbers is not None:
            neurons.add_column(name="ROI_IDs", description="regions", data=list(numbers))
        if not own:
            table = PlaneSegmentation(
                name="rois", description="d", imaging_plane=neurons.imaging_plane
            )
            for index in range(4):
                table.add_roi(voxel_mask=[(index, 0, 0, 1.0)], id=10 + index)
            if labels is not None:
                ragged = {} if isinstance(labels[0], str) else {"index": True}
                table.add_column(name="ID_labels", description="names", data=list(labels), **ragged)
            module.add(ImageSegmentation(name="Segmentation", plane_segmentations=[table]))
        rois = table.create_roi_table_region(description="d", region=list(regions))
        added = RoiResponseSeries(name="SignalCalciumImResponseSeries", rois=rois, **series)
        module.add(Fluorescence(name="SignalRawFluor", roi_response_series=added))
        io.write(file)
    return path
