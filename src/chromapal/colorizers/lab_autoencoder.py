"""Lightness in, a and b out, through an autoencoder with skip connections."""

import dataclasses

from chromapal.colorizers.common.settings import NetworkSettings, require

accepts = ("images",)
gpu = True


@dataclasses.dataclass(frozen=True)
class Params(NetworkSettings):
    """How the network is made and trained.

    Attributes
    ----------
    width : int
        Channels at full size; twice as many at each halving.
    halvings : int
        How often the image is halved, 1 to 4.
    """

    width: int = 32
    halvings: int = 3

    def __post_init__(self):
        """Check the number of halvings: an image of 32 pixels allows at most 4."""
        require("lab_autoencoder", self, "halvings", 1 <= self.halvings <= 4, "1 to 4")


def build(params: Params, dense: bool = True):
    """Make an untrained colorizer; PyTorch is imported here and not before."""
    from chromapal.colorizers.networks.autoencoder import Autoencoder
    from chromapal.colorizers.networks.lab_network import LabNetwork
    from chromapal.training.pictorial import ImageColorizer

    def make():
        return LabNetwork(Autoencoder(params.width, params.halvings), "lightness", "signed")

    return ImageColorizer("lab_autoencoder", params, dense, make)
