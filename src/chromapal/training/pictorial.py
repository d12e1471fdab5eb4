"""The base of all neural colorizers of images, which differ only in their network."""

import numpy as np
import torch

from chromapal.prepare.images import ImageSamples
from chromapal.training.device import choose
from chromapal.training.neural import NeuralColorizer
from chromapal.training.reading import network_errors, to_device

BATCH = 4  # images of one size that are read at once
PIXELS = 1 << 20  # coloured at once, but at least one whole image


class ImageColorizer(NeuralColorizer):
    """A colorizer of images with a network.

    The network is called with gray (B, 1, H, W). Its output may have any colour space and
    resolution, as long as the network has

    - `errors(output, batch)`: the sum of errors of its output, and the sum of their weights;
    - `colours(gray)`: sRGB (B, 3, H, W), 0 to 1;
    - `measure(train)`: computes statistics of the training images before training, if any.
    """

    errors = staticmethod(network_errors)

    def wrap(self, network: torch.nn.Module) -> torch.nn.Module:
        """Return the network unchanged: gray and sRGB already have standard scales."""
        return network

    def predict(
        self, samples: ImageSamples, device: str = "cpu", threads: int = 1
    ) -> list[np.ndarray]:
        """Predict the colours of images.

        Always in fp32, so that an image's colours do not depend on the other images of its
        batch.

        Returns
        -------
        list of numpy.ndarray, each of shape (H, W, 3), float32
            sRGB, 0 to 1, in the order of the images.
        """
        chosen = choose(device, "fp32", threads, told=False)
        network = self.network.to(chosen.name).eval()
        images: list[np.ndarray] = []
        with torch.inference_mode():
            for batch in samples.epoch(BATCH):
                gray = to_device(batch, chosen.name).gray
                for chunk in gray.split(max(1, PIXELS // gray[0].numel())):
                    colours = network.colours(chunk)
                    images.extend(colours.permute(0, 2, 3, 1).contiguous().cpu().numpy())
        return images
