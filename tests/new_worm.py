"""A new worm with names, as a page shows it: places and colours as in real heads, names unsure."""

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
import torch

from chromapal.apply import neuropal_id
from chromapal.columns import ASSIGNED, BODY, PROBABILITY, RGB, RGB_SD, RGB_SHOWN
from chromapal.evaluate.pages.workbench import Axes, NewWorm
from chromapal.evaluate.tables.answers import parts_of_names, worm_answers
from chromapal.identify.assign import Calibration, answer
from chromapal.worms.simulate import statistics
from chromapal.worms.stack import Stack, shown
from chromapal.worms.table import MICROMETRES

SPACING = (0.25, 0.25, 1.0)
TRACES = 40  # neurons that have one
DECIDED = Axes(-1, "laboratory", 0.95, False)
IN_DOUBT = Axes(-1, "evidence", 0.6, True)


@cache
def new_worm(
    count: int = 170, seed: int = 3, lab: str = "EY", name: str = "worm 7", pictured: bool = False
) -> NewWorm:
    """Return a worm of which the first three neurons have labels; `pictured` with its recording."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    known = statistics.read()
    rows = np.sort(rng.permutation(len(known.names))[:count])
    rng.shuffle(rows)
    place = known.position[rows] + rng.normal(0, 1.3, (count, 3))
    probabilities = _probabilities(place)
    found = answer(probabilities)
    names = np.array([*known.names, ""])[found.best]
    truth = known.names[rows].astype(object)
    recorded = place @ _turn(0.4, 0.2) + [60.0, 40.0, 25.0]
    voxels = np.round((recorded - recorded.min(axis=0)) / SPACING)
    colours = 0.5 * (1 + np.tanh(known.colour[:, :3]))
    shown = probabilities.numpy() @ colours
    own = np.clip(colours[rows] + rng.normal(0, 0.06, (count, 3)), 0, 1)
    neurons = pd.DataFrame(
        {
            "lab": lab, "worm": name, "row": np.arange(count),
            **dict(zip("xyz", voxels.T.astype(int), strict=True)),
            "ID": [*truth[:3], *[""] * (count - 3)],
        }
    )  # fmt: skip
    given = neurons[["lab", "worm", "row"]].assign(
        name=neurons["ID"],
        anchor="",
        **dict(zip(ASSIGNED, names.T, strict=True)),
        **dict(zip(PROBABILITY, found.probability.T, strict=True)),
    )
    body = pd.DataFrame(place, columns=list(BODY)).assign(row=neurons["row"])
    of_names = pd.DataFrame(probabilities.numpy().astype(np.float32), columns=known.names)
    answered = worm_answers(given, neurons, body, pd.Series(dtype=bool)).drop(columns="anchor")
    answered = answered.assign(
        status="model",
        **dict(zip(MICROMETRES, (voxels * SPACING).T, strict=True)),
        **{column: shown[:, k] for k, column in enumerate(RGB)},
        **dict.fromkeys(RGB_SD, 0.1),
        spurious_probability=0.0,
        **{column: shown[:, k] for k, column in enumerate(RGB_SHOWN)},
        **parts_of_names(answered["answer"], of_names),
    )
    return NewWorm(
        answered,
        of_names,
        DECIDED,
        expected=pd.DataFrame(
            np.column_stack([known.position, colours]), known.names, [*BODY, *RGB_SHOWN]
        ).assign(landmark=np.isin(known.names, ["I1L", "I1R", "MI", "AVAL"])),
        measured=pd.DataFrame(own, columns=list(RGB_SHOWN)),
        traces=_traces(rng),
        stack=_stack(recorded - recorded.min(axis=0), own, rng) if pictured else None,
        neuropal=neuropal_id.page_table(answered, SPACING),
    )


def in_doubt(worm: NewWorm) -> NewWorm:
    """Return the worm with axes that nobody knows, and what it is if they are the other way."""
    place = worm.named[list(BODY)].to_numpy() * [1, 1, -1]
    names = pd.DataFrame(_probabilities(place).numpy(), columns=worm.probabilities.columns)
    mirrored = pd.concat(
        [pd.DataFrame(place, columns=list(BODY)), names.astype(np.float32)], axis=1
    )
    return dataclasses.replace(worm, axes=IN_DOUBT, mirrored=mirrored)


def _probabilities(place: np.ndarray) -> torch.Tensor:
    apart = np.linalg.norm(place[:, None] - statistics.read().position[None], axis=2)
    log = torch.from_numpy(-(apart**2) / (2 * 2.2**2))
    return Calibration(1.0, -6.0).probabilities(log)


def _turn(yaw: float, roll: float) -> np.ndarray:
    """Return a rotation that lays a head down on its side, nose to the left."""
    flat = np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]])  # y of an image points down
    (c, s), (d, t) = (np.cos(yaw), np.sin(yaw)), (np.cos(roll), np.sin(roll))
    return flat @ np.array([[1, 0, 0], [0, d, t], [0, -t, d]]) @ [[c, s, 0], [-s, c, 0], [0, 0, 1]]


def _stack(places: np.ndarray, colours: np.ndarray, rng: np.random.Generator) -> Stack:
    """Return blurred balls of the neurons' colours, and noise."""
    size = np.ceil((places.max(axis=0) + 8) / SPACING).astype(int)
    volume = rng.gamma(2.0, 6.0, (*size, 4)).astype(np.float32)
    for place, colour in zip(places, colours, strict=True):
        middle = (place + 4) / SPACING
        low = np.maximum(np.floor(middle - 3.5 / np.array(SPACING)), 0).astype(int)
        high = np.ceil(middle + 3.5 / np.array(SPACING)).astype(int) + 1
        grid = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1)
        apart = (((grid - middle) * SPACING) ** 2).sum(axis=-1)
        cut = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        own = 150 * np.exp(-apart / (2 * 1.1**2))[..., None] * [*colour, 0.7]
        volume[cut] += own[tuple(slice(0, side) for side in volume[cut].shape[:3])]
    channels = dict(zip("RGBW", range(4), strict=True))
    centres = np.rint((places + 4) / SPACING).astype(int)
    found = shown(volume, channels, centres, np.array(SPACING))
    origin = np.array(found.origin) - 4
    return Stack(found.channels, tuple(origin.tolist()), found.step)


def _traces(rng: np.random.Generator) -> pd.DataFrame:
    time = np.arange(1200) / 4
    parts = [
        pd.DataFrame(
            {
                "series": "processing/CalciumActivity/SignalRaw", "trace": neuron, "row": neuron,
                "time": time, "unit": "F",
                "value": 90 + 5 * np.cumsum(rng.normal(0, 0.2, len(time))),
            }
        )
        for neuron in range(TRACES)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)
