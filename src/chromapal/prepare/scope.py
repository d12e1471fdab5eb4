"""What a model was not trained for: a worm outside it is named all the same, with a warning."""

import pandas as pd

from chromapal.worms.table import SUBJECT

QUESTIONS = ("lab", "worm", "question", "found", "trained")
FEW = 0.5  # far fewer neurons: less than this share of the smallest training worm's
# how files write what NeuroPAL's atlas is about: an adult hermaphrodite's head
SAME = {
    "sex": (("o", "xx", "h", "hermaphrodite"), "hermaphrodite"),
    "stage": (("ya", "a", "adult", "young adult"), "adult"),
    "part": (("head",), "head"),
}


def plain(fact: str, text: str) -> str:
    """Bring a fact about an animal into the form that facts are compared in."""
    spellings, word = SAME.get(fact, ((), ""))
    found = " ".join(text.lower().split())
    return word if found in spellings else found


def questions(worm: pd.DataFrame, model: dict) -> list[dict]:
    """List in what a worm differs from all training worms, as far as both are known.

    Where no training worm's sex, stage or part is known, an adult hermaphrodite's head is meant.

    Parameters
    ----------
    worm : pandas.DataFrame
        One worm's neuron table.
    model : dict
        Facts of the kept model: `neurons` (fewest and most of a training worm), `subjects`,
        `normaliser`.

    Returns
    -------
    list of dict
        `QUESTIONS`, one for each difference.
    """
    first = worm.iloc[0]
    found = []
    for fact in SUBJECT:
        known = {plain(fact, text) for text in model["subjects"][fact]}
        known = known or {SAME[fact][1] if fact in SAME else ""} - {""}
        mine = plain(fact, first[fact])
        if mine and known and mine not in known:
            found.append((fact, mine, ", ".join(sorted(known))))
    fewest = model["neurons"][0]
    if len(worm) < FEW * fewest:
        found.append(("neurons", f"{len(worm)}", f"{fewest} at least"))
    gray = model["normaliser"]["gray_source"]
    measured = {"white": ["W"], "luminance": ["R", "G", "B"]}[gray]
    if worm[measured].isna().any(axis=None):
        other = {"white": "luminance of its colours", "luminance": "a channel of its own"}[gray]
        found.append(("gray", other, {"white": "white", "luminance": "luminance of colours"}[gray]))
    return [
        dict(zip(QUESTIONS, (first["lab"], first["worm"], *told), strict=True)) for told in found
    ]


def sentence(question: dict) -> str:
    """Tell one difference in a line."""
    return (
        f"{question['lab']} {question['worm']}: outside what the model was trained for: "
        f"{question['question']} {question['found']}; trained: {question['trained']}"
    )
