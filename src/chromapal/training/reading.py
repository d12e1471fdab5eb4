"""From a batch to its neurons' colours and their errors; no Lightning, which is slow to import."""

from dataclasses import replace

import torch

from chromapal.prepare.samples import Batch


def to_device(batch: Batch, device: str | torch.device) -> Batch:
    """Move a batch, its grids laid out as convolutions want them: channels last."""
    moved = replace(batch, **{name: value.to(device) for name, value in vars(batch).items()})
    moved.grid = moved.grid.contiguous(memory_format=torch.channels_last)
    return moved


def read_colours(output: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Give each neuron its colour.

    Parameters
    ----------
    output : Tensor, shape (B, 3) or (B, 3, G, G)
        One colour per grid, or a map that is read off at each neuron's cell.
    batch : Batch
        Says on which grid and cell its m neurons lie.

    Returns
    -------
    Tensor, shape (m, 3), float32
    """
    if output.ndim == 2:
        return output.float()[batch.sample]
    return output.flatten(2)[batch.sample, :, batch.cell].float()


def squared_errors(colours: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum squared errors, averaged over channels, with each neuron's weight.

    Returns
    -------
    tuple of Tensor
        The weighted sum, and the sum of weights; their ratio is the loss.
    """
    errors = (colours - batch.target).square().mean(dim=1)
    return (batch.loss_weight * errors).sum(), batch.loss_weight.sum()
