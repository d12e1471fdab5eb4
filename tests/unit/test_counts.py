"""Channels that say nothing about neurons are asked about; see `counts`."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chromapal.worms import counts, table, tables

ROOT = Path(__file__).parents[2]
REAL = ROOT / os.environ.get("CHROMAPAL_DATA", "../shared/data") / "wormnd"
TEN = np.arange(10.0)


def worm(worm="w", lab="L", full_scale=4095.0, **channels):
    ramp = dict.fromkeys(table.CHANNELS, 100.0 + TEN)
    return pd.DataFrame({"lab": lab, "worm": worm, "full_scale": full_scale, **ramp, **channels})


def found(*worms):
    rows = counts.questions(pd.concat(worms, ignore_index=True))
    return [(row["worm"], row["question"], row["found"]) for row in rows]


def test_channels_of_their_own_counts_are_not_asked_about():
    assert found(worm()) == []
    # three of ten saturated, as in many real worms
    assert found(worm(W=np.r_[[4095.0] * 3, 100 + TEN[:7]])) == []


@pytest.mark.parametrize(
    ("channels", "question", "text"),
    [
        ({"W": 0.0}, "gray", "W 0 for 10 of 10 neurons"),
        ({"W": 4095.0}, "gray", "W 4095 for 10 of 10 neurons"),
        ({"W": np.r_[[0.0] * 5, 900 + TEN[:5]]}, "gray", "W 0 for 5 of 10 neurons"),
        ({"W": np.r_[[4095.0] * 5, [7.0] * 5]}, "gray", "W 7 for 5 of 10 neurons"),
        ({"G": 318.0}, "colour", "G 318 for 10 of 10 neurons"),
        ({"B": TEN}, "colour", "B dark, no count above 9"),
    ],
)
def test_a_channel_that_says_nothing_is_asked_about(channels, question, text):
    assert found(worm(**channels)) == [("w", question, text)]


def test_counts_between_0_and_1_are_asked_about_unless_that_is_the_full_scale():
    small = dict.fromkeys(table.CHANNELS, TEN / 10)
    assert found(worm(full_scale=255.0, **small)) == [
        ("w", "counts", "no count above 1 (largest 0.9)")
    ]
    assert found(worm(full_scale=1.0, **small)) == []


def test_a_laboratory_without_a_channel_is_one_question():
    some = [worm(name, "SF", W=np.nan) for name in "ab"]
    assert found(worm(), *some) == [("", "gray", "no counts of W in 2 of 2 worms")]
    # where nobody recorded it, nobody misses it
    assert found(*some) == []


def test_what_a_worm_lacks_is_not_asked_about():
    assert counts.questions_about(worm(W=np.nan), ("W",)) == []


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no tables of real worms in {REAL}")
def test_of_87_real_worms_the_saturated_and_the_blank_ones_are_asked_about():
    parts = [tables.read(path)[0] for path in sorted(REAL.glob("[A-Z]*.csv"))]
    rows = pd.DataFrame(counts.questions(pd.concat(parts, ignore_index=True)))
    white = rows[rows["lab"].eq("NP")]
    assert len(white) == 8 and white["found"].str.startswith("W 65535 for ").all()
    others = rows[rows["lab"].ne("NP")]
    assert set(others["worm"]) == {"2022-07-26-01", "2023-01-19-15", ""}
    assert others.loc[others["worm"].eq(""), "found"].tolist() == [
        "no counts of W in 30 of 30 worms"
    ]
