"""Whole worms for the transformer, and what an atlas says of their neurons."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from chromapal.identify.atlas import Atlas

DEGREES_OF_FREEDOM = 6.0
PARTS = 4  # a worm's atlas scores come from the atlas of the other parts
LOWEST = -30.0  # log score of a name that a part's atlas does not know


@dataclass(frozen=True)
class WormBatch:
    """Worms of unequal size, one below the other.

    Attributes
    ----------
    position, channels : torch.Tensor of float64, shapes (n, 3) and (n, c)
        Neurons of all worms.
    name : torch.Tensor of int64, shape (n,)
        Number of the name, -1 where unlabelled.
    weight : torch.Tensor of float64, shape (n,)
        Weight in the loss.
    rows : list of torch.Tensor of int64
        The rows of each worm.
    laboratories : list of str
        Whose each worm is.
    """

    position: torch.Tensor
    channels: torch.Tensor
    name: torch.Tensor
    weight: torch.Tensor
    rows: list[torch.Tensor]
    laboratories: list[str]

    def contents(self) -> Iterator[bytes]:
        """Return all that it holds, to tell one from another."""
        for values in (self.position, self.channels, self.name, self.weight, *self.rows):
            yield repr(tuple(values.shape)).encode() + values.contiguous().numpy().tobytes()
        yield repr(self.laboratories).encode()

    def padded(self, indices: list[int]) -> tuple[torch.Tensor, ...]:
        """Return position, channels, mask, name and weight of some worms, (B, n, ...)."""
        chosen = [self.rows[index] for index in indices]

        def pad(values: torch.Tensor) -> torch.Tensor:
            return torch.nn.utils.rnn.pad_sequence([values[rows] for rows in chosen], True)

        mask = pad(torch.ones(len(self.position), dtype=torch.bool))
        return pad(self.position), pad(self.channels), mask, pad(self.name), pad(self.weight)


def without(worms: WormBatch, indices: list[int]) -> WormBatch:
    """Return the batch of worms with the names of some worms struck out."""
    name = worms.name.clone()
    for index in indices:
        name[worms.rows[index]] = -1
    return dataclasses.replace(worms, name=name)


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
    def fit(cls, worms: WormBatch, width: int, part: int | None = None) -> "Scores":
        """Learn from all worms with names, but those of one part."""
        indices = [
            index
            for index, rows in enumerate(worms.rows)
            if (part is None or index % PARTS != part) and (worms.name[rows] >= 0).any()
        ]
        used = [worms.rows[index] for index in indices]
        # numbers as text, so that the atlas's sorted names are the sorted numbers
        labels = [
            np.where(number >= 0, np.char.zfill(number.astype(str), 6), "")
            for number in (worms.name[rows].numpy() for rows in used)
        ]
        atlas = Atlas.fit(
            [worms.position[rows] for rows in used],
            [worms.channels[rows] for rows in used],
            labels,
            DEGREES_OF_FREEDOM,
            [worms.laboratories[index] for index in indices],
        )
        return cls(atlas, torch.tensor([int(name) for name in atlas.names]), width)

    def __call__(
        self, position: torch.Tensor, channels: torch.Tensor, laboratories: Sequence[str]
    ) -> torch.Tensor:
        """Return log posteriors of B worms, each by its laboratory's means, (B, n, names)."""
        whole = torch.full((*position.shape[:-1], self.width), LOWEST, dtype=position.dtype)
        for index, laboratory in enumerate(laboratories):
            atlas = self.atlas.at(laboratory)
            log = atlas.position.log_density(position[index]) + atlas.prior()
            if channels.shape[-1]:
                log = log + atlas.channels.log_density(channels[index])
            whole[index][:, self.columns] = torch.log_softmax(log, -1)
        return whole
