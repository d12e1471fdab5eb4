"""One fold's alignment, from file to file."""

import dataclasses
import logging
import os

import numpy as np
import pandas as pd
import torch

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.files import write_json, write_parquet
from chromapal.identify import align, handedness
from chromapal.identify.align import Aligned, Aligner
from chromapal.identify.animals import Animal, animals
from chromapal.identify.assign import UNKNOWN, Calibration, answer
from chromapal.identify.body_axes import similarity
from chromapal.prepare.features import BODY, cue
from chromapal.training.device import choose

LOGGER = logging.getLogger("chromapal")
LEAST_LABELS = 4
EVEN = 1e-9
SIGN = {"right": 1, "mirrored": -1}


def align_fold(
    neurons_path: str | os.PathLike,
    features: str,
    level: str,
    laboratories: dict,
    threads: int,
    device: str,
    out_neurons: str | os.PathLike,
    out_worms: str | os.PathLike,
    out_atlas: str | os.PathLike,
):
    """Learn the body frame from a fold's training animals, and align all its animals.

    Parameters
    ----------
    neurons_path : path-like
        The fold's normalised neurons, with their `role`.
    features : str
        Feature set whose gray or colour alignment may use; see `chromapal.prepare.features.cue`.
    level : {"pose", "nonrigid"}
        How far alignment goes.
    laboratories : dict
        Facts that the study states, by laboratory: `handedness` (right or mirrored), and
        `worms`, the same by worm.
    threads : int
        Threads; part of what makes two runs the same bytes.
    device : {"auto", "cpu", "cuda", "mps"}
        The study's device. Animals are aligned on a GPU only where it says `cuda`: one job needs
        a second per animal, and many jobs share a CPU better than one GPU.
    out_neurons : path-like
        Parquet: row; posterior, dorsal, left [um]. Training animals have the handedness of their
        labels.
    out_worms : path-like
        Parquet, a row per test animal; see `checked`.
    out_atlas : path-like
        Folder with the aligner and `handedness.json`.

    Raises
    ------
    InputError
        No training animal with enough names.
    """
    where = choose("cuda" if device == "cuda" else "cpu", "fp32", threads).name
    neurons = pd.read_parquet(neurons_path)
    columns = cue(features)
    role = neurons["role"].eq("test")
    training = animals(neurons[~role], columns)
    training = [animal for animal in training if (animal.label != "").any()]
    tested = animals(neurons[role], columns)
    if not any((animal.label != "").sum() >= LEAST_LABELS for animal in training):
        raise InputError(
            neurons_path,
            "no training animal with four names or more",
            "named animals to learn the atlas from",
            "or set config key 'align' to none",
        )
    aligner, aligned, mirror = align.fit(
        training,
        level,
        shown("learn atlas"),
        device=where,
    )
    hands = learn_handedness(training, aligned, mirror)
    chosen = settled(hands, training, aligned, mirror, laboratories)
    found = [aligner.align(animal.blind()) for animal in shown("align animals")(tested)]
    worms = decide(hands, tested, found, laboratories)
    signs = [*chosen, *worms["chosen"]]
    parts = [
        placed(animal, result, float(sign))
        for animal, result, sign in zip(
            [*training, *tested], [*aligned, *found], signs, strict=True
        )
    ]
    write_parquet(
        pd.concat(parts, ignore_index=True).sort_values("row", ignore_index=True), out_neurons
    )
    write_parquet(checked(aligner, tested, found, worms), out_worms)
    aligner.save(out_atlas)
    write_json(
        {
            "known": hands.known.to_dict("list"),
            "slope": hands.slope,
            "calibration": dataclasses.asdict(calibrated(training, aligned, chosen)),
            "cue": columns,
        },
        os.path.join(out_atlas, "handedness.json"),
    )
    LOGGER.info(
        "%d training animals, %d names; %d test animals, %d of doubtful handedness",
        len(training), len(aligner.atlas.names), len(tested), int(worms["doubtful"].sum()),
    )  # fmt: skip


def shown(label: str) -> align.Track:
    """Give a wrapper of loops that shows their progress."""
    return lambda items: progress(items, len(items), label)


def learn_handedness(
    training: list[Animal], aligned: list[Aligned], mirror: np.ndarray
) -> handedness.Handedness:
    """Learn which handedness laboratories have, and what evidence is worth."""
    known = pd.DataFrame(
        {
            "lab": [animal.lab for animal in training],
            "worm": [animal.worm for animal in training],
            "session": [animal.session for animal in training],
            "mirror": mirror.astype(int),
        }
    )
    return handedness.Handedness(
        known[known["mirror"] != 0].reset_index(drop=True),
        handedness.calibrate(evidence(aligned), mirror),
    )


def calibrated(training: list[Animal], aligned: list[Aligned], chosen: np.ndarray) -> Calibration:
    """Calibrate the atlas's own scores on training animals aligned by the atlas of others."""
    logs, truths = [], []
    for animal, result, sign in zip(training, aligned, chosen, strict=True):
        names = {name: column for column, name in enumerate(result.names)}
        logs.append(result.log[float(sign)])
        truths.append(np.array([names.get(label, UNKNOWN) for label in animal.label]))
    return Calibration.fit(logs, truths)


def evidence(aligned: list[Aligned]) -> np.ndarray:
    """Give each animal's evidence; see `chromapal.identify.align.Aligned`."""
    return np.array([result.evidence for result in aligned])


def decide(
    hands: handedness.Handedness, some: list[Animal], aligned: list[Aligned], laboratories: dict
) -> pd.DataFrame:
    """Decide handedness of animals; see `chromapal.identify.handedness.Handedness.decide`."""
    table = pd.DataFrame(
        [(animal.lab, animal.worm, animal.session) for animal in some],
        columns=["lab", "worm", "session"],
    )
    stated: dict = {}
    for lab, facts in laboratories.items():
        if facts.get("handedness"):
            stated[lab] = SIGN[facts["handedness"]]
        for worm, hand in facts.get("worms", {}).items():
            stated[lab, worm] = SIGN[hand]
    return hands.decide(table, evidence(aligned), stated)


def settled(
    hands: handedness.Handedness,
    training: list[Animal],
    aligned: list[Aligned],
    mirror: np.ndarray,
    laboratories: dict,
) -> np.ndarray:
    """Give training animals' handedness: their labels' where those decide, else as for others."""
    chosen = mirror.astype(float)
    undecided = np.flatnonzero(mirror == 0)
    if len(undecided):
        some = [[part[spot] for spot in undecided] for part in (training, aligned)]
        chosen[undecided] = decide(hands, *some, laboratories)["chosen"]
    return chosen


def placed(animal: Animal, aligned: Aligned, sign: float) -> pd.DataFrame:
    """Give an animal's neurons in body axes, in one handedness: row, posterior, dorsal, left."""
    return pd.DataFrame(aligned.place[sign].numpy(), columns=list(BODY)).assign(row=animal.row)


def checked(
    aligner: Aligner, tested: list[Animal], aligned: list[Aligned], worms: pd.DataFrame
) -> pd.DataFrame:
    """Judge decisions about test animals by their labels, after they were made.

    Returns
    -------
    pandas.DataFrame
        `worms` with neurons; labels (handedness that the labels speak for: 1, -1, 0 undecided);
        suspect (labels and decision disagree: axes or labels are at fault); accuracy and
        accuracy_mirrored, of the atlas's one-to-one names as decided and in the other handedness.
    """
    names = np.array(aligner.atlas.names)
    spot = {name: number for number, name in enumerate(names)}
    rows = []
    for animal, result, chosen in zip(tested, aligned, worms["chosen"], strict=True):
        labelled = np.array([label in spot for label in animal.label])
        score = {}
        for sign in (1.0, -1.0):
            reply = answer(Calibration().probabilities(result.log[sign]))
            score[sign] = (
                np.mean(names[reply.best[:, 0]] == animal.label, where=animal.label != "")
                if (animal.label != "").any()
                else np.nan
            )
        target = aligner.atlas.place.mean[[spot[label] for label in animal.label[labelled]]]
        labels = 0
        if labelled.sum() >= LEAST_LABELS:
            labels = int(_better(animal.place[torch.from_numpy(labelled)], target))
        rows.append(
            {
                "neurons": len(animal.row),
                "labels": labels,
                "suspect": int(labels not in (0, chosen)),
                "accuracy": score[float(chosen)],
                "accuracy_mirrored": score[-float(chosen)],
            }
        )
    kinds = {
        "neurons": int,
        "labels": int,
        "suspect": int,
        "accuracy": float,
        "accuracy_mirrored": float,
    }
    return worms.join(pd.DataFrame(rows, columns=list(kinds)).astype(kinds))


def _better(place: torch.Tensor, target: torch.Tensor) -> float:
    """Give the handedness in which named neurons fit the atlas better, 0 where neither does."""
    error = {}
    weight = torch.ones(len(place), dtype=place.dtype)
    for sign in (1.0, -1.0):
        turn, scale, shift = similarity(place, target, weight, place.new_tensor(sign))
        error[sign] = float((scale * place @ turn.T + shift - target).square().sum())
    # names in one plane fit their mirror image just as well
    even = abs(error[1.0] - error[-1.0]) <= EVEN * max(error.values())
    return 0.0 if even else min(error, key=error.get)
