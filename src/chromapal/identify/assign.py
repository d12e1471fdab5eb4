"""One name to one neuron: assignment, calibrated probabilities and what may be left blank."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment, minimize

from chromapal.columns import FIVE
from chromapal.identify.refine import probabilities

PASSES = 10
# Scores that say nothing are divided by ever more; beyond this their probabilities would differ by
# less than the single precision in which names are compared.
HOTTEST = 1e4
# The least probability that a likelihood, or log odds, are taken of.
LEAST = 1e-6
# How far the raise of assigned names is from none, before worms are looked at.
SPREAD = 2.0
# The log odds of nobody that an assignment weighs a name against; far below any calibrated name.
BLANK = -12.0
# Truths that are no column.
NOBODY, UNKNOWN = -1, -2


def shared_out(log: torch.Tensor, nobody: torch.Tensor) -> torch.Tensor:
    """Turn log scores into probabilities, one name to one neuron.

    Parameters
    ----------
    log : torch.Tensor, shape (n, K)
        Log scores of a worm's neurons.
    nobody : torch.Tensor, shape (n, 1)
        Those of being none of the names.

    Returns
    -------
    torch.Tensor, shape (n, K)
        A row's add up to one with nobody's, a column's to one at most.
    """
    found = probabilities(log, nobody, PASSES)
    # what ten passes leave over one is nobody's
    return found / found.sum(0).clamp(min=1)


@dataclass(frozen=True)
class Calibration:
    """What makes scores probabilities.

    Log scores are divided by a temperature (Guo et al. 2017, "On calibration of modern neural
    networks") and shared out, one name to one neuron. Sharing out is too timid: of two neurons that
    fit their own names better than each other's, it takes the square root of the odds that these
    are right (with log scores d better in sum, exp(d / 2) to 1 in place of exp(d) to 1). So the log
    odds of the name that each neuron is then assigned are raised (Platt 1999, "Probabilistic
    outputs for support vector machines"), and all is shared out again.

    Attributes
    ----------
    temperature : float
        Log scores are divided by it.
    nobody : float
        Log score, after division, of a neuron being none of the names.
    offset, slope : float
        An assigned name's log odds are raised by `offset` and `slope` times the log odds of its
        share, where this is more than 0.
    """

    temperature: float = 1.0
    nobody: float = -4.0
    offset: float = 0.0
    slope: float = 0.0

    def probabilities(
        self,
        log: torch.Tensor,
        background: int | None = None,
        fixed: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Turn a worm's log scores into probabilities, one name to one neuron.

        Parameters
        ----------
        log : torch.Tensor, shape (n, K)
            Log scores of any scale.
        background : int, optional
            Column of the name that many neurons may share; it becomes part of being nobody.
        fixed : torch.Tensor, shape (n, K), optional
            Added after calibration: what anchors forbid. Not together with `background`.

        Returns
        -------
        torch.Tensor, shape (n, K), without the background's column
            Probabilities; a row's add up to one with nobody's, a column's to one at most.
        """
        scaled = torch.log_softmax(log, -1) / self.temperature
        nobody = torch.full_like(scaled[:, :1], self.nobody)
        if background is not None:
            nobody = nobody + scaled[:, [background]]
            keep = torch.arange(scaled.shape[1]) != background
            scaled = scaled[:, keep]
        if fixed is not None:
            scaled = scaled + fixed
        shared = shared_out(scaled, nobody)
        if self.offset == self.slope == 0:
            return shared
        name = _assign(*_comparable(shared, fixed))
        rows = torch.from_numpy(np.flatnonzero(name >= 0))
        columns = torch.from_numpy(name[name >= 0])
        odds = torch.logit(shared[rows, columns], eps=LEAST)
        raised = shared.log()
        # never lowered, so that the names stay
        raised[rows, columns] += (self.offset + self.slope * odds).clamp(min=0)
        rest = (1 - shared.sum(1, keepdim=True)).clamp(min=LEAST**2)
        return shared_out(raised, rest.log())

    @classmethod
    def fit(
        cls, logs: list[torch.Tensor], truths: list[np.ndarray], background: int | None = None
    ) -> "Calibration":
        """Choose all values by the likelihood of known names.

        Parameters
        ----------
        logs : list of torch.Tensor, shape (n, K)
            Log scores of worms that the scores were not learnt from.
        truths : list of numpy.ndarray of int, shape (n,)
            Column of each neuron's name among the columns without background; `UNKNOWN`, or
            `NOBODY` where it is background.
        background : int, optional
            See `probabilities`. Without it nobody's score is as low as can be, since known names
            say nothing of it.
        """
        indices = [np.flatnonzero(truth != UNKNOWN) for truth in truths]
        total = sum(map(len, indices))
        if not total:
            return cls()

        def surprise(values: np.ndarray) -> float:
            tried = cls._of(values, background)
            # few worms, all named right, must not make the rest all but certain
            loss = (tried.offset**2 + tried.slope**2) / (2 * SPREAD**2)
            for log, truth, rows in zip(logs, truths, indices, strict=True):
                found = tried.probabilities(log, background).numpy()
                with_nobody = np.column_stack([found, 1 - found.sum(1)])
                # nobody stands last, where NOBODY = -1 points
                loss -= np.log(with_nobody[rows, truth[rows]].clip(LEAST)).sum()
            return loss / total

        # not from nothing raised: likelihood is flat beside it, and the search would end there
        start = np.array([0.5, 0.5, 0.5] if background is None else [0.5, 0.5, 0.5, 0.0])
        found = minimize(
            surprise, start, method="Nelder-Mead",
            options={
                "initial_simplex": np.vstack([start, start + 0.5 * np.eye(len(start))]),
                "xatol": 0.02, "fatol": 1e-4, "maxfev": 40 * len(start),
            },
        )  # fmt: skip
        return cls._of(found.x, background)

    @classmethod
    def _of(cls, values: np.ndarray, background: int | None) -> "Calibration":
        temperature = float(np.exp(min(values[0], np.log(HOTTEST))))
        offset, slope = values[1:3].tolist()
        nobody = BLANK if background is None else float(np.clip(values[3], BLANK, -BLANK))
        return cls(temperature, nobody, offset, slope)


@dataclass(frozen=True)
class Answers:
    """Names of one worm's neurons.

    Attributes
    ----------
    best : numpy.ndarray of int64, shape (n, 5)
        Numbers of the five best names, the assigned one first; -1 where no further name is
        possible.
    probability : numpy.ndarray, shape (n, 5)
        Their probabilities; 0 where there is no name.
    assigned : numpy.ndarray of bool, shape (n,)
        Whether the first name was assigned; otherwise it is the likeliest one, and another
        neuron has it or nobody is likelier, or -1 where no name is possible.
    """

    best: np.ndarray
    probability: np.ndarray
    assigned: np.ndarray


def answer(probability: torch.Tensor, fixed: torch.Tensor | None = None) -> Answers:
    """Assign names so that the product of probabilities is greatest (Kuhn 1955).

    Parameters
    ----------
    probability : torch.Tensor, shape (n, K)
        Probabilities of a worm's neurons.
    fixed : torch.Tensor, shape (n, K), optional
        0 where a name is allowed; what is not is neither assigned nor among the alternatives.
    """
    values = probability.numpy()
    tied, possible = _comparable(probability, fixed)
    name = _assign(tied, possible)
    count = len(values)
    # names that cannot be would rank by column, and be read as alternatives
    ranked = np.where(possible, tied, -np.inf)
    given = name >= 0
    ranked[given, name[given]] = np.inf
    best = np.argsort(-ranked, axis=1, kind="stable")[:, :FIVE]
    width = best.shape[1]
    present = np.take_along_axis(ranked, best, axis=1) > 0
    padded = np.full((count, FIVE), -1, dtype=np.int64)
    padded[:, :width] = np.where(present, best, -1)
    chance = np.zeros((count, FIVE))
    chance[:, :width] = np.where(present, np.take_along_axis(values, best, axis=1), 0)
    return Answers(padded, chance, given)


def _comparable(
    probability: torch.Tensor, fixed: torch.Tensor | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities as they are compared, and which are possible, both (n, K)."""
    values = probability.numpy()
    possible = values > 0
    if fixed is not None:
        possible &= fixed.numpy() >= 0
    # In single precision, equally likely names stay so in whichever order a processor added up a
    # forest's votes; the order of names then breaks ties, the same way on every machine.
    return values.astype(np.float32).astype(float), possible


def _assign(tied: np.ndarray, possible: np.ndarray) -> np.ndarray:
    """Return the number of each neuron's assigned name, -1 where it has none, shape (n,)."""
    count, names = tied.shape
    cost = np.where(possible, -np.log(tied.clip(1e-12)), 1e3)
    whole = np.concatenate([cost, np.full((count, count), -BLANK)], axis=1)
    rows, columns = linear_sum_assignment(whole)
    name = np.full(count, -1)
    name[rows] = np.where(columns < names, columns, -1)
    return name
