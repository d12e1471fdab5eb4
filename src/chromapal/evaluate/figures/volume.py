"""A worm of each laboratory as the microscope saw it, or from its neuron table."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from chromapal.errors import InputError
from chromapal.evaluate.figures import coloured, style
from chromapal.worms.nwb.projections import Projections, max_projections

LOGGER = logging.getLogger("chromapal")
VOLUMES = 3
PLANES = {"xy": "from above (xy)", "xz": "from the side (xz)", "yz": "from the front (yz)"}


@style.styled
def figure_of_volumes(volumes: dict[str, Projections]) -> Figure:
    """Draw the maximum projections of volumes, a row each.

    Parameters
    ----------
    volumes : dict of str to Projections
        Title of each worm, and its projections.
    """
    heights = [_height(projections) for projections in volumes.values()]
    drawn = style.new(
        11,
        0.5 + sum(4.3 * height + 0.4 for height in heights),
        "Colour volumes: brightest voxel along each direction",
    )
    rows = drawn.subplots(
        len(volumes),
        3,
        squeeze=False,
        gridspec_kw={"width_ratios": [3, 3, 1.4], "height_ratios": heights},
    )
    for (title, projections), row in zip(volumes.items(), rows, strict=True):
        step = dict(zip("xyz", projections.spacing, strict=True))
        for (plane, words), axes in zip(PLANES.items(), row, strict=True):
            across, down = plane
            image = projections.images[plane]
            extent = (0, image.shape[1] * step[across], image.shape[0] * step[down], 0)
            axes.imshow(image, extent=extent, interpolation="nearest", aspect="equal")
            style.image_frame(axes)
            style.scale_bar(axes, extent[1])
            axes.set_title(f"{style.text(title)}, {words}" if plane == "xy" else words)
    return drawn


def _worm(path: Path) -> str:
    """Name the worm as the archive's file names do, sub-WORM_ses-..._ophys."""
    return path.stem.removesuffix("_ophys").removeprefix("sub-")


def _height(projections: Projections) -> float:
    """Return the xy image's height per width [um / um], within what a row can show."""
    high, wide = projections.images["xy"].shape[:2]
    ratio = high * projections.spacing[1] / (wide * projections.spacing[0])
    return float(np.clip(ratio, 0.3, 1))


@style.styled
def figure_of_neurons(neurons: pd.DataFrame, colour_scale: str) -> Figure:
    """Draw a worm per laboratory (up to three) as a cloud of neurons in true colour.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Normalised neurons: lab, worm, xr, yr, zr [um], r, g, b.
    colour_scale : str
        Scale of r, g, b.
    """
    keys = coloured.largest_by_laboratory(neurons)
    drawn = style.new(
        4.6 * len(keys), 3.6, "Neurons in space, in their true colour (source without volumes)"
    )
    # the label of a last z axis needs room that the layout does not see
    drawn.get_layout_engine().set(rect=(0, 0, 0.97, 1))
    for number, key in enumerate(keys, start=1):
        rows = coloured.neurons_of(neurons, key)
        brighter = coloured.gain(rows, colour_scale)
        axes = drawn.add_subplot(1, len(keys), number, projection="3d")
        axes.scatter(
            rows["xr"], rows["yr"], rows["zr"], c=coloured.colours(rows, colour_scale, brighter),
            s=26, depthshade=False, edgecolors="0.25", linewidths=0.3,
        )  # fmt: skip
        spans = np.ptp(rows[["xr", "yr", "zr"]].to_numpy(), axis=0)
        axes.set_box_aspect(np.maximum(spans, spans.max() / 10), zoom=1.0)
        axes.set(xlabel="x [µm]", ylabel="y [µm]", zlabel="z [µm]")
        axes.tick_params(labelsize=6)
        for axis in (axes.yaxis, axes.zaxis):
            axis.set_major_locator(MaxNLocator(3))
        lab, worm = key
        axes.set_title(
            f"{style.text(lab)} {style.text(worm)}"
            f"\n({len(rows)} neurons{coloured.brightened(brighter)})"
        )
    return drawn


def draw(
    volumes: Sequence[str | os.PathLike],
    neurons: str | os.PathLike,
    colour_scale: str,
    out: str | os.PathLike,
):
    """Draw `volume.png`.

    Parameters
    ----------
    volumes : sequence of path-like
        NWB files in a folder per laboratory. The first that can be read of each of up to three
        folders is shown; the neuron table is shown where there is none.
    neurons : path-like
        Parquet of normalised neurons.
    colour_scale : str
        Scale of the neurons' colours.
    out : path-like
        The PNG file.
    """
    projections = {}
    for path in sorted(map(Path, volumes)):
        if path.parent not in projections and len(projections) < VOLUMES:
            try:
                projections[path.parent] = (path, max_projections(path))
            except InputError as error:
                LOGGER.info("volume not drawn: %s", error)
    if projections:
        titled = {
            f"{lab.name} {_worm(path)}": volume for lab, (path, volume) in projections.items()
        }
        style.save(figure_of_volumes(titled), out)
    else:
        coloured.save_coloured(figure_of_neurons, neurons, colour_scale, out=out)
