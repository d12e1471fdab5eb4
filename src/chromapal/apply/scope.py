"""What a model was not trained for: a worm outside it is named all the same, with a warning."""

import pandas as pd

from chromapal.columns import SCOPE
from chromapal.prepare import geometry
from chromapal.worms.table import MICROMETRES, SUBJECT, VOXELS

FEW = 0.5  # far fewer neurons: less than this share of the smallest training worm's
# how files write what NeuroPAL's atlas is about: an adult hermaphrodite's head
SAME = {
    "sex": (("o", "xx", "h", "hermaphrodite"), "hermaphrodite"),
    "stage": (("ya", "a", "adult", "young adult"), "adult"),
    "part": (("head",), "head"),
}
# how files write that nobody knows; NWB asks for a sex, and has U for that
UNKNOWN = ("", "u", "unknown", "unspecified", "not specified", "n/a", "na", "nan", "none", "?", "-")
# Times a length. Of 87 real heads none is told about by a model of the other laboratories, and two
# of 79 at most by a model of a single one (1.5 would tell of 18). mm and nm are a thousandfold off.
SIZES = 2.0


def plain(fact: str, text: str) -> str:
    """Bring a fact about an animal into the form that facts are compared in, "" for unknown."""
    spellings, word = SAME.get(fact, ((), ""))
    found = " ".join(text.lower().split())
    if found in UNKNOWN:
        return ""
    # a day of adulthood (`adult day 1`) is no other stage
    of_age = fact == "stage" and "adult" in found.split()
    return word if of_age or found in spellings else found


def questions(worm: pd.DataFrame, model: dict) -> list[dict]:
    """List in what a worm differs from all training worms, as far as both are known.

    Where no training worm's sex, stage or part is known, an adult hermaphrodite's head is meant.

    Parameters
    ----------
    worm : pandas.DataFrame
        One worm's neuron table.
    model : dict
        Facts of the kept model: `animals`, `neurons` (fewest and most of a training worm),
        `sizes` (smallest and largest along each principal axis [um]), `subjects`, `normaliser`.

    Returns
    -------
    list of dict
        `chromapal.columns.SCOPE`, one for each difference.
    """
    first = worm.iloc[0]
    found = []
    if [first["lab"], first["worm"]] in model["animals"]:
        # no training animal, or it would not be named at all
        found.append(("name", first["worm"], "another worm of this laboratory and name"))
    for fact in SUBJECT:
        known = {plain(fact, text) for text in model["subjects"][fact]} - {""}
        known = known or {SAME[fact][1] if fact in SAME else ""} - {""}
        mine = plain(fact, first[fact])
        if mine and known and mine not in known:
            found.append((fact, mine, ", ".join(sorted(known))))
    fewest = model["neurons"][0]
    if len(worm) < FEW * fewest:
        found.append(("neurons", f"{len(worm)}", f"{fewest} at least"))
    found += _of_size(worm, model["sizes"])
    gray = model["normaliser"]["gray_source"]
    measured = {"white": ["W"], "luminance": ["R", "G", "B"]}[gray]
    if worm[measured].isna().any(axis=None):
        other = {"white": "luminance of its colours", "luminance": "a channel of its own"}[gray]
        found.append(("gray", other, {"white": "white", "luminance": "luminance of colours"}[gray]))
    return [dict(zip(SCOPE, (first["lab"], first["worm"], *told), strict=True)) for told in found]


def _of_size(worm: pd.DataFrame, sizes: list[list[float]]) -> list[tuple[str, str, str]]:
    """Ask about positions that cannot be in um, or axes that are wrong."""
    mine = geometry.size(worm)
    # a voxel may be near 1 um: then only this tells that its number stands for um
    voxels = worm[MICROMETRES].to_numpy().tolist() == worm[VOXELS].to_numpy().tolist()
    strange = any(
        length < low / SIZES or length > high * SIZES
        for length, (low, high) in zip(mine, sizes, strict=True)
    )
    if not voxels and not strange:
        return []
    found = " x ".join(f"{length:.3g}" for length in mine) + " um"
    trained = " x ".join(f"{low:.3g}..{high:.3g}" for low, high in sizes) + " um"
    return [("size", f"{found}, the numbers of voxels" if voxels else found, trained)]


def sentence(question: dict) -> str:
    """Tell one difference in a line."""
    return (
        f"{question['lab']} {question['worm']}: outside what the model was trained for: "
        f"{question['question']} {question['found']}; trained: {question['trained']}"
    )
