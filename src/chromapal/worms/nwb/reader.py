"""Read an NWB file with a NeuroPAL volume as the neuron table of one worm.

What opens files imports pynwb, which takes a second or two: only the worker needs it.
"""

import logging
import os
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms import stack, table
from chromapal.worms.discover import laboratory
from chromapal.worms.nwb import worker
from chromapal.worms.nwb.channels import rgbw
from chromapal.worms.nwb.voxels import read_voxels, weighted_means

if TYPE_CHECKING:
    from pynwb import NWBFile

    from chromapal.worms.nwb.masks import Masks

LOGGER = logging.getLogger(__name__)


def read(
    path: str | os.PathLike,
    lab: str | None = None,
    full_scales: dict[str, float] | None = None,
) -> pd.DataFrame:
    """Read one worm in the worker; of the volume only the chunks that hold its neurons are read.

    A neuron's colour is the weight-weighted mean over the voxels of its mask, `xr, yr, zr` their
    weighted centroid times the voxel size, `x, y, z` the centroid rounded to the nearest voxel
    (halves to even), and `weight` the sum of their weights: for a mask of one voxel that voxel's
    counts, position and weight.

    Parameters
    ----------
    path : path-like
        The NWB file.
    lab : str, optional
        The laboratory; by default the name of the file's parent folder.
    full_scales : dict of str to float, optional
        Largest count per laboratory; by default inferred from the counts read, and logged.

    Returns
    -------
    pandas.DataFrame
        A validated neuron table, rows in the order of the segmentation.

    Raises
    ------
    InputError
        The file or its content cannot be used; the message names the file and the cause.
    PassingError
        It cannot be read now.
    """
    return worker.run(read_here, path, lab, full_scales)


def read_here(
    path: str | os.PathLike,
    lab: str | None = None,
    full_scales: dict[str, float] | None = None,
    remote: BinaryIO | None = None,
) -> pd.DataFrame:
    """Read one worm in this process; see `read`.

    Parameters
    ----------
    path, lab, full_scales
        As for `read`.
    remote : file object, optional
        The file's bytes if it is not on this disk; `path` then only names it.
    """
    from chromapal.worms.nwb import contents

    with contents.opened(path, remote) as content:
        return _neurons(content, path, lab, full_scales)


def read_with_facts(
    path: str | os.PathLike,
    lab: str | None,
    full_scales: dict[str, float] | None,
    with_stack: bool = False,
) -> tuple[pd.DataFrame, dict]:
    """Read one worm in the worker, and the facts that naming it needs.

    Parameters
    ----------
    path, lab, full_scales
        As for `read`.
    with_stack : bool
        Whether a part of the volume is kept; see `chromapal.worms.stack.shown`.

    Returns
    -------
    neurons : pandas.DataFrame
        As `read` returns them.
    facts : dict
        shape [voxel] and spacing [um] of the volume; traces, see `traces.read`, if it has any; and
        its stack where it is wanted.
    """
    return worker.run(_with_facts, path, lab, full_scales, with_stack)


def _with_facts(path, lab, full_scales, with_stack) -> tuple[pd.DataFrame, dict]:
    from chromapal.worms.nwb import contents, traces

    with contents.opened(path) as content:
        volume = contents.find_volume(content, path)
        facts = {
            "shape": [int(side) for side in volume.data.shape[:3]],
            "spacing": contents.spacing(volume, path).tolist(),
        }
        if not (found := traces.read(content, path)).empty:
            facts["traces"] = found
        neurons = _neurons(content, path, lab, full_scales)
        if with_stack:
            worker.step()
            voxels, sides = neurons[table.VOXELS].to_numpy(), np.array(facts["spacing"])
            try:
                facts["stack"] = stack.shown(volume.data, rgbw(volume, path), voxels, sides)
            except contents.DAMAGE as error:
                # its neurons have been read, and only the page would show more
                LOGGER.warning("%s: no picture of the volume (%s)", path, error)
        return neurons, facts


def _neurons(content: "NWBFile", path, lab, full_scales) -> pd.DataFrame:
    from chromapal.worms.nwb import contents
    from chromapal.worms.nwb.masks import read as read_masks

    lab = laboratory(path, lab)
    worm = contents.worm_name(content, path)
    facts = {"session": contents.session(content), **contents.subject(content)}
    volume = contents.find_volume(content, path)
    facts["part"] = contents.word(volume.imaging_volume.location)
    masks = read_masks(content, path)
    spacing = contents.spacing(volume, path)
    channels = rgbw(volume, path)
    _require_inside(masks, volume.data.shape, path)
    counts = _counts(volume.data, masks, channels)
    centroid = weighted_means(masks.voxels, masks.weights, masks.sizes)
    starts = np.cumsum(masks.sizes) - masks.sizes
    neurons = pd.DataFrame(
        {
            "worm": worm,
            "lab": lab,
            **dict(zip("xyz", np.rint(centroid).astype(np.int64).T, strict=True)),
            **dict(zip(("xr", "yr", "zr"), (centroid * spacing).T, strict=True)),
            "weight": np.add.reduceat(masks.weights, starts),
            **counts,
            "ID": table.clean_id(pd.Series(masks.names, dtype="str")),
            "fold": "",
            **facts,
        }
    )
    scale = (full_scales or {}).get(lab)
    if scale is None:
        scale = table.full_scale_of(neurons[list(table.CHANNELS)], path)
        LOGGER.info("%s: full scale of laboratory %s inferred as %d counts", path, lab, scale)
    return table.validate(neurons.assign(full_scale=float(scale)), path)


def _counts(data, masks: "Masks", channels: dict[str, int]) -> dict[str, np.ndarray]:
    present = [name for name in table.CHANNELS if name in channels]
    values = read_voxels(data, masks.voxels, [channels[name] for name in present])
    means = weighted_means(values, masks.weights, masks.sizes)
    absent = np.full(len(masks.sizes), np.nan)
    return {
        name: means[:, present.index(name)] if name in present else absent
        for name in table.CHANNELS
    }


def _require_inside(masks: "Masks", shape: tuple[int, ...], path):
    outside = np.any((masks.voxels < 0) | (masks.voxels >= np.asarray(shape[:3])), axis=1)
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        neuron = int(np.searchsorted(np.cumsum(masks.sizes), first, side="right"))
        raise InputError(
            path,
            f"voxel {tuple(masks.voxels[first].tolist())} of neuron {neuron} "
            f"({masks.names[neuron] or 'unlabelled'}) outside the volume "
            f"({int(outside.sum())} such voxels)",
            f"voxels below {tuple(shape[:3])}",
        )
