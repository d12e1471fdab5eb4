"""Progress of a training: a bar on a terminal, and one log line per epoch."""

import logging
import time

import lightning.pytorch as lightning
from lightning.pytorch.callbacks import Callback
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LOGGER = logging.getLogger("chromapal")


class Progress(Callback):
    """Shows a training's progress.

    Parameters
    ----------
    epochs, steps : int
        The training's limits. The one that will be reached first gives the estimate; early
        stopping may end the training sooner.
    """

    def __init__(self, epochs: int, steps: int):
        self.epochs, self.steps = epochs, steps

    def on_train_start(self, trainer: lightning.Trainer, task: lightning.LightningModule):
        """Start the clock and, on a terminal, the bar."""
        self.started, self.first = time.perf_counter(), self._done(task)
        self.training_seconds = 0.0
        console = Console(stderr=True)
        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("at most"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.bar_task = self.bar.add_task("training", total=1.0)
        self.bar.start()

    def on_train_batch_start(self, trainer, task, batch, index):
        """Record when a step begins."""
        self.step_started = time.perf_counter()

    def on_train_batch_end(self, trainer, task, outputs, batch, index):
        """Update the bar."""
        self.training_seconds += time.perf_counter() - self.step_started
        self.bar.update(self.bar_task, completed=task.step / self.steps)

    def on_train_epoch_end(self, trainer: lightning.Trainer, task: lightning.LightningModule):
        """Log the epoch."""
        done = self._done(task, epochs=1)
        taken = time.perf_counter() - self.started
        remaining = taken * (1 - done) / (done - self.first)
        self.bar.update(self.bar_task, completed=done)
        LOGGER.info(
            "epoch %d of at most %d, step %d: validation loss %.6g, %.3f s a step, "
            "at most %.0f s left",
            task.epoch + 1,
            self.epochs,
            task.step,
            trainer.callback_metrics["validation_loss"],
            self.training_seconds / trainer.global_step,
            remaining,
        )

    def on_train_end(self, trainer: lightning.Trainer, task: lightning.LightningModule):
        """Close the bar."""
        self.bar.stop()

    def on_exception(self, trainer, task, exception):
        """Close the bar, so that it does not cover the error."""
        self.bar.stop()

    def _done(self, task: lightning.LightningModule, epochs: int = 0) -> float:
        return max((task.epoch + epochs) / self.epochs, task.step / self.steps)
