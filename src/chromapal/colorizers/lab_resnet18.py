"""The first six layers of ResNet-18 on gray, and a decoder that gives a and b."""

import dataclasses

from chromapal.colorizers.common.settings import EncoderSettings

accepts = ("images",)
gpu = True


@dataclasses.dataclass(frozen=True)
class Params(EncoderSettings):
    """How the network is trained.

    Attributes
    ----------
    loss : str
        `mse` or `huber`.
    huber_delta : float
        Error at which Huber's loss changes from quadratic to linear, in units of 255 of a or b.
        PyTorch's default of 1 exceeds all errors on this scale, where Huber's loss is just half
        of the squared error.
    """

    batch: int = 64
    learning_rate: float = 1e-2
    loss: str = "mse"
    huber_delta: float = 0.05


def build(params: Params, dense: bool = True):
    """Make an untrained colorizer; PyTorch is imported here and not before."""
    from chromapal.colorizers.networks.lab_network import LabNetwork
    from chromapal.colorizers.networks.mid_level import MidLevel
    from chromapal.training.pictorial import ImageColorizer
    from chromapal.training.weights import start

    def make():
        body = MidLevel(18)
        return LabNetwork(body, "gray", "unit", params.loss, params.huber_delta)

    return ImageColorizer(
        "lab_resnet18", params, dense, make, lambda network: start(network.body.encoder, params)
    )
