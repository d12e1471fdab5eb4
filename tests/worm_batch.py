"""Simulated worms on the study's scales, and an alignment learnt from them, made once."""

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
import torch

from chromapal.columns import COLOUR
from chromapal.identify import align, run
from chromapal.identify.assign import Calibration, answer
from chromapal.identify.worms import Worm, worms_of
from chromapal.prepare.normalise import Normaliser
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm

WORMS, TRAINING = 14, 10
PARAMS = SimulationParams(
    worms=WORMS, laboratories=3, neurons=120, unlabelled_low=0.0, unlabelled_high=0.1,
    uncertain=0.0, colour_gain=0.1, scatter=0.5,
)  # fmt: skip


@cache
def _table() -> pd.DataFrame:
    parts = []
    for index in range(WORMS):
        worm, truth = simulate_worm(PARAMS, 42, index)
        role = "test" if index >= TRAINING else "validation" if index == 0 else "train"
        parts.append(
            worm.assign(
                true=truth["names"], sign=-1.0 if truth["mirrored"] else 1.0, role=role, inner=0
            )
        )
    neurons = pd.concat(parts, ignore_index=True)
    neurons = neurons.assign(row=np.arange(len(neurons)), name=neurons["ID"])
    training = neurons[neurons["role"].eq("train")]
    return Normaliser.fit(training, "rank_normal", "luminance").transform(neurons)


def table() -> pd.DataFrame:
    """Neurons of all worms; `true` is their names, `sign` -1 where the axes are mirrored."""
    return _table().copy()


@dataclasses.dataclass(frozen=True)
class Fitted:
    training: list[Worm]
    tested: list[Worm]
    aligner: align.Aligner
    aligned: list[align.Aligned]
    mirror: np.ndarray
    calibration: Calibration
    true: np.ndarray
    sign: dict[str, float]

    def names(self, worm: Worm, sign: float | None = None) -> np.ndarray:
        return self.answered(worm, sign)[0]

    def answered(self, worm: Worm, sign: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Assigned names and their probabilities, in a stated handedness."""
        sign = self.sign[worm.lab] if sign is None else sign
        log = self.aligner.align(worm.without_labels(), (sign,)).log[sign]
        answers = answer(self.calibration.probabilities(log))
        return np.array(self.aligner.atlas.names)[answers.best[:, 0]], answers.probability[:, 0]


@cache
def fitted() -> Fitted:
    torch.set_num_threads(1)
    neurons = table()
    all_worms = worms_of(neurons, COLOUR)
    training, tested = all_worms[:TRAINING], all_worms[TRAINING:]
    aligner, aligned, mirror = align.fit(training, "nonrigid")
    calibration = run.calibrated(training, aligned, pd.Series(mirror))
    sign = neurons.groupby("lab")["sign"].first().to_dict()
    true = neurons["true"].to_numpy(dtype=str)
    return Fitted(training, tested, aligner, aligned, mirror, calibration, true, sign)


def subset(worm: Worm, rows) -> Worm:
    """Keep some of a worm's neurons, in the order given."""
    rows = np.asarray(rows)
    return dataclasses.replace(
        worm, row=worm.row[rows], position=worm.position[rows],
        channels=worm.channels[rows],
        label=worm.label[rows],
    )  # fmt: skip
