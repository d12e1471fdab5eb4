"""Whether a worm's counts can tell neurons apart: channels that are dark, saturated or half empty.

Nothing is skipped for it: such worms exist, and position still names them. Only a person knows
whether the channel was the wrong one.
"""

import pandas as pd

from chromapal.columns import SCOPE
from chromapal.worms.table import CHANNELS, WORM

# Fraction of a worm's neurons with one and the same count. In 77 of 87 real worms it is at most
# .20 in every channel; in the white channel of a saturated laboratory it is .49 to .57.
MAX_SAME = 0.45
FEW = 5  # neurons of the same count, which are no coincidence
MIN_BRIGHT = 0.01  # of full scale, reached by the brightest neuron
VARIED = "a count of its own for most neurons; wrong or blank channel?"


def questions_about(worm: pd.DataFrame, channels: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Ask about one worm's channels.

    Parameters
    ----------
    worm : pandas.DataFrame
        One worm's neuron table.
    channels : tuple of str
        The channels that are used, of R, G, B, W; those that the worm lacks are passed over.

    Returns
    -------
    list of (question, found, usual)
        `counts` where no count is above 1; `gray` (W) or `colour` for a channel with the same count
        in many neurons, or without any bright neuron.
    """
    present = [channel for channel in channels if worm[channel].notna().any()]
    full_scale = float(worm["full_scale"].max())
    largest = float(worm[present].max(axis=None)) if present else 0.0
    if 0 < largest <= 1 < full_scale:
        usual = f"0..{full_scale:g}, or a full_scale of 1"
        return [("counts", f"no count above 1 (largest {largest:.3g})", usual)]
    asked = []
    for channel in present:
        question = "gray" if channel == "W" else "colour"
        values = worm[channel]
        repeated = values.value_counts()
        # of two that are equally frequent, the lower one, whatever the order of rows
        value, same = min((-number, count) for count, number in repeated.items())[::-1]
        same = -same
        if same >= FEW and same >= MAX_SAME * len(values):
            found = f"{channel} {value:g} for {same} of {len(values)} neurons"
            asked.append((question, found, VARIED))
        elif values.max() < MIN_BRIGHT * full_scale:
            found = f"{channel} dark, no count above {values.max():g}"
            asked.append((question, found, f"brighter neurons, of at most {full_scale:g}"))
    return asked


def questions(neurons: pd.DataFrame) -> list[dict]:
    """Ask about the channels of a study's worms, and about laboratories that lack one.

    Returns
    -------
    list of dict
        `chromapal.columns.SCOPE`; the worm is "" where the question is about a laboratory.
    """
    found: list[tuple[str, ...]] = [
        (lab, worm, *question)
        for (lab, worm), rows in neurons.groupby(WORM)
        for question in questions_about(rows, CHANNELS)
    ]
    worms = neurons.groupby(WORM)[list(CHANNELS)].first().notna()
    for lab, present in worms.groupby(level="lab"):
        for channel in CHANNELS:
            lacking, number = int((~present[channel]).sum()), len(present)
            if lacking and worms[channel].any():
                question = "gray" if channel == "W" else "colour"
                text = f"no counts of {channel} in {lacking} of {number} worms"
                found.append((lab, "", question, text, "counts, as other worms have them"))
    return [dict(zip(SCOPE, each, strict=True)) for each in found]
