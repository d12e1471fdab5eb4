"""What each part of the naming is worth: a fold's worms named with one part changed."""

import dataclasses
import logging
import os

import numpy as np
import pandas as pd
import torch

from chromapal.columns import COLOUR, FIVE
from chromapal.errors import InputError
from chromapal.files import write_parquet
from chromapal.identify import align, run
from chromapal.identify.align import Aligned
from chromapal.identify.assign import Calibration, answer
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.features import channels
from chromapal.prepare.normalise import COLOUR_SCALES, Normaliser

LOGGER = logging.getLogger("chromapal")
WORMS = (5, 10, 20, 40)
REFINEMENT = {"pose": "affine", "nonrigid": "warped"}
COLUMNS = ["question", "setting", "order", "lab", "worm", "labelled", "right", "right5"]


def ablate_fold(
    neurons: str | os.PathLike,
    features: str,
    colour_scale: str,
    gray_source: str,
    level: str,
    seed: int,
    out: str | os.PathLike,
):
    """Name a fold's test worms by the atlas, with one part changed at a time.

    Parameters
    ----------
    neurons : path-like
        The fold's normalised neurons.
    features : str
        Feature set.
    colour_scale, gray_source : str
        The study's; other colour scales are tried where the features have a gray or colour.
    level : {"pose", "nonrigid"}
        How far the study's alignment goes.
    seed : int
        Of the draws of fewer training worms.
    out : path-like
        Parquet of `COLUMNS`: a row per question, setting and test worm.
    """
    torch.set_num_threads(1)
    neurons = pd.read_parquet(neurons)
    rows: list[tuple] = []
    training, tested = split(neurons, features)
    aligner, aligned, mirror = align.fit(training, level, run.progress_of("learn atlas"))
    learnt = run.learn_handedness(training, aligned, mirror)
    found = [aligner.align(worm.without_labels()) for worm in tested]

    def record(
        question: str, setting: str, order: int, signs: np.ndarray, name_by=assigned, results=None
    ):
        for worm, result, sign in zip(tested, results or found, signs, strict=True):
            rows.append(
                (
                    question,
                    setting,
                    order,
                    worm.lab,
                    worm.worm,
                    *score(worm, name_by(result, sign)),
                )
            )

    decided = run.decide(learnt, tested, found)
    chosen = decided["chosen"].to_numpy(dtype=float)
    labels = run.handedness_of_labels(aligner, tested)
    oracle = run.overruled(decided, labels)["chosen"].to_numpy(dtype=float)
    unstated = [dataclasses.replace(worm, handedness=0) for worm in tested]
    alone = run.decide(learnt.without_laboratories(), unstated, found)["chosen"].to_numpy(float)
    likelier = np.array(
        [1.0 if result.score[1.0] >= result.score[-1.0] else -1.0 for result in found]
    )
    record("handedness", "as labels say (oracle)", 0, oracle)
    record("handedness", "laboratory and evidence", 1, chosen)
    record("handedness", "evidence alone", 2, alone)
    record("handedness", "likelihood", 3, likelier)
    record("assignment", "one to one", 0, chosen)
    record("assignment", "each for itself", 1, chosen, name_by=likeliest)
    record("refinement", REFINEMENT[level], 0, chosen)
    record("training worms", str(len(training)), len(training), chosen)

    # as many rounds as the study's alignment has, so that a setting changes one thing
    refits = align.REFITS[level]

    def refit_and_record(question: str, setting: str, order: int, worms: list[Worm], level: str):
        """Learn anew, and name with what was learnt; handedness as decided before."""
        try:
            other, _, _ = align.fit(
                worms,
                level,
                run.progress_of(f"{question}: {setting}"),
                cross_fit=False,
                refits=refits,
            )
        except InputError as error:
            LOGGER.warning("%s, %s: left out: %s", question, setting, error)
            return
        results = [
            other.align(worm.without_labels(), (sign,))
            for worm, sign in zip(tested, chosen, strict=True)
        ]
        record(question, setting, order, chosen, results=results)

    for position, other in enumerate((name for name in align.LEVELS if name != level), start=1):
        refit_and_record("refinement", REFINEMENT[other], position, training, other)
    order = np.random.default_rng([seed, *features.encode()]).permutation(len(training))
    for count in (count for count in WORMS if count < len(training)):
        refit_and_record(
            "training worms", str(count), count, [training[index] for index in order[:count]], level
        )
    if channels(features):
        record("colour scale", colour_scale.replace("_", " "), 0, chosen)
        others = [scale for scale in COLOUR_SCALES if scale != colour_scale]
        for position, scale in enumerate(others, start=1):
            training, tested = split(rescaled(neurons, scale, gray_source), features)
            refit_and_record("colour scale", scale.replace("_", " "), position, training, level)
    write_parquet(pd.DataFrame(rows, columns=COLUMNS), out)


def split(neurons: pd.DataFrame, features: str) -> tuple[list[Worm], list[Worm]]:
    """Return named training worms and test worms."""
    test = neurons["role"].eq("test")
    training = worms_of(neurons[~test], channels(features))
    return [worm for worm in training if (worm.label != "").any()], worms_of(
        neurons[test], channels(features)
    )


def rescaled(neurons: pd.DataFrame, colour_scale: str, gray_source: str) -> pd.DataFrame:
    """Normalise anew, on another colour scale fitted on training worms."""
    normaliser = Normaliser.fit(neurons[neurons["role"].eq("train")], colour_scale, gray_source)
    return normaliser.transform(neurons.drop(columns=[*COLOUR, "luminance", "white", "gray"]))


def assigned(result: Aligned, sign: float) -> np.ndarray:
    """Return each neuron's five best names, one to one; shape (n, 5)."""
    names = np.array([*result.names, ""])
    return names[answer(Calibration().probabilities(result.log[sign])).best]


def likeliest(result: Aligned, sign: float) -> np.ndarray:
    """Return each neuron's five likeliest names, whatever the others'; shape (n, 5)."""
    order = np.argsort(-result.log[sign].numpy(), axis=1, kind="stable")[:, :FIVE]
    return np.array(result.names)[order]


def score(worm: Worm, ranked: np.ndarray) -> tuple[int, int, int]:
    """Count labelled neurons, those named right, and those with the name among five."""
    label = worm.label
    named = label != ""
    right = ranked == label[:, None]
    return int(named.sum()), int(right[named, 0].sum()), int(right[named].any(axis=1).sum())
