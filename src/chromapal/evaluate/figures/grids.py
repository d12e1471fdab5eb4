"""What colorizers see: the grids of `worm` and `neuron` samples."""

import os
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chromapal.evaluate.figures import coloured, style
from chromapal.prepare.frame import BodyFrame, is_aligned
from chromapal.prepare.samples import Samples

GRIDS = (64, 128)
# a colour of neither map, so that an empty cell is no value
EMPTY = "#3d5f94"
CHANNELS = {0: "gray", 1: "weight"}


def sample(
    neurons: pd.DataFrame, frame: BodyFrame | None, kind: str, grid: int, slab_um: float
) -> np.ndarray:
    """Return the fullest sample of one worm.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Normalised neurons of one worm.
    frame : BodyFrame, optional
        Ranges of body axes, where colorizers see aligned worms.
    kind : {"neuron", "worm"}
        Kind of sample.
    grid : int
        Cells along each side.
    slab_um : float
        Thickness of a slab [um].

    Returns
    -------
    numpy.ndarray of float32, shape (2, grid, grid)
        Gray and weight; NaN in cells without a neuron.
    """
    if frame:
        neurons = frame.place(neurons)
    extent = frame.extent_um if frame else None
    samples = Samples.from_neurons(neurons, kind, grid, slab_um, extent_um=extent)
    batch = next(samples.epoch(len(samples)))
    counts = np.bincount(batch.sample.numpy(), minlength=len(samples))
    # of samples alike (one neuron each) the one in the middle of the worm
    fullest = np.flatnonzero(counts == counts.max())
    chosen = fullest[len(fullest) // 2]
    lit = np.zeros(grid * grid, dtype=bool)
    lit[batch.cell[batch.sample == int(chosen)].numpy()] = True
    channels = batch.grid[int(chosen), : len(CHANNELS)].numpy()
    return np.where(lit.reshape(grid, grid), channels, np.nan)


@style.styled
def figure(neurons: pd.DataFrame, slab_um: float, grids: Sequence[int] = GRIDS) -> Figure:
    """Draw a slab and a single neuron on each grid: gray above, weight below.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Normalised neurons; the worm with the most neurons is shown. With body axes
        (`chromapal.columns.BODY`) it is shown in those, on ranges of training worms.
    slab_um : float
        Thickness of a `worm` sample's slab [um].
    grids : sequence of int
        Cells along each side.
    """
    key = coloured.largest(neurons)
    subset = coloured.neurons_of(neurons, key)
    columns = [(kind, grid) for kind in ("worm", "neuron") for grid in grids]
    training = neurons[neurons["role"].eq("train")]
    frame = BodyFrame.fit(training) if is_aligned(neurons) else None
    samples = [sample(subset, frame, kind, grid, slab_um) for kind, grid in columns]
    lab, worm = key
    drawn = style.new(
        3 * len(columns), 6.4,
        f"What a colorizer sees of {style.text(lab)} {style.text(worm)}: a slab of {slab_um:g} µm "
        "at once (worm samples), or one neuron at a time (neuron samples)",
    )  # fmt: skip
    rows = drawn.subplots(len(CHANNELS), len(columns))
    lit = {channel: np.concatenate([p[channel].ravel() for p in samples]) for channel in CHANNELS}
    maps = {0: mpl.colormaps["gray"], 1: mpl.colormaps["inferno"]}
    for channel, line in zip(CHANNELS, rows, strict=True):
        low, high = np.nanmin(lit[channel]), np.nanmax(lit[channel])
        if channel == 1:
            low, high = min(low, 0), max(high, 1)
        for (kind, grid), drawn_sample, axes in zip(columns, samples, line, strict=True):
            image = axes.imshow(
                drawn_sample[channel], cmap=maps[channel].with_extremes(bad=EMPTY),
                vmin=low, vmax=high if high > low else low + 1, interpolation="nearest",
            )  # fmt: skip
            count = int(np.isfinite(drawn_sample[channel]).sum())
            cells = f"{count} lit cell" + "s" * (count != 1)
            axes.set_title(f"{kind} sample, {grid} by {grid}\n{CHANNELS[channel]}, {cells}")
            axes.set_xticks([])
            axes.set_yticks([])
            if kind == "neuron":
                row, column = np.argwhere(np.isfinite(drawn_sample[channel]))[0]
                axes.scatter(column, row, s=160, facecolors="none", edgecolors="#e8a33d", lw=1.2)
            if frame and channel == len(CHANNELS) - 1:
                axes.set_xlabel(f"posterior, {frame.low[0]:.0f} to {frame.high[0]:.0f} µm")
            if frame and axes is line[0]:
                axes.set_ylabel(f"dorsal (down), {frame.low[1]:.0f} to {frame.high[1]:.0f} µm")
        unit = "gray [study scale]" if channel == 0 else "weight [0..1 over the study]"
        drawn.colorbar(image, ax=list(line), shrink=0.7, pad=0.01, label=unit)
    drawn.supxlabel("blue: no neuron; ring: the neuron sample's one lit cell", fontsize=8)
    return drawn


def draw(
    neurons: str | os.PathLike,
    aligned: str | os.PathLike | None,
    slab_um: float,
    out: str | os.PathLike,
):
    """Draw `grids.png` from a Parquet of normalised neurons, and one of their body axes if any."""
    coloured.save_coloured(figure, neurons, slab_um, aligned=aligned, out=out)
