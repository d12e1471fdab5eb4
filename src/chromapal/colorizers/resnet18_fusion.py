"""ResNet-18 on gray and weight, fused with the height z: the original study's network."""

import dataclasses

accepts = ("neurons",)


@dataclasses.dataclass(frozen=True)
class Params:
    """How the network is made and trained.

    Attributes
    ----------
    epochs, steps : int
        At most so many passes and so many optimiser steps, whichever comes first.
    batch : int
        Grids per step.
    learning_rate, weight_decay : float
        Of Adam.
    plateau_factor, plateau_patience
        The learning rate is multiplied by the factor once the validation loss has not fallen for
        more than so many epochs.
    patience : int
        Training stops after so many epochs without a lower validation loss.
    z_width : int
        Width of the MLP of the height z.
    weights : str
        torchvision's `resnet18` weights to start from: a path or URL; empty: random.
    sha256 : str
        Checksum of that file; empty: not checked.
    cache : str
        Folder that keeps a downloaded file.
    """

    epochs: int = 100
    steps: int = 100_000
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    plateau_factor: float = 0.1
    plateau_patience: int = 3
    patience: int = 10
    z_width: int = 32
    weights: str = ""
    sha256: str = ""
    cache: str = "~/.cache/chromapal"


def build(params: Params, dense: bool):
    """Make an untrained colorizer; PyTorch is imported here and not before."""
    from chromapal.colorizers.fusion import Fusion
    from chromapal.training.neural import NeuralColorizer
    from chromapal.training.weights import load_torchvision

    def make():
        return Fusion(18, params.z_width, dense)

    def start(network):
        if params.weights:
            load_torchvision(network.encoder, params.weights, params.sha256, params.cache)

    return NeuralColorizer("resnet18_fusion", params, dense, make, start)
