"""Differences between a new worm and the training worms, which are reported as warnings."""

import pandas as pd

from chromapal.columns import SCOPE
from chromapal.worms import counts, plausible
from chromapal.worms.table import SUBJECT

GRAY_CHANNELS = {"white": ("W",), "luminance": ("R", "G", "B")}
MIN_NEURON_FRACTION = 0.5  # of the smallest training worm's neurons; fewer are reported
# how files state what NeuroPAL's atlas covers: an adult hermaphrodite's head
SAME = {
    "sex": (("o", "xx", "h", "hermaphrodite"), "hermaphrodite"),
    "stage": (("ya", "a", "adult", "young adult"), "adult"),
    "part": (("head",), "head"),
}
# how files state that a fact is unknown; NWB requires a sex, and uses U
UNKNOWN = ("", "u", "unknown", "unspecified", "not specified", "n/a", "na", "nan", "none", "?", "-")


def normalise(fact: str, text: str) -> str:
    """Convert a fact about a worm to the form used for comparison, "" for unknown."""
    spellings, word = SAME.get(fact, ((), ""))
    found = " ".join(text.lower().split())
    if found in UNKNOWN:
        return ""
    # a day of adulthood (`adult day 1`) is not another stage
    of_age = fact == "stage" and "adult" in found.split()
    return word if of_age or found in spellings else found


def differences(worm: pd.DataFrame, model: dict) -> list[dict]:
    """List how a worm differs from all training worms, as far as both are known.

    If no training worm's sex, stage or part is known, an adult hermaphrodite's head is assumed.

    Parameters
    ----------
    worm : pandas.DataFrame
        One worm's neuron table.
    model : dict
        Facts of the trained model: `animals`, `neurons` (fewest and most of a training worm),
        `sizes` (smallest and largest along each principal axis [um]), `subjects`, `normaliser`.

    Returns
    -------
    list of dict
        `chromapal.columns.SCOPE`, one for each difference.
    """
    first = worm.iloc[0]
    found = []
    if [first["lab"], first["worm"]] in model["animals"]:
        # not a training worm, which would have been skipped
        found.append(("name", first["worm"], "another worm of this laboratory and name"))
    laboratories = sorted({lab for lab, _ in model["animals"]})
    if first["lab"] not in laboratories:
        # no habit of its microscope is known: whether it mirrors, and where its neurons lie
        found.append(("laboratory", first["lab"], ", ".join(laboratories)))
    for fact in SUBJECT:
        known = {normalise(fact, text) for text in model["subjects"][fact]} - {""}
        known = known or {SAME[fact][1] if fact in SAME else ""} - {""}
        value = normalise(fact, first[fact])
        if value and known and value not in known:
            found.append((fact, value, ", ".join(sorted(known))))
    fewest = model["neurons"][0]
    if len(worm) < MIN_NEURON_FRACTION * fewest:
        found.append(("neurons", f"{len(worm)}", f"at least {fewest}"))
    found += plausible.questions_about(worm, model["sizes"])
    gray = model["normaliser"]["gray_source"]
    measured = GRAY_CHANNELS[gray]
    if worm[list(measured)].isna().any(axis=None):
        measured = next(each for source, each in GRAY_CHANNELS.items() if source != gray)
        other = {"white": "luminance of its colours", "luminance": "a separate channel"}[gray]
        found.append(("gray", other, {"white": "white", "luminance": "luminance of colours"}[gray]))
    # whatever channels its gray is made of, the question is about gray
    asked = counts.questions_about(worm, measured)
    found += [("counts" if question == "counts" else "gray", *rest) for question, *rest in asked]
    return [
        dict(zip(SCOPE, (first["lab"], first["worm"], *difference), strict=True))
        for difference in found
    ]


def describe(difference: dict) -> str:
    """Describe one difference in one line."""
    return (
        f"{difference['lab']} {difference['worm']}: outside what the model was trained for: "
        f"{difference['question']} {difference['found']}; trained: {difference['trained']}"
    )
