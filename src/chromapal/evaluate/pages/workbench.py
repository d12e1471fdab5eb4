"""A new worm's page, on which a person corrects names: one file that needs no network."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from chromapal.columns import BODY, NO_NEURON, RGB_SHOWN
from chromapal.evaluate.pages.assemble import assembled
from chromapal.evaluate.pages.packing import encoded, gain_of, levels, packed, rounded
from chromapal.files import whole
from chromapal.worms import ganglia, names
from chromapal.worms.stack import Stack
from chromapal.worms.table import MICROMETRES, WORM, neuron_class

TEMPLATE = "workbench.html"
# as the config key `handedness` has them
AXES = {True: "right", False: "mirrored"}
PARTS = (
    "workbench.css",
    "solve.js",
    "axes.js",
    "statements.js",
    "stack.js",
    "outlines.js",
    "views.js",
    "workbench.js",
    "panel.js",
)


@dataclass(frozen=True)
class Axes:
    """What was decided about a worm's axes.

    Attributes
    ----------
    chosen : int
        1 right-handed, -1 mirrored.
    source : str
        What decided; see `chromapal.identify.handedness.Handedness.decide`, or `anchors`.
    probability : float
        Of the chosen ones.
    doubtful : bool
        Whether left and right are undecided, so that names go without their side.
    """

    chosen: int
    source: str
    probability: float
    doubtful: bool


@dataclass(frozen=True)
class NewWorm:
    """What the page shows of a worm; what is absent does not appear.

    Attributes
    ----------
    named : pandas.DataFrame
        The table `new_neurons` of the column dictionary, of one worm.
    probabilities : pandas.DataFrame, shape (n, K)
        The probability of every name, in the order of the neurons' numbers.
    axes : Axes
        What was decided about its axes.
    notes : sequence of str
        What stands above the drawings.
    expected : pandas.DataFrame
        By name: where it is expected, `BODY` [um], and its colour, `RGB_SHOWN` [0 to 1].
    measured : pandas.DataFrame or None
        Each neuron's own colour, `RGB_SHOWN` [0 to 1].
    traces : pandas.DataFrame or None
        See `chromapal.worms.nwb.traces.read`.
    neuropal : dict or None
        NeuroPAL_ID's file of this worm: `opening` (text above its table), `head`, and `rows` that
        begin with the neuron's number.
    stack : chromapal.worms.stack.Stack or None
        The recording around its neurons.
    mirrored : pandas.DataFrame or None
        Where the axes are in doubt: `BODY` [um] and the probability of every name if they are the
        other way round, in the order of the neurons' numbers.
    changed : sequence of dict
        What has changed by a person's anchors; see `chromapal.evaluate.pages.changes.changed`.
    stated : sequence of dict
        What a person has stated already; see `chromapal.identify.anchors.Anchors.statements`.
    """

    named: pd.DataFrame
    probabilities: pd.DataFrame
    axes: Axes
    notes: Sequence[str] = ()
    expected: pd.DataFrame = field(default_factory=pd.DataFrame)
    measured: pd.DataFrame | None = None
    traces: pd.DataFrame | None = None
    neuropal: dict | None = None
    stack: Stack | None = None
    mirrored: pd.DataFrame | None = None
    changed: Sequence[dict] = ()
    stated: Sequence[dict] = ()


def write(worm: NewWorm, out: str | os.PathLike):
    """Write one worm's page, whole or not at all."""
    text = page(worm)
    with whole(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def page(worm: NewWorm) -> str:
    """Return the whole page; every text in it is escaped."""
    first = worm.named.iloc[0]
    return assembled(TEMPLATE, PARTS, f"{first['lab']} {first['worm']}", content(worm))


def content(worm: NewWorm) -> dict:
    """Return what the page's scripts are given."""
    neurons = worm.named.sort_values("neuron", ignore_index=True)
    predicted = neurons[list(RGB_SHOWN)].to_numpy(float)
    gain = gain_of(predicted if worm.measured is None else worm.measured.to_numpy(float))
    body, recorded = neurons[list(BODY)].to_numpy(float), neurons[MICROMETRES].to_numpy(float)
    known, right = worm.probabilities.columns, worm.axes.chosen == 1
    # by handedness: as it was decided, and the other way round
    lists = {right: _list(body, recorded, worm.probabilities)}
    if worm.mirrored is not None:
        other = worm.mirrored[list(BODY)].to_numpy(float)
        lists[not right] = _list(other, recorded, worm.mirrored[known])
    held = {
        **neurons[WORM].iloc[0].to_dict(),
        "count": len(neurons),
        "axes": {
            "chosen": AXES[right],
            "source": worm.axes.source,
            "probability": round(float(worm.axes.probability), 4),
            "doubtful": bool(worm.axes.doubtful),
        },
        "lists": {AXES[of_right]: each for of_right, each in lists.items()},
        "notes": list(worm.notes),
        "changed": list(worm.changed),
        "stated": list(worm.stated),
        "recorded": rounded(recorded, 3),
        "predicted": rounded(np.clip(predicted * gain, 0, 1), 3),
        "names": _names(known, worm, gain),
        "classes": partial_columns(known),
        "others": sorted(names.KNOWN - set(known)),
        "neuropal": worm.neuropal,
        "spurious": {
            number: round(float(share), 3)
            for number, share in enumerate(neurons["spurious_probability"])
            if share >= NO_NEURON
        },
    }
    if neurons["name"].ne("").any():
        held["labels"] = neurons["name"].tolist()
    if worm.measured is not None:
        held["measured"] = rounded(np.clip(worm.measured.to_numpy(float) * gain, 0, 1), 3)
    if worm.traces is not None:
        held["traces"] = levels(worm.traces)
    if worm.stack is not None:
        planes = next(iter(worm.stack.channels.values()))
        held["stack"] = {
            "size": list(planes.shape[::-1]),
            "origin": worm.stack.origin,
            "step": worm.stack.step,
            "channels": {name: encoded(own, "u1") for name, own in worm.stack.channels.items()},
        }
    return held


def _list(body: np.ndarray, recorded: np.ndarray, probabilities: pd.DataFrame) -> dict:
    """Return what depends on the axes, for those in which neurons lie at `body` [um]."""
    return {
        "positions": rounded(body, 2),
        "directions": rounded(directions(body, recorded), 4),
        "chances": packed(probabilities.to_numpy(float)),
    }


def directions(body: np.ndarray, recorded: np.ndarray) -> np.ndarray:
    """Return which way posterior, dorsal and left point in the recording.

    Parameters
    ----------
    body, recorded : numpy.ndarray, shape (n, 3)
        Neurons in body axes and as recorded [um].

    Returns
    -------
    numpy.ndarray, shape (3, 3)
        A unit vector (x, y, z) each, of the affine map that fits best.
    """
    off, wanted = body - body.mean(axis=0), recorded - recorded.mean(axis=0)
    # lstsq's smallest solution leaves out directions in which no neuron lies
    axes = np.linalg.lstsq(off, wanted, rcond=None)[0]
    return axes / np.linalg.norm(axes, axis=1, keepdims=True).clip(1e-9)


def _names(known: pd.Index, worm: NewWorm, gain: float) -> list[dict]:
    """List the names of the columns with what is known about each."""
    series = pd.Series(known, dtype="str")
    landmarks = set(worm.expected.index[worm.expected["landmark"]]) if len(worm.expected) else set()
    classes, parts = neuron_class(series), ganglia.ganglion(series)
    known_of = {}
    for key, columns, digits in (("place", BODY, 2), ("colour", RGB_SHOWN, 3)):
        if set(columns) <= set(worm.expected):
            values = worm.expected[list(columns)].reindex(series).to_numpy(float)
            values = np.clip(values * gain, 0, 1) if key == "colour" else values
            rows = rounded(values, digits)
            known_of[key] = [row if np.isfinite(row).all() else None for row in rows]
    listed = []
    for column, name in enumerate(series):
        entry = {
            "name": name,
            "class": classes[column],
            "ganglion": parts[column],
            "surely": ganglia.SURELY[parts[column]],
            "last": parts[column] in ganglia.LAST,
            "landmark": name in landmarks,
            "place": known_of["place"][column] if "place" in known_of else None,
            "colour": known_of["colour"][column] if "colour" in known_of else None,
        }
        listed.append(entry)
    return listed


def partial_columns(known: Sequence[str]) -> dict[str, list[int]]:
    """Return the columns that each partial name without a `?` can stand for, sorted."""
    columns = {name: column for column, name in enumerate(known)}
    meant = {
        word: sorted(columns[name] for name in names.denoted(word, known) if name in columns)
        for word in sorted(names.KNOWN)
        if names.is_partial(word) and word not in columns
    }
    return {word: found for word, found in meant.items() if found}
