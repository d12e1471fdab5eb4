"""Makes probabilities of the mean score of several networks, from fewer of them."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch

from chromapal.identify.assign import Calibration


@dataclass(frozen=True)
class HeldOut:
    """Training worms that members were not trained on, and what these members say of them.

    Attributes
    ----------
    numbers : list of int
        The worms.
    logs : list of torch.Tensor, shape (members, n, K)
        Log scores by the one or two members that have not seen the worm.
    truths : list of numpy.ndarray of int, shape (n,)
        Numbers of the neurons' names, `UNKNOWN` where unlabelled.
    members : int
        How many members a new worm's score is the mean of.
    """

    numbers: list[int]
    logs: list[torch.Tensor]
    truths: list[np.ndarray]
    members: int

    @property
    def means(self) -> list[torch.Tensor]:
        """The means over those members, (n, K)."""
        return [log.mean(0) for log in self.logs]


def calibrate(held_out: HeldOut, background: int | None = None) -> Calibration:
    """Fit what makes a new worm's mean score probabilities.

    The mean over members is right more often than any of them, which a calibration of single
    members does not know: its probabilities are too low. So two are fitted, to scores of single
    members and to means of two, and the step between them is carried on to the mean of all in
    proportion to 1 / members, as the variance of a mean falls.

    Parameters
    ----------
    held_out : HeldOut
        Worms that members have not seen.
    background : int, optional
        Column of the name that many neurons may share; see `Calibration.fit`.
    """
    logs, truths, members = held_out.logs, held_out.truths, held_out.members
    means = Calibration.fit(held_out.means, truths, background)
    asked = min(map(len, logs), default=members)
    if asked >= members:
        return means
    singles = [one for log in logs for one in log]
    repeated = [truth for log, truth in zip(logs, truths, strict=True) for _ in log]
    return carried_on(Calibration.fit(singles, repeated, background), means, asked, members)


def carried_on(one: Calibration, mean: Calibration, asked: int, members: int) -> Calibration:
    """Carry on from single members and means of some to means of more.

    Parameters
    ----------
    one, mean : Calibration
        Of single members, and of means of `asked` members.
    asked, members : int
        Members in those means, more than one, and in the means wanted.

    Returns
    -------
    Calibration
        Its nobody's score and the logarithm of its temperature lie on the line through the two
        over 1 / members.
    """
    if asked < 2:
        return mean
    further = (1 / asked - 1 / members) / (1 - 1 / asked)
    temperature = mean.temperature * (mean.temperature / one.temperature) ** further
    nobody = mean.nobody + further * (mean.nobody - one.nobody)
    return dataclasses.replace(mean, temperature=temperature, nobody=nobody)
