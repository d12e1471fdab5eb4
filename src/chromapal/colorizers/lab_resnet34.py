"""The first six layers of ResNet-34 on lightness, and a decoder that gives a and b."""

import dataclasses

from chromapal.colorizers.common.settings import EncoderSettings

accepts = ("images",)
gpu = True


@dataclasses.dataclass(frozen=True)
class Params(EncoderSettings):
    """How the network is trained."""


def build(params: Params, dense: bool = True):
    """Make an untrained colorizer; PyTorch is imported here and not before."""
    from chromapal.colorizers.networks.lab_network import LabNetwork
    from chromapal.colorizers.networks.mid_level import MidLevel
    from chromapal.training.pictorial import ImageColorizer
    from chromapal.training.weights import start

    return ImageColorizer(
        "lab_resnet34",
        params,
        dense,
        lambda: LabNetwork(MidLevel(34), "lightness", "unit"),
        lambda network: start(network.body.encoder, params),
    )
