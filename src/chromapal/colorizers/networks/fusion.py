"""The networks that predict colour from a grid of neurons and the height z."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from chromapal.colorizers.networks.layers import block
from chromapal.colorizers.networks.resnet import WIDTHS, ResNet
from chromapal.prepare.samples import BODY_CHANNELS, CHANNELS

# Position is given in waves too, from twice the range of an axis down to a sixteenth of it: neurons
# next to each other have other colours, which a network is slow to learn from smooth coordinates
# (Tancik et al. 2020, "Fourier features let networks learn high frequency functions in low
# dimensional domains", arXiv:2006.10739).
WAVES = 6
HIDDEN = 64
# Without it, a network learns the training worms' colours by heart once it is trained for long.
DROPOUT = 0.2
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
    body : bool
        Grids are in body axes and hold the neurons' positions; see
        `chromapal.prepare.samples.Batch`.
    """

    def __init__(self, depth: int, z_width: int, dense: bool, body: bool = False):
        super().__init__()
        self.channels = len(BODY_CHANNELS if body else CHANNELS)
        self.body = body
        self.encoder = ResNet(depth, self.channels + 2 * body)
        self.height = nn.Sequential(
            nn.Linear(1, z_width), nn.ReLU(), nn.Linear(z_width, z_width), nn.ReLU()
        )
        fused = WIDTHS[-1] + z_width
        self.head = (Decoder if dense else Average)(fused, z_width, body)

    def forward(self, grid: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Predict the colours of a batch of grids.

        Parameters
        ----------
        grid : Tensor, shape (B, channels, G, G)
            Gray and normalised weight, and position in body axes.
        z : Tensor, shape (B, 1)
            Height of the neuron, or of the slab's centre, 0 to 1 within its worm.

        Returns
        -------
        Tensor, shape (B, 3, G, G) where dense, else (B, 3)
        """
        if self.training and len(grid) == 1:
            # Batch normalisation needs more than one value per channel.
            return self(grid.repeat(2, 1, 1, 1), z.repeat(2, 1))[:1]
        whole = located(grid) if self.body else grid
        features = self.encoder(whole)
        deepest = features[-1]
        height = self.height(z)[:, :, None, None]
        fused = torch.cat([deepest, height.expand(-1, -1, *deepest.shape[2:])], dim=1)
        return self.head(fused, [whole, *features[:-1]], height)


def located(grid: torch.Tensor) -> torch.Tensor:
    """Add to every cell, lit or not, where it lies on the grid: two channels from -0.5 to 0.5.

    A convolution does the same everywhere; with these, what it sees may depend on the place (Liu et
    al. 2018, "An intriguing failing of convolutional neural networks and the CoordConv solution",
    arXiv:1807.03247).
    """
    size = grid.shape[2]
    line = (torch.arange(size, device=grid.device, dtype=grid.dtype) + 0.5) / size - 0.5
    across = line.expand(len(grid), 1, size, size)
    return torch.cat([grid, across, across.mT], dim=1)


class NeuronColour(nn.Module):
    """The last layers in body axes, which get each neuron's position as well.

    Parameters
    ----------
    features, z_width : int
        Channels of the features before them, and of the height.
    """

    def __init__(self, features: int, z_width: int):
        super().__init__()
        self.register_buffer("waves", math.pi * 2.0 ** torch.arange(WAVES), persistent=False)
        inputs = features + len(BODY_CHANNELS) + 3 * 2 * WAVES + z_width
        self.layers = nn.Sequential(
            *(nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT)),
            *(nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT)),
            nn.Linear(HIDDEN, 3),
        )

    def forward(
        self, features: torch.Tensor, neurons: torch.Tensor, height: torch.Tensor
    ) -> torch.Tensor:
        """Predict colours.

        Parameters
        ----------
        features : Tensor, shape (n, features)
            What the network saw around each of n neurons.
        neurons : Tensor, shape (n, channels)
            What the grid holds of them.
        height : Tensor, shape (n, z_width)

        Returns
        -------
        Tensor, shape (n, 3)
        """
        phase = ((neurons[:, len(CHANNELS) :, None] + 0.5) * self.waves).flatten(1)
        inputs = torch.cat([features, neurons, phase.sin(), phase.cos(), height], dim=1)
        return self.layers(inputs)


class Average(nn.Module):
    """Final convolutions, averaged over the map; in body axes with the neuron's position.

    Parameters
    ----------
    fused, z_width : int
        Channels of the deepest map, and of the height.
    body : bool
        Whether grids are in body axes.
    """

    def __init__(self, fused: int, z_width: int, body: bool):
        super().__init__()
        self.layers = block(fused, DECODER[0], 3)
        self.colour = NeuronColour(DECODER[0], z_width) if body else nn.Conv2d(DECODER[0], 3, 1)
        self.body = body

    def forward(
        self, fused: torch.Tensor, laterals: list[torch.Tensor], height: torch.Tensor
    ) -> torch.Tensor:
        """Map (B, fused, h, w) to (B, 3); of `laterals` only the grid is used, in body axes."""
        features = self.layers(fused)
        if not self.body:
            return self.colour(features).mean(dim=(2, 3))
        # one cell of the grid holds a neuron, and the others nothing
        neuron = laterals[0][:, : len(BODY_CHANNELS)].sum(dim=(2, 3))
        return self.colour(features.mean(dim=(2, 3)), neuron, height[:, :, 0, 0])


class Decoder(nn.Module):
    """Upsamples to grid resolution, level by level, joined by the encoder's map of each size.

    The last lateral is the grid itself through a 3x3 convolution, and the last convolution gets
    the grid once more: a neuron is one pixel, and only the grid holds its gray unblurred.

    Parameters
    ----------
    fused, z_width : int
        Channels of the deepest map, and of the height.
    body : bool
        Whether grids are in body axes.
    """

    def __init__(self, fused: int, z_width: int, body: bool):
        super().__init__()
        self.deepest = block(fused, DECODER[0], 1)
        grid = len(BODY_CHANNELS) + 2 if body else len(CHANNELS)
        sizes = (WIDTHS[2], WIDTHS[1], WIDTHS[0], WIDTHS[0], grid)
        self.lateral = nn.ModuleList(
            nn.Conv2d(size, width, 3 if size == grid else 1, padding="same")
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
        self.body = body
        if body:
            self.colour = NeuronColour(DECODER[-1], z_width)
        else:
            self.colour = nn.Conv2d(DECODER[-1] + len(CHANNELS), 3, 1)

    def forward(
        self, fused: torch.Tensor, laterals: list[torch.Tensor], height: torch.Tensor
    ) -> torch.Tensor:
        """Decode.

        Parameters
        ----------
        fused : Tensor, shape (B, fused, G/32, G/32)
        laterals : list of Tensor
            The grid, the stem and stages 1 to 3.
        height : Tensor, shape (B, z_width, 1, 1)

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
        grid = laterals[0]
        if not self.body:
            return self.colour(torch.cat([x, grid], dim=1))
        # colours are read in cells with neurons only, one in a hundred, and the others stay 0
        neurons = grid[:, : len(BODY_CHANNELS)]
        sample, row, column = neurons.ne(0).any(dim=1).nonzero(as_tuple=True)
        at = (sample, slice(None), row, column)
        found = self.colour(x[at], neurons[at], height[sample, :, 0, 0])
        colour = found.new_zeros(len(grid), found.shape[1], *grid.shape[2:])
        colour[at] = found
        return colour
