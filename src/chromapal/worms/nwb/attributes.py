"""Small values stored in a file, which may be of any type and shape."""

import reprlib

import numpy as np

LONGEST = 160  # characters of an error that a message quotes


def numbers(stated: object) -> np.ndarray:
    """Return numbers as float64, in their own shape; an empty array if they are not numbers."""
    values = np.asarray(stated)
    return values.astype(np.float64) if values.dtype.kind in "iuf" else np.empty(0)


def shortened(stated: object) -> str:
    """Format a value for a message, shortened if it is long."""
    return "missing" if stated is None else reprlib.repr(np.asarray(stated).tolist())


def vector(values: np.ndarray) -> np.ndarray:
    """Return a row or a column of a matrix, as MATLAB writes vectors, as a plain vector."""
    return values.ravel() if values.ndim > 1 and values.size == max(values.shape) else values


def told(error: object) -> str:
    """Return what an error says, on one line and shortened: a library may quote the whole file."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
