"""Maximum projections of a whole NWB volume, read one slab at a time."""

import os
from dataclasses import dataclass

import numpy as np

from chromapal.worms.nwb import worker
from chromapal.worms.nwb.channels import rgbw

PLANES = ("xy", "xz", "yz")
# Display range of a channel: these quantiles of its xy projection become 0 and 1.
_DARK, _BRIGHT = 0.01, 0.998


@dataclass(frozen=True)
class Projections:
    """Maximum projections of a volume.

    Parameters
    ----------
    images : dict of str to numpy.ndarray
        For each plane of `PLANES` an image of shape (height, width, 3), red, green and blue,
        float32 0..1. Width runs along the plane's first letter, height along its second.
    spacing : numpy.ndarray
        Shape (3,), um per voxel along x, y, z, for the images' aspect.
    """

    images: dict[str, np.ndarray]
    spacing: np.ndarray


def max_projections(path: str | os.PathLike) -> Projections:
    """Project the red, green and blue channels of an NWB file's volume, for display, in the worker.

    Memory holds only one slab of chunks and the projections. Each channel is scaled between the 1 %
    and 99.8 % quantiles of its xy projection; a channel the file lacks is black.

    Raises
    ------
    InputError
        The file has no volume that can be read.
    """
    return worker.run(_projections, path)


def _projections(path: str | os.PathLike) -> Projections:
    # imported in the worker alone, as it takes a second
    from chromapal.worms.nwb import contents

    with contents.opened(path) as content:
        volume = contents.find_volume(content, path)
        channels = rgbw(volume, path)
        spacing = contents.spacing(volume, path)
        wide, high, deep = volume.data.shape[:3]
        images = {
            "xy": np.zeros((high, wide, 3), dtype=np.float32),
            "xz": np.zeros((deep, wide, 3), dtype=np.float32),
            "yz": np.zeros((deep, high, 3), dtype=np.float32),
        }
        for index, letter in enumerate("RGB"):
            if letter in channels:
                planes = _project(volume.data, channels[letter])
                low, top = np.quantile(planes["xy"], [_DARK, _BRIGHT])
                for name, plane in planes.items():
                    scaled = (plane - low) / max(top - low, 1.0)
                    images[name][..., index] = np.clip(scaled, 0, 1)
    return Projections(images, spacing)


def _project(data, channel: int) -> dict[str, np.ndarray]:
    wide, high, deep, _ = data.shape
    thick = data.chunks[0] if data.chunks else 16
    front = np.empty((high, wide))
    top = np.empty((deep, wide))
    side = np.zeros((deep, high))
    for start in range(0, wide, thick):
        worker.step()
        slab = data[start : start + thick, :, :, channel]
        front[:, start : start + thick] = slab.max(axis=2).T
        top[:, start : start + thick] = slab.max(axis=1).T
        side = np.maximum(side, slab.max(axis=0).T)
    return {"xy": front, "xz": top, "yz": side}
