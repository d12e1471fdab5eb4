"""What a study states about its trainings; standard library only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Training:
    """Where and how a job learns; two that agree in all of it write the same bytes.

    Attributes
    ----------
    device, precision, threads
        See `chromapal.training.device.choose`.
    seed : int
        Of weights, shuffles and synthetic neurons.
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    seed: int = 0
