"""The training of one transformer: batches of varied animals, loss, optimiser."""

import itertools
from collections.abc import Iterator

import lightning.pytorch as lightning
import numpy as np
import torch

from chromapal.identify.augment import augment
from chromapal.identify.herd import PARTS, Herd, Scores

SIZES = 2  # packs of a batch, by size of animals
SMOOTHING = 0.02
FOREIGN = 0.25  # share of drawn animals taken for those of a laboratory never seen


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
