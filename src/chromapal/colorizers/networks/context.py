"""A small network from the window around a pixel to its colour, trained in rounds."""

import copy
import dataclasses
import logging
from collections.abc import Callable, Sequence

import pandas as pd
import torch
from torch import nn

from chromapal.errors import InputError
from chromapal.prepare.images import ImageSamples
from chromapal.prepare.windows import WindowBatch, WindowSamples, windows
from chromapal.training.pictorial import ImageColorizer

LOGGER = logging.getLogger("chromapal")


class SigmoidLayers(nn.Module):
    """Fully connected layers, each followed by a sigmoid.

    Parameters
    ----------
    sizes : sequence of int
        Units of the input, of the hidden layers and of the output.
    """

    def __init__(self, sizes: Sequence[int]):
        super().__init__()
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (m, sizes[0]) to (m, sizes[-1]), 0 to 1."""
        for layer in self.layers:
            x = torch.sigmoid(layer(x))
        return x


class Context(SigmoidLayers):
    """Predicts each pixel's sRGB from the gray around it.

    The cost is J = (sum of squared errors + decay * sum of squared weights) / (2 m) for a batch
    of m pixels, without biases. In validation, it has no penalty on weights.

    Parameters
    ----------
    reach : int
        Pixels on each side of the window's centre; see `windows`.
    hidden : sequence of int
        Units of the hidden layers.
    decay : float
        The regularisation rate.
    """

    def __init__(self, reach: int, hidden: Sequence[int], decay: float):
        super().__init__([(2 * reach + 1) ** 2, *hidden, 3])
        self.reach, self.decay = reach, decay

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map windows (m, (2 reach + 1)^2) to sRGB (m, 3), always in fp32.

        Layers this small spend more time on conversions to bf16 than they save.
        """
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x)

    def measure(self, train: ImageSamples):
        """Do nothing: no statistics of the training images are needed."""

    def errors(self, output: torch.Tensor, batch: WindowBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return m * J, the batch's summed cost, and m, its number of pixels."""
        total = (output - batch.rgb).square().sum()
        if self.training:
            total = total + self.decay * sum(layer.weight.square().sum() for layer in self.layers)
        return total / 2, torch.tensor(float(len(batch.rgb)), device=output.device)

    def colours(self, gray: torch.Tensor) -> torch.Tensor:
        """Predict sRGB (B, 3, H, W) from gray (B, 1, H, W)."""
        return self(windows(gray, self.reach).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ContextColorizer(ImageColorizer):
    """Trains on pixels in rounds, each with a smaller learning rate."""

    def learn(
        self,
        train_network: Callable,
        make: Callable,
        recipe,
        train: ImageSamples,
        validation: ImageSamples,
        *arguments,
    ) -> tuple[nn.Module, pd.DataFrame]:
        """Train `rounds` times, each from the best weights so far and with a new Adam.

        A killed round resumes from its own checkpoint; earlier rounds repeat their last steps,
        with the same result.
        """
        samples = [WindowSamples(each, self.params.reach) for each in (train, validation)]
        best, lowest, history = None, float("inf"), pd.DataFrame()
        for done in range(self.params.rounds):
            epochs = recipe.epochs - len(history)
            steps = recipe.steps - history["step"].max() if done else recipe.steps
            if epochs <= 0 or steps <= 0:
                break
            recipe_now = dataclasses.replace(
                recipe,
                epochs=epochs,
                steps=int(steps),
                learning_rate=recipe.learning_rate * recipe.plateau_factor**done,
                # The rate falls between rounds, not within.
                plateau_patience=recipe.epochs,
            )
            try:
                network, rows = super().learn(train_network, make, recipe_now, *samples, *arguments)
            except InputError as error:
                if not done:
                    raise
                # a round that fails does not discard the result of earlier rounds
                LOGGER.warning("round %d skipped: %s", done + 1, error)
                break
            if rows["validation_loss"].min() < lowest:
                best, lowest = copy.deepcopy(network), rows["validation_loss"].min()
            if done:
                rows["epoch"] += len(history)
                rows["step"] += history["step"].max()
            history = pd.concat([history, rows], ignore_index=True)

            def make(best=best):
                return copy.deepcopy(best).train()

        return best, history
