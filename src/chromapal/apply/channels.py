"""By which of its channels a new worm is named: the richest set that the model knows."""

from collections.abc import Sequence

import pandas as pd

from chromapal.errors import InputError
from chromapal.prepare.features import channels
from chromapal.worms import skipped
from chromapal.worms.table import WORM

AUTO = "auto"
MOST = 5  # worms that a line lists
# What feature sets are called where a person chooses one; the config key has the same words.
WORDS = {
    "position": "position",
    "position+gray": "gray",
    "position+luminance": "gray",
    "position+white": "gray",
    "position+rgb": "colour",
    "position+white+rgb": "all",
}


def choose(
    neurons: pd.DataFrame, known: Sequence[str], wanted: str = AUTO
) -> tuple[pd.DataFrame, list[dict]]:
    """Choose the feature set that each worm is named by.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neurons of whole worms on the study's scales, with their `file`.
    known : sequence of str
        The feature sets that the model knows.
    wanted : str
        A value of `WORDS`, or `AUTO`: the set with most channels of which the worm lacks none.

    Returns
    -------
    neurons : pandas.DataFrame
        Those of worms that can be named, with their `features`.
    skipped_worms : list of dict
        `chromapal.worms.skipped.entry` of each other worm.

    Raises
    ------
    InputError
        The model knows no such set.
    """
    sets = sorted(known, key=lambda name: len(channels(name)), reverse=True)
    if wanted != AUTO:
        sets = [name for name in sets if WORDS[name] == wanted]
        if not sets:
            words = ", ".join(dict.fromkeys(WORDS[name] for name in known))
            raise InputError(
                "config key 'channels_used'",
                f"{wanted!r}, by which this model cannot name worms",
                f"{AUTO}, {words}",
            )
    good, skipped_worms = [neurons[:0].assign(features="")], []
    for (lab, worm), rows in neurons.groupby(WORM, sort=False):
        complete = (name for name in sets if rows[list(channels(name))].notna().all(axis=None))
        if features := next(complete, ""):
            good.append(rows.assign(features=features))
            continue
        needed = "R, G and B" if wanted in ("colour", "all") else "a gray channel, or R, G and B"
        file = rows["file"].iloc[0]
        error = InputError(
            f"{file}, worm {worm!r}",
            f"neurons without the channels to be named by ({wanted})",
            needed + " and a white channel" * (wanted == "all"),
        )
        skipped_worms.append(skipped.entry(file, lab, worm, error))
    return pd.concat(good, ignore_index=True), skipped_worms


def describe(neurons: pd.DataFrame) -> list[str]:
    """Say in a line per feature set which worms are named by it."""
    lines = []
    for used, worms in neurons.drop_duplicates(WORM).groupby("channels_used", sort=True):
        by = {
            "position": "position alone",
            "gray": "position and gray",
            "colour": "position and colour",
            "all": "position, colour and white",
        }[used]
        names = ", ".join(f"{lab} {worm}" for lab, worm in worms[WORM].to_numpy()[:MOST])
        more = f" and {len(worms) - MOST} more" if len(worms) > MOST else ""
        lines.append(f"named by {by}: {names}{more}")
    return lines
