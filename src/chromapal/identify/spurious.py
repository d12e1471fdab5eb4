"""Spurious centres: glia, granules, halves of a cell, which segmentation takes for neurons.

Training worms have few of them, so they are planted: a logistic regression learns to tell them from
named neurons by what networks that have not seen a worm say about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.spatial import KDTree
from scipy.special import expit, logit

from chromapal.identify.settings import INPUTS
from chromapal.identify.worm_batch import AXES, View

SHARES = (0.1, 0.4)  # of a worm's centres that are planted
# Share of spurious centres in a new worm, as far as nothing else is known, and as how many centres
# of the worm this counts.
USUAL, PSEUDO_COUNTS = 0.1, 20.0
ROUNDS = 30
STRAY_UM = 6.0  # standard deviation along an axis of a planted centre around a neuron
SPLIT_UM = 1.2  # the same of a second centre of one neuron
SPLIT = 0.25  # share of planted centres that are a second one of a neuron
CHANNEL_SPREAD = 0.5  # of what a planted centre's channels differ from a neuron's near by
LEAST_UM = 0.1
NEIGHBOURS = 2
LOWEST = -30.0
RIDGE = 1.0


def plant(position: np.ndarray, channels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Add spurious centres to a worm.

    Parameters
    ----------
    position : numpy.ndarray, shape (n, 3)
        Body axes [um].
    channels : numpy.ndarray, shape (n, c)
        Gray or colour on the study's scale.
    generator : numpy.random.Generator
        Source of chance.

    Returns
    -------
    numpy.ndarray, shape (n + m, 3 + c)
        Position and channels of the worm's own centres, and of those that were planted.
    """
    count = len(position)
    share = generator.uniform(*SHARES)
    extra = max(1, round(count * share / (1 - share)))
    beside = generator.integers(count, size=extra)
    split = generator.random(extra) < SPLIT
    stray = np.where(split, SPLIT_UM, STRAY_UM)[:, None] * generator.normal(size=(extra, 3))
    # a granule is as bright as some neuron, half of a cell about as bright as that cell
    source = np.where(split, beside, generator.integers(count, size=extra))
    light = channels[source] + CHANNEL_SPREAD * generator.normal(size=(extra, channels.shape[1]))
    planted = np.column_stack([position[beside] + stray, light])
    return np.concatenate([np.column_stack([position, channels]), planted])


def planted_worms(view: View, numbers: Sequence[int], seed: int) -> tuple[View, np.ndarray]:
    """Plant spurious centres in some worms of a view, the same ones in every view.

    Parameters
    ----------
    view : View
        Training worms with their names.
    numbers : sequence of int
        The numbers of the worms to plant in.
    seed : int
        Of what is planted.

    Returns
    -------
    worms : View
        These worms, planted centres below each one's own, without a name.
    real : numpy.ndarray of bool, shape (n,)
        Which centres are their own.
    """
    worm = np.asarray(view.worm)
    values, owner, lab, name, real = [], [], [], [], []
    for number in numbers:
        rows = np.flatnonzero(worm == number)
        own = view.values.to_numpy(dtype=np.float64)[rows]
        generator = np.random.default_rng([seed, number])
        whole = plant(own[:, :AXES], own[:, AXES:], generator)
        extra = len(whole) - len(rows)
        values.append(whole)
        owner += [number] * len(whole)
        lab += [view.laboratory[rows[0]]] * len(whole)
        name += [*view.name[rows], *[""] * extra]
        real += [True] * len(rows) + [False] * extra
    table = pd.DataFrame(np.concatenate(values or [view.values[:0]]), columns=view.values.columns)
    found = View(table, np.array(owner, dtype=int), np.array(lab), np.array(name, dtype=str))
    return found, np.array(real, dtype=bool)


def inputs(log: torch.Tensor, density: torch.Tensor, position: np.ndarray) -> np.ndarray:
    """Return what tells spurious centres from a worm's neurons, (n, 6).

    How unusual a centre is, is counted from the worm's median: a worm that fits badly as a whole
    is none of whose centres' fault.

    Parameters
    ----------
    log : torch.Tensor, shape (n, K)
        Log probabilities of names by the networks.
    density : torch.Tensor, shape (n,)
        Log densities of position and channels under the atlas, whatever the name.
    position : numpy.ndarray, shape (n, 3)
        Body axes [um]; of two centres at least.
    """
    log = torch.log_softmax(log, -1)
    best, entropy = log.amax(-1), -(log.exp() * log.clamp(min=LOWEST)).sum(-1)
    # how much more probable its name is at another centre
    rival = log.amax(0)[log.argmax(-1)] - best
    unusual = torch.stack([best, entropy, density], -1)
    unusual = unusual - unusual.median(0, keepdim=True).values
    apart, _ = KDTree(position).query(position, k=min(NEIGHBOURS + 1, len(position)))
    near = np.log(apart[:, 1:].clip(LEAST_UM))
    return np.column_stack([unusual, rival, near[:, 0], near[:, -1]])


@dataclass(frozen=True)
class Spurious:
    """The probability that a centre is spurious: no neuron.

    Attributes
    ----------
    centre, scale, weight : numpy.ndarray, shape (6,)
        The log odds are weight . (inputs - centre) / scale + offset, and those of the share of
        spurious centres.
    offset : float
        See there.
    """

    centre: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    offset: float

    @classmethod
    def fit(cls, values: np.ndarray, planted: np.ndarray) -> "Spurious":
        """Learn from centres whose kind is known.

        Parameters
        ----------
        values : numpy.ndarray, shape (n, 6)
            `inputs` of named neurons and of planted centres.
        planted : numpy.ndarray of bool, shape (n,)
            Which of them are planted.
        """
        # imported here: naming a worm does without
        from sklearn.linear_model import LogisticRegression

        centre, scale = values.mean(0), values.std(0) + 1e-9
        model = LogisticRegression(C=1 / RIDGE, max_iter=1000)
        model.fit((values - centre) / scale, planted)
        # the odds but for the share of spurious centres, which is a worm's own
        offset = model.intercept_[0] - logit(planted.mean())
        return cls(centre, scale, model.coef_[0], float(offset))

    def to_json(self) -> dict:
        """Return its numbers."""
        return {
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "weight": self.weight.tolist(),
            "offset": self.offset,
        }

    @classmethod
    def from_json(cls, saved: dict) -> "Spurious":
        """Read what `to_json` returned."""
        values = (np.array(saved[key], dtype=np.float64) for key in ("centre", "scale", "weight"))
        return cls(*values, saved["offset"])

    def probability(self, values: np.ndarray) -> np.ndarray:
        """Return the probability of being spurious, (n,), of one worm's `inputs`, (n, 6).

        The share of spurious centres is the worm's own: expectation-maximisation of the share
        (Saerens et al. 2002, "Adjusting the outputs of a classifier to new a priori
        probabilities"), held to `USUAL` by `PSEUDO_COUNTS` centres.
        """
        odds = ((values - self.centre) / self.scale) @ self.weight + self.offset
        share = USUAL
        for _ in range(ROUNDS):
            found = expit(odds + logit(share))
            share = (found.sum() + USUAL * PSEUDO_COUNTS) / (len(found) + PSEUDO_COUNTS)
        return found


def learn(transformer, views: Mapping[str, View], seed: int) -> dict[str, Spurious]:
    """Learn to tell spurious centres, from those planted in training worms.

    Parameters
    ----------
    transformer : chromapal.identify.transformer.Transformer
        After `fit`; worms are asked about by networks and atlases that have not seen them.
    views : mapping of str to View
        What it was fitted on, by feature set.
    seed : int
        Of what is planted.

    Returns
    -------
    dict of str to Spurious
        By feature set, those of which some worm was held out.
    """
    found = {}
    for features, view in views.items():
        planted, real = planted_worms(view, transformer.held_out_worms_[features], seed)
        logs = transformer.held_out_logs(features, planted)
        densities = transformer.density(features, planted, held_out=True)
        values = np.full((len(planted.worm), INPUTS), np.nan)
        for number, log in logs.items():
            rows = planted.worm == number
            values[rows] = inputs(log, densities[number], planted.positions().numpy()[rows])
        # whether an unnamed centre is a neuron is not known
        known = ~real | (planted.name != "")
        if known.any():
            found[features] = Spurious.fit(values[known], ~real[known])
    return found
