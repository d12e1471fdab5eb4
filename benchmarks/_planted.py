"""Faults planted in one labelled animal at a time, and whether the audit finds them."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import torch

from chromapal.audit import axes, colours, labels
from chromapal.audit.judge import Fold
from chromapal.audit.questions import Judged, label_rows
from chromapal.columns import COLOUR
from chromapal.identify.symmetry import other_side

EXCHANGES = 20  # pairs drawn in each animal
APART_UM = 0.5  # largest distance between the two centres that one neuron is given


@dataclasses.dataclass(frozen=True)
class Case:
    """An animal with what judges it.

    Attributes
    ----------
    judged : Judged
        The animal as it is.
    fold : Fold
        What has not seen it.
    slope : float
        What a unit of the animal's own evidence for right-handed axes is worth.
    margin, stretch : float
        Beyond which a name, or an axis, is flagged.
    seed : int
        Of what is drawn in this animal.
    """

    judged: Judged
    fold: Fold
    slope: float
    margin: float
    stretch: float
    seed: int

    def draws(self) -> np.random.Generator:
        """Begin the animal's draws."""
        return np.random.default_rng([self.seed, 42])

    def relabelled(self, label: np.ndarray) -> Judged:
        """Give the animal other labels; what models say of its neurons does not depend on them."""
        worm = dataclasses.replace(self.judged.worm, label=label)
        return dataclasses.replace(self.judged, worm=worm)


def shifted(case: Case) -> bool:
    """Move all labels one row down."""
    judged = case.relabelled(np.roll(case.judged.worm.label, 1))
    return labels.shift(judged.log, judged.column)[1] > 0


def exchanged(case: Case, pairs: np.ndarray) -> Iterator[bool]:
    """Exchange the labels of one pair at a time; found where both are flagged."""
    for pair in pairs:
        label = case.judged.worm.label.copy()
        label[pair] = label[pair[::-1]]
        margin = label_rows(case.relabelled(label)).set_index("neuron")["margin"]
        yield bool((margin.loc[pair] > case.margin).all())


def random_pairs(case: Case) -> np.ndarray:
    """Draw pairs of known labels that are no left-right pair, (pairs, 2)."""
    given, label, rng = (
        np.flatnonzero(case.judged.column >= 0), case.judged.worm.label, case.draws(),
    )  # fmt: skip
    drawn = [rng.choice(given, 2, replace=False) for _ in range(EXCHANGES)]
    return np.array([pair for pair in drawn if other_side(label[pair[0]]) != label[pair[1]]])


def side_pairs(case: Case) -> np.ndarray:
    """List the left-right pairs of known labels, (pairs, 2)."""
    given = np.flatnonzero(case.judged.column >= 0)
    row_of = dict(zip(case.judged.worm.label[given], given, strict=True))
    pairs = [(row, row_of.get(other_side(name), -1)) for name, row in row_of.items()]
    return np.array([pair for pair in pairs if pair[0] < pair[1]], dtype=int).reshape(-1, 2)


def sides(judged: Judged) -> bool:
    """Ask whether left and right exchanged explain the labels better."""
    return labels.sides(judged.log, judged.column, judged.atlas.names, judged.posterior)[0] != ""


def flipped(case: Case, part: str) -> bool:
    """Flip left and right in the names of the `whole` animal, its `front` or its `back` half."""
    posterior = case.judged.posterior
    front = posterior <= np.median(posterior[case.judged.column >= 0])
    inside = {"whole": front | True, "front": front, "back": ~front}[part]
    label = case.judged.worm.label
    partner = np.array([other_side(name) or name for name in label])
    return sides(case.relabelled(np.where(inside, partner, label)))


def red_for_green(case: Case) -> bool:
    """Exchange red and green."""
    judged = case.judged
    given = np.flatnonzero(judged.column >= 0)
    channels = judged.worm.channels[torch.from_numpy(given)][:, [1, 0, 2]]
    found = colours.exchanged(channels, judged.column[given], judged.atlas.channels, COLOUR)
    return found[1] > 0


def doubled(case: Case) -> bool:
    """Record z twice as long."""
    worm = _scaled(case, (1.0, 1.0, 2.0))
    return axes.stretch(worm, case.judged.atlas, case.fold.usual.lengths)[1] > case.stretch


def mirrored(case: Case) -> bool:
    """Record z in the other direction: the animal is aligned anew, and its own evidence turns."""
    worm = case.judged.worm
    own = case.fold.solver.aligner.align(worm.without_labels()).evidence * case.slope
    odds = float(case.fold.odds[worm.lab, worm.worm]) - 2 * own
    return sides(case.fold.judge(_scaled(case, (1.0, 1.0, -1.0)), odds))


def two_centres(case: Case) -> bool:
    """Give a labelled neuron a second centre, without a label."""
    worm, rng = case.judged.worm, case.draws()
    neuron = rng.choice(np.flatnonzero(worm.label != ""))
    way = torch.from_numpy(rng.normal(size=3))
    centre = worm.position[neuron] + way / way.norm() * rng.uniform(0, APART_UM)
    position = torch.cat([worm.position, centre[None]])
    planted = dataclasses.replace(worm, position=position, label=np.append(worm.label, ""))
    return (neuron, len(worm.label)) in axes.doubles(planted, case.fold.usual.least_apart)


def _scaled(case: Case, factors: tuple[float, float, float]):
    position = case.judged.worm.position * torch.tensor(factors, dtype=torch.float64)
    return dataclasses.replace(case.judged.worm, position=position)
