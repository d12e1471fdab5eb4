"""Bring new worms to the scales of a finished study."""

import numpy as np
import pandas as pd

from chromapal.columns import POSITION, WEIGHT
from chromapal.errors import InputError
from chromapal.prepare.normalise import Normaliser
from chromapal.worms import geometry, skipped
from chromapal.worms.table import WORM

SCALED = [*POSITION, WEIGHT]
CHANNELS = ["gray", "white", "r", "g", "b"]  # NaN where a worm has none
MIN_NEURONS = 4  # neurons that determine the orientation of a worm


def usable(neurons: pd.DataFrame, model: dict) -> tuple[pd.DataFrame, list[dict]]:
    """Skip worms that cannot be named: training worms, too few neurons, or numbers that overflow.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neuron tables with their `file`.
    model : dict
        Facts of the trained model: `animals`, `fingerprints`, `normaliser`.

    Returns
    -------
    neurons : pandas.DataFrame
        Those of usable worms on the study's scales, including `gray`: from the study's own source,
        else from the other one (the white channel, or the luminance of the colours).
    skipped_worms : list of dict
        `skipped.entry` of each other worm.
    """
    normaliser = Normaliser.from_json(model["normaliser"])
    other = "white" if normaliser.gray_source == "luminance" else "luminance"
    scaled = normaliser.transform(neurons)
    # never both sources within one worm
    missing = scaled["gray"].isna().groupby([scaled[key] for key in WORM]).transform("any")
    scaled["gray"] = scaled["gray"].where(~missing, scaled[other])
    skipped_worms, good = [], []
    for (lab, worm), rows in scaled.groupby(WORM, sort=False):
        file = rows["file"].iloc[0]
        reason = None
        name = training_name(rows, model)
        if name:
            reason = (
                f"a worm that the model was trained on (as {name})",
                "a new worm",
                "its study has already named it",
            )
        elif len(rows) < MIN_NEURONS:
            reason = f"{len(rows)} neurons", f"at least {MIN_NEURONS}"
        elif not np.isfinite(rows[SCALED].to_numpy()).all() or np.isinf(rows[CHANNELS]).any(
            axis=None
        ):
            reason = "numbers that overflow on the study's scale", "counts and weights of a camera"
        if reason:
            error = InputError(f"{file}, worm {worm!r}", *reason)
            skipped_worms.append(skipped.entry(file, lab, worm, error))
        else:
            good.append(rows)
    return pd.concat([scaled[:0], *good], ignore_index=True), skipped_worms


def training_name(worm: pd.DataFrame, model: dict) -> str:
    """Return the name under which the model was trained on a worm; "" for a new worm."""
    fingerprint = geometry.fingerprint(worm)
    for trained_on, known in zip(model["animals"], model["fingerprints"], strict=True):
        if geometry.same(fingerprint, known):
            return " ".join(trained_on)
    return ""
