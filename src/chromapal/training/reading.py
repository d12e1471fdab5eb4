"""Colours of a batch and their errors; without Lightning, which is slow to import."""

from dataclasses import replace
from typing import TypeVar

import torch

from chromapal.prepare.samples import Batch

# Any dataclass of tensors with the property `inputs`.
AnyBatch = TypeVar("AnyBatch")


def to_device(batch: AnyBatch, device: str | torch.device) -> AnyBatch:
    """Move a batch to a device, with grids and images channels last, as convolutions prefer."""
    moved = {name: value.to(device) for name, value in vars(batch).items()}
    for name, value in moved.items():
        if value.ndim == 4:
            moved[name] = value.contiguous(memory_format=torch.channels_last)
    return replace(batch, **moved)


def read_colours(output: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Read each neuron's colour from the output of a network.

    Parameters
    ----------
    output : Tensor, shape (B, 3) or (B, 3, G, G)
        One colour per grid, or a map that is read at each neuron's cell.
    batch : Batch
        Contains the grid and cell of its m neurons.

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


def neuron_errors(network: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the squared errors of a network on neurons; see `squared_errors`."""
    return squared_errors(read_colours(network(*batch.inputs), batch), batch)


def network_errors(network: torch.nn.Module, batch: AnyBatch) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the errors as the network itself defines them."""
    return network.errors(network(*batch.inputs), batch)
