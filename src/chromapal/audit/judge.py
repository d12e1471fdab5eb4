"""One fold's labelled test animals, judged by the models that were not trained on them."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from chromapal.audit.questions import Judged, Usual, animal_rows, label_rows
from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.files import read_json, write_parquet
from chromapal.identify.anchored import load, odds_of
from chromapal.identify.solver import Solver
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.features import channels
from chromapal.worms.table import WORM

LOGGER = logging.getLogger("chromapal")


@dataclass(frozen=True)
class Fold:
    """What a fold of a finished study has learnt, and its animals.

    Attributes
    ----------
    tested : list of Worm
        Labelled test animals that have all channels of the feature set.
    odds, certain : pandas.Series
        By (lab, worm): log odds of right-handed axes, and the probability of what was decided.
    solver : Solver
        What names them.
    usual : Usual
        What its training animals say.
    letters : tuple of str
        Columns of the feature set's channels.
    """

    tested: list[Worm]
    odds: pd.Series
    certain: pd.Series
    solver: Solver
    usual: Usual
    letters: tuple[str, ...]

    @classmethod
    def read(
        cls,
        neurons: str | os.PathLike,
        worms: str | os.PathLike,
        atlas: str | os.PathLike,
        network: str | os.PathLike | Sequence[str],
        features: str,
        params: dict,
    ) -> "Fold":
        """Read a fold; see `judge_fold`."""
        table, letters = pd.read_parquet(neurons), channels(features)
        role = table["role"].eq("test")
        tested = [worm for worm in worms_of(table[role], letters) if (worm.label != "").any()]
        refuse_seen(tested, atlas)
        solver = load(atlas, network, features, params)
        decided = pd.read_parquet(worms)
        return cls(
            # others are judged from the feature sets that they have
            [worm for worm in tested if not worm.channels.isnan().any()],
            odds_of(decided),
            decided.set_index(WORM)["probability"],
            solver,
            Usual.of(worms_of(table[~role], letters), solver.aligner.atlas),
            letters,
        )

    def judge(self, worm: Worm, odds: float | None = None) -> Judged:
        """Name an animal's neurons, by the fold's log odds of right-handed axes or others."""
        odds = float(self.odds[worm.lab, worm.worm]) if odds is None else odds
        return Judged.of(worm, self.solver.solve(worm, odds), self.solver.aligner.atlas)


def judge_fold(
    neurons: str | os.PathLike,
    worms: str | os.PathLike,
    atlas: str | os.PathLike,
    network: str | os.PathLike | Sequence[str],
    features: str,
    params: dict,
    out_labels: str | os.PathLike,
    out_animals: str | os.PathLike,
):
    """Judge the labels of a fold's test animals.

    Parameters
    ----------
    neurons, worms, atlas, network, features, params
        As for `chromapal.identify.anchored.answer_fold`.
    out_labels : path-like
        Parquet, a row per label that the models know; see
        `chromapal.audit.questions.label_rows`.
    out_animals : path-like
        Parquet, a row per animal and question; see
        `chromapal.audit.questions.animal_rows`.

    Raises
    ------
    InputError
        The fold's models have seen one of its test animals.
    """
    torch.set_num_threads(1)
    fold = Fold.read(neurons, worms, atlas, network, features, params)
    label_parts, animal_parts = [], []
    for worm in progress(fold.tested, len(fold.tested), "audit worms"):
        judged, certain = fold.judge(worm), float(fold.certain[worm.lab, worm.worm])
        label_parts.append(label_rows(judged))
        animal_parts.append(animal_rows(judged, fold.letters, fold.usual, certain))
    _write(label_parts, out_labels)
    _write(animal_parts, out_animals)
    LOGGER.info("%d labelled test animals judged", len(fold.tested))


def refuse_seen(tested: Sequence[Worm], atlas: str | os.PathLike):
    """Refuse test animals that a fold's models were trained on, by the list that lies beside them.

    Raises
    ------
    InputError
        There is one.
    """
    path = Path(atlas) / "handedness.json"
    known = read_json(path)["known"]
    seen = set(zip(known["lab"], known["worm"], strict=True))
    for worm in tested:
        if (worm.lab, worm.worm) in seen:
            raise InputError(
                path,
                f"worm {worm.worm!r} of laboratory {worm.lab!r} among the training animals",
                "only animals that are not to be judged",
                "run the study again, from its splits",
            )


def _write(parts: list[pd.DataFrame], path: str | os.PathLike):
    write_parquet(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(), path)
