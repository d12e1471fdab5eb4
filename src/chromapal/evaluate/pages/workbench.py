"""A new worm's page, on which a person corrects names: one file that needs no network."""

import base64
import html
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.columns import BODY, RGB_SHOWN
from chromapal.evaluate.pages.policy import inert_json, sources
from chromapal.files import whole
from chromapal.worms import ganglia, names
from chromapal.worms.stack import Stack
from chromapal.worms.table import MICROMETRES, WORM, neuron_class

FOLDER = Path(__file__).parent
TEMPLATE = FOLDER / "workbench.html"
PARTS = (
    "workbench.css",
    "solve.js",
    "statements.js",
    "stack.js",
    "views.js",
    "workbench.js",
    "panel.js",
)
# Nothing may be loaded from anywhere; only the template's own scripts and style count.
POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; "
    "form-action 'none'"
)
# A probability below it is none: such a name would not be anybody's answer.
FLOOR = 1e-7
# How surely a person who sees a neuron can say which it is: best where few neurons lie, each in a
# place of its own, worst where many lie close together, and in other places from worm to worm.
SURELY = {
    "pharynx": 1.0, "anterior": 0.9, "dorsal": 0.8, "lateral": 0.8, "ventral": 0.5,
    "retrovesicular": 0.4, "other": 0.6,
}  # fmt: skip
# Classes that a person finds first, and finds others by; some only where their colours are seen.
LANDMARKS = frozenset(["I1", "I3", "M3", "M4", "MI", "RME", "RMED", "RMEV"])
COLOUR_LANDMARKS = frozenset(["AVA", "AVE", "RIA"])
POINTS = 600  # of a trace
LEVELS = 254


@dataclass(frozen=True)
class NewWorm:
    """What the page shows of a worm; what is absent does not appear.

    Attributes
    ----------
    named : pandas.DataFrame
        The table `new_neurons` of the column dictionary, of one worm.
    probabilities : pandas.DataFrame, shape (n, K)
        The probability of every name, in the order of the neurons' numbers.
    sideless : bool
        Whether left and right are undecided, so that names go without their side.
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
    """

    named: pd.DataFrame
    probabilities: pd.DataFrame
    sideless: bool = False
    notes: Sequence[str] = ()
    expected: pd.DataFrame = field(default_factory=pd.DataFrame)
    measured: pd.DataFrame | None = None
    traces: pd.DataFrame | None = None
    neuropal: dict | None = None
    stack: Stack | None = None


def write(worm: NewWorm, out: str | os.PathLike):
    """Write one worm's page, whole or not at all."""
    text = page(worm)
    with whole(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def page(worm: NewWorm) -> str:
    """Return the whole page; every text in it is escaped."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name in PARTS:
        text = text.replace(f"<!--{name}-->", (FOLDER / name).read_text(encoding="utf-8"))
    policy = POLICY.format(script=sources(text, "script"), style=sources(text, "style"))
    first = worm.named.iloc[0]
    # what is filled in has no "<", so that no name can be taken for a later placeholder
    return (
        text.replace("<!--policy-->", policy)
        .replace("<!--title-->", html.escape(f"{first['lab']} {first['worm']}"))
        .replace("<!--content-->", inert_json(content(worm)))
    )


def content(worm: NewWorm) -> dict:
    """Return what the page's scripts are given."""
    neurons = worm.named.sort_values("neuron", ignore_index=True)
    predicted = neurons[list(RGB_SHOWN)].to_numpy(float)
    gain = _gain(predicted if worm.measured is None else worm.measured.to_numpy(float))
    body, recorded = neurons[list(BODY)].to_numpy(float), neurons[MICROMETRES].to_numpy(float)
    known = worm.probabilities.columns
    held = {
        **neurons[WORM].iloc[0].to_dict(),
        "count": len(neurons),
        "sideless": bool(worm.sideless),
        "notes": list(worm.notes),
        "positions": _rounded(body, 2),
        "recorded": _rounded(recorded, 3),
        "directions": _rounded(directions(body, recorded), 4),
        "predicted": _rounded(np.clip(predicted * gain, 0, 1), 3),
        "names": _names(known, worm, gain),
        "classes": partial_columns(known),
        "others": sorted(names.KNOWN - set(known)),
        "chances": packed(worm.probabilities.to_numpy(float)),
        "neuropal": worm.neuropal,
    }
    if neurons["name"].ne("").any():
        held["labels"] = neurons["name"].tolist()
    if worm.measured is not None:
        held["measured"] = _rounded(np.clip(worm.measured.to_numpy(float) * gain, 0, 1), 3)
    if worm.traces is not None:
        held["traces"] = _traces(worm.traces)
    if worm.stack is not None:
        planes = next(iter(worm.stack.channels.values()))
        held["stack"] = {
            "size": list(planes.shape[::-1]),
            "origin": worm.stack.origin,
            "step": worm.stack.step,
            "channels": {name: _base64(own, "u1") for name, own in worm.stack.channels.items()},
        }
    return held


def _rounded(values: np.ndarray, digits: int) -> list:
    return np.round(values, digits).tolist()


def _gain(colours: np.ndarray) -> float:
    """Return what makes a worm's brighter colours visible: most are far below a camera's scale."""
    bright = float(np.quantile(colours.max(axis=1), 0.9)) if len(colours) else 1.0
    return 1.0 / min(max(bright, 0.05), 1.0)


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
    landmarks = LANDMARKS if worm.measured is None else LANDMARKS | COLOUR_LANDMARKS
    series = pd.Series(known, dtype="str")
    classes, parts = neuron_class(series), ganglia.ganglion(series)
    known_of = {}
    for key, columns, digits in (("place", BODY, 2), ("colour", RGB_SHOWN, 3)):
        if set(columns) <= set(worm.expected):
            values = worm.expected[list(columns)].reindex(series).to_numpy(float)
            values = np.clip(values * gain, 0, 1) if key == "colour" else values
            rows = _rounded(values, digits)
            known_of[key] = [row if np.isfinite(row).all() else None for row in rows]
    listed = []
    for column, name in enumerate(series):
        entry = {
            "name": name,
            "class": classes[column],
            "ganglion": parts[column],
            "surely": SURELY[parts[column]],
            "landmark": classes[column] in landmarks,
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


def packed(probabilities: np.ndarray) -> dict[str, str]:
    """Write probabilities above `FLOOR` row by row, in base64.

    Returns
    -------
    dict of str to str
        `lengths`, how many each row has (uint16); `columns`, whose they are (uint16); `values`
        (float32); little-endian.
    """
    kept = probabilities > FLOOR
    return {
        "lengths": _base64(kept.sum(axis=1), "<u2"),
        "columns": _base64(np.nonzero(kept)[1], "<u2"),
        "values": _base64(probabilities[kept], "<f4"),
    }


def _base64(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def _traces(traces: pd.DataFrame) -> dict[str, dict]:
    """Return each neuron's first trace by its number, as levels between its lowest and highest.

    A level is 1 to 255, or 0 where no value is known; of long traces `POINTS` means remain.
    """
    listed = {}
    for neuron, rows in traces.groupby("row", sort=True):
        first = rows[["series", "trace"]].iloc[0]
        rows = rows[rows["series"].eq(first["series"]) & rows["trace"].eq(first["trace"])]
        values = rows["value"].to_numpy(float)
        blocks = np.arange(len(values)) * POINTS // max(len(values), POINTS)
        means = pd.Series(values).where(np.isfinite(values)).groupby(blocks).mean().to_numpy()
        good = np.isfinite(means)
        if not good.any():
            continue
        low, high = float(means[good].min()), float(means[good].max())
        share = (means - low) / ((high - low) or 1.0)
        levels = np.where(good, 1 + np.round(LEVELS * np.where(good, share, 0)), 0)
        time = rows["time"].to_numpy(float)
        listed[str(neuron)] = {
            "series": str(first["series"]).rsplit("/", 1)[-1],
            "unit": str(rows["unit"].iloc[0]),
            "start": round(float(time.min()), 3),
            "end": round(float(time.max()), 3),
            "low": float(f"{low:.6g}"),
            "high": float(f"{high:.6g}"),
            "levels": _base64(levels, "u1"),
        }
    return listed
