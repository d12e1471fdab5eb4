"""Small values stored in a file, which may be of any type and shape."""

import reprlib

import numpy as np


def numbers(stated: object) -> np.ndarray:
    """Return numbers as float64, in their own shape; an empty array if they are not numbers."""
    values = np.asarray(stated)
    return values.astype(np.float64) if values.dtype.kind in "iuf" else np.empty(0)


def shortened(stated: object) -> str:
    """Format a value for a message, shortened if it is long."""
    return "missing" if stated is None else reprlib.repr(np.asarray(stated).tolist())
