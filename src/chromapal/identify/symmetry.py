"""Left against right: what only neurons without a partner can tell."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch

from chromapal.identify.atlas import Atlas
from chromapal.worms.table import PAIRS


def other_side(name: str) -> str:
    """Return a neuron's partner on the other side, "" where it has none."""
    side, stem = name[-1:], name[:-1]
    return stem + {"L": "R", "R": "L"}[side] if side in ("L", "R") and stem in PAIRS else ""


@dataclasses.dataclass(frozen=True)
class Symmetry:
    """An atlas in which pairs are mirror images of each other, so that only single neurons differ.

    An atlas learnt from microscopes that look at worms from one side knows more than anatomy:
    which side is dimmer, and which is placed less exactly. Here every pair is learnt from both
    sides at once, and what is left of an asymmetry belongs to neurons without a partner.

    Attributes
    ----------
    atlas : Atlas
        The symmetrised atlas.
    middle : float
        Where the plane of symmetry cuts the left-right axis [um].
    """

    atlas: Atlas
    middle: float

    @classmethod
    def fit(
        cls,
        positions: Sequence[torch.Tensor],
        channels: Sequence[torch.Tensor],
        labels: Sequence[np.ndarray],
        degrees_of_freedom: float,
    ) -> "Symmetry":
        """Learn from aligned, named training worms; see `Atlas.fit`."""
        plain = Atlas.fit(positions, channels, labels, degrees_of_freedom)
        number_of = {name: number for number, name in enumerate(plain.names)}
        lefts = plain.position.mean[:, 2]
        partners = [(name, other_side(name)) for name in plain.names]
        centres = [
            lefts[[number_of[a], number_of[b]]].mean()
            for a, b in partners
            if b in number_of and a < b
        ]
        middle = float(torch.stack(centres).mean()) if centres else float(lefts.mean())
        swap = dict(partners) | {"": ""}
        swapped = [np.array([swap[name] for name in label], dtype=str) for label in labels]
        both = Atlas.fit(
            [*positions, *(mirrored(position, middle) for position in positions)],
            [*channels, *channels],
            [*labels, *swapped],
            degrees_of_freedom,
        )
        # of a pair, either member is as present as the two are on average
        presence_of = {name: float(plain.presence[number]) for name, number in number_of.items()}
        presence = torch.tensor(
            [
                (presence_of.get(name, 0.0) + presence_of.get(other_side(name), 0.0)) / 2
                if other_side(name)
                else presence_of[name]
                for name in both.names
            ],
            dtype=plain.presence.dtype,
        )
        return cls(dataclasses.replace(both, presence=presence), middle)

    def evidence(self, position: dict[float, torch.Tensor], channels: torch.Tensor) -> float:
        """Say how much more likely a worm's axes are right-handed than mirrored.

        Each alignment is compared with its own mirror image, in which pairs fit just as well.

        Parameters
        ----------
        position : dict of float to torch.Tensor, shape (n, 3)
            The worm in body axes, aligned as right-handed (1) and as mirrored (-1).
        channels : torch.Tensor, shape (n, c)
            Gray or colour; NaN counts for nothing.

        Returns
        -------
        float
            Difference of log likelihoods; not calibrated.
        """
        surplus = {
            sign: self._log(found, channels) - self._log(mirrored(found, self.middle), channels)
            for sign, found in position.items()
        }
        return surplus[1.0] - surplus[-1.0]

    def _log(self, position: torch.Tensor, channels: torch.Tensor) -> float:
        """Return the log likelihood of a worm under the mixture of all names and nobody."""
        atlas = self.atlas
        log = (
            atlas.position.log_density(position) + atlas.prior() + atlas.channel_log_ratio(channels)
        )
        return float(torch.logaddexp(torch.logsumexp(log, 1), atlas.nobody()).sum())


def mirrored(position: torch.Tensor, middle: float) -> torch.Tensor:
    """Swap left and right: reflect at the plane of symmetry."""
    away = position.clone()
    away[:, 2] = 2 * middle - position[:, 2]
    return away
