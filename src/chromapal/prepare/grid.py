"""Neurons on a square grid: which cell each one falls in, and the weighted mean of every cell."""

import torch
from numpy.typing import ArrayLike


def cells(u: ArrayLike, v: ArrayLike, grid: int) -> torch.Tensor:
    """Give the grid cell of each neuron.

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
    column, row = ((torch.as_tensor(at) * grid).long().clamp_(max=grid - 1) for at in (u, v))
    return row * grid + column


def scatter(
    cell: torch.Tensor,
    sample: torch.Tensor,
    values: torch.Tensor,
    weights: torch.Tensor,
    samples: int,
    grid: int,
) -> torch.Tensor:
    """Put neurons on grids; those that share a cell are averaged by weight.

    Parameters
    ----------
    cell : torch.Tensor of int64, shape (m,)
        Flat cell index of each neuron, as `cells` gives it.
    sample : torch.Tensor of int64, shape (m,)
        Which of the `samples` grids each neuron belongs to.
    values : torch.Tensor of float32, shape (m, channels)
        What to write.
    weights : torch.Tensor of float32, shape (m,)
        Not negative. Where the weights of a cell sum to 0 its neurons count alike.
    samples : int
        Number of grids.
    grid : int
        Cells along each side.

    Returns
    -------
    torch.Tensor of float32, shape (samples, channels, grid, grid)
        0 where no neuron is. Laid out channels last in memory, which is what convolutions want.
    """
    # One index over all grids, so that nothing loops; only lit cells are ever divided.
    flat = sample * (grid * grid) + cell
    size = samples * grid * grid
    total = weights.new_zeros(size).index_add_(0, flat, weights)[flat]
    count = weights.new_zeros(size).index_add_(0, flat, torch.ones_like(weights))[flat]
    share = torch.where(total > 0, weights / total, 1 / count)
    image = values.new_zeros(size, values.shape[1]).index_add_(0, flat, values * share[:, None])
    return image.view(samples, grid, grid, -1).permute(0, 3, 1, 2)
