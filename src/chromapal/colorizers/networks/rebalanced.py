"""A network that predicts the probabilities of colours, with more weight on rare ones."""

import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

from chromapal.colorizers.networks.lab_network import ImageNetwork
from chromapal.colorizers.networks.layers import block
from chromapal.colorizers.networks.mid_level import STAGES
from chromapal.colorizers.networks.resnet import ResNet
from chromapal.prepare import ab_bins, lab
from chromapal.prepare.colourfulness import colourfulness
from chromapal.prepare.images import ImageBatch, ImageSamples
from chromapal.training.pictorial import BATCH, ImageColorizer

LOGGER = logging.getLogger("chromapal")
# Distributions over hundreds of colours are predicted for every fourth pixel in both directions, as
# in the paper: finer hues are hardly visible, and would take too much memory.
STRIDE = 4
TEMPERATURES = np.arange(1, 21) / 20


class Distribution(nn.Module):
    """Maps (B, 1, H, W) to logits of bins at a quarter of the size, (B, bins, H/4, W/4).

    Parameters
    ----------
    depth : {18, 34}
        Layers of the ResNet whose first six are taken.
    bins : int
        Number of colours.
    """

    def __init__(self, depth: int, bins: int):
        super().__init__()
        self.encoder = ResNet(depth, 1, STAGES)
        self.decoder = nn.Sequential(
            block(self.encoder.channels[-1], 128, 3),
            nn.Upsample(scale_factor=2),
            block(128, 128, 3),
            nn.Conv2d(128, bins, 1),
        )

    def forward(self, gray: torch.Tensor) -> torch.Tensor:
        """Predict for images of any size; quarters are rounded up to an even number."""
        return self.decoder(self.encoder(gray)[-1])


class Rebalanced(ImageNetwork):
    """Classifies colours with rebalanced classes, and decodes by the annealed mean.

    Parameters
    ----------
    depth : {18, 34}
        Layers of the ResNet whose first six are taken.
    uniform, temperature : float
        See `ab_bins.rebalancing` and `ab_bins.annealed_mean`.
    """

    stride = STRIDE

    def __init__(self, depth: int, uniform: float, temperature: float):
        bins = ab_bins.in_gamut()
        super().__init__(Distribution(depth, len(bins)), "lightness")
        self.uniform = uniform
        self.register_buffer("temperature", torch.tensor(temperature))
        self.register_buffer("bins", bins)
        self.register_buffer("class_weight", torch.ones(len(bins)))

    def measure(self, train: ImageSamples):
        """Weight the bins by how rare they are among training pixels."""
        pixels = (lab.rgb_to_lab(_first(train.read(index)[0])) for index in range(len(train)))
        prior = ab_bins.prior((space[0, 1:].flatten(1).T for space in pixels), self.bins)
        self.class_weight.copy_(ab_bins.rebalancing(prior, self.uniform))

    def errors(self, output: torch.Tensor, batch: ImageBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Sum the cross-entropies of every fourth pixel; in training, rare colours weigh more.

        In validation all pixels weigh the same. Otherwise the rare colours of a few images would
        decide when training stops: long before colours are learnt.
        """
        mask = batch.mask[:, 0, ::STRIDE, ::STRIDE].flatten()
        space = lab.rgb_to_lab(batch.rgb[:, :, ::STRIDE, ::STRIDE])
        bins, probability = ab_bins.soft_encode(
            space[:, 1:].permute(0, 2, 3, 1).reshape(-1, 2), self.bins
        )
        log_probability = F.log_softmax(output, dim=1).permute(0, 2, 3, 1).flatten(0, 2)
        entropy = -(probability * log_probability.gather(1, bins)).sum(dim=1)
        weight = self.class_weight[bins[:, 0]] if self.training else 1.0
        return (weight * entropy * mask).sum(), mask.sum()

    def colours(self, gray: torch.Tensor) -> torch.Tensor:
        """Predict sRGB (B, 3, H, W) from gray (B, 1, H, W)."""
        return self.decode(self(gray), gray, self.temperature)

    def decode(
        self, logits: torch.Tensor, gray: torch.Tensor, temperature: float | torch.Tensor
    ) -> torch.Tensor:
        """Return the sRGB (B, 3, H, W) of logits (B, Q, H/4, W/4) and gray (B, 1, H, W)."""
        ab = ab_bins.annealed_mean(logits, self.bins, temperature)
        return lab.lab_to_rgb(torch.cat([lab.lightness(gray), enlarged(ab, gray.shape[2:])], dim=1))

    def choose_temperature(self, validation: ImageSamples):
        """Take the temperature with which images are as colourful as they are in truth, on average.

        A colder one is more colourful and errs more. The paper chose one by eye.

        Parameters
        ----------
        validation : ImageSamples
            Not the images that are scored.
        """
        true, predicted = [], [[] for _ in TEMPERATURES]
        with torch.inference_mode():
            for batch in validation.epoch(BATCH):
                logits = self(batch.gray)
                true += _colourfulness(batch.rgb)
                for found, temperature in zip(predicted, TEMPERATURES, strict=True):
                    found += _colourfulness(self.decode(logits, batch.gray, temperature))
        means, wanted = np.mean(predicted, axis=1), np.mean(true)
        # of equally good ones the warmest, which errs least
        best = len(means) - 1 - np.abs(means - wanted)[::-1].argmin()
        self.temperature.fill_(TEMPERATURES[best])
        words = "temperature %.2f: validation images are %.3f colourful, in truth %.3f"
        LOGGER.info(words, TEMPERATURES[best], means[best], wanted)


class RebalancedColorizer(ImageColorizer):
    """Chooses a temperature after training, unless its parameters state one."""

    def learn(
        self,
        train_network: Callable,
        make: Callable,
        recipe,
        train: ImageSamples,
        validation: ImageSamples,
        *arguments,
    ) -> tuple[nn.Module, pd.DataFrame]:
        """Train, and choose the temperature on the validation images."""
        network, history = super().learn(train_network, make, recipe, train, validation, *arguments)
        if not self.params.temperature:
            network.choose_temperature(validation)
        return network, history


def enlarged(ab: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Interpolate between every fourth pixel; pixels beyond the last of them repeat it."""
    inner = [STRIDE * (side - 1) + 1 for side in ab.shape[2:]]
    ab = F.interpolate(ab, size=inner, mode="bilinear", align_corners=True)
    return F.pad(ab, (0, size[1] - inner[1], 0, size[0] - inner[0]), "replicate")


def _colourfulness(rgb: torch.Tensor) -> list[float]:
    return [colourfulness(image.flatten(1).T.numpy()) for image in rgb]


def _first(rgb) -> torch.Tensor:
    return torch.from_numpy(rgb).permute(2, 0, 1)[None]
