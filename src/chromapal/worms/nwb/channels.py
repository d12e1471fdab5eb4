"""Which channels of a volume are red, green, blue and white."""

import logging
import os
import re
from collections.abc import Sequence

import numpy as np

from chromapal.errors import InputError
from chromapal.worms.nwb.attributes import numbers, shortened

LOGGER = logging.getLogger(__name__)
LETTERS = "RGBW"

# NeuroPAL's reporters (Yemini et al. 2021), as letters and digits in lower case; the first one in a
# channel's name is used, so that mTagBFP2 is not taken for TagRFP.
_DYES = (("mneptune", "R"), ("bfp", "B"), ("ofp", "G"), ("tagrfp", "W"), ("panneuronal", "W"))
# what the dyes are called where a channel is called like a dye and nothing else
_ALONE = {
    *("mneptune", "mneptune2", "mneptune25"),
    *("bfp", "tagbfp", "tagbfp2", "mtagbfp", "mtagbfp2"),
    *("ofp", "ofp1", "cyofp", "cyofp1"),
    *("tagrfp", "tagrfpt", "panneuronal"),
}


def rgbw(volume, path: str | os.PathLike) -> dict[str, int]:
    """Read `RGBW_channels` as 0-based indices.

    Indices count from 0 in the WormID files and from 1 in NeuroPAL_ID's own exports. They count
    from 1 if one equals the number of channels, or if none is 0 and the channels' names do not say
    otherwise. A negative, NaN or missing entry is a channel the file lacks.
    If names and indices disagree, a warning is logged and the indices are used.

    Parameters
    ----------
    volume : MultiChannelVolume
        The volume with `RGBW_channels` and, if the file has them, channel names.
    path : path-like
        The file, for messages.

    Returns
    -------
    dict of str to int
        Index of each letter of `LETTERS` that the file has.

    Raises
    ------
    InputError
        An index is out of range, is not a whole number, or all are missing.
    """
    count = volume.data.shape[3]
    stated = numbers(volume.RGBW_channels).ravel()
    present = {
        letter: value
        for letter, value in zip(LETTERS, stated, strict=False)
        if np.isfinite(value) and value >= 0
    }
    values = np.array(list(present.values()))
    mixed = len(values) and values.max() == count and values.min() == 0
    if (
        not len(values)
        or values.max() > count
        or mixed
        or np.any(values % 1)
        or len(stated) > len(LETTERS)
    ):
        raise InputError(
            path,
            f"RGBW_channels {shortened(volume.RGBW_channels)} in a volume of {count} channels",
            f"four channel numbers, 0 to {count - 1} (or 1 to {count})",
        )
    dyes = _dyes(volume, count)
    indices = {letter: int(value) for letter, value in present.items()}
    if _from_one(indices, count, dyes, path):
        indices = {letter: index - 1 for letter, index in indices.items()}
    wrong = [letter for letter in indices if _disagrees(letter, indices[letter], dyes)]
    if wrong:
        LOGGER.warning(
            "%s: RGBW_channels gives %s, where the channels' names (%s) say otherwise; "
            "the numbers are used",
            path,
            ", ".join(f"{letter} = channel {indices[letter]}" for letter in wrong),
            ", ".join(_names(volume)),
        )
    return indices


def _from_one(indices: dict[str, int], count: int, dyes: list[str], path) -> bool:
    values = indices.values()
    if max(values) == count:
        return True
    if min(values) == 0:
        return False
    from_zero = sum(_disagrees(letter, index, dyes) for letter, index in indices.items())
    from_one = sum(_disagrees(letter, index - 1, dyes) for letter, index in indices.items())
    if from_zero == from_one:
        LOGGER.warning(
            "%s: RGBW_channels %s has no 0, and no channel name decides; assumed to count from 1",
            path,
            list(values),
        )
    return from_one <= from_zero


def _disagrees(letter: str, index: int, dyes: list[str]) -> bool:
    if not dyes or dyes[index] == letter:
        return False
    return dyes[index] != "" or letter in dyes


def _names(volume) -> list[str]:
    order = getattr(volume.imaging_volume, "order_optical_channels", None)
    return [] if order is None else [str(name) for name in order.channels[:]]


def _dyes(volume, count: int) -> list[str]:
    """Return each channel's letter, "" for an unknown name; an empty list without names."""
    names = _names(volume)
    return letters_of(names) if len(names) == count else []


def letters_of(names: Sequence[str]) -> list[str]:
    """Return the letter of the dye that each channel is named after, "" if there is none.

    Of several channels of one dye, the only one that is called as the dye alone stands for it:
    "mNeptune 2.5" beside "mNeptune 2.5-far red".
    """
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in names]
    letters = [next((letter for dye, letter in _DYES if dye in name), "") for name in plain]
    exact = [letter if name in _ALONE else "" for name, letter in zip(plain, letters, strict=True)]
    return [
        "" if exact.count(letter) == 1 and alone != letter else letter
        for letter, alone in zip(letters, exact, strict=True)
    ]


def by_name(names: Sequence[str], path: str | os.PathLike) -> dict[str, int]:
    """Choose channels by the dyes that they are named after.

    Parameters
    ----------
    names : sequence of str
        Names of all channels.
    path : path-like
        The file, for messages.

    Returns
    -------
    dict of str to int
        Index of each letter of `LETTERS` that a name tells.

    Raises
    ------
    InputError
        Several channels are named after one dye, and none or several exactly so.
    """
    letters = letters_of(names)
    for letter in LETTERS:
        same = [index for index, found in enumerate(letters) if found == letter]
        if len(same) > 1:
            called = ", ".join(f"{index} {names[index][:30]!r}" for index in same[:4])
            raise InputError(
                path,
                f"{len(same)} channels of the dye of {letter}: {called}",
                "one channel for each of R, G, B and W",
                f"state all that there are, such as --config 'channels={{{letter}: {same[0]}, …}}'",
            )
    return {letter: letters.index(letter) for letter in LETTERS if letter in letters}
