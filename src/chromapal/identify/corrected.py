"""A named worm's answers under what a person states, from its probabilities alone.

The model is not asked again, so that this takes milliseconds: `apply` with the same anchors aligns
anew and may answer otherwise. The page of a new worm does the same in a browser
(`chromapal/evaluate/pages/solve.js`), and a test holds both to each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from chromapal.identify.anchors import FORBIDDEN, Anchors
from chromapal.identify.assign import Answers, answer, shared_out

# The least share of a stated name, and of nobody: below it no logarithm is taken.
LEAST = 1e-12


@dataclass(frozen=True)
class Corrected:
    """A worm's names under what a person states.

    Attributes
    ----------
    names : numpy.ndarray of str, shape (n,)
        The answer for every neuron: what was stated, "" where it is no neuron or no name is left.
    probability : numpy.ndarray, shape (n,)
        Theirs; 1 for what was stated.
    answers : Answers
        The five best names.
    probabilities : torch.Tensor, shape (n, K)
        Probabilities of all names.
    """

    names: np.ndarray
    probability: np.ndarray
    answers: Answers
    probabilities: torch.Tensor


def correct(log: torch.Tensor, known: Sequence[str], anchors: Anchors) -> Corrected:
    """Solve one worm again under what a person states.

    A stated name is certain and no other neuron's. What this frees and takes is shared out among
    the other neurons as probabilities were in the first place, and names are assigned anew.

    Parameters
    ----------
    log : torch.Tensor of float64, shape (n, K)
        Logarithms of calibrated probabilities, `-inf` for 0; what a row lacks to 1 is nobody's.
    known : sequence of str, length K
        Their names.
    anchors : Anchors
        What is stated. Where a neuron lies is not looked at: its probabilities do not tell; nor are
        the worm's axes, for which `log` was made.

    Returns
    -------
    Corrected
        Without any statement, probabilities and names are what they were.
    """
    allowed = anchors.allowed(known, len(log))
    nobody = (1 - log.exp().sum(1, keepdim=True)).clamp(min=LEAST).log()
    scores = log.clamp(min=FORBIDDEN)
    # whatever the model thought, these neurons have one of the stated names
    stated = [*anchors.names, *anchors.partial]
    neurons = torch.tensor([each for each in stated if allowed[each].any()], dtype=torch.long)
    scores[neurons] = scores[neurons].clamp(min=float(np.log(LEAST)))
    nobody[neurons] = FORBIDDEN
    fixed = torch.where(allowed, 0.0, FORBIDDEN).to(log.dtype)
    probabilities = shared_out(scores + fixed, nobody)
    answers = answer(probabilities, fixed)
    names = np.array([*known, ""])[answers.best[:, 0]].astype(object)
    probability = answers.probability[:, 0].copy()
    for neuron, name in anchors.names.items():
        names[neuron], probability[neuron] = name, 1.0
    for neuron in anchors.excluded:
        names[neuron], probability[neuron] = "", 1.0
    return Corrected(names, probability, answers, probabilities)
