"""Neurons as batches of grids for colorizers; grids are made for each batch and never stored."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from chromapal.columns import POSITION
from chromapal.errors import InputError
from chromapal.prepare.moved import moved_worms
from chromapal.prepare.slabs import slabs
from chromapal.worms.table import WORM

if TYPE_CHECKING:
    # Takes two seconds to import, and baselines use no grid.
    import torch

KINDS = ("neuron", "worm")
# Channels of a grid, as recorded and in body axes.
CHANNELS = ("gray", "weight")
BODY_CHANNELS = (*CHANNELS, *POSITION)


@dataclass
class Batch:
    """Some samples, and the m neurons on them.

    Attributes
    ----------
    grid : torch.Tensor of float32, shape (B, channels, grid, grid)
        Gray and normalised weight, channels last in memory; in body axes also u, v and w of the
        neuron in each cell, -0.5 to 0.5.
    z : torch.Tensor of float32, shape (B, 1)
        The auxiliary scalar: normalised z of the neuron, or of the slab's centre.
    neuron : torch.Tensor of int64, shape (m,)
        Indices of the neurons in their `Samples`.
    sample : torch.Tensor of int64, shape (m,)
        Which of the B grids each neuron lies on.
    cell : torch.Tensor of int64, shape (m,)
        Its flat cell there (`chromapal.prepare.grid.cells`).
    target : torch.Tensor of float32, shape (m, 3)
        Its colour; NaN where unknown.
    loss_weight : torch.Tensor of float32, shape (m,)
        Its weight in the loss.
    """

    grid: "torch.Tensor"
    z: "torch.Tensor"
    neuron: "torch.Tensor"
    sample: "torch.Tensor"
    cell: "torch.Tensor"
    target: "torch.Tensor"
    loss_weight: "torch.Tensor"

    @property
    def inputs(self) -> "tuple[torch.Tensor, ...]":
        """Inputs of a network."""
        return self.grid, self.z


@dataclass
class Samples:
    """The n neurons of a training or prediction, and how they form samples.

    A `neuron` sample is a grid with one neuron. A `worm` sample is all neurons of a worm
    within a slab of z, so that a network sees their neighbours.

    Attributes
    ----------
    kind : {"neuron", "worm"}
        Kind of sample.
    grid : int
        Cells along each side.
    slab_um : float
        Thickness of a slab [um]; `worm` samples only.
    u, v, w : numpy.ndarray of float32, shape (n,)
        Positions normalised per worm to 0..1.
    gray, weight : numpy.ndarray of float32, shape (n,)
        The two channels of a grid: gray on the study's scale, and normalised weight.
    mass : numpy.ndarray of float32, shape (n,)
        The source's weight, by which neurons in the same cell are averaged.
    target : numpy.ndarray of float32, shape (n, 3)
        Red, green and blue on the study's scale; NaN where unknown.
    loss_weight : numpy.ndarray of float32, shape (n,)
        Weight of each neuron in the loss.
    worm_index : numpy.ndarray of int64, shape (n,)
        Which worm. All 0 for `neuron` samples: a synthetic neuron has no worm.
    height_um, span_um : numpy.ndarray of float64, shape (n,)
        Height of the neuron above its worm's lowest one, and that worm's greatest height
        [um]. In body axes the span is the length of the grid's range, from whose lower border
        heights are counted; they follow from w and are 0 here. All 0 for `neuron` samples.
    extent_um : tuple of float, optional
        Lengths of the grid's ranges along u, v, w [um], the same for all worms, in body axes; None
        as recorded.
    table : pandas.DataFrame
        The neurons as given, for colorizers that use names and micrometres.
    """

    kind: str
    grid: int
    slab_um: float
    u: np.ndarray
    v: np.ndarray
    w: np.ndarray
    gray: np.ndarray
    weight: np.ndarray
    mass: np.ndarray
    target: np.ndarray
    loss_weight: np.ndarray
    worm_index: np.ndarray
    height_um: np.ndarray
    span_um: np.ndarray
    extent_um: tuple[float, float, float] | None
    table: pd.DataFrame = dataclasses.field(repr=False, compare=False)

    @classmethod
    def from_neurons(
        cls,
        neurons: pd.DataFrame,
        kind: str,
        grid: int,
        slab_um: float = 8.0,
        loss_weights: ArrayLike | None = None,
        extent_um: tuple[float, float, float] | None = None,
    ) -> "Samples":
        """Make samples from a table of normalised neurons.

        Parameters
        ----------
        neurons : pandas.DataFrame
            Columns u, v, w, gray, weight_n, weight, and r, g, b; for `worm` samples also lab,
            worm and zr [um].
        kind : {"neuron", "worm"}
            Kind of sample.
        grid : int
            Cells along each side.
        slab_um : float
            Thickness of a slab [um].
        loss_weights : array-like, shape (n,), optional
            Weight of each neuron in the loss; 1 by default.
        extent_um : tuple of float, optional
            Of the body axes by which the neurons were placed (`chromapal.prepare.frame`).

        Raises
        ------
        InputError
            Unknown kind, a grid below 1 or a slab thickness that is not positive.
        """
        if kind not in KINDS:
            raise InputError("config key 'samples'", repr(kind), f"one of {', '.join(KINDS)}")
        if grid < 1:
            raise InputError("config key 'grids'", str(grid), "at least 1 cell per side")
        if not slab_um > 0:
            raise InputError("config key 'slab_um'", str(slab_um), "more than 0 um")
        count = len(neurons)
        worm_index, height, span = np.zeros(count, dtype=np.int64), np.zeros(count), np.zeros(count)
        if kind == "worm":
            worms = neurons.groupby(WORM, sort=False)
            worm_index = worms.ngroup().to_numpy(dtype=np.int64)
            if extent_um is None:
                lowest = worms["zr"].transform("min").to_numpy(dtype=np.float64)
                height = neurons["zr"].to_numpy(dtype=np.float64) - lowest
                span = worms["zr"].transform("max").to_numpy(dtype=np.float64) - lowest
            else:
                span = np.full(count, extent_um[2])
        loss_weight = np.ones(count) if loss_weights is None else loss_weights
        return cls(
            kind=kind,
            grid=grid,
            slab_um=slab_um,
            **{
                name: np.array(neurons[column], dtype=np.float32)
                for name, column in (
                    *zip("uvw", "uvw", strict=True),
                    ("gray", "gray"),
                    ("weight", "weight_n"),
                    ("mass", "weight"),
                )
            },
            target=np.array(neurons[["r", "g", "b"]], dtype=np.float32),
            loss_weight=np.array(loss_weight, dtype=np.float32),
            worm_index=worm_index,
            height_um=height,
            span_um=span,
            extent_um=extent_um,
            table=neurons,
        )

    def __len__(self) -> int:
        """Count the samples: neurons, or slabs counted from each worm's lowest neuron."""
        if self.kind == "neuron":
            return len(self.u)
        return len(self._assign(None, self.w, 0.0)[0])

    def epoch(
        self,
        batch_size: int,
        seed: int | Sequence[int] | None = None,
        augment: bool = False,
        below_um: float = 0.0,
    ) -> Iterator[Batch]:
        """Iterate once over all neurons; each is in exactly one batch.

        Parameters
        ----------
        batch_size : int
            Samples in a batch; the last batch may have fewer.
        seed : int or sequence of int, optional
            Without a seed, the order is fixed, and slabs are counted from `below_um` below each
            worm's lowest neuron. With a seed, samples are shuffled, and each worm's slabs begin up
            to one thickness lower, so that borders (and the number of slabs) differ between
            epochs. The same seed gives the same batches.
        augment : bool
            With a seed, and as recorded, mirror `worm` samples in u and in v at random: a mirrored
            head has the same colours. `neuron` samples are not mirrored, which would add nothing.
            In body axes, which have sides, worms (or single neurons) are turned, stretched and
            shifted a little, as alignment might have put them.
        below_um : float
            Where slabs begin, without a seed [um].

        Yields
        ------
        Batch
            Up to `batch_size` samples.
        """
        import torch

        from chromapal.prepare.grid import scatter

        rng = None if seed is None else np.random.default_rng(seed)
        position = np.column_stack([self.u, self.v, self.w])
        moved = augment and rng is not None and self.extent_um is not None
        if moved:
            index = self.worm_index if self.kind == "worm" else np.arange(len(position))
            position = moved_worms(position, index, self.extent_um, rng)
        z, sample = self._assign(rng, position[:, 2], below_um)
        count = len(z)
        u, v = (torch.from_numpy(np.ascontiguousarray(axis)) for axis in position.T[:2])
        if rng is not None:
            order = rng.permutation(count)
            sample, z = order[sample], z[np.argsort(order)]
            if augment and not moved and self.kind == "worm":
                flip = torch.from_numpy(rng.random((2, count)) < 0.5)[:, sample]
                u, v = torch.where(flip[0], 1 - u, u), torch.where(flip[1], 1 - v, v)
        neuron = np.argsort(sample, kind="stable")
        starts = np.arange(0, count, batch_size)
        bounds = np.searchsorted(sample[neuron], [*starts, count])
        sample, z = torch.from_numpy(sample), torch.from_numpy(z.astype(np.float32))[:, None]
        cell, channels, mass, target, loss_weight = self._tensors(u, v, position)
        for start, low, high in zip(starts, bounds[:-1], bounds[1:], strict=True):
            rows = torch.from_numpy(neuron[low:high])
            local, at = sample[rows] - int(start), cell[rows]
            size = min(batch_size, count - int(start))
            yield Batch(
                grid=scatter(at, local, channels[rows], mass[rows], size, self.grid),
                z=z[start : start + size],
                neuron=rows,
                sample=local,
                cell=at,
                target=target[rows],
                loss_weight=loss_weight[rows],
            )

    def contents(self) -> Iterator[bytes]:
        """Yield all content that affects training, to be hashed."""
        # the arrays contain everything that networks use of the table
        arrays = {name: value for name, value in vars(self).items() if name != "table"}
        for name, value in sorted(arrays.items()):
            content = value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode()
            yield name.encode() + content

    def _tensors(
        self, u: "torch.Tensor", v: "torch.Tensor", position: np.ndarray
    ) -> "tuple[torch.Tensor, ...]":
        import torch

        from chromapal.prepare.grid import cells

        columns = [self.gray, self.weight]
        if self.extent_um is not None:
            columns += list(position.T - np.float32(0.5))
        channels = torch.from_numpy(np.column_stack(columns))
        rest = (torch.from_numpy(values) for values in (self.mass, self.target, self.loss_weight))
        return cells(u, v, self.grid), channels, *rest

    def _assign(
        self, rng: np.random.Generator | None, w: np.ndarray, below_um: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return each sample's auxiliary z, shape (samples,), and each neuron's sample, (n,)."""
        if self.kind == "neuron":
            return np.ascontiguousarray(w), np.arange(len(self.u))
        worms = int(self.worm_index.max(initial=-1)) + 1
        offset = np.full(worms, below_um)
        if rng is not None:
            offset = rng.uniform(0, self.slab_um, worms)
        # measured, or in body axes those of positions
        height = self.height_um if self.extent_um is None else w * self.extent_um[2]
        return slabs(self.worm_index, height, self.span_um, offset, self.slab_um)
