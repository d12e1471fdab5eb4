"""What a person's answers are worth: a fold's worms named with more and more of them."""

import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.files import read_json, write_parquet
from chromapal.identify import expert
from chromapal.identify.anchored import load, odds_of
from chromapal.identify.anchors import Anchors
from chromapal.identify.expert import Expert
from chromapal.identify.queue import Queue
from chromapal.identify.solver import Solved, Solver
from chromapal.identify.transformer import LANDMARKS
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.features import channels

COUNTS = (0, 1, 2, 5, 8, 10)
RANDOM, ASKED = "random", "asked"
SURE, ERRS = "sure", "errs"
COLUMNS = (
    "lab", "worm", "strategy", "expert", "anchors", "labelled", "right", "right_before",
    "all_labelled", "all_right", "wrong", "declined",
)  # fmt: skip
Solve = Callable[[dict[int, str]], Solved]
Choose = Callable[[dict[int, str], np.ndarray], int]


def anchor_fold(
    neurons: str | os.PathLike,
    worms: str | os.PathLike,
    atlas: str | os.PathLike,
    network: str | os.PathLike | Sequence[str],
    features: str,
    params: dict,
    seed: int,
    out: str | os.PathLike,
):
    """Name a fold's test worms with growing numbers of answers of a simulated person.

    Parameters
    ----------
    neurons : path-like
        The fold's normalised neurons.
    worms, atlas : path-like
        What `chromapal.identify.run.align_fold` decided about the test worms, and learnt.
    network, features, params
        As for `chromapal.identify.anchored.load`.
    seed : int
        Of the neurons that are drawn at random, and of the person who errs.
    out : path-like
        Parquet, `COLUMNS`: strategy (random, or asked: in the order of
        `chromapal.identify.queue.Queue`), expert (sure: a person who knows every label; errs: one
        of `chromapal.identify.expert.erring`), anchors (answers), labelled (neurons that were not
        answered) and how many of them are right, and were right before (without any answer, since
        those asked for are the hardest and leave easy ones behind); all_labelled and all_right:
        those answered among them, as the person named them; wrong answers, and declined questions.
        Only labelled neurons are asked about, each once. Worms with fewer than twice as many
        labels as answers are left out of that number, and those without a channel altogether.
    """
    torch.set_num_threads(1)
    neurons = pd.read_parquet(neurons)
    tested = worms_of(neurons[neurons["role"].eq("test")], channels(features))
    odds = odds_of(pd.read_parquet(worms))
    solver = load(atlas, network, features, params)
    queue = Queue.of(solver.aligner.atlas.names, _landmarks(network, features))
    rows = []
    for number, worm in enumerate(progress(tested, len(tested), "anchor worms")):
        if worm.channels.isnan().any():
            continue
        rng = np.random.default_rng([seed, number])
        before = float(odds[worm.lab, worm.worm])
        rows += [(worm.lab, worm.worm, *row) for row in curves(solver, worm, before, queue, rng)]
    write_parquet(pd.DataFrame(rows, columns=list(COLUMNS)), out)


def _landmarks(network: str | os.PathLike | Sequence[str], features: str) -> list[str]:
    """Read the landmarks of a fold's networks; the atlas alone, which names worms itself, has none.

    Raises
    ------
    InputError
        The networks have none: an earlier version of this software wrote them.
    """
    if not network:
        return []
    path = Path(network) / LANDMARKS
    if not path.exists():
        raise InputError(
            path, "no file", "landmarks beside networks", "train the fold's networks again"
        )
    return read_json(path).get(features, [])


def curves(
    solver: Solver, worm: Worm, odds: float, queue: Queue, rng: np.random.Generator
) -> list[tuple]:
    """Score one worm at each number of answers, for each strategy and person.

    Parameters
    ----------
    solver : Solver
        Names the worm; it is given what a person has answered, and no label beside.
    worm : Worm
        The worm with its labels.
    odds : float
        Log odds of right-handed axes, before answers.
    queue : Queue
        The order of strategy `asked`.
    rng : numpy.random.Generator
        Of the order of strategy `random`, and of the person who errs.

    Returns
    -------
    list of tuple
        Rows as of `anchor_fold`, from strategy on.
    """
    unlabelled = worm.without_labels()

    @cache
    def remembered(given: tuple[tuple[int, str], ...]) -> Solved:
        # until the person who errs does so, both are given the same names
        return solver.solve(unlabelled, odds, Anchors(dict(given)))

    def solve(given: dict[int, str]) -> Solved:
        return remembered(tuple(sorted(given.items())))

    order = rng.permutation(np.flatnonzero(worm.label != "")).tolist()
    names = np.array(solver.aligner.atlas.names, dtype=str)
    persons = {
        SURE: Expert(worm.label),
        ERRS: expert.erring(worm.label, solve({}).probabilities, names, rng),
    }

    def drawn(given: dict[int, str], left: np.ndarray) -> int:
        return next(neuron for neuron in order if neuron in left)

    def next_in_queue(given: dict[int, str], left: np.ndarray) -> int:
        found = solve(given)
        ranked = queue.order(found.probabilities, found.position, found.answers.best[:, 0])
        return int(ranked[np.isin(ranked, left)][0])

    return [
        (strategy, person, *row)
        for strategy, choose in ((RANDOM, drawn), (ASKED, next_in_queue))
        for person, answering in persons.items()
        for row in curve(solve, worm.label, choose, answering)
    ]


def curve(solve: Solve, label: np.ndarray, choose: Choose, person: Expert) -> list[tuple[int, ...]]:
    """Score one worm at each number of answers.

    Parameters
    ----------
    solve : callable
        Names the worm by what a person has said, {neuron: name}.
    label : numpy.ndarray of str, shape (n,)
        What the neurons are, "" where nobody knows.
    choose : callable
        Says which neuron comes next, by what has been said and the neurons that are left.
    person : Expert
        Who answers.

    Returns
    -------
    list of tuple
        Rows as of `anchor_fold`, from anchors on.
    """
    labelled = np.flatnonzero(label != "")
    left = rest = labelled
    given: dict[int, str] = {}
    before = solve(given).names
    answers = wrong = declined = 0
    rows = []

    def score():
        names = solve(given).names
        right = names == label
        counts = len(rest), right[rest].sum(), (before == label)[rest].sum()
        everything = len(labelled), right[labelled].sum()
        rows.append(tuple(map(int, (answers, *counts, *everything, wrong, declined))))

    score()
    while len(left) and answers < max(COUNTS) and 2 * (answers + 1) <= len(labelled):
        neuron = int(choose(given, left))
        left = left[left != neuron]
        name = person.answer(neuron, set(given.values()))
        if not name:
            declined += 1
            continue
        # a name has one owner, as on the page of a new worm: who is given it takes it
        given = {other: own for other, own in given.items() if own != name} | {neuron: name}
        rest = rest[rest != neuron]
        answers += 1
        wrong += name != label[neuron]
        if answers in COUNTS:
            score()
    return rows
