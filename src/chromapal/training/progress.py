"""How far a training is: a bar with an estimate on a terminal, one log line per epoch always."""

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
        The training's limits; the nearer one gives the estimate, which early stopping may beat.
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
        self.shown = self.bar.add_task("training", total=1.0)
        self.bar.start()

    def on_train_batch_start(self, trainer, task, batch, index):
        """Note when a step begins."""
        self.step_started = time.perf_counter()

    def on_train_batch_end(self, trainer, task, outputs, batch, index):
        """Move the bar."""
        self.training_seconds += time.perf_counter() - self.step_started
        self.bar.update(self.shown, completed=task.step / self.steps)

    def on_train_epoch_end(self, trainer: lightning.Trainer, task: lightning.LightningModule):
        """Log the epoch."""
        done = self._done(task, epochs=1)
        taken = time.perf_counter() - self.started
        left = taken * (1 - done) / (done - self.first)
        self.bar.update(self.shown, completed=done)
        LOGGER.info(
            "epoch %d of at most %d, step %d: validation loss %.6g, %.3f s a step, "
            "at most %.0f s left",
            task.epoch + 1,
            self.epochs,
            task.step,
            trainer.callback_metrics["validation_loss"],
            self.training_seconds / trainer.global_step,
            left,
        )

    def on_train_end(self, trainer: lightning.Trainer, task: lightning.LightningModule):
        """Close the bar."""
        self.bar.stop()

    def on_exception(self, trainer, task, exception):
        """Close the bar, so that an error is not drawn over."""
        self.bar.stop()

    def _done(self, task: lightning.LightningModule, epochs: int = 0) -> float:
        return max((task.epoch + epochs) / self.epochs, task.step / self.steps)
