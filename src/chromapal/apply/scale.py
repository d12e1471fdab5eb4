"""New worms on the scales of a study that has ended."""

import pandas as pd

from chromapal.errors import InputError
from chromapal.prepare import geometry
from chromapal.prepare.normalise import Normaliser
from chromapal.worms import skipped
from chromapal.worms.table import ANIMAL

LEAST = 4  # neurons that fix how a worm lies


def usable(neurons: pd.DataFrame, model: dict) -> tuple[pd.DataFrame, list[dict]]:
    """Leave out worms that cannot be named: already known, too small or without gray.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neuron tables with their `file`.
    model : dict
        Facts of the kept model: `animals`, `fingerprints`, `normaliser`.

    Returns
    -------
    neurons : pandas.DataFrame
        Those of usable worms on the study's scales, `gray` among them: the study's own kind, else
        the other one (the white channel, or the luminance of the colours).
    left_out : list of dict
        `skipped.entry` of each other worm.
    """
    normaliser = Normaliser.from_json(model["normaliser"])
    other = "white" if normaliser.gray_source == "luminance" else "luminance"
    scaled = normaliser.transform(neurons)
    # never both kinds within one worm
    lacking = scaled["gray"].isna().groupby([scaled[key] for key in ANIMAL]).transform("any")
    scaled["gray"] = scaled["gray"].where(~lacking, scaled[other])
    left_out, good = [], []
    for (lab, worm), rows in scaled.groupby(ANIMAL, sort=False):
        file = rows["file"].iloc[0]
        fault = None
        trained = known_as(rows, model)
        if trained:
            fault = (
                f"a worm that the model was trained on, there {trained}",
                "a new one",
                "its study names it",
            )
        elif len(rows) < LEAST:
            fault = f"{len(rows)} neurons", f"{LEAST} at least"
        elif rows["gray"].isna().any():
            fault = "no gray or white channel on the study's scale", "one, or R, G and B"
        if fault:
            error = InputError(f"{file}, worm {worm!r}", *fault)
            left_out.append(skipped.entry(file, lab, worm, error))
        else:
            good.append(rows)
    return pd.concat([scaled[:0], *good], ignore_index=True), left_out


def known_as(worm: pd.DataFrame, model: dict) -> str:
    """Say under which name the model was trained on an animal; "" for a new one."""
    mine = geometry.fingerprint(worm)
    for animal, theirs in zip(model["animals"], model["fingerprints"], strict=True):
        if geometry.same(mine, theirs):
            return " ".join(animal)
    return ""
