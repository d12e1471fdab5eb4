"""What a person knows about a worm, and which neuron to ask a person about next."""

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch

from chromapal import sheet
from chromapal.columns import BODY
from chromapal.errors import InputError
from chromapal.identify.align import Aligned, Aligner
from chromapal.identify.assign import Answers, Calibration, answer
from chromapal.identify.handedness import CERTAIN
from chromapal.identify.transformer import Transformer
from chromapal.identify.worm_batch import View
from chromapal.identify.worms import Worm
from chromapal.prepare.features import channels
from chromapal.worms import names as neuron_names
from chromapal.worms import table
from chromapal.worms.collect import HANDEDNESS

FORBIDDEN = -1e4
NO_CELL = "-"
# Statements about where a neuron lies: axis of the body, and on which side of its middle.
WHERE = {
    "nose": (0, -1),
    "tail": (0, 1),
    "dorsal": (1, 1),
    "ventral": (1, -1),
    "left": (2, 1),
    "right": (2, -1),
}
# Statements about the worm as a whole: its axes, as the config key `handedness` has them.
AXES = {f"handedness={word}": sign for word, sign in HANDEDNESS.items() if word}
COLUMNS = ("neuron", "says")
_NUMBER = re.compile(r"[0-9]{1,9}(\.0{0,9})?")
REACH_UM = 12.0  # within which neurons share their uncertainty


@dataclass(frozen=True)
class Anchors:
    """What a person states about the neurons of one worm.

    Attributes
    ----------
    names : dict of int to str
        Fixed names, by number of the neuron within the worm, from 0.
    excluded : frozenset of int
        Neurons that are none.
    where : dict of int to str
        Words of `WHERE`.
    partial : dict of int to str
        Names that leave open which neuron it is (`AVA`, `SIA?L`).
    axes : int
        The worm's axes: 1 right-handed, -1 mirrored, 0 for nothing.
    """

    names: dict[int, str] = field(default_factory=dict)
    excluded: frozenset[int] = frozenset()
    where: dict[int, str] = field(default_factory=dict)
    partial: dict[int, str] = field(default_factory=dict)
    axes: int = 0

    @classmethod
    def read(cls, path: str | os.PathLike, count: int) -> "Anchors":
        """Read a CSV of anchors.

        Columns `neuron` (number within the worm, from 0, as in the table of its names; `1.0` is 1)
        and `says`, of which an empty cell states nothing: a neuron's name or partial name, in any
        form that labels may have; `-` for what is no neuron; or `nose`, `tail`, `dorsal`,
        `ventral`, `left`, `right`, in letters of any case, for where it lies. One row may have an
        empty `neuron`, and `handedness=right` or `handedness=mirrored`: the worm's axes.

        Parameters
        ----------
        path : path-like
            The file.
        count : int
            How many neurons the worm has.

        Raises
        ------
        InputError
            The file cannot be read, a number is no neuron's, a neuron or the axes are spoken of
            twice, or two neurons are given one name.
        """
        columns, lines, rows = sheet.read(path, short=True)
        if not set(COLUMNS) <= set(columns):
            raise InputError(
                path, f"columns {sheet.head(columns)}", f"columns {', '.join(COLUMNS)}"
            )
        places = [columns.index(name) for name in COLUMNS]
        statements: dict[int, str] = {}
        axes = 0
        for line, row in zip(lines, rows, strict=True):
            number, statement = (row[place].strip() for place in places)
            if not statement:
                continue  # a copy of the table of names has an empty cell for most neurons
            word = _clean(statement)
            where = f"{path}, line {line}"
            if word in AXES:
                if number:
                    found, advice = f"{word} of neuron {number[:20]!r}", "axes are the whole worm's"
                    raise InputError(where, found, "an empty cell in column neuron", advice)
                if axes:
                    raise InputError(where, "the worm's axes a second time", "one line about them")
                axes = AXES[word]
                continue
            if not _NUMBER.fullmatch(number) or float(number) >= count:
                raise InputError(
                    where, f"neuron {number[:20]!r}", f"a number from 0 to {count - 1}"
                )
            number = int(float(number))
            if not word:
                raise InputError(where, "nothing said", "a name, '-', or where the neuron lies")
            if number in statements:
                raise InputError(where, f"neuron {number} a second time", "one line per neuron")
            statements[number] = word
        called = {
            n: word for n, word in statements.items() if word != NO_CELL and word not in WHERE
        }
        names = {n: word for n, word in called.items() if not neuron_names.is_partial(word)}
        twice = sorted({word for word in names.values() if list(names.values()).count(word) > 1})
        if twice:
            raise InputError(path, f"name {twice[0]} for two neurons", "a name once")
        return cls(
            names,
            frozenset(n for n, word in statements.items() if word == NO_CELL),
            {n: word for n, word in statements.items() if word in WHERE},
            {n: word for n, word in called.items() if n not in names},
            axes,
        )

    def words(self) -> dict[int, str]:
        """Return what is stated of each neuron, by its number."""
        named = self.names | self.where | self.partial
        return dict.fromkeys(self.excluded, NO_CELL) | named

    def unknown(self, known: Sequence[str]) -> dict[str, list[str]]:
        """Return the stated names that an atlas does not know, each with those most like it."""
        stated = {*self.names.values(), *self.partial.values()}
        return {
            name: difflib.get_close_matches(name.upper(), known, n=3, cutoff=0)
            for name in sorted(stated)
            if not neuron_names.denoted(name, known) & set(known)
        }

    def allowed(self, known: Sequence[str], count: int) -> torch.Tensor:
        """Return which names the neurons may still have, by their stated names.

        Parameters
        ----------
        known : sequence of str, length K
            All names.
        count : int
            How many neurons the worm has.

        Returns
        -------
        torch.Tensor of bool, shape (count, K)
            A neuron with a name that is not known, or a partial one of which no member is known,
            may have none; neither may what is no neuron.
        """
        column_of = {name: column for column, name in enumerate(known)}
        allowed = torch.ones(count, len(column_of), dtype=torch.bool)
        for neuron, label in self.partial.items():
            members = neuron_names.denoted(label, known)
            allowed[neuron] = torch.tensor([name in members for name in known])
        for neuron in self.excluded:
            allowed[neuron] = False
        for neuron, name in self.names.items():
            allowed[neuron] = False
            if name in column_of:
                allowed[:, column_of[name]] = False
        for neuron, name in self.names.items():
            if name in column_of:
                allowed[neuron, column_of[name]] = True
        return allowed

    def fixed(self, aligner: Aligner, count: int) -> torch.Tensor:
        """Return which names the neurons may still have, by all that is stated.

        Returns
        -------
        torch.Tensor, shape (count, K)
            0, or `FORBIDDEN`.
        """
        atlas = aligner.atlas
        allowed = self.allowed(atlas.names, count)
        middle = atlas.position.mean.median(0).values.clone()
        middle[2] = aligner.symmetry.middle
        for neuron, word in self.where.items():
            axis, side = WHERE[word]
            allowed[neuron] &= (atlas.position.mean[:, axis] - middle[axis]) * side > 0
        return torch.where(allowed, 0.0, FORBIDDEN).to(torch.float64)


def _clean(word: str) -> str:
    """Bring a statement into the form that words and names are compared in."""
    if word == NO_CELL or word.lower() in {*WHERE, *AXES}:
        return word.lower()
    return str(table.clean_name(pd.Series([word], dtype="str")).iloc[0])


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
            that they cost in either.
        """
        anchors = anchors or Anchors()
        count = len(worm.row)
        fixed = anchors.fixed(self.aligner, count)
        found = self.aligner.align(worm, fixed=fixed)
        spoken = {*anchors.names, *anchors.where, *anchors.partial}
        if anchors.axes:
            odds = CERTAIN * anchors.axes
        elif spoken:
            spoken_of = torch.tensor(sorted(spoken))
            cost = {sign: _held(found.log[sign][spoken_of], fixed[spoken_of]) for sign in found.log}
            odds = odds + cost[1.0] - cost[-1.0]
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


def _held(log: torch.Tensor, fixed: torch.Tensor) -> float:
    """Return the log likelihood of what was stated; of unknown names nothing is known."""
    open_names = fixed >= 0
    free = open_names.any(1)
    allowed = torch.where(open_names, log - fixed, -torch.inf)[free]
    return float(torch.logsumexp(allowed, 1).clamp(min=-60).sum())


def ask(solved: Solved, candidates: np.ndarray) -> int:
    """Choose the neuron whose name would help most.

    A neuron is worth the uncertainty of its own name (entropy) and, since a name also settles
    where its neighbours are, that of the neurons within `REACH_UM`; of names that a pair could
    swap, both sides' uncertainty is in the entropy already.

    Parameters
    ----------
    solved : Solved
        The worm as it is named now.
    candidates : numpy.ndarray of int
        Neurons that may be asked for.

    Returns
    -------
    int
        One of them.
    """
    value = worth(solved.probabilities, solved.position)
    return int(candidates[int(value[torch.from_numpy(candidates)].argmax())])


def worth(probabilities: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    """Return how much each neuron's name would help; see `ask`.

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
