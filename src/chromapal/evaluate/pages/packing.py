"""What pages hold in few bytes: numbers, probabilities, traces."""

import base64

import numpy as np
import pandas as pd

# A probability below it is none: such a name would not be anybody's answer.
FLOOR = 1e-7
POINTS = 600  # of a trace
LEVELS = 254


def rounded(values: np.ndarray, digits: int) -> list:
    """Return values as lists, rounded."""
    return np.round(values, digits).tolist()


def gain_of(colours: np.ndarray) -> float:
    """Return what makes a worm's brighter colours visible: most are far below a camera's scale."""
    bright = float(np.quantile(colours.max(axis=1), 0.9)) if len(colours) else 1.0
    return 1.0 / min(max(bright, 0.05), 1.0)


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
        "lengths": encoded(kept.sum(axis=1), "<u2"),
        "columns": encoded(np.nonzero(kept)[1], "<u2"),
        "values": encoded(probabilities[kept], "<f4"),
    }


def encoded(values: np.ndarray, kind: str) -> str:
    """Return the bytes of an array of a NumPy type, in base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def levels(traces: pd.DataFrame) -> dict[str, dict]:
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
        level = np.where(good, 1 + np.round(LEVELS * np.where(good, share, 0)), 0)
        time = rows["time"].to_numpy(float)
        listed[str(neuron)] = {
            "series": str(first["series"]).rsplit("/", 1)[-1],
            "unit": str(rows["unit"].iloc[0]),
            "start": round(float(time.min()), 3),
            "end": round(float(time.max()), 3),
            "low": float(f"{low:.6g}"),
            "high": float(f"{high:.6g}"),
            "levels": encoded(level, "u1"),
        }
    return listed
