"""What all neural colorizers of pictures share: they differ in the network only."""

import numpy as np
import torch

from chromapal.prepare.pictures import PictureSamples
from chromapal.training.device import choose
from chromapal.training.neural import NeuralColorizer
from chromapal.training.reading import own_errors, to_device

PREDICTED = 4  # pictures of one size at once
PIXELS = 1 << 20  # at once, but a whole picture at least


class PictureColorizer(NeuralColorizer):
    """A colorizer of pictures around a network.

    The network is called with gray (B, 1, H, W), and answers in whatever space and resolution it
    likes, as long as it has

    - `errors(output, batch)`: the sum of errors of its answer, and the sum of their weights;
    - `colours(gray)`: sRGB (B, 3, H, W), 0 to 1;
    - `measure(train)`: takes what it needs to know of the training pictures before it learns.
    """

    errors = staticmethod(own_errors)

    def wrap(self, network: torch.nn.Module) -> torch.nn.Module:
        """Leave the network as it is: gray and sRGB have scales that everybody knows."""
        return network

    def predict(
        self, samples: PictureSamples, device: str = "cpu", threads: int = 1
    ) -> list[np.ndarray]:
        """Colour pictures.

        In fp32 whatever the training's precision, so that a picture's colours do not depend on
        what else is in its batch.

        Returns
        -------
        list of numpy.ndarray, each of shape (H, W, 3), float32
            sRGB, 0 to 1, in the order of the pictures.
        """
        chosen = choose(device, "fp32", threads)
        network = self.network.to(chosen.name).eval()
        found: list[np.ndarray] = []
        with torch.inference_mode():
            for batch in samples.epoch(PREDICTED):
                gray = to_device(batch, chosen.name).gray
                for some in gray.split(max(1, PIXELS // gray[0].numel())):
                    colours = network.colours(some)
                    found.extend(colours.permute(0, 2, 3, 1).contiguous().cpu().numpy())
        return found
