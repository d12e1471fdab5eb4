"""A network with its loss, optimiser and schedule, as Lightning trains it."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import lightning.pytorch as lightning
import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

from chromapal.prepare.images import ImageSamples
from chromapal.prepare.samples import Samples
from chromapal.training.reading import AnyBatch, neuron_errors, to_device

CALIBRATION_SAMPLES = 64
WARM_UP = 0.1  # share of the steps of one cycle in which the learning rate rises
# From a network and a batch to the sum of errors and of their weights; the ratio is the loss.
Errors = Callable[[torch.nn.Module, AnyBatch], tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class Recipe:
    """Limits and rates of a training; a method's `Params` explain the fields."""

    epochs: int
    steps: int
    batch: int
    learning_rate: float
    weight_decay: float
    plateau_factor: float
    plateau_patience: int
    patience: int
    schedule: str = "plateau"
    ema: float = 0.0
    epoch_steps: int = 1


@dataclass(frozen=True)
class Objective:
    """What a training minimises.

    Attributes
    ----------
    errors : callable
        Compares a network with a batch: the sum of errors, and the sum of their weights.
    settings : dict
        Whatever else affects the result, such as the kind of loss; must be valid JSON.
    """

    errors: Errors
    settings: dict = field(default_factory=dict)


NEURONS = Objective(neuron_errors)


def calibrate(network: torch.nn.Module, batches: Iterable[AnyBatch]):
    """Set the running statistics of batch normalisation to their mean over batches.

    The usual moving average lags behind weights that change fast: after tens of steps, which is
    how long a small study trains, predictions made with it can be worse than the mean colour
    (Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", arXiv:2105.07576, section 3).

    Parameters
    ----------
    network : torch.nn.Module
        Its mode does not change. A network without batch normalisation is not changed, nor are
        layers that stay in evaluation mode while the network trains: their statistics are fixed.
    batches : iterable of Batch or ImageBatch
        Training batches, on the network's device.
    """
    training = network.training
    network.train()
    norms = [
        module
        for module in network.modules()
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.training
    ]
    momentum = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over what follows
    with torch.no_grad():
        for batch in batches if norms else ():
            network(*batch.inputs)
    network.train(training)
    for norm, original in zip(norms, momentum, strict=True):
        norm.momentum = original


def averaged(network: torch.nn.Module, decay: float) -> AveragedModel:
    """Make the exponential moving average of a network's weights.

    The first steps count less than `decay` says, at step n with 1 + n of 10 + n, so that a short
    training is not an average of its beginning.
    """

    def average(means: Sequence[torch.Tensor], weights: Sequence[torch.Tensor], steps):
        kept = min(decay, (1 + int(steps)) / (10 + int(steps)))
        with torch.no_grad():
            torch._foreach_lerp_(means, weights, 1 - kept)

    return AveragedModel(network, multi_avg_fn=average)


class Task(lightning.LightningModule):
    """Network, loss, optimiser and schedule.

    Epochs, steps and the schedule are counted here: Lightning steps a schedule after the
    epoch's checkpoint is written, and resumes inside an epoch where its length varies, as it does
    with slabs. So a resumed training is a new one that starts from this task's restored state.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        recipe: Recipe,
        samples: Samples | ImageSamples,
        seed: int,
        errors: Errors = neuron_errors,
    ):
        super().__init__()
        self.network = network
        self.average = averaged(network, recipe.ema) if recipe.ema else None
        self.recipe = recipe
        self.samples = samples
        self.seed = seed
        self.errors = errors
        self.rows: list[dict[str, float]] = []
        self.first_step = 0
        self.saved: dict | None = None
        self.sums = dict.fromkeys(("train", "validation"), (0.0, 0.0))

    @property
    def judged(self) -> torch.nn.Module:
        """The network that is validated and kept: the average of weights, where there is one."""
        return self.network if self.average is None else self.average.module

    @property
    def epoch(self) -> int:
        """Number of the current epoch, over interruptions."""
        return len(self.rows)

    @property
    def step(self) -> int:
        """Number of optimiser steps taken, over interruptions."""
        return self.first_step + self.global_step

    def restore(self, saved: dict):
        """Restore a checkpoint, before training begins."""
        self.load_state_dict(saved["state_dict"])
        self.rows = saved["history"]
        self.first_step = self.rows[-1]["step"]
        self.saved = saved

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam with fused updates, and prepare its schedule."""
        recipe = self.recipe
        adam = torch.optim.Adam(
            self.network.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        if recipe.schedule == "one_cycle":
            self.schedule = torch.optim.lr_scheduler.OneCycleLR(
                adam, recipe.learning_rate, total_steps=recipe.steps, pct_start=WARM_UP
            )
        else:
            self.schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
                adam, factor=recipe.plateau_factor, patience=recipe.plateau_patience
            )
        if self.saved:
            adam.load_state_dict(self.saved["optimizer_states"][0])
            self.schedule.load_state_dict(self.saved["schedule"])
        return adam

    def on_train_epoch_start(self):
        """Seed random numbers by epoch, so that interruptions do not change them."""
        seed = np.random.SeedSequence((self.seed, self.epoch))
        torch.manual_seed(int(seed.generate_state(1)[0]))

    def transfer_batch_to_device(self, batch: AnyBatch, device: torch.device, index: int):
        """Move a batch to the network's device."""
        return to_device(batch, device)

    def training_step(self, batch: AnyBatch, index: int) -> torch.Tensor:
        """Return the loss of one batch."""
        return self._loss("train", self.network, batch)

    def on_train_batch_end(self, outputs: object, batch: AnyBatch, index: int):
        """Average the weights, and go on with a schedule that counts steps."""
        if self.average is not None:
            self.average.update_parameters(self.network)
        if self.recipe.schedule == "one_cycle" and self.step < self.recipe.steps:
            self.schedule.step()

    def on_validation_epoch_start(self):
        """Recompute the statistics of batch normalisation for the current weights."""
        batches = self.samples.epoch(self.recipe.batch, seed=(self.seed, self.epoch, 1))
        count = -(-CALIBRATION_SAMPLES // self.recipe.batch)
        with self.trainer.precision_plugin.forward_context():
            calibrate(
                self.judged,
                (to_device(batch, self.device) for batch in itertools.islice(batches, count)),
            )

    def validation_step(self, batch: AnyBatch, index: int):
        """Add a batch to the validation loss."""
        self._loss("validation", self.judged, batch)

    def on_validation_epoch_end(self):
        """Report the mean validation loss to early stopping."""
        self.log("validation_loss", self._mean("validation"))

    def on_train_epoch_end(self):
        """Record the epoch and step the schedule."""
        loss = float(self.trainer.callback_metrics["validation_loss"])
        self.rows.append(
            {
                "epoch": self.epoch,
                "step": self.step,
                "train_loss": float(self._mean("train")),
                "validation_loss": loss,
                "learning_rate": self.schedule.get_last_lr()[0],
            }
        )
        if self.recipe.schedule == "plateau":
            self.schedule.step(loss)

    def on_save_checkpoint(self, checkpoint: dict):
        """Add the schedule and the history."""
        checkpoint["schedule"] = self.schedule.state_dict()
        checkpoint["history"] = self.rows

    def _loss(self, role: str, network: torch.nn.Module, batch: AnyBatch) -> torch.Tensor:
        total, weight = self.errors(network, batch)
        errors, weights = self.sums[role]
        # These stay tensors: reading a number would make a GPU wait at every step.
        self.sums[role] = (errors + total.detach(), weights + weight)
        return total / weight

    def _mean(self, role: str) -> torch.Tensor:
        total, weight = self.sums[role]
        self.sums[role] = (0.0, 0.0)
        return total / weight
