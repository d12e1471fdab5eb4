"""The training of one transformer: batches of varied worms, loss, optimiser."""

import itertools
from collections.abc import Callable, Iterator

import lightning.pytorch as lightning
import numpy as np
import torch

from chromapal.identify.augment import augment
from chromapal.identify.worm_batch import PARTS, Scores, WormBatch

SIZES = 2  # packs of a batch, by size of worms
SMOOTHING = 0.02
AHEAD = 3  # steps whose generator states are kept
FOREIGN = 0.25  # share of drawn worms taken for those of a laboratory never seen


class Task(lightning.LightningModule):
    """One member, its worms and its loss."""

    def __init__(self, network, worms: WormBatch, params, seed: int):
        super().__init__()
        self.network, self.params = network, params
        self.worms, self.seed = worms, seed
        self.first_step = 0
        self.saved: dict | None = None
        named = [index for index, rows in enumerate(worms.rows) if (worms.name[rows] >= 0).any()]
        groups = [[index for index in named if index % PARTS == part] for part in range(PARTS)]
        # a training worm is scored as a new one: by an atlas that has not seen its part
        alone = sum(map(bool, groups)) < 2
        self.groups = [
            (group, Scores.fit(worms, network.out.out_features, None if alone else part))
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
        """Yield batches without end; see `_batch`."""
        return Batches(self._batch, torch.Generator().manual_seed(self.seed))

    def _batch(self, step: int, generator: torch.Generator) -> list[tuple[torch.Tensor, ...]]:
        """Draw worms of one part, in `SIZES` packs.

        A pack is position, channels, log scores, mask, name and weight.

        Worms of like size share a pack: attention costs the square of the largest.
        """
        indices, scores = self.groups[step % len(self.groups)]
        order = torch.randperm(len(indices), generator=generator)[: self.params.batch]
        drawn = sorted(
            (indices[index] for index in order), key=lambda index: len(self.worms.rows[index])
        )
        packs = []
        for part in np.array_split(drawn, min(SIZES, len(drawn))):
            position, channels, mask, name, weight = self.worms.padded(part.tolist())
            position, channels, mask = augment(position, channels, mask, generator)
            position, channels, name, weight = (
                _without_gaps(part, mask) for part in (position, channels, name, weight)
            )
            mask = _without_gaps(torch.ones_like(mask), mask)
            foreign = torch.rand(len(part), generator=generator) < FOREIGN
            labs = np.array([self.worms.laboratories[index] for index in part])
            log = scores(position, channels, np.where(foreign.numpy(), "", labs))
            known = mask & (name >= 0)
            packs.append(
                (position.float(), channels.float(), log.float(), mask, name, weight * known)
            )
        return packs

    def training_step(self, packs, index: int) -> torch.Tensor:
        """Return the weighted cross-entropy over named neurons."""
        loss = total = 0.0
        for position, channels, log, mask, name, weight in packs:
            logits = self.network(position, channels, log, mask)
            each = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), name.clamp(min=0).flatten(), reduction="none",
                label_smoothing=SMOOTHING,
            )  # fmt: skip
            loss = loss + (each * weight.float().flatten()).sum()
            total = total + weight.sum()
        return loss / total.clamp(min=1e-6)

    def configure_optimizers(self):
        """Return AdamW with one cycle of the learning rate."""
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
        """Return the generator's state before the batch of a step was, or will be, drawn."""
        return self.before.get(step, self.generator.get_state())

    def restore(self, step: int, state: torch.Tensor):
        """Begin with a step, and the state that `state` gave for it."""
        self.first_step = step
        self.generator.set_state(state)


def _without_gaps(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Close the gaps that lost neurons leave, (B, n, ...) to (B, fewer, ...)."""
    rows = [part[here] for part, here in zip(values, mask, strict=True)]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
