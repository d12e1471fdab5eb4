"""The first six layers of a ResNet, and a decoder that upsamples to the full size.

After L. Melas-Kyriazi, "Image colorization with convolutional neural networks" (2018), from which
two of the sibling projects come.
"""

import torch
from torch import nn

from chromapal.colorizers.networks.layers import block, starting_at
from chromapal.colorizers.networks.resnet import ResNet

STAGES = 2
NEUTRAL = 128 / 255  # a and b of gray on this scale


class MidLevel(nn.Module):
    """Maps (B, 1, H, W) to a and b on 0..1, (B, 2, H, W), through features at an eighth of that.

    Parameters
    ----------
    depth : {18, 34}
        Layers of the ResNet whose first six are taken.
    """

    def __init__(self, depth: int):
        super().__init__()
        self.encoder = ResNet(depth, 1, STAGES)
        self.decoder = nn.Sequential(
            block(self.encoder.channels[-1], 128, 3),
            nn.Upsample(scale_factor=2),
            block(128, 64, 3),
            block(64, 64, 3),
            nn.Upsample(scale_factor=2),
            block(64, 32, 3),
            starting_at(NEUTRAL, nn.Conv2d(32, 2, 3, padding=1)),
            nn.Upsample(scale_factor=2),
        )

    def forward(self, gray: torch.Tensor) -> torch.Tensor:
        """Predict for images of any size; eighths are rounded up, then the excess is cut off."""
        height, width = gray.shape[2:]
        return self.decoder(self.encoder(gray)[-1])[:, :, :height, :width]
