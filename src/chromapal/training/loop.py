"""The training loop: early stopping, checkpoints, best weights, reproducible results."""

import hashlib
import itertools
import json
import logging
import signal
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import lightning.pytorch as lightning
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint, EarlyStopping
from lightning.pytorch.utilities.exceptions import SIGTERMException

from chromapal import provenance
from chromapal.columns import HISTORY
from chromapal.errors import InputError
from chromapal.files import whole
from chromapal.prepare.images import ImageSamples
from chromapal.prepare.samples import Samples
from chromapal.training.device import Device
from chromapal.training.precision import guarded
from chromapal.training.progress import Progress
from chromapal.training.reading import AnyBatch
from chromapal.training.task import NEURONS, Objective, Recipe, Task

LOGGER = logging.getLogger("chromapal")
CHECKPOINT_SECONDS = 30
PRECISION = {"bf16": "bf16-mixed", "fp32": "32-true"}


class BestWeights(Callback):
    """Keeps the weights of the epoch with the lowest validation loss."""

    def __init__(self):
        self.loss = float("inf")
        self.weights: dict[str, torch.Tensor] = {}

    def on_train_epoch_end(self, trainer: lightning.Trainer, task: Task):
        """Copy the weights if the loss fell."""
        loss = float(trainer.callback_metrics["validation_loss"])
        if loss < self.loss:
            self.loss = loss
            self.weights = {
                name: value.detach().cpu().clone()
                for name, value in task.judged.state_dict().items()
            }

    def state_dict(self) -> dict:
        """Return the state to save in a checkpoint."""
        return {"loss": self.loss, "weights": self.weights}

    def load_state_dict(self, state: dict):
        """Restore the state saved in a checkpoint."""
        self.loss, self.weights = state["loss"], state["weights"]


class ResumableEarlyStopping(EarlyStopping):
    """Early stopping that still stops when a killed training had already decided to."""

    def on_train_start(self, trainer: lightning.Trainer, task: Task):
        """Stop at once if the interrupted training was about to."""
        trainer.should_stop = trainer.should_stop or self.wait_count >= self.patience


class PeriodicCheckpoint(Checkpoint):
    """Writes a checkpoint after an epoch, unless the last one is recent.

    A checkpoint holds the weights, Adam's two moments and the best weights; writing it after every
    epoch of a few steps would take as long as the steps.
    """

    def __init__(self, path: Path):
        self.path = path
        self.written = time.monotonic()

    def on_train_epoch_end(self, trainer: lightning.Trainer, task: Task):
        """Write the checkpoint atomically; runs after all other callbacks and the task's hook."""
        if time.monotonic() - self.written >= CHECKPOINT_SECONDS:
            # A training whose Snakemake was killed may finish while its replacement is still
            # running, and then removes the folder.
            with suppress(FileNotFoundError), whole(self.path) as temporary:
                trainer.save_checkpoint(temporary)
            self.written = time.monotonic()


class TrainingBatches:
    """Training batches, shuffled by (seed, epoch), up to the step limit.

    Samples are gone over again, in another order, until the epoch has its least number of steps.
    """

    def __init__(self, task: Task):
        self.task = task

    def __iter__(self) -> Iterator[AnyBatch]:
        """Iterate over the current epoch."""
        task, recipe = self.task, self.task.recipe
        taken, left = 0, recipe.steps - task.step
        # 1 is the batches that calibrate batch normalisation
        for number in (0, *range(2, 1 + recipe.epoch_steps)):
            seed = (task.seed, task.epoch, *([number] if number else []))
            for batch in task.samples.epoch(recipe.batch, seed=seed, augment=True):
                if taken == left:
                    return
                taken += 1
                yield batch
            if taken >= recipe.epoch_steps:
                return


class OrderedBatches:
    """Validation batches, in the same order at every epoch."""

    def __init__(self, samples: Samples | ImageSamples, batch: int):
        self.samples, self.batch = samples, batch

    def __iter__(self) -> Iterator[AnyBatch]:
        """Iterate over all samples in their fixed order."""
        return iter(self.samples.epoch(self.batch))


def train(
    make: Callable[[], torch.nn.Module],
    recipe: Recipe,
    samples: Samples | ImageSamples,
    validation: Samples | ImageSamples,
    seed: int,
    device: Device,
    checkpoint: Path | None = None,
    objective: Objective = NEURONS,
) -> tuple[torch.nn.Module, pd.DataFrame]:
    """Train a network.

    Parameters
    ----------
    make : callable
        Makes the network; called once, under `seed`. It is called with a batch's `inputs`: for
        neurons (B, channels, G, G) and (B, 1), which it maps to (B, 3) or (B, 3, G, G); for images
        (B, 1, H, W).
    recipe : Recipe
        Limits and rates.
    samples, validation : Samples or ImageSamples
        Samples to train on, and samples whose loss decides when to stop and which weights are
        best.
    seed : int
        Seed of the initial weights and of shuffling.
    device : Device
        The device and its numeric precision.
    checkpoint : Path, optional
        Folder for the checkpoint, written after an epoch when the last one is
        `CHECKPOINT_SECONDS` old. A training with the same recipe,
        data and seed resumes from there, with exactly the result of an uninterrupted one.
    objective : Objective
        The loss to minimise.

    Returns
    -------
    network : torch.nn.Module
        On the CPU, with the weights of the best epoch, in evaluation mode.
    history : pandas.DataFrame
        Columns `chromapal.columns.HISTORY`, a row per epoch.

    Raises
    ------
    InputError
        No samples to train or to validate on, or a loss that is not a number from the first
        epoch on.
    """
    if not len(samples) or not len(validation):
        raise InputError(
            "training", "no neuron or image to train or to validate on", "some of each"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = make().to(memory_format=torch.channels_last)
        task = Task(network, recipe, samples, seed, objective.errors)
        best = BestWeights()
        stop = ResumableEarlyStopping(
            "validation_loss", patience=recipe.patience, log_rank_zero_only=True
        )
        callbacks = [best, stop, Progress(recipe.epochs, recipe.steps)]
        if checkpoint is not None:
            facts = asdict(recipe), asdict(device), seed, objective.settings
            contents = itertools.chain(samples.contents(), validation.contents())
            name = fingerprint(network, facts, contents, __file__)
            path = Path(checkpoint) / f"{name}.ckpt"
            callbacks.append(PeriodicCheckpoint(path))
            if path.exists():
                LOGGER.info("resuming from %s", path)
                saved = torch.load(path, map_location="cpu", weights_only=True)
                task.restore(saved)
                for callback in (best, stop):
                    callback.load_state_dict(saved["callbacks"][callback.state_key])
        started = time.perf_counter()
        with quiet(), guarded(device.precision):
            trainer = lightning.Trainer(
                accelerator=device.name,
                devices=1,
                precision=PRECISION[device.precision],
                # Some operations have no deterministic version on a GPU.
                deterministic=device.name == "cpu",
                max_epochs=recipe.epochs - task.epoch,
                max_steps=recipe.steps - task.step,
                callbacks=callbacks,
                enable_checkpointing=checkpoint is not None,
                enable_progress_bar=False,
                enable_model_summary=False,
                logger=False,
                num_sanity_val_steps=0,
            )
            fit(trainer, task, TrainingBatches(task), OrderedBatches(validation, recipe.batch))
    seconds = time.perf_counter() - started
    if not best.weights:
        raise InputError(
            "training",
            "a validation loss that is not a number",
            "a finite loss",
            "lower learning_rate",
        )
    network.load_state_dict(best.weights)
    LOGGER.info(
        "trained %d steps in %.1f s; best validation loss %.6g",
        task.step,
        seconds,
        best.loss,
    )
    history = pd.DataFrame(task.rows).assign(**device.trained_on)[list(HISTORY)].astype(HISTORY)
    return network.cpu().eval(), history


def fit(trainer: lightning.Trainer, task: lightning.LightningModule, *data: Iterable):
    """Train a task that counts its `step` with Lightning; exit with an error when terminated."""
    try:
        trainer.fit(task, *data)
    except SIGTERMException:
        # Lightning would exit with status 0, as if the model had been written.
        LOGGER.error("terminated at step %d", task.step)
        raise SystemExit(128 + signal.SIGTERM) from None


def fingerprint(
    network: torch.nn.Module, facts: object, contents: Iterable[bytes], code: str
) -> str:
    """Hash everything that affects a training's result, so that checkpoints are not mixed up.

    Parameters
    ----------
    network : torch.nn.Module
        The untrained network, with its initial weights.
    facts : object
        Recipe, settings of the loss, seed and device, as valid JSON.
    contents : iterable of bytes
        The training and validation data.
    code : str
        Path of the training module; the modules that it imports are included.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    digest = hashlib.sha256()
    inputs = [facts, torch.__version__, provenance.digest(code)]
    digest.update(json.dumps(inputs, sort_keys=True).encode())
    for content in contents:
        digest.update(content)
    for name, value in network.state_dict().items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's advertisements, and warnings that do not apply to our loaders."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\.")
        try:
            yield
        finally:
            logger.setLevel(level)
