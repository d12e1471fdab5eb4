"""A simulated person who is asked what neurons are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch

from chromapal.columns import FIVE
from chromapal.worms.ganglia import SURELY, ganglion

# How often a person names a neuron wrongly, by the ganglion that it lies in. Two people
# who label the same worms agree on .923 of the names (AutoCellLabeler, 2025). They differ most
# where neurons lie close together and in other places from worm to worm, so that a third of what
# is said of the ventral and retrovesicular ganglia is taken to be wrong. Of the labelled neurons
# of WormND's 79 test worms .095 lie there, .122 in the pharynx and .783 elsewhere, mean over
# worms: .36 x .095 + .03 x .122 + .05 x .783 = .077.
ERRS = {
    "pharynx": 0.03, "anterior": 0.05, "dorsal": 0.05, "lateral": 0.05, "ventral": 0.36,
    "retrovesicular": 0.36, "other": 0.05,
}  # fmt: skip


@dataclass(frozen=True)
class Expert:
    """Answers questions about one worm's neurons, each once.

    Attributes
    ----------
    label : numpy.ndarray of str, shape (n,)
        What the neurons are.
    mistaken : mapping of int to sequence of str
        Other names that the person takes a neuron for, the likeliest first, by its number.
    declined : collection of int
        Neurons that the person does not name.
    """

    label: np.ndarray
    mistaken: Mapping[int, Collection[str]] = field(default_factory=dict)
    declined: Collection[int] = frozenset()

    def answer(self, neuron: int, given: Collection[str]) -> str:
        """Say what a neuron is, "" where the person declines.

        A name that the person has `given` to another neuron is not given by mistake a second time;
        who has no other name for a mistaken neuron declines.
        """
        if neuron in self.declined:
            return ""
        if neuron in self.mistaken:
            return next((name for name in self.mistaken[neuron] if name not in given), "")
        return str(self.label[neuron])


def erring(
    label: np.ndarray,
    probabilities: torch.Tensor,
    names: np.ndarray,
    rng: np.random.Generator,
) -> Expert:
    """Make a person who errs (`ERRS`), and declines questions.

    By mistake the person takes a neuron for what the model takes it for beside its label. Who
    cannot surely tell neurons of its ganglion (`SURELY`) declines the more often the less the two
    likeliest names differ, with the probability (1 - surely) x second / first.

    Parameters
    ----------
    label : numpy.ndarray of str, shape (n,)
        What the neurons are, "" where nobody knows: nobody is asked about those.
    probabilities : torch.Tensor, shape (n, K)
        Probabilities of names before anything is asked.
    names : numpy.ndarray of str, shape (K,)
        The names.
    rng : numpy.random.Generator
        Decides about each neuron, in their order.
    """
    chances = probabilities.numpy()
    ranked = np.argsort(-chances, axis=1, kind="stable")[:, : FIVE + 1]
    parts = ganglion(pd.Series(label, dtype="str"))
    mistaken, declined = {}, set()
    for neuron in np.flatnonzero(label != "").tolist():
        slip, refusal = rng.random(2)
        best = ranked[neuron]
        first, second = chances[neuron, best[:2]] if len(best) > 1 else (1.0, 0.0)
        close = second / first if first > 0 else 1.0
        if refusal < (1 - SURELY[parts[neuron]]) * close:
            declined.add(neuron)
        elif slip < ERRS[parts[neuron]]:
            others = best[(names[best] != label[neuron]) & (chances[neuron, best] > 0)]
            mistaken[neuron] = names[others].tolist()
    return Expert(label, mistaken, declined)
