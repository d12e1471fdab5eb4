"""The window of gray around each pixel, through two small sigmoid layers, to its colour."""

import dataclasses

from chromapal.colorizers.common.settings import NetworkSettings, require

accepts = ("images",)
gpu = True


@dataclasses.dataclass(frozen=True)
class Params(NetworkSettings):
    """How the network is made and trained.

    Training is repeated in rounds. `batch` counts pixels; `epochs` and `steps` limit all rounds
    together; `patience` ends a round; `plateau_factor` applies between rounds, so that
    `plateau_patience` has no effect; and `weight_decay` is that of Adam, which the
    original study did not use.

    Attributes
    ----------
    reach : int
        w of the window of (2w + 1)^2 pixels.
    first, second : int
        Units of the hidden layers.
    decay : float
        Rate of the L2 regularisation in the cost.
    rounds : int
        How often training is repeated, each time with `plateau_factor` times the learning rate.
    """

    epochs: int = 1000
    steps: int = 1_000_000
    batch: int = 1024
    reach: int = 2
    first: int = 8
    second: int = 4
    decay: float = 1e-4
    rounds: int = 6

    def __post_init__(self):
        """Check that there is at least one round."""
        require("context_mlp", self, "rounds", self.rounds >= 1, "at least 1")


def build(params: Params, dense: bool = True):
    """Make an untrained colorizer; PyTorch is imported here and not before."""
    from chromapal.colorizers.networks.context import Context, ContextColorizer

    def make():
        return Context(params.reach, (params.first, params.second), params.decay)

    return ContextColorizer("context_mlp", params, dense, make)
