"""The training of one transformer: batches of varied worms, loss, optimiser."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import lightning.pytorch as lightning
import numpy as np
import torch

from chromapal.identify.augment import augment
from chromapal.identify.worm_batch import PARTS, Scores, WormBatch

SIZES = 2  # packs of a batch, by size of worms
SMOOTHING = 0.02
AHEAD = 3  # steps whose generator states are kept
FOREIGN = 0.25  # share of drawn worms taken for those of a laboratory never seen
ANCHORED = 0.5  # share of drawn worms that a person has named some neurons of
MOST_ANCHORS = 0.3  # largest share of such a worm's named neurons


class Task(lightning.LightningModule):
    """One member, its worms and its loss.

    Parameters
    ----------
    network : chromapal.identify.context.ContextNetwork
        The network.
    views : sequence of WormBatch
        The worms as each feature set shows them; they take turns.
    params : chromapal.identify.settings.TransformerSettings
        The training.
    seed : int
        Of the batches.
    """

    def __init__(self, network, views: Sequence[WormBatch], params, seed: int):
        super().__init__()
        self.network, self.params, self.seed = network, params, seed
        self.first_step = 0
        self.saved: dict | None = None
        width = network.out.out_features
        self.views = [
            (worms, groups) for worms in views if (groups := _scored_groups(worms, width))
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
        """Draw worms of one view and one part, in `SIZES` packs.

        A pack is position, channels, known, log scores, anchor, mask, name and weight.

        Worms of like size share a pack: attention costs the square of the largest.
        """
        worms, groups = self.views[step % len(self.views)]
        indices, scores = groups[step // len(self.views) % len(groups)]
        order = torch.randperm(len(indices), generator=generator)[: self.params.batch]
        drawn = sorted(
            (indices[index] for index in order), key=lambda index: len(worms.rows[index])
        )
        packs = []
        for part in np.array_split(drawn, min(SIZES, len(drawn))):
            position, channels, mask, name, weight = worms.padded(part.tolist())
            position, channels, mask = augment(position, channels, mask, generator)
            position, channels, name, weight = (
                _without_gaps(part, mask) for part in (position, channels, name, weight)
            )
            mask = _without_gaps(torch.ones_like(mask), mask)
            foreign = torch.rand(len(part), generator=generator) < FOREIGN
            labs = np.array([worms.laboratories[index] for index in part])
            log = scores(position, channels, np.where(foreign.numpy(), "", labs))
            named = mask & (name >= 0)
            anchor = _anchors(name, named, generator)
            whole, known = worms.spread(channels.float(), self.network.width_of_channels)
            # a name that is given teaches nothing about itself
            weight = weight * (named & (anchor < 0))
            packs.append((position.float(), whole, known, log.float(), anchor, mask, name, weight))
        return packs

    def training_step(self, packs, index: int) -> torch.Tensor:
        """Return the weighted cross-entropy over named neurons."""
        loss = total = 0.0
        for *inputs, name, weight in packs:
            logits = self.network(*inputs)
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


def _scored_groups(worms: WormBatch, width: int) -> list[tuple[list[int], Scores]]:
    """Return the named worms of each part, with the atlas of the other parts.

    A training worm is scored as a new one: by an atlas that has not seen its part.
    """
    groups = [
        [
            index
            for index, (number, rows) in enumerate(zip(worms.numbers, worms.rows, strict=True))
            if number % PARTS == part and (worms.name[rows] >= 0).any()
        ]
        for part in range(PARTS)
    ]
    alone = sum(map(bool, groups)) < 2
    return [
        (group, Scores.fit(worms, width, None if alone else part))
        for part, group in enumerate(groups)
        if group
    ]


def _anchors(name: torch.Tensor, named: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Draw neurons whose names a person might have given: their numbers, else -1; shape (B, n)."""
    count = len(name)
    share = MOST_ANCHORS * torch.rand(count, 1, generator=generator)
    share = share * (torch.rand(count, 1, generator=generator) < ANCHORED)
    given = named & (torch.rand(name.shape, generator=generator) < share)
    return torch.where(given, name, -1)


def _without_gaps(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Close the gaps that lost neurons leave, (B, n, ...) to (B, fewer, ...)."""
    rows = [part[here] for part, here in zip(values, mask, strict=True)]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
