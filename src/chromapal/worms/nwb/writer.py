"""Write a worm to an NWB file of the WormID layout (pynwb with ndx-multichannel-volume)."""

import os
import uuid
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import h5py
import ndx_multichannel_volume as ndx
import numpy as np
import pandas as pd
from hdmf.backends.hdf5 import H5DataIO
from hdmf.build.warnings import MissingRequiredBuildWarning
from hdmf.common import VectorData, VectorIndex
from hdmf.data_utils import GenericDataChunkIterator
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ophys import ImageSegmentation, PlaneSegmentation

from chromapal.errors import InputError
from chromapal.files import whole
from chromapal.worms.nwb.type_map import one_type_map

CHUNK = (64, 64, 16, 1)
BLOCK = (128, 128, 64)
COMPRESSION = 4
VOXEL = np.dtype([("x", "<u4"), ("y", "<u4"), ("z", "<u4"), ("weight", "<f4")])
# Excitation and emission maxima [nm] of the fluorophores that NeuroPAL volumes show.
WAVELENGTHS = {
    "mNeptune2.5": (561.0, 700.0),
    "CyOFP1": (488.0, 605.0),
    "mTagBFP2": (405.0, 460.0),
    "TagRFP-T": (561.0, 605.0),
    "GFP-GCaMP": (488.0, 525.0),
    "mNeptune2.5-far-red": (639.0, 700.0),
}
SEGMENTATION = (
    "Neuron centers. Weight set at 1 for all voxels. "
    "ID_labels refers to cell ID of segmented neurons."
)
Block = tuple[slice, slice, slice, slice]


@dataclass(frozen=True)
class Volume:
    """A volume of several channels.

    Attributes
    ----------
    counts : numpy.ndarray or callable
        Counts, uint16 of shape (X, Y, Z, channels), or a function that returns the block
        selected by a tuple of four slices: only the compressed file must fit in memory.
    shape : tuple of int
        X, Y, Z [voxel].
    spacing_um : sequence of float
        Voxel size along x, y, z [um].
    channel_names : sequence of str
        Fluorophores in order of the volume's channels.
    rgbw_channels : sequence of int
        Which channels are red, green, blue and white, from 0; -1 if there is none.
    """

    counts: np.ndarray | Callable[[Block], np.ndarray]
    shape: tuple[int, int, int]
    spacing_um: Sequence[float]
    channel_names: Sequence[str]
    rgbw_channels: Sequence[int]


def write_nwb(
    path: str | os.PathLike,
    table: pd.DataFrame,
    volume: Volume,
    session_start: datetime,
    lab_text: str,
):
    """Write one worm, whole or not at all; equal arguments give equal bytes.

    Parameters
    ----------
    path : path-like
        The NWB file.
    table : pandas.DataFrame
        Neuron table of one worm; `worm`, `x, y, z` [voxel], `weight` and `ID` are written, in
        this order of rows.
    volume : Volume
        The recorded volume.
    session_start : datetime.datetime
        With a time zone; also used as the file's date.
    lab_text : str
        Name of the laboratory.

    Raises
    ------
    InputError
        A table of several worms, or voxels outside the volume.
    """
    worms = table["worm"].unique()
    if len(worms) != 1:
        raise InputError(path, f"{len(worms)} worms", "one worm per file")
    voxels = table[["x", "y", "z"]].to_numpy()
    if (voxels < 0).any() or (voxels >= volume.shape).any():
        within = f"voxels within {tuple(volume.shape)}"
        raise InputError(path, "neurons outside the volume", within)

    with one_type_map(), whole(path) as part, warnings.catch_warnings():
        # The extension requires a field that its own constructor does not accept.
        warnings.filterwarnings("ignore", category=MissingRequiredBuildWarning)
        file = _content(table, volume, session_start, lab_text)
        # In memory first: HDF5 crashes the process if the disk is full.
        with (
            h5py.File(part.name, "w", driver="core", backing_store=False) as memory,
            NWBHDF5IO(part.name, "w", file=memory) as io,
        ):
            io.write(file)
            memory.flush()
            part.write_bytes(memory.id.get_file_image())


def _content(
    table: pd.DataFrame, volume: Volume, session_start: datetime, lab_text: str
) -> NWBFile:
    worm = table["worm"].iloc[0]
    file = NWBFile(
        session_description="simulated NeuroPAL volume",
        identifier=worm,
        session_start_time=session_start,
        file_create_date=session_start,
        lab=lab_text,
        institution="simulated",
    )
    file.subject = ndx.CElegansSubject(
        subject_id=worm,
        description="simulated",
        species="http://purl.obolibrary.org/obo/NCBITaxon_6239",
        sex="O",
        growth_stage="YA",
        growth_stage_time="PT2H30M",
        cultivation_temp=20.0,
        date_of_birth=session_start,
        strain="OH16230",
    )
    space = _imaging_volume(file, volume.spacing_um, volume.channel_names)
    counts = Counts(volume.counts, (*volume.shape, len(volume.channel_names)))
    file.add_acquisition(
        ndx.MultiChannelVolume(
            name="NeuroPALImageRaw",
            description="raw volume",
            imaging_volume=space,
            RGBW_channels=np.asarray(volume.rgbw_channels, dtype=np.int8),
            data=H5DataIO(
                counts,
                chunks=counts.chunk_shape,
                compression="gzip",
                compression_opts=COMPRESSION,
                shuffle=True,
            ),
        )
    )
    module = file.create_processing_module("NeuroPAL", "NeuroPAL image data and metadata")
    module.add(
        ImageSegmentation(
            name="NeuroPALSegmentation", plane_segmentations=[_segmentation(table, space)]
        )
    )
    _fix_object_ids(file)
    return file


class Counts(GenericDataChunkIterator):
    """Pass a volume to HDF5 block by block; blocks consist of whole chunks."""

    def __init__(self, volume: np.ndarray | Callable, shape: tuple[int, ...]):
        self.volume = volume if callable(volume) else volume.__getitem__
        self.shape = shape
        chunk = tuple(min(sides) for sides in zip(CHUNK, shape, strict=True))
        block = tuple(
            min(-(-limit // side) * side, -(-size // side) * side)
            for side, limit, size in zip(chunk, (*BLOCK, shape[3]), shape, strict=True)
        )
        block = tuple(min(sides) for sides in zip(block, shape, strict=True))
        super().__init__(buffer_shape=block, chunk_shape=chunk)

    def _get_data(self, selection: Block) -> np.ndarray:
        return self.volume(selection)

    def _get_maxshape(self) -> tuple[int, ...]:
        return self.shape

    def _get_dtype(self) -> np.dtype:
        return np.dtype(np.uint16)


def _imaging_volume(
    file: NWBFile, spacing_um: Sequence[float], channel_names: Sequence[str]
) -> ndx.ImagingVolume:
    channels = []
    for name in channel_names:
        excitation, emission = WAVELENGTHS[name]
        channels.append(
            ndx.OpticalChannelPlus(
                name=name,
                description=name,
                excitation_lambda=excitation,
                excitation_range=[excitation - 1.5, excitation + 1.5],
                emission_lambda=emission,
                emission_range=[emission - 20.0, emission + 20.0],
            )
        )
    space = ndx.ImagingVolume(
        name="NeuroPALImVol",
        description="head",
        device=file.create_device("Microscope", "simulated", "none"),
        location="head",
        optical_channel_plus=channels,
        order_optical_channels=ndx.OpticalChannelReferences(
            name="order_optical_channels", channels=list(channel_names)
        ),
        reference_frame="worm head",
        grid_spacing=[float(side) for side in spacing_um],
        grid_spacing_unit="micrometers",
        origin_coords=[0.0, 0.0, 0.0],
        origin_coords_unit="micrometers",
    )
    file.add_imaging_plane(space)
    return space


def _segmentation(table: pd.DataFrame, space: ndx.ImagingVolume) -> PlaneSegmentation:
    """Fill the segmentation's ragged columns at once: one voxel and one label per neuron."""
    mask = np.empty(len(table), dtype=VOXEL)
    for field in VOXEL.names:
        mask[field] = table[field]
    voxels = VectorData(name="voxel_mask", description="Voxel masks for each ROI", data=mask)
    letters = VectorData(
        name="ID_labels",
        description="ROI ID labels",
        data=np.array(list("".join(table["ID"])), dtype="U1"),
    )
    ends = table["ID"].str.len().cumsum().to_numpy()
    return PlaneSegmentation(
        name="NeuroPALNeurons",
        description=SEGMENTATION,
        imaging_plane=space,
        id=np.arange(len(table)),
        columns=[
            voxels,
            VectorIndex(
                name="voxel_mask_index",
                target=voxels,
                data=np.arange(1, len(table) + 1, dtype=np.uint32),
            ),
            letters,
            VectorIndex(name="ID_labels_index", target=letters, data=ends.astype(np.uint32)),
        ],
        colnames=["voxel_mask", "ID_labels"],
    )


def _fix_object_ids(file: NWBFile):
    """Replace the identifiers, which HDMF draws at random and which cannot be passed."""
    for number, thing in enumerate(file.all_children()):
        identifier = uuid.uuid5(uuid.NAMESPACE_OID, f"{file.identifier}/{number}")
        thing._AbstractContainer__object_id = str(identifier)
