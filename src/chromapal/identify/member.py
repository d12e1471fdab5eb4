"""The training of one of a transformer's networks."""

import dataclasses
import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, RichProgressBar
from rich.console import Console

from chromapal.identify import checkpoint
from chromapal.identify.context import ContextNetwork
from chromapal.identify.context_task import Task
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.worm_batch import WormBatch
from chromapal.training.loop import fingerprint, fit, quiet

DECAY = 0.99  # of the running mean of weights that is kept
GRADIENT = 1.0


def train(
    make: Callable[[], ContextNetwork],
    views: Sequence[WormBatch],
    params: TransformerSettings,
    seed: int,
    device: str,
    checkpoints: str | os.PathLike | None,
) -> ContextNetwork:
    """Train one network on the worms that have names, or take over a finished one.

    Parameters
    ----------
    make : callable
        Makes the untrained network.
    views : sequence of WormBatch
        The worms as each feature set shows them; they take turns.
    params : TransformerSettings
        The training.
    seed : int
        Of weights, order and augmentation.
    device : str
        Where it is trained.
    checkpoints : path-like or None
        Folder for its checkpoints; see `chromapal.identify.transformer.Transformer`.

    Returns
    -------
    ContextNetwork
        On the CPU, ready to name.
    """
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        network = make()
        path = None
        if checkpoints is not None:
            facts = dataclasses.asdict(params), seed, device
            contents = itertools.chain.from_iterable(view.contents() for view in views)
            name = fingerprint(network, facts, contents, __file__)
            path = Path(checkpoints) / f"{name}.ckpt"
            if checkpoint.read_finished(path, network):
                return network.eval()
        task = Task(network, views, params, seed)
        batches, average = task.batches(), EMAWeightAveraging(decay=DECAY)
        callbacks = [average]
        if path is not None:
            callbacks.append(checkpoint.StepCheckpoint(path, task, batches, average))
        progress_of = Console(stderr=True).is_terminal
        trainer = lightning.Trainer(
            accelerator=device,
            devices=1,
            deterministic=device == "cpu",
            max_steps=params.steps - task.first_step,
            gradient_clip_val=GRADIENT,
            callbacks=[*callbacks, RichProgressBar()] if progress_of else callbacks,
            enable_checkpointing=path is not None,
            enable_progress_bar=progress_of,
            enable_model_summary=False,
            logger=False,
        )
        fit(trainer, task, batches)
    network = network.cpu().eval()
    if path is not None:
        checkpoint.write_finished(path, network)
    return network
