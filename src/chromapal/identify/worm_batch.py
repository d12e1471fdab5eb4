"""Whole worms for the transformer, and what an atlas says of their neurons."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from chromapal.identify.atlas import Atlas
from chromapal.identify.shading import without_shading

DEGREES_OF_FREEDOM = 6.0
PARTS = 4  # a worm's atlas scores come from the atlas of the other parts
AXES = 3
LOWEST = -30.0  # log score of a name that a part's atlas does not know


@dataclass(frozen=True)
class View:
    """Whole worms as one feature set shows them.

    Attributes
    ----------
    values : pandas.DataFrame, shape (n, 3 + c)
        Position in the first three columns, then the set's channels, by name.
    worm : numpy.ndarray of int, shape (n,)
        Which worm; the same worm has the same number in every view.
    laboratory : numpy.ndarray of str, shape (n,)
        Whose worm.
    name : numpy.ndarray of str, shape (n,), optional
        Names, "" where unlabelled; all unlabelled where it is not given.
    weight : numpy.ndarray, shape (n,), optional
        Weights in the loss; 1 where it is not given.
    """

    values: pd.DataFrame
    worm: np.ndarray
    laboratory: np.ndarray
    name: np.ndarray | None = None
    weight: np.ndarray | None = None

    @property
    def channels(self) -> list[str]:
        """Names of the channels."""
        return list(self.values.columns[AXES:])

    def positions(self) -> torch.Tensor:
        """Return positions, (n, 3)."""
        return _tensor(self.values.iloc[:, :AXES])


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
    numbers : list of int
        The number of each worm; the same worm has the same number in every view.
    laboratories : list of str
        Whose each worm is.
    columns : torch.Tensor of int64, shape (c,)
        Where these channels stand among all that the network knows.
    """

    position: torch.Tensor
    channels: torch.Tensor
    name: torch.Tensor
    weight: torch.Tensor
    rows: list[torch.Tensor]
    numbers: list[int]
    laboratories: list[str]
    columns: torch.Tensor

    @classmethod
    def of(
        cls,
        view: View,
        names: np.ndarray,
        channels: Sequence[str],
        centre: torch.Tensor,
        unit: float,
    ) -> "WormBatch":
        """Split a view into worms, sorted by their numbers.

        Parameters
        ----------
        view : View
            The worms.
        names : numpy.ndarray of str
            All names, sorted.
        channels : sequence of str
            All channels that the network knows.
        centre, unit : torch.Tensor, shape (3,), and float
            Positions become (position - centre) / unit.
        """
        count = len(view.values)
        label = np.full(count, -1, dtype=np.int64)
        if view.name is not None:
            label = np.where(view.name != "", np.searchsorted(names, view.name), -1)
        worm = np.asarray(view.worm)
        groups = pd.Series(worm).groupby(worm, sort=True).indices
        laboratory = np.asarray(view.laboratory)
        columns = [list(channels).index(name) for name in view.channels]
        return cls(
            (view.positions() - centre) / unit,
            _tensor(view.values.iloc[:, AXES:]),
            torch.from_numpy(label),
            torch.ones(count).double() if view.weight is None else torch.tensor(view.weight),
            [torch.from_numpy(rows) for rows in groups.values()],
            [int(number) for number in groups],
            [str(laboratory[rows[0]]) for rows in groups.values()],
            torch.tensor(columns, dtype=torch.int64),
        )

    def contents(self) -> Iterator[bytes]:
        """Return all that it holds, to tell one from another."""
        for values in (
            self.position, self.channels, self.name, self.weight, self.columns, *self.rows,
        ):  # fmt: skip
            yield repr(tuple(values.shape)).encode() + values.contiguous().numpy().tobytes()
        yield repr((self.numbers, self.laboratories)).encode()

    def padded(self, indices: list[int]) -> tuple[torch.Tensor, ...]:
        """Return position, channels, mask, name and weight of some worms, (B, n, ...)."""
        chosen = [self.rows[index] for index in indices]

        def pad(values: torch.Tensor) -> torch.Tensor:
            return torch.nn.utils.rnn.pad_sequence([values[rows] for rows in chosen], True)

        mask = pad(torch.ones(len(self.position), dtype=torch.bool))
        return pad(self.position), pad(self.channels), mask, pad(self.name), pad(self.weight)

    def spread(self, channels: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Put channels where the network expects them, and say which are known.

        Parameters
        ----------
        channels : torch.Tensor, shape (B, n, c)
            Channels of this view.
        width : int
            Number C of all channels that the network knows.

        Returns
        -------
        channels : torch.Tensor, shape (B, n, C)
            0 where this view has no such channel.
        known : torch.Tensor, shape (B, n, C)
            1 where it has, else 0.
        """
        whole = channels.new_zeros(*channels.shape[:-1], width)
        known = torch.zeros_like(whole)
        whole[..., self.columns], known[..., self.columns] = channels, 1.0
        return whole, known


def _tensor(values: pd.DataFrame) -> torch.Tensor:
    # columns in reverse order have strides that PyTorch does not take
    return torch.tensor(np.ascontiguousarray(values.to_numpy(dtype=np.float64)))


def without(worms: WormBatch, numbers: Sequence[int]) -> WormBatch:
    """Return the batch of worms with the names of some worms, by number, struck out."""
    name = worms.name.clone()
    for number, rows in zip(worms.numbers, worms.rows, strict=True):
        if number in numbers:
            name[rows] = -1
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
            for index, (number, rows) in enumerate(zip(worms.numbers, worms.rows, strict=True))
            if (part is None or number % PARTS != part) and (worms.name[rows] >= 0).any()
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
            log = self.atlas.at(laboratory).log_density(position[index], channels[index])
            whole[index][:, self.columns] = torch.log_softmax(log, -1)
        return whole

    def without_shading(
        self, position: torch.Tensor, channels: torch.Tensor, laboratory: str
    ) -> torch.Tensor:
        """Return log posteriors of one worm, its shading taken out, (n, names)."""
        found = without_shading(position, channels, self.atlas.at(laboratory))
        return self(position[None], found[None], [laboratory])[0]

    def density(
        self, position: torch.Tensor, channels: torch.Tensor, laboratory: str
    ) -> torch.Tensor:
        """Return the log density of one worm's neurons, whatever their names, (n,)."""
        return torch.logsumexp(self.atlas.at(laboratory).log_density(position, channels), -1)
