"""Colours that were measured, for the pages of new worms."""

import numpy as np
import pandas as pd

from chromapal.columns import RGB_MEASURED, RGB_SHOWN
from chromapal.prepare.normalise import display


def measured(neurons: pd.DataFrame, colour_scale: str) -> pd.DataFrame | None:
    """Return the colours that a worm's neurons were recorded with, `RGB_SHOWN` [0 to 1].

    Parameters
    ----------
    neurons : pandas.DataFrame
        The worm's answers: `RGB_MEASURED`.
    colour_scale : str
        The colour scale of the model's study.

    Returns
    -------
    pandas.DataFrame or None
        Rows as given; None for a worm without three colours.
    """
    colours = neurons[list(RGB_MEASURED)].to_numpy(float)
    if not np.isfinite(colours).all():
        return None
    return pd.DataFrame(display(colours, colour_scale), columns=list(RGB_SHOWN))
