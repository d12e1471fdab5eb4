"""Whole worms brought into body axes by what training worms teach, as new ones will be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chromapal.identify import align, run
from chromapal.identify.align import Aligner
from chromapal.identify.handedness import Handedness
from chromapal.identify.worms import Worm


@dataclass
class Alignment:
    """Brings worms into body axes by position and the channels of one feature set.

    Attributes
    ----------
    aligner : Aligner
        Learnt from training worms.
    handedness : Handedness
        What they say about handedness.
    """

    aligner: Aligner
    handedness: Handedness

    @classmethod
    def fit(cls, training: list[Worm], label: str) -> tuple["Alignment", list[np.ndarray]]:
        """Learn from training worms, and return their neurons in body axes too, (n, 3) each.

        Every training worm is aligned by what the others teach, as a new one will be.
        """
        progress = run.progress_of(f"learn atlas of {label}")
        aligner, aligned, mirror = align.fit(training, "nonrigid", progress)
        handedness = run.learn_handedness(training, aligned, mirror)
        chosen = run.training_handedness(handedness, training, aligned, mirror)
        return cls(aligner, handedness), _positions(aligned, chosen)

    def align(self, worms: list[Worm]) -> tuple[list[np.ndarray], list[np.ndarray], pd.DataFrame]:
        """Align new worms.

        Returns
        -------
        positions, others : list of numpy.ndarray, shape (n, 3)
            Body axes [um] in the handedness that was decided, and in the other one.
        decided : pandas.DataFrame
            See `Handedness.decide`.
        """
        found = [self.aligner.align(worm) for worm in worms]
        decided = run.decide(self.handedness, worms, found)
        chosen = decided["chosen"]
        return _positions(found, chosen), _positions(found, -chosen), decided


def _positions(aligned: Sequence[align.Aligned], chosen: Sequence[float]) -> list[np.ndarray]:
    return [
        result.position[float(sign)].numpy() for result, sign in zip(aligned, chosen, strict=True)
    ]
