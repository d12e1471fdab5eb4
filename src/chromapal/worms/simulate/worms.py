"""Simulated worms: the default study's worms, written as real NWB files.

A worm is drawn from the statistics of real ones (`statistics.json`): which neurons it has, where
they lie, how they look and which of them are named. It is then bent, stretched, rotated and put on
a voxel grid. The properties of a laboratory (mirror, camera, usual pose, voxel size, habits) are
drawn from (seed, laboratory), those of a worm from (seed, index), so that the first worms of a
larger study are those of a smaller one.
"""

import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr

from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.worms.nwb.writer import Volume, write_nwb
from chromapal.worms.simulate import body, file_names, statistics
from chromapal.worms.simulate.body import Chance
from chromapal.worms.simulate.render import render

CHANNELS = ("mNeptune2.5", "CyOFP1", "mTagBFP2", "TagRFP-T")
# Each laboratory stores its channels in its own order, given by `RGBW_channels`.
ORDERS = ((0, 1, 2, 3), (3, 1, 0, 2), (0, 2, 3, 1))
# The real laboratories whose counts simulated ones have in turn.
CAMERAS = ("EY", "HL", "SK2", "NP", "SK1")
# About twice as coarse as real voxels, to keep files small.
SPACINGS_UM = ((0.5, 0.5, 1.0), (0.6, 0.6, 1.2), (0.55, 0.55, 1.5))
MARGIN_UM = 6.0
FIRST_SESSION = datetime(2024, 1, 1, tzinfo=UTC)
POOL = 1.05


@dataclass(frozen=True)
class SimulationParams:
    """What to simulate.

    Parameters
    ----------
    worms, laboratories, neurons : int
        Worms, laboratories they come from, and neurons per worm (about).
    unlabelled_low, unlabelled_high : float
        Range of the fraction of a worm's neurons without a name.
    uncertain : float
        Fraction of the names that end in `?`.
    colour_gain : float
        Standard deviation of the log of the gain of a worm's channel.
    scatter : float
        How much neurons stray in position and colour: 1 as much as real ones do, 0 not at all.
    usual_side : float
        Probability that a worm's head points to its laboratory's usual side.
    """

    worms: int = 24
    laboratories: int = 3
    neurons: int = 180
    unlabelled_low: float = 0.02
    unlabelled_high: float = 0.5
    uncertain: float = 0.04
    colour_gain: float = 0.2
    scatter: float = 1.0
    usual_side: float = 0.75

    def __post_init__(self):
        """Refuse values that the statistics cannot provide."""
        most = int(len(statistics.read().names) / POOL)
        for key, least, limit in (
            ("worms", 1, 10_000),
            ("laboratories", 1, self.worms),
            ("neurons", 4, most),
        ):
            value = getattr(self, key)
            if not least <= value <= limit:
                raise InputError(f"config key 'simulate.{key}'", value, f"{least} to {limit}")


def simulate(folder: str | os.PathLike, params: SimulationParams, seed: int) -> list[Path]:
    """Write all worms as `{folder}/{LAB}/sub-{worm}_ophys.nwb`.

    Parameters
    ----------
    folder : path-like
        The source folder; it is created, and existing files are replaced.
    params : SimulationParams
        What to simulate.
    seed : int
        Same seed, same files.

    Returns
    -------
    list of pathlib.Path
        The files, in the order of `file_names.worm_files`.
    """
    worms = progress(range(params.worms), params.worms, "simulate worms")
    return [write_worm(folder, params, seed, index) for index in worms]


def write_worm(folder: str | os.PathLike, params: SimulationParams, seed: int, index: int) -> Path:
    """Write one simulated worm and return its path."""
    table, truth = simulate_worm(params, seed, index)
    order = list(truth["channel_order"])
    path = Path(folder) / file_names.worm_file(index, params.laboratories)
    shape, spacing_um = truth["shape"], truth["spacing_um"]
    volume = Volume(
        counts=render(table, shape, spacing_um, _stream(seed, 2, index))[..., order],
        shape=shape,
        spacing_um=spacing_um,
        channel_names=[CHANNELS[channel] for channel in order],
        rgbw_channels=[order.index(channel) for channel in range(4)],
    )
    write_nwb(
        path,
        table,
        volume,
        _session(index),
        f"{truth['lab']} simulated laboratory",
    )
    return path


def simulate_worm(params: SimulationParams, seed: int, index: int) -> tuple[pd.DataFrame, dict]:
    """Simulate one worm's neuron table.

    Parameters
    ----------
    params : SimulationParams
        What to simulate.
    seed, index : int
        The study's seed and the worm's number from 0.

    Returns
    -------
    table : pandas.DataFrame
        The neuron table, sorted by voxel.
    truth : dict
        What nobody can measure: `names` of all neurons in the table's order, `mirrored`, the pose
        (`head_left`, `roll`, `yaw` [rad], `stretch`, `bend` [1/um]), `unlabelled` (fraction); and
        the volume's `shape` [voxel], `spacing_um` and `channel_order`, and `lab`.
    """
    known = statistics.read()
    generator, lab = _stream(seed, 1, index), index % params.laboratories
    chance = Chance(_stream(seed, 3, lab), generator)
    truth = {"lab": file_names.laboratory(index, params.laboratories)}
    truth |= _laboratory_traits(seed, lab)
    truth |= _pose(params, truth, chance)
    rows = _segmented(params, generator)
    place = body.positions(known, params.scatter, chance)
    colour = body.colours(known, place, params.scatter, chance)[rows]
    gain = truth["lab_gain"] * np.exp(generator.normal(0, params.colour_gain, 4))
    levels = body.levels(known, truth["camera"], colour, gain)
    counts = np.round(levels * truth["full_scale"])
    positions = pose(body.pushed_apart(place[rows], generator), truth)
    positions = positions - positions.min(axis=0) + MARGIN_UM
    spacing = np.array(truth["spacing_um"])
    voxels = _separate_voxels(np.floor(positions / spacing).astype(np.int64))
    truth["shape"] = tuple(
        int(side) for side in voxels.max(axis=0) + 1 + np.ceil(MARGIN_UM / spacing)
    )
    table = pd.DataFrame(
        {
            "worm": file_names.worm_name(index),
            "lab": truth["lab"],
            **dict(zip("xyz", voxels.T, strict=True)),
            **dict(zip(("xr", "yr", "zr"), (voxels * spacing).T, strict=True)),
            "weight": 1.0,
            **dict(zip("RGBW", counts.T, strict=True)),
            "full_scale": truth["full_scale"],
        }
    )
    truth["unlabelled"] = generator.uniform(params.unlabelled_low, params.unlabelled_high)
    table["ID"] = _labels(rows, params, truth["unlabelled"], chance)
    table["fold"] = ""
    table["session"] = _session(index).date().isoformat()
    order = np.lexsort(voxels.T[::-1])
    truth["names"] = known.names[rows][order].tolist()
    return table.iloc[order].reset_index(drop=True), truth


def pose(positions: np.ndarray, truth: dict) -> np.ndarray:
    """Transform body coordinates to microscope coordinates: bend, roll, stretch, rotate, mirror.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n, 3)
        Posterior, dorsal, left [um].
    truth : dict
        `stretch` (3, 3), `bend` [1/um], `roll`, `yaw` [rad], `head_left`, `mirrored`.

    Returns
    -------
    numpy.ndarray, shape (n, 3)
        x, y, z [um]; the worm lies on its side. Right-handed unless `mirrored`.
    """
    along, dorsal, left = positions.T
    along = along - along.mean()
    # The midline becomes an arc in the plane of the bend, which is dorsal-ventral in a worm;
    # sinc keeps the straight worm finite.
    angle = truth["bend"] * along
    x = along * np.sinc(angle / np.pi) - dorsal * np.sin(angle)
    y = along * np.sinc(angle / (2 * np.pi)) * np.sin(angle / 2) + dorsal * np.cos(angle)
    y, z = _rotate(y, left, truth["roll"])
    # a slide flattens a worm whichever side it lies on, and a stage that moves too far draws it out
    x, y, z = truth["stretch"] @ [x, y, z]
    x, y = _rotate(x, y, truth["yaw"] + (0.0 if truth["head_left"] else math.pi))
    return np.column_stack([x, y, -z if truth["mirrored"] else z])


def _session(index: int) -> datetime:
    return FIRST_SESSION + timedelta(days=index)


def _stream(seed: int, kind: int, index: int) -> np.random.Generator:
    return np.random.default_rng([seed, kind, index])


def _rotate(first: np.ndarray, second: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    cosine, sine = math.cos(angle), math.sin(angle)
    return cosine * first - sine * second, sine * first + cosine * second


def _laboratory_traits(seed: int, lab: int) -> dict:
    """Draw what all worms of a laboratory have in common."""
    generator = _stream(seed, 0, lab)
    camera = CAMERAS[lab % len(CAMERAS)]
    return {
        "mirrored": bool(generator.integers(2)),
        "usual_left": bool(generator.integers(2)),
        "usual_roll": generator.normal(0, 0.15),
        "lab_gain": np.exp(generator.normal(0, 0.15, 4)),
        "camera": camera,
        "full_scale": statistics.read().full_scales[camera],
        "spacing_um": SPACINGS_UM[lab % len(SPACINGS_UM)],
        "channel_order": ORDERS[lab % len(ORDERS)],
    }


def _pose(params: SimulationParams, traits: dict, chance: Chance) -> dict:
    known, generator = statistics.read(), chance.own
    usual = generator.random() < params.usual_side
    return {
        "head_left": traits["usual_left"] == usual,
        "roll": traits["usual_roll"] + generator.normal(0, 0.25),
        "yaw": generator.normal(0, 0.1),
        "stretch": body.stretch(known, chance),
        "bend": generator.normal(0, known.bend_per_um),
    }


def _segmented(params: SimulationParams, generator: np.random.Generator) -> np.ndarray:
    """Choose the neurons that were segmented, by number: all of the study's except a few.

    A study of few neurons has the same ones in every worm, nearly, of a pair both.
    """
    known = statistics.read()
    size = math.ceil(params.neurons * POOL)
    luck = np.random.default_rng(size).logistic(size=len(known.names))
    pair = np.searchsorted(known.names, known.first)
    pool = np.sort(body.ranked(known.seen, luck[pair])[:size])
    spread = max(size - params.neurons, 1)
    count = min(params.neurons + generator.integers(-spread, spread + 1), len(pool))
    return pool[body.chosen(known.seen[pool], count, generator)]


def _separate_voxels(voxels: np.ndarray) -> np.ndarray:
    """Return neurons that share a voxel the next free one along x."""
    voxels = voxels.copy()
    taken = set()
    for row in range(len(voxels)):
        while tuple(voxels[row]) in taken:
            voxels[row, 0] += 1
        taken.add(tuple(voxels[row]))
    return voxels


def _labels(
    rows: np.ndarray, params: SimulationParams, unlabelled: float, chance: Chance
) -> np.ndarray:
    """Leave a fraction of the neurons unnamed, and mark some others as uncertain.

    Which ones people name is partly a laboratory's habit, and mostly which ones they know.
    """
    known = statistics.read()
    habit = ndtr(chance.normal(known.laboratory_share["labels"], known.names.shape))[rows]
    names = known.names[rows]
    uncertain = chance.own.random(len(names)) < params.uncertain
    labels = np.where(uncertain, np.char.add(names, "?"), names)
    first = body.ranked(known.named[rows], np.log(habit / (1 - habit)))
    labels[first[len(names) - round(unlabelled * len(names)) :]] = ""
    return labels.astype(object)
