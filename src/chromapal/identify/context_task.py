"""The training of one transformer: batches of varied animals, loss, optimiser."""

import itertools
from collections.abc import Callable, Iterator

import lightning.pytorch as lightning
import numpy as np
import torch

from chromapal.identify.augment import augment
from chromapal.identify.herd import PARTS, Herd, Scores

SIZES = 2  # packs of a batch, by size of animals
SMOOTHING = 0.02
AHEAD = 3  # steps whose generator states are kept
FOREIGN = 0.25  # share of drawn animals taken for those of a laboratory never seen


class Task(lightning.LightningModule):
    """One member, its animals and its loss."""

    def __init__(self, network, herd: Herd, params, seed: int):
        super().__init__()
        self.network, self.params = network, params
        self.herd, self.seed = herd, seed
        self.first_step = 0
        self.saved: dict | None = None
        named = [spot for spot, rows in enumerate(herd.rows) if (herd.name[rows] >= 0).any()]
        groups = [[spot for spot in named if spot % PARTS == part] for part in range(PARTS)]
        # a training animal is scored as a new one: by an atlas that has not seen its part
        alone = sum(map(bool, groups)) < 2
        self.groups = [
            (group, Scores.fit(herd, network.out.out_features, None if alone else part))
            for part, group in enumerate(groups)
            if group
        ]

    @property
    def step(self) -> int:
        """Number of optimiser steps taken, over interruptions."""
        return self.first_step + self.global_step

    def restore(self, saved: dict):
        """Start from a checkpoint; before training begins."""
        self.first_step, self.saved = saved["first_step"], saved

    def batches(self) -> "Batches":
        """Give batches without end; see `_batch`."""
        return Batches(self._batch, torch.Generator().manual_seed(self.seed))

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
            foreign = torch.rand(len(part), generator=generator) < FOREIGN
            labs = np.array([self.herd.laboratories[spot] for spot in part])
            log = scores(place, cue, np.where(foreign.numpy(), "", labs))
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
        if self.saved:
            adam.load_state_dict(self.saved["optimizer_states"][0])
            cycle.load_state_dict(self.saved["lr_schedulers"][0])
        return {"optimizer": adam, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


class Batches:
    """What Lightning iterates; the step limit ends it.

    Parameters
    ----------
    batch : callable
        Draws the batch of a step with a generator.
    generator : torch.Generator
        Source of chance.
    """

    def __init__(self, batch: Callable[[int, torch.Generator], object], generator: torch.Generator):
        self.batch, self.generator = batch, generator
        self.first_step = 0
        self.before: dict[int, torch.Tensor] = {}

    def __iter__(self) -> Iterator:
        """Go on for ever."""
        for step in itertools.count(self.first_step):
            self.before[step] = self.generator.get_state()
            # of the steps under way, as Lightning fetches one batch ahead
            self.before.pop(step - AHEAD, None)
            yield self.batch(step, self.generator)

    def state(self, step: int) -> torch.Tensor:
        """Give the generator's state before the batch of a step was, or will be, drawn."""
        return self.before.get(step, self.generator.get_state())

    def restore(self, step: int, state: torch.Tensor):
        """Begin with a step, and the state that `state` gave for it."""
        self.first_step = step
        self.generator.set_state(state)


def _kept(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Close the gaps that lost neurons leave, (B, n, ...) to (B, fewer, ...)."""
    rows = [part[here] for part, here in zip(values, mask, strict=True)]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
