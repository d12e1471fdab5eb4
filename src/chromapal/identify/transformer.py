"""The transformer as an estimator: trained on whole worms, members averaged, calibrated."""

import dataclasses
import os
from pathlib import Path

import lightning.pytorch as lightning
import numpy as np
import pandas as pd
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, RichProgressBar
from rich.console import Console
from sklearn.base import BaseEstimator, ClassifierMixin

from chromapal.identify import checkpoint
from chromapal.identify.assign import UNKNOWN
from chromapal.identify.context import ContextNetwork
from chromapal.identify.context_task import Task
from chromapal.identify.worm_batch import Scores, WormBatch, without
from chromapal.training.device import choose
from chromapal.training.loop import fingerprint, fit, quiet

HELD = 8  # one in so many worms is held out of a member, to calibrate on
AXES = 3
SIZE_UM = 20.0  # root mean square distance from the centre that positions are brought to
DECAY = 0.99  # of the running mean of weights that is kept
GRADIENT = 1.0


class Transformer(ClassifierMixin, BaseEstimator):
    """Names all neurons of a worm at once.

    Parameters
    ----------
    params : chromapal.identify.settings.TransformerSettings
        Shape and training.
    seed : int
        Of weights, order and augmentation.
    device : {"auto", "cpu", "cuda", "mps"}
        Where the networks are trained; see `chromapal.training.device.choose`.
    checkpoints : path-like, optional
        Folder for checkpoints. A fit that was killed goes on from there, and ends as if it had
        not been: finished members are taken over, the one that was under way goes on from a step.
        The files are named by content, so that several fits may share a folder; who gives it
        removes it once the results are written.
    """

    def __init__(
        self,
        params,
        seed: int,
        device: str = "auto",
        checkpoints: str | os.PathLike | None = None,
    ):
        self.params = params
        self.seed = seed
        self.device = device
        self.checkpoints = checkpoints

    def fit(
        self,
        values: pd.DataFrame,
        names: np.ndarray,
        worm: pd.Series,
        laboratory: np.ndarray,
        weights: np.ndarray | None = None,
    ):
        """Train the members.

        Parameters
        ----------
        values : pandas.DataFrame, shape (n, features)
            Positions and channels of whole worms.
        names : numpy.ndarray of str, shape (n,)
            Names, "" where unlabelled.
        worm : pandas.Series of int, shape (n,)
            Which worm.
        laboratory : numpy.ndarray of str, shape (n,)
            Whose worm.
        weights : numpy.ndarray, shape (n,), optional
            Weights in the loss.
        """
        self.classes_ = np.unique(names[names != ""])
        numbers = torch.tensor(values.to_numpy(dtype=np.float64))
        position = numbers[:, :AXES]
        self.centre_ = position.mean(0)
        self.unit_ = float((position - self.centre_).square().sum(1).mean().sqrt()) / SIZE_UM or 1.0
        label = np.where(names != "", np.searchsorted(self.classes_, names), -1)
        loss_weight = np.ones(len(names)) if weights is None else weights
        worms = self._worm_batch(
            values, worm, laboratory, torch.from_numpy(label), torch.tensor(loss_weight)
        )
        members = max(1, min(self.params.members, HELD))
        width = len(self.classes_)
        self.atlas_, self.networks_ = Scores.fit(worms, width), []
        self.held_out_worms_: list[int] = []
        logs: list[torch.Tensor] = []
        truths: list[np.ndarray] = []
        self.device_ = choose(self.device, "fp32", 1)
        for member in range(members):
            held = [index for index in range(len(worms.rows)) if index % HELD == HELD - 1 - member]
            rest = without(worms, held)
            network = self._train(rest, member, self.device_.name)
            self.networks_.append(network)
            others = Scores.fit(rest, width)
            self.held_out_worms_ += held
            for index in held:
                logs.append(_log(network, others, worms, index))
                truth = worms.name[worms.rows[index]].numpy()
                truths.append(np.where(truth >= 0, truth, UNKNOWN))
        self.held_out_ = logs, truths
        self.summary_ = f"{members} networks of {self.params.steps} steps, {self.device_}"
        return self

    def predict_log_proba(
        self, values: pd.DataFrame, worm: pd.Series, laboratory: np.ndarray
    ) -> np.ndarray:
        """Return log probabilities, (n, names), of whole worms; see `fit`."""
        blank = torch.full((len(values),), -1)
        worms = self._worm_batch(values, worm, laboratory, blank, torch.ones(len(values)))
        found = torch.zeros(len(values), len(self.classes_), dtype=torch.float64)
        for index, rows in enumerate(worms.rows):
            logs = [_log(network, self.atlas_, worms, index) for network in self.networks_]
            found[rows] = torch.stack(logs).mean(0)
        return torch.log_softmax(found, 1).numpy()

    def predict(self, values: pd.DataFrame, worm: pd.Series, laboratory: np.ndarray) -> np.ndarray:
        """Return the likeliest name of each neuron."""
        return self.classes_[self.predict_log_proba(values, worm, laboratory).argmax(axis=1)]

    def network(self, channels: int) -> ContextNetwork:
        """Make an untrained network."""
        params = self.params
        return ContextNetwork(
            len(self.classes_), channels, params.width, params.layers, params.heads, params.dropout
        )

    def _worm_batch(self, values, worm, laboratory, name, weight) -> WormBatch:
        numbers = torch.tensor(values.to_numpy(dtype=np.float64))
        groups = pd.Series(np.asarray(worm)).groupby(np.asarray(worm), sort=True).indices
        position = (numbers[:, :AXES] - self.centre_) / self.unit_
        rows = [torch.from_numpy(rows) for rows in groups.values()]
        labs = [str(np.asarray(laboratory)[rows[0]]) for rows in groups.values()]
        return WormBatch(position, numbers[:, AXES:], name, weight, rows, labs)

    def _train(self, worms: WormBatch, member: int, device: str) -> ContextNetwork:
        """Train one network on the worms of a batch of worms that have names, or take it over."""
        params, seed = self.params, self.seed + member
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(seed)
            network = self.network(worms.channels.shape[1])
            path = None
            if self.checkpoints is not None:
                facts = dataclasses.asdict(params), seed, device
                name = fingerprint(network, facts, worms.contents(), __file__)
                path = Path(self.checkpoints) / f"{name}.ckpt"
                if checkpoint.read_finished(path, network):
                    return network.eval()
            task = Task(network, worms, params, seed)
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


@torch.inference_mode()
def _log(network: ContextNetwork, scores: Scores, worms: WormBatch, index: int) -> torch.Tensor:
    position, channels, mask, _, _ = worms.padded([index])
    log = scores(position, channels, [worms.laboratories[index]])
    found = network(position.float(), channels.float(), log.float(), mask)
    return torch.log_softmax(found[0].double(), -1)
