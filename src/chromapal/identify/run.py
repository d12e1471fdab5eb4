"""One fold's alignment, from file to file."""

import dataclasses
import logging
import os

import numpy as np
import pandas as pd
import torch

from chromapal.columns import BODY
from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.files import write_json, write_parquet
from chromapal.identify import align
from chromapal.identify.align import Aligned, Aligner
from chromapal.identify.assign import UNKNOWN, Calibration, answer
from chromapal.identify.body_axes import similarity
from chromapal.identify.handedness import LABELS, Handedness, calibrate
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.features import channels
from chromapal.training.device import choose
from chromapal.training.settings import Training

LOGGER = logging.getLogger("chromapal")
LEAST_LABELS = 4  # names of a worm that decide its handedness, at least
EVEN = 1e-9  # fits that differ by less, relatively, are a tie


def align_fold(
    neurons: str | os.PathLike,
    features: str,
    level: str,
    handedness: str,
    training: Training,
    out_neurons: str | os.PathLike,
    out_worms: str | os.PathLike,
    out_atlas: str | os.PathLike,
):
    """Learn the body frame from a fold's training worms, and align all its worms.

    Parameters
    ----------
    neurons : path-like
        The fold's normalised neurons, with their `role`.
    features : str
        Feature set whose gray or colour alignment may use; see
        `chromapal.prepare.features.channels`.
    level : {"pose", "nonrigid"}
        How far alignment goes.
    handedness : {"decided", "labels"}
        Whether test worms' handedness is decided, or taken from their labels: an oracle.
    training : Training
        The study's device, and threads. Worms are aligned on a GPU only where the device is
        `cuda`: one job needs a second per worm, and many jobs share a CPU better than one GPU.
    out_neurons : path-like
        Parquet: row; posterior, dorsal, left [um], of all worms. Training worms have the
        handedness of their labels; those without a name are aligned as new ones.
    out_worms : path-like
        Parquet, a row per test worm; see `checked`.
    out_atlas : path-like
        Folder with the aligner and `handedness.json`.

    Raises
    ------
    InputError
        No training worm with enough names.
    """
    device = "cuda" if training.device == "cuda" else "cpu"
    device = choose(device, "fp32", training.threads).name
    table = pd.read_parquet(neurons)
    columns = channels(features)
    role = table["role"].eq("test")
    known = worms_of(table[~role], columns)
    trained = [worm for worm in known if (worm.label != "").any()]
    # they teach no atlas, but colour
    nameless = [worm for worm in known if not (worm.label != "").any()]
    tested = worms_of(table[role], columns)
    if not any((worm.label != "").sum() >= LEAST_LABELS for worm in trained):
        raise InputError(
            neurons,
            f"no training worm with {LEAST_LABELS} names or more",
            "named worms to learn the atlas from",
            "or set config key 'align' to none",
        )
    aligner, aligned, mirror = align.fit(trained, level, progress_of("learn atlas"), device=device)
    learnt = learn_handedness(trained, aligned, mirror)
    chosen = training_handedness(learnt, trained, aligned, mirror)
    found, added = (
        [aligner.align(worm.without_labels()) for worm in progress_of("align worms")(group)]
        for group in (tested, nameless)
    )
    worms = decide(learnt, tested, found)
    labels = handedness_of_labels(aligner, tested)
    if handedness == "labels":
        worms = overruled(worms, labels)
    signs = [*chosen, *worms["chosen"]]
    if nameless:
        signs += decide(learnt, nameless, added)["chosen"].tolist()
    each = [*trained, *tested, *nameless], [*aligned, *found, *added], signs
    parts = [
        body_axes_table(worm, result, float(sign)) for worm, result, sign in zip(*each, strict=True)
    ]
    write_parquet(
        pd.concat(parts, ignore_index=True).sort_values("row", ignore_index=True), out_neurons
    )
    write_parquet(checked(aligner, tested, found, worms, labels), out_worms)
    aligner.save(out_atlas)
    write_json(
        {
            "known": learnt.known.to_dict("list"),
            "slope": learnt.slope,
            "calibration": dataclasses.asdict(calibrated(trained, aligned, chosen)),
            "channels": columns,
        },
        os.path.join(out_atlas, "handedness.json"),
    )
    LOGGER.info(
        "%d training worms, %d names; %d test worms, %d of doubtful handedness",
        len(trained), len(aligner.atlas.names), len(tested), int(worms["doubtful"].sum()),
    )  # fmt: skip


def progress_of(label: str) -> align.Track:
    """Return a wrapper of loops that shows their progress."""
    return lambda items: progress(items, len(items), label)


def learn_handedness(
    training: list[Worm], aligned: list[Aligned], mirror: np.ndarray
) -> Handedness:
    """Learn which handedness laboratories have, and what evidence is worth."""
    known = pd.DataFrame(
        {
            "lab": [worm.lab for worm in training],
            "worm": [worm.worm for worm in training],
            "session": [worm.session for worm in training],
            "mirror": mirror.astype(int),
        }
    )
    return Handedness(
        known[known["mirror"] != 0].reset_index(drop=True),
        calibrate(known, evidence(aligned), mirror),
    )


def calibrated(training: list[Worm], aligned: list[Aligned], chosen: np.ndarray) -> Calibration:
    """Calibrate the atlas's own scores on training worms aligned by the atlas of others."""
    logs, truths = [], []
    for worm, result, sign in zip(training, aligned, chosen, strict=True):
        names = {name: column for column, name in enumerate(result.names)}
        logs.append(result.log[float(sign)])
        truths.append(np.array([names.get(label, UNKNOWN) for label in worm.label]))
    return Calibration.fit(logs, truths)


def evidence(aligned: list[Aligned]) -> np.ndarray:
    """Return each worm's evidence; see `chromapal.identify.align.Aligned`."""
    return np.array([result.evidence for result in aligned])


def decide(learnt: Handedness, worms: list[Worm], aligned: list[Aligned]) -> pd.DataFrame:
    """Decide handedness of worms; see `chromapal.identify.handedness.Handedness.decide`."""
    table = pd.DataFrame(
        [(worm.lab, worm.worm, worm.session, worm.handedness) for worm in worms],
        columns=["lab", "worm", "session", "handedness"],
    )
    return learnt.decide(table, evidence(aligned))


def training_handedness(
    learnt: Handedness,
    training: list[Worm],
    aligned: list[Aligned],
    mirror: np.ndarray,
) -> np.ndarray:
    """Return training worms' handedness: their labels' where those decide, else as for others."""
    chosen = mirror.astype(float)
    undecided = np.flatnonzero(mirror == 0)
    if len(undecided):
        their = [[part[index] for index in undecided] for part in (training, aligned)]
        chosen[undecided] = decide(learnt, *their)["chosen"]
    return chosen


def body_axes_table(worm: Worm, aligned: Aligned, sign: float) -> pd.DataFrame:
    """Return a worm's neurons in body axes, in one handedness: row, posterior, dorsal, left."""
    return pd.DataFrame(aligned.position[sign].numpy(), columns=list(BODY)).assign(row=worm.row)


def handedness_of_labels(aligner: Aligner, worms: list[Worm]) -> np.ndarray:
    """Return the handedness that worms' labels speak for: 1, -1, 0 where they do not decide."""
    column_of = {name: number for number, name in enumerate(aligner.atlas.names)}
    signs = np.zeros(len(worms), dtype=np.int64)
    for number, worm in enumerate(worms):
        labelled = np.array([label in column_of for label in worm.label], dtype=bool)
        if labelled.sum() >= LEAST_LABELS:
            target = aligner.atlas.position.mean[
                [column_of[label] for label in worm.label[labelled]]
            ]
            signs[number] = _better(worm.position[torch.from_numpy(labelled)], target)
    return signs


def overruled(worms: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    """Overrule decisions by what labels speak for; an oracle, since test labels are looked at."""
    known = labels != 0
    return worms.assign(
        chosen=np.where(known, labels, worms["chosen"]),
        source=np.where(known, LABELS, worms["source"]),
        probability=np.where(known, 1.0, worms["probability"]),
        doubtful=np.where(known, 0, worms["doubtful"]),
    )


def checked(
    aligner: Aligner,
    tested: list[Worm],
    aligned: list[Aligned],
    worms: pd.DataFrame,
    labels: np.ndarray,
) -> pd.DataFrame:
    """Judge decisions about test worms by their labels, after they were made.

    Returns
    -------
    pandas.DataFrame
        `worms` with neurons; labels (handedness that the labels speak for: 1, -1, 0 undecided);
        suspect (labels and decision disagree: axes or labels are at fault); accuracy and
        accuracy_mirrored, of the atlas's one-to-one names as decided and in the other handedness.
    """
    # the last one is where -1 points: no name
    names = np.array([*aligner.atlas.names, ""])
    rows = []
    for worm, result, chosen, by_label in zip(
        tested, aligned, worms["chosen"], labels, strict=True
    ):
        score = {}
        for sign in (1.0, -1.0):
            answers = answer(Calibration().probabilities(result.log[sign]))
            score[sign] = (
                np.mean(names[answers.best[:, 0]] == worm.label, where=worm.label != "")
                if (worm.label != "").any()
                else np.nan
            )
        rows.append(
            {
                "neurons": len(worm.row),
                "labels": by_label,
                "suspect": int(by_label not in (0, chosen)),
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


def _better(position: torch.Tensor, target: torch.Tensor) -> float:
    """Return the handedness in which named neurons fit the atlas better, 0 where neither does."""
    error = {}
    weight = torch.ones(len(position), dtype=position.dtype)
    for sign in (1.0, -1.0):
        rotation, scale, shift = similarity(position, target, weight, position.new_tensor(sign))
        error[sign] = float((scale * position @ rotation.T + shift - target).square().sum())
    # names in one plane fit their mirror image just as well
    even = abs(error[1.0] - error[-1.0]) <= EVEN * max(error.values())
    return 0.0 if even else min(error, key=error.get)
