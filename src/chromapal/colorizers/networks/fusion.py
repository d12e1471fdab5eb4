"""The networks that predict colour from a grid of gray and weight and the height z."""

import torch
from torch import nn
from torch.nn import functional as F

from chromapal.colorizers.networks.layers import block
from chromapal.colorizers.networks.resnet import WIDTHS, ResNet

GRID_CHANNELS = 2
# The decoder narrows towards the grid, where a channel costs four times as much per level. It
# stays 32 wide at the end: with 16, training took twice the steps and its
# success depended on the seed.
DECODER = (64, 64, 64, 32, 32)


class Fusion(nn.Module):
    """ResNet encoder, z through its own MLP, concatenated at the deepest map.

    Parameters
    ----------
    depth : {18, 34}
        Layers of the encoder.
    z_width : int
        Width of the MLP of z.
    dense : bool
        Predict a colour for every cell; otherwise one for the grid.
    """

    def __init__(self, depth: int, z_width: int, dense: bool):
        super().__init__()
        self.encoder = ResNet(depth, GRID_CHANNELS)
        self.height = nn.Sequential(
            nn.Linear(1, z_width), nn.ReLU(), nn.Linear(z_width, z_width), nn.ReLU()
        )
        fused = WIDTHS[-1] + z_width
        self.head = Decoder(fused) if dense else Average(fused)

    def forward(self, grid: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Predict the colours of a batch of grids.

        Parameters
        ----------
        grid : Tensor, shape (B, 2, G, G)
            Gray and normalised weight.
        z : Tensor, shape (B, 1)
            Height of the neuron, or of the slab's centre, 0 to 1 within its worm.

        Returns
        -------
        Tensor, shape (B, 3, G, G) where dense, else (B, 3)
        """
        if self.training and len(grid) == 1:
            # Batch normalisation needs more than one value per channel.
            return self(grid.repeat(2, 1, 1, 1), z.repeat(2, 1))[:1]
        features = self.encoder(grid)
        deepest = features[-1]
        height = self.height(z)[:, :, None, None].expand(-1, -1, *deepest.shape[2:])
        return self.head(torch.cat([deepest, height], dim=1), [grid, *features[:-1]])


class Average(nn.Module):
    """Final convolutions to three channels, averaged over the map."""

    def __init__(self, channels: int):
        super().__init__()
        self.layers = nn.Sequential(block(channels, DECODER[0], 3), nn.Conv2d(DECODER[0], 3, 1))

    def forward(self, fused: torch.Tensor, laterals: list[torch.Tensor]) -> torch.Tensor:
        """Map (B, channels, h, w) to (B, 3); `laterals` are not used."""
        return self.layers(fused).mean(dim=(2, 3))


class Decoder(nn.Module):
    """Upsamples to grid resolution, level by level, joined by the encoder's map of each size.

    The last lateral is the grid itself through a 3x3 convolution, and the last convolution gets
    the grid once more: a neuron is one pixel, and only the grid holds its gray unblurred.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.deepest = block(channels, DECODER[0], 1)
        sizes = (WIDTHS[2], WIDTHS[1], WIDTHS[0], WIDTHS[0], GRID_CHANNELS)
        self.lateral = nn.ModuleList(
            nn.Conv2d(size, width, 3 if size == GRID_CHANNELS else 1, padding="same")
            for size, width in zip(sizes, DECODER, strict=True)
        )
        self.upward = nn.ModuleList(
            nn.Conv2d(before, width, 1, bias=False)
            for before, width in zip((DECODER[0], *DECODER[:-1]), DECODER, strict=True)
        )
        # No batch normalisation at grid resolution: nearly all cells there are empty, and their
        # statistics would say nothing about the cells with neurons.
        self.merge = nn.ModuleList(
            [
                *(block(width, width, 3) for width in DECODER[:-1]),
                nn.Sequential(nn.Conv2d(DECODER[-1], DECODER[-1], 3, padding=1), nn.ReLU()),
            ]
        )
        self.colour = nn.Conv2d(DECODER[-1] + GRID_CHANNELS, 3, 1)

    def forward(self, fused: torch.Tensor, laterals: list[torch.Tensor]) -> torch.Tensor:
        """Decode.

        Parameters
        ----------
        fused : Tensor, shape (B, channels, G/32, G/32)
        laterals : list of Tensor
            The grid, the stem and stages 1 to 3.

        Returns
        -------
        Tensor, shape (B, 3, G, G)
        """
        x = self.deepest(fused)
        levels = zip(reversed(laterals), self.lateral, self.upward, self.merge, strict=True)
        for features, lateral, upward, merge in levels:
            # Fewer channels before upsampling: the same result for a quarter of the work.
            x = F.interpolate(upward(x), size=features.shape[2:], mode="nearest")
            x = merge(F.relu(lateral(features) + x))
        return self.colour(torch.cat([x, laterals[0]], dim=1))
