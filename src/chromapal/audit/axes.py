"""Recorded axes and centres, held against where labels lie in other animals."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from chromapal.audit import labels
from chromapal.identify.atlas import Atlas
from chromapal.identify.worms import Worm

LEAST_LABELS = 12  # an affine map has twelve numbers
# A neuron is segmented as two centres nearer to each other than this part of what named neurons
# keep between them.
NEAR = 0.5
# Of training animals, whose smallest distance between two named neurons counts: the few in which
# one neuron is named twice say nothing about how near two may lie.
NEAR_QUANTILE = 0.05
EVERYWHERE = ""  # the laboratory of all animals


def lengths(worm: Worm, atlas: Atlas) -> np.ndarray | None:
    """Measure how long a micrometre of each recorded axis is in the atlas.

    The affine map that brings labelled neurons nearest to their places in the atlas, in the
    least-squares sense, moves a step of 1 um along a recorded axis by so much.

    Parameters
    ----------
    worm : Worm
        A labelled animal.
    atlas : Atlas
        Where names lie.

    Returns
    -------
    numpy.ndarray, shape (3,), or None
        Log to base 2 of the length along x, y and z [um]; None with fewer than `LEAST_LABELS`
        known labels, or where they do not span space.
    """
    column = labels.columns(worm.label, atlas.names)
    given = column >= 0
    if given.sum() < LEAST_LABELS:
        return None
    position, target = (
        values - values.mean(axis=0)
        for values in (worm.position.numpy()[given], atlas.position.mean.numpy()[column[given]])
    )
    linear, _, rank, _ = np.linalg.lstsq(position, target, rcond=None)
    found = np.linalg.norm(linear, axis=1)
    return np.log2(found) if rank == 3 and found.all() else None


def usual_lengths(training: Sequence[Worm], atlas: Atlas) -> dict[str, np.ndarray]:
    """Return the median of `lengths` over training animals, by laboratory and `EVERYWHERE`.

    Laboratories differ: one's worms lie flatter under their cover slips than another's.
    """
    found: dict[str, list[np.ndarray]] = {}
    for worm in training:
        measured = lengths(worm, atlas)
        if measured is not None:
            for laboratory in (worm.lab, EVERYWHERE):
                found.setdefault(laboratory, []).append(measured)
    return {laboratory: np.median(each, axis=0) for laboratory, each in found.items()}


def stretch(worm: Worm, atlas: Atlas, usual: Mapping[str, np.ndarray]) -> tuple[str, float]:
    """Find the recorded axis that is longest or shortest beside what is usual.

    Parameters
    ----------
    worm, atlas
        As for `lengths`.
    usual : mapping of str to numpy.ndarray
        See `usual_lengths`; of a laboratory that is not there, `EVERYWHERE` counts.

    Returns
    -------
    answer : str
        Such as `z 2.1 times as long as usual`; "" where lengths cannot be measured.
    gain : float
        By how many factors of two; NaN without an answer.
    """
    measured = lengths(worm, atlas)
    if measured is None or EVERYWHERE not in usual:
        return "", np.nan
    # an axis whose micrometres are short in the atlas was recorded too long
    longer = usual.get(worm.lab, usual[EVERYWHERE]) - measured
    axis = int(np.abs(longer).argmax())
    return f"{'xyz'[axis]} {2 ** longer[axis]:.2g} times as long as usual", abs(longer[axis])


def least_apart(training: Sequence[Worm]) -> float:
    """Return how near two centres of one neuron lie at most [um].

    Every training animal's smallest distance between two named neurons, at `NEAR_QUANTILE` of the
    animals, times `NEAR`; 0 where no animal has two.
    """
    nearest = []
    for worm in training:
        position = worm.position[torch.from_numpy(worm.label != "")]
        if len(position) > 1:
            nearest.append(float(torch.pdist(position).min()))
    return NEAR * float(np.quantile(nearest, NEAR_QUANTILE)) if nearest else 0.0


def doubles(worm: Worm, least: float) -> list[tuple[int, int]]:
    """Find pairs of centres that are one neuron.

    Parameters
    ----------
    worm : Worm
        An animal; a name that it gives twice is no label of either neuron.
    least : float
        Distance below which two centres are one neuron [um]; see `least_apart`.

    Returns
    -------
    list of (int, int)
        Pairs of which at most one has a label of its own.
    """
    near = torch.nonzero(torch.cdist(worm.position, worm.position) < least).numpy()
    label = worm.label
    return [(int(a), int(b)) for a, b in near if a < b and not (label[a] and label[b])]
