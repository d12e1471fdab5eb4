"""A pretrained ResNet-50 with its layers frozen, and a decoder on top that gives a and b."""

import dataclasses

from chromapal.colorizers.common.settings import EncoderSettings
from chromapal.errors import InputError

accepts = ("images",)
gpu = True
# Random layers that are never trained are useless: without weights the method is skipped.
needs_weights = True


@dataclasses.dataclass(frozen=True)
class Params(EncoderSettings):
    """How the decoder is trained; `weights` are those of torchvision's `resnet50`."""


def build(params: Params, dense: bool = True):
    """Make an untrained colorizer; PyTorch is imported here and not before."""
    from chromapal.colorizers.networks.frozen import Frozen
    from chromapal.colorizers.networks.lab_network import LabNetwork
    from chromapal.training import weights
    from chromapal.training.pictorial import ImageColorizer

    def start(network):
        if not weights.has_weights(params):
            raise InputError(
                "config key 'params.colorizers.lab_resnet50_frozen.weights'",
                repr(params.weights),
                "a path or URL of torchvision's resnet50 weights",
            )
        weights.start(network.body.encoder, params)

    return ImageColorizer(
        "lab_resnet50_frozen",
        params,
        dense,
        lambda: LabNetwork(Frozen(2), "gray", "signed"),
        start,
    )
