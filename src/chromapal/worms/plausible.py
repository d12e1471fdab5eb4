"""Whether a worm's positions can be those of a worm: its units, its axes and its size.

Used wherever worms are collected, to teach or to be named, from every kind of file. A worm is
skipped for its own positions alone, against fixed bounds: no label, no count and no other worm is
looked at, so that a held-out worm changes nothing that is learned. What is only unlike other worms
is a question to the person who knows the recordings; nothing is skipped for it.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from chromapal.columns import SCOPE
from chromapal.errors import InputError
from chromapal.worms import geometry, skipped
from chromapal.worms.table import MICROMETRES, VOXEL_UM, VOXELS, WORM, is_voxel_size

MIN_CORRELATION = 0.999  # correlation of positions with voxels that they were computed from
MIN_FOLLOWED = 0.9  # fraction of the variance of positions that their voxels explain
SAME_STEP = 1e-4  # relative difference between two steps that are equal
SQUARE = 0.05  # relative difference between the sides of a pixel that is square
ENOUGH = 20  # neurons that show how large a worm is; a few may lie anywhere
# Factor between lengths. Worms of the other laboratories ask about none of 87 real heads, and those
# of a single laboratory about at most two of 79 (1.5 would ask about 18). mm and nm differ by 1000.
MAX_SIZE_RATIO = 2.0
# The smallest and largest of 87 adult heads of six laboratories, along their principal axes [um]
HEAD_UM = [[75.0, 219.0], [25.0, 68.0], [17.0, 32.0]]
# [um] twice an adult worm's length
LONGEST_UM = 2500.0
SAFE_UM = 1e9  # beyond it nothing is computed from positions, whose squares may overflow
# Median distance between neighbours times the cube root of the number of neurons [um], which is
# about the same for all or for a fifth of a worm's neurons. Of 87 heads it is 15.7 to 22.8, of
# their labelled neurons 11.7 to 23.2. First what is usual, then what no worm can be: of an embryo
# it is above 5, and of pixels given as um it is up to 60.
USUAL_SPACING_UM = (10.0, 32.0)
SPACING_UM = (3.5, 75.0)
# Factor between a laboratory's worms and those of the others, in the median. Of six real
# laboratories it is at most 1.2 for the spacing and for the thickness.
MAX_LABORATORY_RATIO = 1.4
COMPARED = {
    "spacing": "neurons {:.2g} times as far apart",
    "thickness": "worms {:.2g} times as thick",
}


def without_impossible(neurons: pd.DataFrame) -> tuple[pd.DataFrame, list[dict]]:
    """Skip worms whose positions cannot be those of a worm.

    Their names would be wrong, and what is learned from them: two exchanged axes give a mirror
    image, in which left is right.

    Parameters
    ----------
    neurons : pandas.DataFrame
        A valid neuron table with the `file` of each row.

    Returns
    -------
    neurons : pandas.DataFrame
        The rows of the other worms.
    entries : list of dict
        A `skipped.entry` for each worm that is skipped.
    """
    entries, possible = [], np.ones(len(neurons), dtype=bool)
    for (lab, worm), rows in neurons.groupby(WORM, sort=False).indices.items():
        found = neurons.iloc[rows]
        if fault := _fault(found):
            possible[rows] = False
            file = found["file"].iloc[0]
            error = InputError(file, f"{fault[0]} (worm {worm!r})", *fault[1:])
            entries.append(skipped.entry(file, lab, worm, error))
    return neurons[possible], entries


def _fault(worm: pd.DataFrame) -> tuple[str, ...]:
    """Return what was found, expected and is advised if positions are impossible, else ()."""
    voxels, positions = worm[VOXELS].to_numpy(float), worm[MICROMETRES].to_numpy(float)
    largest = np.ptp(positions, axis=0).max()
    far = ()
    if not largest <= LONGEST_UM:
        advice = "give xr, yr, zr in micrometres"
        far = f"neurons {largest:.3g} um apart", f"at most {LONGEST_UM:g} um", advice
    if not largest <= SAFE_UM:
        return far
    return _axis_fault(voxels, positions) or far or _size_fault(worm, voxels, positions)


def _axis_fault(voxels: np.ndarray, positions: np.ndarray) -> tuple[str, ...]:
    """Compare positions with the voxels that they were computed from."""
    follows = _follows(voxels, positions)
    for axis, column in enumerate(MICROMETRES):
        other = int(follows[axis].argmax())
        if follows[axis, other] > MIN_CORRELATION and follows[axis, axis] < MIN_CORRELATION:
            found, expected = (f"{column} along {VOXELS[each]}" for each in (other, axis))
            return found, expected, "are two axes exchanged?"
        side = _side(voxels[:, axis], positions[:, axis])
        if follows[axis, axis] > MIN_CORRELATION and not is_voxel_size(side):
            return (
                f"voxels of {side:.3g} um along {VOXELS[axis]}",
                f"{VOXEL_UM[0]:g} to {VOXEL_UM[1]:g} um",
                f"give {column} in micrometres",
            )
    return ()


def _follows(voxels: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Correlate xr, yr, zr (rows) with x, y, z, without signs.

    Positions that follow no voxels, such as those of a straightened worm, are accepted as they are.
    """
    steps, lengths = voxels - voxels.mean(axis=0), positions - positions.mean(axis=0)
    scale = np.outer(np.linalg.norm(lengths, axis=0), np.linalg.norm(steps, axis=0))
    return np.abs(lengths.T @ steps) / np.where(scale > 0, scale, np.inf)


def _side(voxels: np.ndarray, positions: np.ndarray) -> float:
    """Return the side of a voxel along an axis [um]."""
    return float(np.ptp(positions) / max(np.ptp(voxels), 1))


def _size_fault(worm: pd.DataFrame, voxels: np.ndarray, positions: np.ndarray) -> tuple[str, ...]:
    """Compare a worm of enough neurons with what any worm's part can be."""
    if len(worm) < ENOUGH:
        return ()
    spacing = geometry.spacing(worm)
    expected = "those of a worm in micrometres"
    advice = "check the voxel size, or give xr, yr, zr in micrometres"
    unusual = _unusual(worm, HEAD_UM) or not _within(spacing, USUAL_SPACING_UM)
    pixels = _pixels(voxels, positions)
    if len(pixels) > 1 and unusual:
        size = " x ".join(f"{length:.3g}" for length in geometry.size(worm))
        axes = " and ".join(pixels)
        return f"voxel numbers as um along {axes} ({size} um)", expected, advice
    if not _within(spacing, SPACING_UM):
        apart = spacing / len(worm) ** (1 / 3)
        return f"{len(worm)} neurons {apart:.3g} um apart from their neighbours", expected, advice
    return ()


def _pixels(voxels: np.ndarray, positions: np.ndarray) -> list[str]:
    """List the axes along which positions rise by one with every voxel.

    For one axis that is common: many stacks have steps of 1 um.
    """
    follows = _follows(voxels, positions)
    return [
        name
        for axis, name in enumerate(VOXELS)
        if follows[axis, axis] > 1 - SAME_STEP
        and abs(_side(voxels[:, axis], positions[:, axis]) - 1) < SAME_STEP
    ]


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _unusual(worm: pd.DataFrame, sizes: list[list[float]]) -> bool:
    return any(
        length < low / MAX_SIZE_RATIO or length > high * MAX_SIZE_RATIO
        for length, (low, high) in zip(geometry.size(worm), sizes, strict=True)
    )


def questions_about(worm: pd.DataFrame, sizes: list[list[float]]) -> list[tuple[str, str, str]]:
    """Ask about one worm's size and axes.

    Parameters
    ----------
    worm : pandas.DataFrame
        One worm's neuron table.
    sizes : list of [float, float]
        Smallest and largest usual length along each principal axis [um], the longest first.

    Returns
    -------
    list of (question, found, usual)
        `size` for a length under half or over twice the usual ones, or voxel numbers given as um;
        else `spacing` for neurons that lie too close or too far apart. `axes` for pixels that are
        not square: axes may be exchanged in voxels and um alike.
    """
    return _axis_questions(worm) + (_size_questions(worm, sizes) or _spacing_questions(worm))


def _axis_questions(worm: pd.DataFrame) -> list[tuple[str, str, str]]:
    voxels, positions = worm[VOXELS].to_numpy(float), worm[MICROMETRES].to_numpy(float)
    follows = np.diag(_follows(voxels, positions))
    x, y = (_side(voxels[:, axis], positions[:, axis]) for axis in range(2))
    if follows[:2].min() > MIN_CORRELATION and abs(x - y) > SQUARE * max(x, y):
        return [("axes", f"pixels of {x:.3g} x {y:.3g} um", "square pixels; are axes exchanged?")]
    return []


def _size_questions(worm: pd.DataFrame, sizes: list[list[float]]) -> list[tuple[str, str, str]]:
    pixels = _pixels(worm[VOXELS].to_numpy(float), worm[MICROMETRES].to_numpy(float))
    if len(pixels) < 2 and not _unusual(worm, sizes):
        return []
    found = " x ".join(f"{length:.3g}" for length in geometry.size(worm)) + " um"
    if len(pixels) > 1:
        axes = "" if len(pixels) == 3 else f" along {' and '.join(pixels)}"
        found += f", equal to the voxel indices{axes}"
    return [("size", found, " x ".join(f"{low:.3g}..{high:.3g}" for low, high in sizes) + " um")]


def _spacing_questions(worm: pd.DataFrame) -> list[tuple[str, str, str]]:
    spacing, share = geometry.spacing(worm), len(worm) ** (1 / 3)
    if len(worm) < ENOUGH or _within(spacing, USUAL_SPACING_UM):
        return []
    low, high = (bound / share for bound in USUAL_SPACING_UM)
    found = f"neurons {spacing / share:.3g} um from their neighbours"
    return [("spacing", found, f"{low:.3g}..{high:.3g} um for {len(worm)} neurons")]


def questions(neurons: pd.DataFrame) -> list[dict]:
    """Ask about the worms of a study whose positions are unusual, and about its laboratories.

    A laboratory is compared with all others, in the median over its worms.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neurons of all worms that are not skipped.

    Returns
    -------
    list of dict
        `chromapal.columns.SCOPE`; the worm is "" where the question is about a laboratory.
    """
    found: list[tuple[str, ...]] = []
    measured, senses = [], []
    for (lab, worm), rows in neurons.groupby(WORM):
        # a few neurons may lie anywhere in a head
        asked = questions_about(rows, HEAD_UM) if len(rows) >= ENOUGH else _axis_questions(rows)
        found += [(lab, worm, *question) for question in asked]
        senses.append((lab, worm, _sense(rows)))
        if len(rows) >= ENOUGH:
            measured.append((lab, geometry.spacing(rows), geometry.size(rows)[-1]))
    found += _about_senses(pd.DataFrame(senses, columns=["lab", "worm", "sense"]))
    found += _about_laboratories(pd.DataFrame(measured, columns=["lab", *COMPARED]))
    return [dict(zip(SCOPE, each, strict=True)) for each in found]


def _sense(worm: pd.DataFrame) -> int:
    """Return whether positions mirror their voxels (-1), or do not (1); 0 if unknown."""
    voxels, positions = worm[VOXELS].to_numpy(float), worm[MICROMETRES].to_numpy(float)
    if np.diag(_follows(voxels, positions)).min() < MIN_CORRELATION:
        return 0
    steps, lengths = voxels - voxels.mean(axis=0), positions - positions.mean(axis=0)
    return int(np.prod(np.sign((steps * lengths).sum(axis=0))))


def _about_senses(worms: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Ask about worms that are mirrored otherwise than most of their laboratory."""
    known = worms[worms["sense"] != 0]
    usual = known.groupby("lab")["sense"].transform(lambda senses: np.sign(senses.sum()))
    for row in known[known["sense"] * usual == -1].itertuples():
        found = "positions that mirror their voxels" if row.sense < 0 else "positions like voxels"
        yield row.lab, row.worm, "axes", found, "as in the laboratory; is an axis reversed?"


def _about_laboratories(worms: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    medians = worms.groupby("lab").median()
    for lab, own in medians.iterrows() if len(medians) > 1 else ():
        others = medians.drop(index=lab)
        for measure, words in COMPARED.items():
            low, high = others[measure].min(), others[measure].max()
            ratio = own[measure] / np.clip(own[measure], low, high)
            if not 1 / MAX_LABORATORY_RATIO <= ratio <= MAX_LABORATORY_RATIO:
                found = words.format(ratio)
                yield lab, "", "laboratory", found, "as in the other laboratories, in um"
                break
