"""The transformer as an estimator: trained on whole animals, members averaged, calibrated."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import lightning.pytorch as lightning
import numpy as np
import pandas as pd
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, RichProgressBar
from rich.console import Console
from sklearn.base import BaseEstimator, ClassifierMixin

from chromapal.identify.assign import UNKNOWN
from chromapal.identify.atlas import Atlas
from chromapal.identify.augment import augment
from chromapal.identify.context import ContextNetwork
from chromapal.training.device import choose
from chromapal.training.loop import quiet

FREEDOM = 6.0
PARTS = 4  # an animal's atlas scores come from the atlas of the other parts
HELD = 8  # one in so many animals is held out of a member, to calibrate on
PLACES = 3
SIZE_UM = 20.0  # root mean square distance from the centre that positions are brought to
SIZES = 2  # packs of a batch, by size of animals
DECAY = 0.99  # of the running mean of weights that is kept
SMOOTHING = 0.02
GRADIENT = 1.0
LOWEST = -30.0  # log score of a name that a part's atlas does not know


@dataclass(frozen=True)
class Herd:
    """Animals of unequal size, one below the other.

    Attributes
    ----------
    place, cue : torch.Tensor of float64, shapes (n, 3) and (n, c)
        Neurons of all animals.
    name : torch.Tensor of int64, shape (n,)
        Number of the name, -1 where unlabelled.
    weight : torch.Tensor of float64, shape (n,)
        Weight in the loss.
    rows : list of torch.Tensor of int64
        The rows of each animal.
    """

    place: torch.Tensor
    cue: torch.Tensor
    name: torch.Tensor
    weight: torch.Tensor
    rows: list[torch.Tensor]

    def padded(self, spots: list[int]) -> tuple[torch.Tensor, ...]:
        """Give place, cue, mask, name and weight of some animals, (B, n, ...)."""
        chosen = [self.rows[spot] for spot in spots]

        def pad(values: torch.Tensor) -> torch.Tensor:
            return torch.nn.utils.rnn.pad_sequence([values[rows] for rows in chosen], True)

        mask = pad(torch.ones(len(self.place), dtype=torch.bool))
        return pad(self.place), pad(self.cue), mask, pad(self.name), pad(self.weight)


class Transformer(ClassifierMixin, BaseEstimator):
    """Names all neurons of an animal at once.

    Parameters
    ----------
    params : chromapal.identify.settings.TransformerSettings
        Shape and training.
    seed : int
        Of weights, order and augmentation.
    device : {"auto", "cpu", "cuda", "mps"}
        Where the networks are trained; see `chromapal.training.device.choose`.
    """

    def __init__(self, params, seed: int, device: str = "auto"):
        self.params = params
        self.seed = seed
        self.device = device

    def fit(self, values: pd.DataFrame, names: np.ndarray, animal: pd.Series, weights=None):
        """Train the members.

        Parameters
        ----------
        values : pandas.DataFrame, shape (n, features)
            Positions and cues of whole animals.
        names : numpy.ndarray of str, shape (n,)
            Names, "" where unlabelled.
        animal : pandas.Series of int, shape (n,)
            Which animal.
        weights : numpy.ndarray, shape (n,), optional
            Weights in the loss.
        """
        self.classes_ = np.unique(names[names != ""])
        numbers = torch.tensor(values.to_numpy(dtype=np.float64))
        place = numbers[:, :PLACES]
        self.centre_ = place.mean(0)
        self.unit_ = float((place - self.centre_).square().sum(1).mean().sqrt()) / SIZE_UM or 1.0
        label = np.where(names != "", np.searchsorted(self.classes_, names), -1)
        loss_weight = np.ones(len(names)) if weights is None else weights
        herd = self._herd(values, animal, torch.from_numpy(label), torch.tensor(loss_weight))
        members = max(1, min(self.params.members, HELD))
        width = len(self.classes_)
        self.atlas_, self.networks_ = Scores.fit(herd, width), []
        self.held_out_animals_: list[int] = []
        logs: list[torch.Tensor] = []
        truths: list[np.ndarray] = []
        device = choose(self.device, "fp32", 1)
        for member in range(members):
            held = [spot for spot in range(len(herd.rows)) if spot % HELD == HELD - 1 - member]
            rest = without(herd, held)
            network = self._train(rest, member, device.name)
            self.networks_.append(network)
            others = Scores.fit(rest, width)
            self.held_out_animals_ += held
            for spot in held:
                logs.append(_log(network, others, herd, spot))
                truth = herd.name[herd.rows[spot]].numpy()
                truths.append(np.where(truth >= 0, truth, UNKNOWN))
        self.held_out_ = logs, truths
        self.told_ = f"{members} networks of {self.params.steps} steps, {device}"
        return self

    def predict_log_proba(self, values: pd.DataFrame, animal: pd.Series) -> np.ndarray:
        """Give log probabilities, (n, names), of whole animals."""
        blank = torch.full((len(values),), -1)
        herd = self._herd(values, animal, blank, torch.ones(len(values)))
        found = torch.zeros(len(values), len(self.classes_), dtype=torch.float64)
        for spot, rows in enumerate(herd.rows):
            logs = [_log(network, self.atlas_, herd, spot) for network in self.networks_]
            found[rows] = torch.stack(logs).mean(0)
        return torch.log_softmax(found, 1).numpy()

    def predict(self, values: pd.DataFrame, animal: pd.Series) -> np.ndarray:
        """Give the likeliest name of each neuron."""
        return self.classes_[self.predict_log_proba(values, animal).argmax(axis=1)]

    def network(self, cues: int) -> ContextNetwork:
        """Make an untrained network."""
        params = self.params
        return ContextNetwork(
            len(self.classes_), cues, params.width, params.layers, params.heads, params.dropout
        )

    def _herd(self, values, animal, name, weight) -> "Herd":
        numbers = torch.tensor(values.to_numpy(dtype=np.float64))
        groups = pd.Series(np.asarray(animal)).groupby(np.asarray(animal), sort=True).indices
        place = (numbers[:, :PLACES] - self.centre_) / self.unit_
        rows = [torch.from_numpy(rows) for rows in groups.values()]
        return Herd(place, numbers[:, PLACES:], name, weight, rows)

    def _train(self, herd: "Herd", member: int, device: str):
        """Train one network on the animals of a herd that have names."""
        params = self.params
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(self.seed + member)
            network = self.network(herd.cue.shape[1])
            task = Task(network, herd, params, self.seed + member)
            callbacks = [EMAWeightAveraging(decay=DECAY)]
            shown = Console(stderr=True).is_terminal
            trainer = lightning.Trainer(
                accelerator=device,
                devices=1,
                deterministic=device == "cpu",
                max_steps=params.steps,
                gradient_clip_val=GRADIENT,
                callbacks=[*callbacks, RichProgressBar()] if shown else callbacks,
                enable_checkpointing=False,
                enable_progress_bar=shown,
                enable_model_summary=False,
                logger=False,
            )
            trainer.fit(task, task.batches())
        return network.cpu().eval()


@dataclass(frozen=True)
class Scores:
    """An atlas's log scores, in the columns of all names.

    Attributes
    ----------
    atlas : Atlas
        The atlas.
    columns : torch.Tensor of int64
        Where its names stand among all.
    width : int
        Number of all names.
    """

    atlas: Atlas
    columns: torch.Tensor
    width: int

    @classmethod
    def fit(cls, herd: Herd, width: int, part: int | None = None) -> "Scores":
        """Learn from all animals with names, but those of one part."""
        used = [
            rows
            for spot, rows in enumerate(herd.rows)
            if (part is None or spot % PARTS != part) and (herd.name[rows] >= 0).any()
        ]
        # numbers as text, so that the atlas's sorted names are the sorted numbers
        labels = [
            np.where(number >= 0, np.char.zfill(number.astype(str), 6), "")
            for number in (herd.name[rows].numpy() for rows in used)
        ]
        atlas = Atlas.fit(
            [herd.place[rows] for rows in used], [herd.cue[rows] for rows in used], labels, FREEDOM
        )
        return cls(atlas, torch.tensor([int(name) for name in atlas.names]), width)

    def __call__(self, place: torch.Tensor, cue: torch.Tensor) -> torch.Tensor:
        """Give log posteriors, (..., n, names)."""
        log = self.atlas.place.log_density(place) + self.atlas.prior()
        if cue.shape[-1]:
            log = log + self.atlas.cue.log_density(cue)
        whole = torch.full((*log.shape[:-1], self.width), LOWEST, dtype=log.dtype)
        whole[..., self.columns] = torch.log_softmax(log, -1)
        return whole


class Task(lightning.LightningModule):
    """One member, its animals and its loss."""

    def __init__(self, network, herd: Herd, params, seed: int):
        super().__init__()
        self.network, self.params = network, params
        self.herd, self.seed = herd, seed
        named = [spot for spot, rows in enumerate(herd.rows) if (herd.name[rows] >= 0).any()]
        groups = [[spot for spot in named if spot % PARTS == part] for part in range(PARTS)]
        # a training animal is scored as a new one: by an atlas that has not seen its part
        alone = sum(map(bool, groups)) < 2
        self.groups = [
            (group, Scores.fit(herd, network.out.out_features, None if alone else part))
            for part, group in enumerate(groups)
            if group
        ]

    def batches(self) -> Iterator:
        """Give batches without end; see `_batch`."""
        generator = torch.Generator().manual_seed(self.seed)
        return _Endless(self._batch, generator)

    def _batch(self, step: int, generator: torch.Generator) -> list[tuple[torch.Tensor, ...]]:
        """Draw animals of one part: place, cue, log scores, mask, name, weight, in `SIZES` packs.

        Animals of like size share a pack: attention costs the square of the largest.
        """
        spots, scores = self.groups[step % len(self.groups)]
        order = torch.randperm(len(spots), generator=generator)[: self.params.batch]
        drawn = sorted((spots[spot] for spot in order), key=lambda spot: len(self.herd.rows[spot]))
        packs = []
        for part in np.array_split(drawn, min(SIZES, len(drawn))):
            place, cue, mask, name, weight = self.herd.padded(part.tolist())
            place, cue, mask = augment(place, cue, mask, generator)
            place, cue, name, weight = (_kept(part, mask) for part in (place, cue, name, weight))
            mask = _kept(torch.ones_like(mask), mask)
            log = scores(place, cue)
            known = mask & (name >= 0)
            packs.append((place.float(), cue.float(), log.float(), mask, name, weight * known))
        return packs

    def training_step(self, packs, index: int) -> torch.Tensor:
        """Give the weighted cross-entropy over named neurons."""
        loss = total = 0.0
        for place, cue, log, mask, name, weight in packs:
            logits = self.network(place, cue, log, mask)
            each = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), name.clamp(min=0).flatten(), reduction="none",
                label_smoothing=SMOOTHING,
            )  # fmt: skip
            loss = loss + (each * weight.float().flatten()).sum()
            total = total + weight.sum()
        return loss / total.clamp(min=1e-6)

    def configure_optimizers(self):
        """Give AdamW with one cycle of the learning rate."""
        rate = self.params.learning_rate
        adam = torch.optim.AdamW(
            self.network.parameters(), lr=rate, weight_decay=self.params.weight_decay, fused=True
        )
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            adam, rate, total_steps=self.params.steps + 1, pct_start=0.1
        )
        return {"optimizer": adam, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


class _Endless:
    """What Lightning iterates."""

    def __init__(self, batch, generator):
        self.batch, self.generator = batch, generator

    def __iter__(self):
        """Go on for ever; the step limit ends it."""
        return (self.batch(step, self.generator) for step in itertools.count())


def _kept(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Close the gaps that lost neurons leave, (B, n, ...) to (B, fewer, ...)."""
    rows = [part[here] for part, here in zip(values, mask, strict=True)]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def without(herd: Herd, spots: list[int]) -> Herd:
    """Give the herd with the names of some animals struck out."""
    name = herd.name.clone()
    for spot in spots:
        name[herd.rows[spot]] = -1
    return Herd(herd.place, herd.cue, name, herd.weight, herd.rows)


@torch.inference_mode()
def _log(network: ContextNetwork, scores: Scores, herd: Herd, spot: int) -> torch.Tensor:
    place, cue, mask, _, _ = herd.padded([spot])
    log = scores(place, cue)
    found = network(place.float(), cue.float(), log.float(), mask)
    return torch.log_softmax(found[0].double(), -1)
