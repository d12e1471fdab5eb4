"""Parameters common to neural colorizers; standard library only."""

import dataclasses

from chromapal.errors import InputError


@dataclasses.dataclass(frozen=True)
class NetworkSettings:
    """How a network is trained.

    Attributes
    ----------
    epochs, steps : int
        Largest numbers of epochs and optimiser steps; training ends at whichever comes first.
    batch : int
        Grids or images per step.
    learning_rate, weight_decay : float
        Learning rate and weight decay of Adam.
    plateau_factor, plateau_patience
        The learning rate is multiplied by the factor once the validation loss has not fallen for
        more than so many epochs.
    patience : int
        Training stops after so many epochs without a lower validation loss.
    schedule : {"plateau", "one_cycle"}
        How the learning rate changes: it falls where the validation loss does not; or it rises for
        a tenth of `steps` and then falls until the last one.
    ema : float
        The network that is validated and kept has the exponential moving average of the weights,
        with this decay per step; 0: the weights themselves.
    epoch_steps : int
        Steps of an epoch, which ends with a validation, at least: few samples are gone over more
        than once.
    """

    epochs: int = 100
    steps: int = 100_000
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    plateau_factor: float = 0.1
    plateau_patience: int = 3
    patience: int = 10
    schedule: str = "plateau"
    ema: float = 0.0
    epoch_steps: int = 1


@dataclasses.dataclass(frozen=True)
class EncoderSettings(NetworkSettings):
    """How a network with an encoder of torchvision's is trained.

    Attributes
    ----------
    weights : str
        torchvision's weights of the encoder's depth to start from: a path or URL; empty or
        `none`: random.
    sha256 : str
        Checksum of that file; empty: not checked.
    cache : str
        Folder that keeps a downloaded file.
    """

    weights: str = ""
    sha256: str = ""
    cache: str = "~/.cache/chromapal"


def require(colorizer: str, params: object, key: str, good: bool, expected: str):
    """Raise an error unless a parameter is valid.

    Raises
    ------
    InputError
        The line names the parameter's config key.
    """
    if not good:
        where = f"config key 'params.colorizers.{colorizer}.{key}'"
        raise InputError(where, repr(getattr(params, key)), expected)
