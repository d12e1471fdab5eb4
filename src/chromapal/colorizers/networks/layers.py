"""Building blocks of decoders."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F


def block(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Sequential:
    """Make a convolution of `size` x `size` with batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def starting_at(value: float, last: nn.Conv2d) -> nn.Conv2d:
    """Make a network's initial output constant, so that no training steps are spent on it."""
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, value)
    return last


class SkipDecoder(nn.Module):
    """Upsamples to the size of the first features, level by level, joined by those of each size.

    Parameters
    ----------
    channels : sequence of int
        Channels of the features, from the finest to the deepest.
    widths : sequence of int
        Channels of the decoder at each of them.
    outputs : int
        Channels of the result, which is initially 0.
    """

    def __init__(self, channels: Sequence[int], widths: Sequence[int], outputs: int):
        super().__init__()
        self.deepest = block(channels[-1], widths[-1], 1)
        # From the deepest but one to the finest.
        levels = list(zip(channels, widths, widths[1:], strict=False))[::-1]
        self.merge = nn.ModuleList(
            block(below + lateral, width, 3) for lateral, width, below in levels
        )
        self.last = starting_at(0, nn.Conv2d(widths[0], outputs, 1))

    def forward(self, features: list[torch.Tensor]) -> torch.Tensor:
        """Decode features, finest first; the result has the finest one's size, whatever it is."""
        x = self.deepest(features[-1])
        for lateral, merge in zip(features[-2::-1], self.merge, strict=True):
            x = F.interpolate(x, size=lateral.shape[2:], mode="nearest")
            x = merge(torch.cat([x, lateral], dim=1))
        return self.last(x)
