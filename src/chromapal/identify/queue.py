"""Which neuron to ask a person about next.

The page of a new worm asks in this order too (`queued` in `chromapal/evaluate/pages/workbench.js`),
and a test holds both to each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from chromapal.identify.assign import answer
from chromapal.worms.ganglia import LAST, SURELY, ganglion
from chromapal.worms.table import neuron_class

LANDMARKS = 12  # classes of neurons
LEAST_LABELS = 5  # labelled neurons of a class that its share is judged by
REACH_UM = 12.0  # within which neurons share their uncertainty
CERTAIN = 0.95  # a landmark that is surer than this is not asked for first
NOBODY_SURE = 0.5  # how surely a person tells what is none of the names


@dataclass(frozen=True)
class Queue:
    """The order in which a person is asked about a worm's neurons.

    Attributes
    ----------
    surely : torch.Tensor, shape (K,)
        How surely a person can tell a neuron of each name, 0 to 1.
    landmark, last : numpy.ndarray of bool, shape (K,)
        Names that are asked about before others, and after them.
    """

    surely: torch.Tensor
    landmark: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, names: Sequence[str], landmark_classes: Sequence[str]) -> "Queue":
        """Return the order for an atlas's names, of which some classes are landmarks."""
        names = pd.Series(names, dtype="str")
        parts = ganglion(names)
        return cls(
            torch.tensor(parts.map(SURELY).to_numpy(np.float64)),
            neuron_class(names).isin(landmark_classes).to_numpy(),
            parts.isin(LAST).to_numpy(),
        )

    def order(
        self, probabilities: torch.Tensor, position: torch.Tensor, best: np.ndarray
    ) -> np.ndarray:
        """Put a worm's neurons into the order in which to ask about them.

        Landmarks of which the model is not certain come first, and the ganglia in which a person
        errs most last. Within each of the three, a neuron's rank is what its name would help
        (`worth`) times how surely a person can tell it.

        Parameters
        ----------
        probabilities : torch.Tensor, shape (n, K)
            Probabilities of names; what a row lacks to 1 is nobody's.
        position : torch.Tensor, shape (n, 3)
            Body axes [um].
        best : numpy.ndarray of int, shape (n,)
            Numbers of the names given; -1 for none.

        Returns
        -------
        numpy.ndarray of int, shape (n,)
            Numbers of the neurons, the first to ask about first.
        """
        nobody = (1 - probabilities.sum(1)).clamp(min=0)
        sure = probabilities @ self.surely + nobody * NOBODY_SURE
        value = (worth(probabilities, position) * sure).numpy()
        neurons = np.arange(len(best))
        named, chance = best >= 0, probabilities.numpy()[neurons, best]
        turn = np.where(named & self.last[best], 2, 1)
        turn[named & self.landmark[best] & (chance < CERTAIN)] = 0
        return np.lexsort([neurons, -value, turn])


def worth(probabilities: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    """Return how much each neuron's name would help.

    A neuron is worth the uncertainty of its own name (entropy) and, since a name also settles
    where its neighbours are, that of the neurons within `REACH_UM`; of names that a pair could
    swap, both sides' uncertainty is in the entropy already.

    Parameters
    ----------
    probabilities : torch.Tensor, shape (n, K)
        Probabilities of names; what a row lacks to 1 is nobody's.
    position : torch.Tensor, shape (n, 3)
        Body axes [um].

    Returns
    -------
    torch.Tensor, shape (n,)
        Entropy [nat]: a neuron's own, and the mean over its neighbourhood.
    """
    probability = probabilities.clamp(1e-9, 1)
    nobody = (1 - probabilities.sum(1)).clamp(1e-9, 1)
    entropy = -(probability * probability.log()).sum(1) - nobody * nobody.log()
    apart = torch.cdist(position, position)
    near = (-apart.square() / (2 * REACH_UM**2)).exp()
    return entropy + near @ entropy / near.sum(1)


def landmarks(
    probabilities: Sequence[torch.Tensor], truths: Sequence[np.ndarray], names: np.ndarray
) -> list[str]:
    """Choose the classes of neurons that are most surely named right.

    Parameters
    ----------
    probabilities : sequence of torch.Tensor, shape (n, K)
        Calibrated probabilities of worms that were held out.
    truths : sequence of numpy.ndarray of int, shape (n,)
        Numbers of their names, below 0 where unlabelled.
    names : numpy.ndarray of str, shape (K,)
        The names.

    Returns
    -------
    list of str
        At most `LANDMARKS` classes, sorted, of those with the largest (right + 1) / (labelled + 2),
        Laplace's estimate of the share that is named right.
    """
    classes = neuron_class(pd.Series(names, dtype="str")).to_numpy()
    parts = []
    for found, truth in zip(probabilities, truths, strict=True):
        given = answer(found).best[:, 0]
        known = truth >= 0
        right = (given == truth)[known]
        parts.append(pd.DataFrame({"class": classes[truth[known]], "right": right}))
    if not parts:
        return []
    counts = pd.concat(parts).groupby("class")["right"].agg(["sum", "size"])
    counts = counts[counts["size"] >= LEAST_LABELS]
    share = (counts["sum"] + 1) / (counts["size"] + 2)
    ranked = share.rename("share").reset_index().sort_values(["share", "class"], ascending=[0, 1])
    return sorted(ranked["class"][:LANDMARKS])
