"""A worm named under what a person states."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from chromapal.columns import BODY
from chromapal.identify.align import Aligned, Aligner
from chromapal.identify.anchors import Anchors
from chromapal.identify.assign import Answers, Calibration, answer
from chromapal.identify.handedness import CERTAIN
from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import View
from chromapal.identify.worms import Worm
from chromapal.prepare.features import channels

# How much of its likelihood a stated name counts for where handedness is decided. The atlas is far
# too sure of where each neuron lies: in full, one answer in eighty overturned what a laboratory's
# other worms say, and was wrong. Training worms' axes are likeliest with 0.3 to 0.4.
HEEDED = 0.3
LEAST_LOG = -60.0  # log likelihood of a statement, at least


@dataclass(frozen=True)
class Solved:
    """A worm's names under anchors.

    Attributes
    ----------
    names : numpy.ndarray of str, shape (n,)
        The answer for every neuron: its anchor where there is one, "" where it is excluded or no
        name is left for it.
    probability : numpy.ndarray, shape (n,)
        Calibrated; 1 for anchors.
    answers : Answers
        The five best names.
    mirror : float
        Handedness that was chosen.
    probabilities : torch.Tensor, shape (n, K)
        Probabilities of all names.
    position : torch.Tensor, shape (n, 3)
        Body axes [um].
    odds : float
        Log odds of right-handed axes, anchors included.
    """

    names: np.ndarray
    probability: np.ndarray
    answers: Answers
    mirror: float
    probabilities: torch.Tensor
    position: torch.Tensor
    odds: float

    def five(self, known: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return five names of each neuron and their probabilities, both of shape (n, 5).

        `known` are the names of the atlas. The first name is the answer; where one is stated or a
        neuron excluded, no other is possible.
        """
        names = np.array([*known, ""])[self.answers.best].astype(object)
        chances = self.answers.probability.copy()
        names[:, 0], chances[:, 0] = self.names, self.probability
        return names, chances


@dataclass(frozen=True)
class Solver:
    """Names the neurons of a worm under what a person states.

    Attributes
    ----------
    aligner : Aligner
        What was learnt.
    calibration : Calibration
        What makes scores probabilities: of the transformer, where there is one, or of the atlas.
    features : str
        The feature set of the alignment.
    transformer : Transformer, optional
        Names neurons, told which of them a person has named; without it the atlas does.
    """

    aligner: Aligner
    calibration: Calibration
    features: str
    transformer: Transformer | None = None

    def solve(self, worm: Worm, odds: float, anchors: Anchors | None = None) -> Solved:
        """Name one worm's neurons.

        Parameters
        ----------
        worm : Worm
            The worm; its labels are not looked at.
        odds : float
            Log odds of right-handed axes, before anchors.
        anchors : Anchors, optional
            What is fixed. Anchors also decide handedness: they state it, or else by the likelihood
            that they cost in either, of which names count for `HEEDED`.
        """
        anchors = anchors or Anchors()
        count = len(worm.row)
        fixed = anchors.fixed(self.aligner, count)
        found = self.aligner.align(worm, fixed=fixed)
        spoken = {*anchors.names, *anchors.where, *anchors.partial}
        if anchors.axes:
            odds = CERTAIN * anchors.axes
        elif spoken:
            neurons = sorted(spoken)
            heeded = torch.tensor([1.0 if each in anchors.where else HEEDED for each in neurons])
            held = {sign: _held(found.log[sign][neurons], fixed[neurons]) for sign in found.log}
            odds = odds + float((heeded * (held[1.0] - held[-1.0])).sum())
        mirror = 1.0 if odds >= 0 else -1.0
        log = self._log(worm, found, mirror, anchors)
        probabilities = self.calibration.probabilities(log, fixed=fixed)
        answers = answer(probabilities, fixed)
        known = np.array(self.aligner.atlas.names)
        names = known[answers.best[:, 0]].astype(object)
        probability = answers.probability[:, 0].copy()
        names[probability == 0] = ""  # where a neuron lies can leave it no name
        for neuron, name in anchors.names.items():
            names[neuron], probability[neuron] = name, 1.0
        for neuron in anchors.excluded:
            names[neuron], probability[neuron] = "", 1.0
        position = found.position[mirror]
        return Solved(names, probability, answers, mirror, probabilities, position, odds)

    def _log(self, worm: Worm, found: Aligned, mirror: float, anchors: Anchors) -> torch.Tensor:
        """Return log scores of the atlas's names, (n, K); of excluded neurons they say nothing."""
        names = self.aligner.atlas.names
        if self.transformer is None or worm.channels.isnan().any():
            return found.log[mirror]
        rows = np.setdiff1d(np.arange(len(worm.row)), sorted(anchors.excluded))
        log = torch.zeros(len(worm.row), len(names), dtype=torch.float64)
        if not len(rows):
            return log
        values = pd.DataFrame(found.position[mirror].numpy()[rows], columns=list(BODY))
        values[list(channels(self.features))] = worm.channels.numpy()[rows]
        view = View(values, np.zeros(len(rows), dtype=int), np.full(len(rows), worm.lab))
        given = np.array([anchors.names.get(int(row), "") for row in rows], dtype=str)
        scores = self.transformer.predict_log_proba(self.features, view, given)
        columns = np.searchsorted(self.transformer.classes_, names)
        log[torch.from_numpy(rows)] = torch.from_numpy(scores[:, columns])
        return log


def _held(log: torch.Tensor, fixed: torch.Tensor) -> torch.Tensor:
    """Return the log likelihood of each statement, 0 of an unknown name."""
    open_names = fixed >= 0
    allowed = torch.where(open_names, log - fixed, -torch.inf)
    likelihood = torch.logsumexp(allowed, 1).clamp(min=LEAST_LOG)
    return torch.where(open_names.any(1), likelihood, 0.0)
