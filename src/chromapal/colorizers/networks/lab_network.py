"""Networks that predict a and b of CIELAB from gray or lightness."""

import torch
from torch import nn
from torch.nn import functional as F

from chromapal.errors import InputError
from chromapal.prepare import lab
from chromapal.prepare.images import ImageBatch, ImageSamples

SCALES = {
    "signed": (lab.ab_to_signed, lab.ab_from_signed),
    "unit": (lab.ab_to_unit, lab.ab_from_unit),
}
LOSSES = ("mse", "huber")
# Smaller sides are padded to so many pixels by repeating the edge: the deepest features, at a
# sixteenth, then have several cells, which batch normalisation needs.
SMALLEST = 32


class ImageNetwork(nn.Module):
    """Base of the networks on gray images.

    Parameters
    ----------
    body : torch.nn.Module
        Maps (B, 1, H, W) to the output.
    sees : {"gray", "lightness"}
        Input of the body: gray values, or their lightness L, both 0 to 1.
    """

    def __init__(self, body: nn.Module, sees: str):
        super().__init__()
        self.body, self.sees = body, sees

    stride = 1

    def measure(self, train: ImageSamples):
        """Do nothing: no statistics of the training images are needed."""

    def forward(self, gray: torch.Tensor) -> torch.Tensor:
        """Map gray (B, 1, H, W) to one cell for every `stride` pixels, rounded up."""
        height, width = gray.shape[2:]
        values = gray if self.sees == "gray" else lab.lightness_to_unit(lab.lightness(gray))
        padding = [max(SMALLEST - side, 0) for side in (width, height)]
        output = self.body(F.pad(values, (0, padding[0], 0, padding[1]), "replicate")).float()
        return output[:, :, : -(-height // self.stride), : -(-width // self.stride)]


class LabNetwork(ImageNetwork):
    """Predicts a and b of every pixel; colours combine them with the lightness of gray.

    Parameters
    ----------
    body : torch.nn.Module
        Maps (B, 1, H, W) to scaled a and b, (B, 2, H, W).
    sees : {"gray", "lightness"}
        See `ImageNetwork`.
    scale : {"signed", "unit"}
        a and b over 128, or (a, b) + 128 over 255.
    loss : {"mse", "huber"}
        The error of a pixel, averaged over a and b.
    delta : float
        Error at which Huber's loss changes from quadratic to linear, in the scale of the output.

    Raises
    ------
    InputError
        Unknown loss.
    """

    def __init__(
        self, body: nn.Module, sees: str, scale: str, loss: str = "mse", delta: float = 1.0
    ):
        super().__init__(body, sees)
        if loss not in LOSSES:
            raise InputError("parameter 'loss'", repr(loss), f"one of {', '.join(LOSSES)}")
        self.loss, self.delta = loss, delta
        self.scaled, self.unscaled = SCALES[scale]

    def errors(self, output: torch.Tensor, batch: ImageBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Sum the errors of all pixels except the padding."""
        target = self.scaled(lab.rgb_to_lab(batch.rgb)[:, 1:])
        if self.loss == "huber":
            error = F.huber_loss(output, target, reduction="none", delta=self.delta)
        else:
            error = (output - target).square()
        return (error.mean(dim=1, keepdim=True) * batch.mask).sum(), batch.mask.sum()

    def colours(self, gray: torch.Tensor) -> torch.Tensor:
        """Predict sRGB (B, 3, H, W) from gray (B, 1, H, W)."""
        return lab.lab_to_rgb(torch.cat([lab.lightness(gray), self.unscaled(self(gray))], dim=1))
