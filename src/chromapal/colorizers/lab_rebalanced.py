"""Classification over bins of a and b with rebalanced classes, decoded by the annealed mean.

Zhang, Isola and Efros 2016, "Colorful image colorization", arXiv:1603.08511, on the first six
layers of a ResNet. It avoids the desaturated colours of networks that predict mean colours.
"""

import dataclasses

from chromapal.colorizers.common.settings import EncoderSettings, require

accepts = ("images",)
gpu = True
COLDEST = 0.01  # at lower temperatures, probabilities underflow in single precision


@dataclasses.dataclass(frozen=True)
class Params(EncoderSettings):
    """How the network is made and trained.

    Attributes
    ----------
    depth : int
        Layers of the encoder's ResNet, 18 or 34; `weights` are those of the same depth.
    uniform : float
        The paper's lambda: towards 0 colours are weighted by the inverse of their frequency; 1
        weights them equally.
    temperature : float
        T of the annealed mean: towards 0 the likeliest colour, 1 the mean one; the paper's is 0.38.
        0: the one with which validation images are as colourful as they are in truth.
    """

    depth: int = 34
    uniform: float = 0.5
    temperature: float = 0.0

    def __post_init__(self):
        """Check the parameters."""
        for key, good, expected in (
            ("depth", self.depth in (18, 34), "18 or 34"),
            ("uniform", 0 < self.uniform <= 1, "more than 0, and 1 at most"),
            (
                "temperature",
                self.temperature == 0 or self.temperature >= COLDEST,
                f"0, or at least {COLDEST}",
            ),
        ):
            require("lab_rebalanced", self, key, good, expected)


def build(params: Params, dense: bool = True):
    """Make an untrained colorizer; PyTorch is imported here and not before."""
    from chromapal.colorizers.networks.rebalanced import Rebalanced, RebalancedColorizer
    from chromapal.training.weights import start

    return RebalancedColorizer(
        "lab_rebalanced",
        params,
        dense,
        # until one is chosen, the mean
        lambda: Rebalanced(params.depth, params.uniform, params.temperature or 1.0),
        lambda network: start(network.body.encoder, params),
    )
