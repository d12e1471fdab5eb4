"""A pretrained ResNet-50 that does not learn, and a decoder that does."""

import torch
from torch import nn

from chromapal.colorizers.networks.layers import SkipDecoder
from chromapal.colorizers.networks.resnet import ResNet

# Of ImageNet's pictures, as torchvision's weights were learnt.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# The last stage sees a picture in 32nds: it knows what is there and no longer where.
STAGES = 3
DECODER = (16, 32, 64, 64, 128)


class Frozen(nn.Module):
    """Maps gray (B, 1, H, W) to (B, outputs, H, W).

    The encoder sees a gray photograph in the three channels and the scale that it was trained on;
    it can no longer adapt to another.
    """

    def __init__(self, outputs: int):
        super().__init__()
        self.encoder = ResNet(50, 3, STAGES).requires_grad_(False).eval()
        self.decoder = SkipDecoder((1, *self.encoder.channels), DECODER, outputs)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(3, 1, 1))

    def train(self, mode: bool = True) -> "Frozen":
        """Keep the encoder's batch normalisation as it was learnt."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, gray: torch.Tensor) -> torch.Tensor:
        """Decode what the encoder sees, and the picture itself at full size."""
        with torch.no_grad():
            features = self.encoder((gray - self.mean) / self.deviation)
        return self.decoder([gray, *features])
