"""Networks that see how light a picture is and answer with a and b of CIELAB."""

import torch
from torch import nn
from torch.nn import functional as F

from chromapal.errors import InputError
from chromapal.prepare import lab
from chromapal.prepare.pictures import PictureBatch, PictureSamples

SCALES = {
    "signed": (lab.ab_to_signed, lab.ab_from_signed),
    "unit": (lab.ab_to_unit, lab.ab_from_unit),
}
LOSSES = ("mse", "huber")
# Sides are continued to so many pixels by repeating the edge: the deepest features, at a
# sixteenth, then have several cells, without which batch normalisation has no variance.
SMALLEST = 32


class PictureNetwork(nn.Module):
    """A network on gray pictures; what they have in common.

    Parameters
    ----------
    body : torch.nn.Module
        Maps (B, 1, H, W) to the answer.
    sees : {"gray", "lightness"}
        What the body is given: gray values, or the L that they have, both 0 to 1.
    """

    def __init__(self, body: nn.Module, sees: str):
        super().__init__()
        self.body, self.sees = body, sees

    stride = 1

    def measure(self, train: PictureSamples):
        """Need to know nothing of the training pictures."""

    def forward(self, gray: torch.Tensor) -> torch.Tensor:
        """Answer gray (B, 1, H, W), one cell for every `stride` pixels, rounded up."""
        height, width = gray.shape[2:]
        seen = gray if self.sees == "gray" else lab.lightness_to_unit(lab.lightness(gray))
        beyond = [max(SMALLEST - side, 0) for side in (width, height)]
        answer = self.body(F.pad(seen, (0, beyond[0], 0, beyond[1]), "replicate")).float()
        return answer[:, :, : -(-height // self.stride), : -(-width // self.stride)]


class LabNetwork(PictureNetwork):
    """Gives a and b of every pixel, and colours with them and the lightness that gray has.

    Parameters
    ----------
    body : torch.nn.Module
        Maps (B, 1, H, W) to scaled a and b, (B, 2, H, W).
    sees : {"gray", "lightness"}
        See `PictureNetwork`.
    scale : {"signed", "unit"}
        a and b over 128, or (a, b) + 128 over 255.
    loss : {"mse", "huber"}
        What a pixel's error counts, averaged over a and b.
    delta : float
        Where Huber's loss turns from square to straight, in the scale of the answer.

    Raises
    ------
    InputError
        Another loss.
    """

    def __init__(
        self, body: nn.Module, sees: str, scale: str, loss: str = "mse", delta: float = 1.0
    ):
        super().__init__(body, sees)
        if loss not in LOSSES:
            raise InputError("parameter 'loss'", repr(loss), f"one of {', '.join(LOSSES)}")
        self.loss, self.delta = loss, delta
        self.scaled, self.unscaled = SCALES[scale]

    def errors(
        self, output: torch.Tensor, batch: PictureBatch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Sum the errors of all pixels; those of the padding do not count."""
        target = self.scaled(lab.rgb_to_lab(batch.rgb)[:, 1:])
        if self.loss == "huber":
            error = F.huber_loss(output, target, reduction="none", delta=self.delta)
        else:
            error = (output - target).square()
        return (error.mean(dim=1, keepdim=True) * batch.mask).sum(), batch.mask.sum()

    def colours(self, gray: torch.Tensor) -> torch.Tensor:
        """Colour gray (B, 1, H, W); sRGB (B, 3, H, W)."""
        return lab.lab_to_rgb(torch.cat([lab.lightness(gray), self.unscaled(self(gray))], dim=1))
