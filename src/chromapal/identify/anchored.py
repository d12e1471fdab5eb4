"""A fold's worms named under what a person states."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch
from scipy.special import expit

from chromapal.columns import ASSIGNED, BODY, PROBABILITY
from chromapal.errors import InputError
from chromapal.files import read_json, write_parquet
from chromapal.identify.align import Aligner
from chromapal.identify.anchors import Anchors
from chromapal.identify.assign import Calibration
from chromapal.identify.handedness import CERTAIN, DOUBTFUL, LABELS, STATED
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.solver import Solver
from chromapal.identify.transformer import CALIBRATIONS, Transformer
from chromapal.identify.worms import worms_of
from chromapal.prepare.features import channels
from chromapal.worms.slugs import worm_paths
from chromapal.worms.table import WORM

LOGGER = logging.getLogger("chromapal")


def load(
    atlas: str | os.PathLike,
    network: str | os.PathLike | Sequence[str],
    features: str,
    params: dict,
) -> Solver:
    """Read what a fold has learnt.

    Parameters
    ----------
    atlas : path-like
        What `chromapal.identify.run.align_fold` wrote.
    network : path-like, or an empty list
        What `chromapal.classifiers.common.whole_worms.name_fold` wrote; without it, or where it
        does not know the feature set, the atlas names neurons.
    features : str
        The feature set.
    params : dict
        The study's changes to `chromapal.identify.settings.TransformerSettings`.
    """
    aligner = Aligner.load(atlas)
    if network:
        calibrations = read_json(Path(network) / CALIBRATIONS)
        if features in calibrations:
            transformer = Transformer.load(network, TransformerSettings(**params))
            return Solver(aligner, Calibration(**calibrations[features]), features, transformer)
    facts = read_json(os.path.join(atlas, "handedness.json"))
    return Solver(aligner, Calibration(**facts["calibration"]), features)


def answer_fold(
    neurons: str | os.PathLike,
    worms: str | os.PathLike,
    atlas: str | os.PathLike,
    network: str | os.PathLike | Sequence[str],
    features: str,
    params: dict,
    anchors: str | os.PathLike,
    out: str | os.PathLike,
):
    """Name those of a fold's test worms about which a person has stated something.

    Parameters
    ----------
    neurons : path-like
        The fold's normalised neurons.
    worms, atlas : path-like
        What `chromapal.identify.run.align_fold` decided about the test worms, and learnt.
    network, features, params
        As for `load`.
    anchors : path-like
        Folder with a file `{lab}/{worm}.csv` per worm, named as its table of names is; see
        `chromapal.identify.anchors.Anchors.read`.
    out : path-like
        Parquet: row, assigned1 to assigned5 and their probabilities, anchor (what was stated,
        "" otherwise), body axes and doubtful (1 where the worm's handedness remains undecided).
        A worm whose file cannot be used is left out with a line that says why.
    """
    torch.set_num_threads(1)
    neurons = pd.read_parquet(neurons)
    tested = worms_of(neurons[neurons["role"].eq("test")], channels(features))
    odds = odds_of(pd.read_parquet(worms))
    solver = load(atlas, network, features, params)
    known_names = solver.aligner.atlas.names
    columns = ["row", *ASSIGNED, *PROBABILITY, "anchor", *BODY, "doubtful"]
    parts = [pd.DataFrame(columns=columns)]
    paths = worm_paths(neurons[WORM].itertuples(index=False, name=None))
    for worm in tested:
        path = Path(anchors) / f"{paths[worm.lab, worm.worm]}.csv"
        if not path.exists():
            continue
        try:
            stated = Anchors.read(path, len(worm.row))
        except InputError as error:
            LOGGER.warning("left out: %s", error)
            continue
        for name, close in stated.unknown(known_names).items():
            LOGGER.warning(
                "%s: %s is no name that training worms have; most like it are %s",
                path, name, ", ".join(close),
            )  # fmt: skip
        solved = solver.solve(worm, float(odds[worm.lab, worm.worm]), stated)
        words = stated.words()
        names, chances = solved.five(known_names)
        parts.append(
            pd.DataFrame(names, columns=ASSIGNED).assign(
                row=worm.row,
                **dict(zip(PROBABILITY, chances.T, strict=True)),
                anchor=[words.get(number, "") for number in range(len(worm.row))],
                doubtful=int(expit(abs(solved.odds)) < DOUBTFUL),
                **dict(zip(BODY, solved.position.T.numpy(), strict=True)),
            )
        )
        LOGGER.info("%s: %d anchors", path, len(words))
    write_parquet(pd.concat(parts, ignore_index=True), out)


def odds_of(worms: pd.DataFrame) -> pd.Series:
    """Return the log odds of right-handed axes by (lab, worm), beyond doubt where they are stated.

    `worms` is what `chromapal.identify.handedness.Handedness.decide` returned.
    """
    worms = worms.set_index(WORM)
    odds = worms["laboratory_log_odds"] + worms["evidence_log_odds"]
    return odds.where(~worms["source"].isin([STATED, LABELS]), CERTAIN * worms["chosen"])
