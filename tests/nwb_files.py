"""Tiny NeuroPAL NWB files with a knob for every trap."""

from datetime import UTC, datetime
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
from pynwb.ophys import ImageSegmentation, PlaneSegmentation

from chromapal.worms.type_map import one_type_map

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
