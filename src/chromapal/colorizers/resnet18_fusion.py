"""ResNet-18 on gray and weight, fused with the height z: the original study's network."""

import dataclasses

from chromapal.colorizers.common.settings import EncoderSettings

accepts = ("neurons",)
gpu = True


@dataclasses.dataclass(frozen=True)
class Params(EncoderSettings):
    """How the network is made and trained.

    Attributes
    ----------
    z_width : int
        Width of the MLP of the height z.
    body : bool
        Whether grids are in body axes, and the network is given each neuron's position. No
        parameter of a study, whose key `frame` decides it.
    """

    epochs: int = 1000
    steps: int = 1000
    batch: int = 64
    learning_rate: float = 2e-3
    patience: int = 30
    schedule: str = "one_cycle"
    ema: float = 0.97
    epoch_steps: int = 16
    z_width: int = 32
    body: bool = dataclasses.field(default=False, metadata={"config": False})


def build(params: Params, dense: bool):
    """Make an untrained colorizer; PyTorch is imported here and not before."""
    from chromapal.colorizers.networks.fusion import Fusion
    from chromapal.training.neural import NeuralColorizer
    from chromapal.training.weights import start

    def make():
        return Fusion(18, params.z_width, dense, params.body)

    return NeuralColorizer(
        "resnet18_fusion", params, dense, make, lambda network: start(network.encoder, params)
    )
