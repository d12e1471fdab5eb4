"""A small encoder and decoder with skip connections."""

import torch
from torch import nn

from chromapal.colorizers.networks.layers import SkipDecoder, block


class Autoencoder(nn.Module):
    """Maps (B, 1, H, W) to (B, 2, H, W), -1 to 1.

    Parameters
    ----------
    width : int
        Channels at full size; twice as many at each halving.
    halvings : int
        How often the image is halved.
    """

    def __init__(self, width: int, halvings: int):
        super().__init__()
        widths = [width * 2**level for level in range(halvings + 1)]
        self.encoder = nn.ModuleList(
            block(inputs, outputs, 3, 2 if level else 1)
            for level, (inputs, outputs) in enumerate(zip((1, *widths[:-1]), widths, strict=True))
        )
        self.decoder = SkipDecoder(widths, widths, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode, decode and limit the output to the range of a and b by tanh."""
        features = []
        for encode in self.encoder:
            x = encode(x)
            features.append(x)
        return torch.tanh(self.decoder(features))
