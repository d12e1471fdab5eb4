"""Whole animals for the transformer, and what an atlas says of their neurons."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from chromapal.identify.atlas import Atlas

FREEDOM = 6.0
PARTS = 4  # an animal's atlas scores come from the atlas of the other parts
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
    laboratories : list of str
        Whose each animal is.
    """

    place: torch.Tensor
    cue: torch.Tensor
    name: torch.Tensor
    weight: torch.Tensor
    rows: list[torch.Tensor]
    laboratories: list[str]

    def contents(self) -> Iterator[bytes]:
        """Give all that it holds, to tell one from another."""
        for values in (self.place, self.cue, self.name, self.weight, *self.rows):
            yield repr(tuple(values.shape)).encode() + values.contiguous().numpy().tobytes()
        yield repr(self.laboratories).encode()

    def padded(self, spots: list[int]) -> tuple[torch.Tensor, ...]:
        """Give place, cue, mask, name and weight of some animals, (B, n, ...)."""
        chosen = [self.rows[spot] for spot in spots]

        def pad(values: torch.Tensor) -> torch.Tensor:
            return torch.nn.utils.rnn.pad_sequence([values[rows] for rows in chosen], True)

        mask = pad(torch.ones(len(self.place), dtype=torch.bool))
        return pad(self.place), pad(self.cue), mask, pad(self.name), pad(self.weight)


def without(herd: Herd, spots: list[int]) -> Herd:
    """Give the herd with the names of some animals struck out."""
    name = herd.name.clone()
    for spot in spots:
        name[herd.rows[spot]] = -1
    return dataclasses.replace(herd, name=name)


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
        spots = [
            spot
            for spot, rows in enumerate(herd.rows)
            if (part is None or spot % PARTS != part) and (herd.name[rows] >= 0).any()
        ]
        used = [herd.rows[spot] for spot in spots]
        # numbers as text, so that the atlas's sorted names are the sorted numbers
        labels = [
            np.where(number >= 0, np.char.zfill(number.astype(str), 6), "")
            for number in (herd.name[rows].numpy() for rows in used)
        ]
        atlas = Atlas.fit(
            [herd.place[rows] for rows in used],
            [herd.cue[rows] for rows in used],
            labels,
            FREEDOM,
            [herd.laboratories[spot] for spot in spots],
        )
        return cls(atlas, torch.tensor([int(name) for name in atlas.names]), width)

    def __call__(
        self, place: torch.Tensor, cue: torch.Tensor, laboratories: Sequence[str]
    ) -> torch.Tensor:
        """Give log posteriors of B animals, each by its laboratory's means, (B, n, names)."""
        whole = torch.full((*place.shape[:-1], self.width), LOWEST, dtype=place.dtype)
        for spot, laboratory in enumerate(laboratories):
            atlas = self.atlas.at(laboratory)
            log = atlas.place.log_density(place[spot]) + atlas.prior()
            if cue.shape[-1]:
                log = log + atlas.cue.log_density(cue[spot])
            whole[spot][:, self.columns] = torch.log_softmax(log, -1)
        return whole
