"""The training of one network, by steps, goes on after a kill as if there had been none."""

import logging
import time
from contextlib import suppress
from pathlib import Path

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import Checkpoint, WeightAveraging
from safetensors.torch import load_file, save_file

from chromapal.files import whole
from chromapal.identify.context_task import Batches, Task
from chromapal.training import loop

LOGGER = logging.getLogger("chromapal")


class StepCheckpoint(Checkpoint):
    """Writes the state of a training after a step, and starts a new training from it.

    A training that goes on is a new one with the state of the old: Lightning's own way to resume
    knows neither of random numbers nor that the next batch is drawn before a step has ended.

    Parameters
    ----------
    path : Path
        The checkpoint. It is written, whole or not at all, when the last one is
        `chromapal.training.loop.CHECKPOINT_SECONDS` old.
    task : Task
        The training; it goes on from the checkpoint where there is one.
    batches : Batches
        Its batches.
    average : lightning.pytorch.callbacks.WeightAveraging
        The running mean of its weights.
    """

    def __init__(self, path: Path, task: Task, batches: Batches, average: WeightAveraging):
        self.path, self.batches, self.average = path, batches, average
        self.written = time.monotonic()
        self.saved = None
        if path.exists():
            LOGGER.info("resuming from %s", path)
            self.saved = torch.load(path, map_location="cpu", weights_only=True)
            task.restore(self.saved)
            batches.restore(self.saved["first_step"], self.saved["batches"])

    def on_train_start(self, trainer: lightning.Trainer, task: Task):
        """Take over weights, their mean, and the random numbers that dropout draws."""
        if self.saved is not None:
            self.average.on_load_checkpoint(trainer, task, self.saved)
            _generator(task.device).set_rng_state(self.saved["random"])
            self.saved = None

    def on_train_batch_end(self, trainer: lightning.Trainer, task: Task, *batch: object):
        """Write; runs after all other callbacks. The last step's network is written elsewhere."""
        due = time.monotonic() - self.written >= loop.CHECKPOINT_SECONDS
        if due and task.step < task.params.steps:
            # a job whose Snakemake was killed may finish beside the one that replaces it, and
            # then removes the folder
            with suppress(FileNotFoundError), whole(self.path) as part:
                trainer.save_checkpoint(part)
            self.written = time.monotonic()

    def on_save_checkpoint(self, trainer: lightning.Trainer, task: Task, checkpoint: dict):
        """Add what Lightning does not keep."""
        checkpoint["first_step"] = task.step
        checkpoint["batches"] = self.batches.state(task.step)
        checkpoint["random"] = _generator(task.device).get_rng_state()


def read_finished(path: Path, network: torch.nn.Module) -> bool:
    """Load the weights of a training that ended, if it did; tells whether."""
    finished = _finished(path)
    if not finished.exists():
        return False
    LOGGER.info("training already finished; loading %s", finished)
    network.load_state_dict(load_file(finished))
    return True


def write_finished(path: Path, network: torch.nn.Module):
    """Keep the weights of a training that ended in place of its checkpoint."""
    with whole(_finished(path)) as part:
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, part)
    path.unlink(missing_ok=True)


def _finished(path: Path) -> Path:
    return path.with_suffix(".safetensors")


def _generator(device: torch.device):
    """Return the module that keeps a device's random numbers."""
    return torch if device.type == "cpu" else torch.get_device_module(device)
