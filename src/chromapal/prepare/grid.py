"""Neurons on a square grid: the cell of each neuron, and the weighted mean of every cell."""

import torch
from numpy.typing import ArrayLike


def cells(u: ArrayLike, v: ArrayLike, grid: int) -> torch.Tensor:
    """Return the grid cell of each neuron.

    Parameters
    ----------
    u, v : array-like, shape (n,)
        Positions normalised per worm to 0..1; u runs along columns, v along rows.
    grid : int
        Cells along each side.

    Returns
    -------
    torch.Tensor of int64, shape (n,)
        Row-major index, row * grid + column, each min(floor(position * grid), grid - 1): the
        last cell includes its far edge, so that a position of exactly 1 has a cell.
    """
    column, row = ((torch.as_tensor(axis) * grid).long().clamp_(max=grid - 1) for axis in (u, v))
    return row * grid + column


def scatter(
    cell: torch.Tensor,
    sample: torch.Tensor,
    values: torch.Tensor,
    weights: torch.Tensor,
    samples: int,
    grid: int,
) -> torch.Tensor:
    """Put neurons on grids; neurons in the same cell are averaged by weight.

    Parameters
    ----------
    cell : torch.Tensor of int64, shape (m,)
        Flat cell index of each neuron, as returned by `cells`.
    sample : torch.Tensor of int64, shape (m,)
        Index of each neuron's grid, below `samples`.
    values : torch.Tensor of float32, shape (m, channels)
        Values of the neurons.
    weights : torch.Tensor of float32, shape (m,)
        Not negative. If the weights of a cell sum to 0, its neurons have equal weight.
    samples : int
        Number of grids.
    grid : int
        Cells along each side.

    Returns
    -------
    torch.Tensor of float32, shape (samples, channels, grid, grid)
        0 in cells without neurons. Channels last in memory, as convolutions prefer.
    """
    # One index over all grids, so that there is no loop; only cells with neurons are divided.
    flat = sample * (grid * grid) + cell
    size = samples * grid * grid
    total = weights.new_zeros(size).index_add_(0, flat, weights)[flat]
    count = weights.new_zeros(size).index_add_(0, flat, torch.ones_like(weights))[flat]
    fraction = torch.where(total > 0, weights / total, 1 / count)
    image = values.new_zeros(size, values.shape[1]).index_add_(0, flat, values * fraction[:, None])
    return image.view(samples, grid, grid, -1).permute(0, 3, 1, 2)
