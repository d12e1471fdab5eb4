"""A pretrained ResNet-50 that is not trained, and a decoder that is."""

import torch
from torch import nn

from chromapal.colorizers.networks.layers import SkipDecoder
from chromapal.colorizers.networks.resnet import ResNet

# Of ImageNet's images, on which torchvision's weights were trained.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Without the last stage, whose features, at 1/32 of the size, say too little about position.
STAGES = 3
DECODER = (16, 32, 64, 64, 128)


class Frozen(nn.Module):
    """Maps gray (B, 1, H, W) to (B, outputs, H, W).

    The encoder gets a gray photograph in the three channels and on the scale that it was trained
    on, since it cannot adapt to others.
    """

    def __init__(self, outputs: int):
        super().__init__()
        self.encoder = ResNet(50, 3, STAGES).requires_grad_(False).eval()
        self.decoder = SkipDecoder((1, *self.encoder.channels), DECODER, outputs)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(3, 1, 1))

    def train(self, mode: bool = True) -> "Frozen":
        """Keep the encoder in evaluation mode, with its pretrained batch normalisation."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, gray: torch.Tensor) -> torch.Tensor:
        """Decode the encoder's features and the image itself at full size."""
        with torch.no_grad():
            features = self.encoder((gray - self.mean) / self.deviation)
        return self.decoder([gray, *features])
