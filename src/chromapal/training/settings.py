"""What a study states about its trainings; standard library only."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Training:
    """Where and how a job learns; two that agree in all of it write the same bytes.

    Attributes
    ----------
    device, precision, threads
        See `chromapal.training.device.choose`.
    seed : int
        Of weights, shuffles and synthetic neurons.
    checkpoints : str
        Folder to go on from after a kill; removed once the result is written. "" keeps none.
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    seed: int = 0
    checkpoints: str = ""

    @property
    def folder(self) -> Path | None:
        """The folder of checkpoints, if any."""
        return Path(self.checkpoints) if self.checkpoints else None
