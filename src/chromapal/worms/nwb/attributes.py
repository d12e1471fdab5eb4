"""Small facts as a file states them, which may be of any type and shape."""

import reprlib

import numpy as np


def numbers(stated: object) -> np.ndarray:
    """Give numbers as float64, in the shape they have; none where they are no numbers."""
    values = np.asarray(stated)
    return values.astype(np.float64) if values.dtype.kind in "iuf" else np.empty(0)


def shown(stated: object) -> str:
    """Show a fact in a message, the start of it where it is long."""
    return "missing" if stated is None else reprlib.repr(np.asarray(stated).tolist())
