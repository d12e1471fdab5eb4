"""A study's settings for training; standard library only."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Training:
    """How a job trains a network; equal settings give byte-identical results.

    Attributes
    ----------
    device, precision, threads
        See `chromapal.training.device.choose`.
    seed : int
        Seed of initial weights, shuffling and synthetic neurons.
    checkpoints : str
        Folder of checkpoints from which a killed job resumes; removed once the result is written.
        "" writes none.
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
