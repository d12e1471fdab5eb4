"""A new worm is named by the richest channels that it has and the model knows, and says so."""

import numpy as np
import pandas as pd
import pytest

from chromapal.apply import channels
from chromapal.columns import ALIGNABLE
from chromapal.errors import InputError

KNOWN = ["position+gray", "position", "position+white+rgb", "position+rgb"]
ABSENT = dict.fromkeys(["gray", "white", "r", "g", "b"], np.nan)
COLOUR = dict.fromkeys("rgb", 0.5)


def worm(name, **measured):
    return pd.DataFrame({"lab": "EY", "worm": name, "file": f"{name}.csv", "row": range(3)}).assign(
        **{**ABSENT, **measured}
    )


def worms():
    hole = worm("hole", gray=0.1, **COLOUR)
    hole.loc[1, "g"] = np.nan
    return pd.concat(
        [
            worm("dark"),
            worm("gray", gray=0.1),
            worm("colour", gray=0.1, **COLOUR),
            worm("all", gray=0.1, white=0.2, **COLOUR),
            hole,
        ],
        ignore_index=True,
    )


def used(found):
    return found.drop_duplicates("worm").set_index("worm")["features"].to_dict()


def test_each_worm_is_named_by_the_richest_set_of_which_it_lacks_nothing():
    found, skipped = channels.choose(worms(), KNOWN)
    assert not skipped
    assert used(found) == {
        "dark": "position", "gray": "position+gray", "colour": "position+rgb",
        "all": "position+white+rgb",
        # one neuron without green: colour is not taken for some of a worm's neurons only
        "hole": "position+gray",
    }  # fmt: skip


def test_a_model_without_position_alone_skips_worms_without_channels():
    found, skipped = channels.choose(worms(), KNOWN[:1])
    assert set(used(found).values()) == {"position+gray"}
    assert [entry["worm"] for entry in skipped] == ["dark"]
    assert "expected a gray channel, or R, G and B" in skipped[0]["reason"]


@pytest.mark.parametrize(
    ("wanted", "named", "features"),
    [
        ("position", {"dark", "gray", "colour", "all", "hole"}, "position"),
        ("gray", {"gray", "colour", "all", "hole"}, "position+gray"),
        ("colour", {"colour", "all"}, "position+rgb"),
        ("all", {"all"}, "position+white+rgb"),
    ],
)
def test_a_stated_set_is_taken_or_the_worm_skipped(wanted, named, features):
    found, skipped = channels.choose(worms(), KNOWN, wanted)
    assert used(found) == dict.fromkeys(found["worm"].unique(), features)
    assert set(found["worm"]) == named
    assert {entry["worm"] for entry in skipped} == set(worms()["worm"]) - named
    assert all(wanted in entry["reason"] for entry in skipped)


def test_what_the_model_does_not_know_is_one_line():
    with pytest.raises(InputError, match=r"channels_used.*'all'.*expected auto, gray, colour"):
        channels.choose(worms(), ["position+gray", "position+rgb"], "all")


def test_every_set_that_worms_can_be_aligned_by_has_a_word():
    assert set(channels.WORDS) == set(ALIGNABLE)


def test_the_log_says_in_a_line_per_set_who_is_named_by_it():
    found, _ = channels.choose(worms(), KNOWN)
    many = [f"w{number}" for number in range(7)]
    more = pd.DataFrame({"lab": "SF", "worm": many, "channels_used": "position"})
    found = found.assign(channels_used=found["features"].map(channels.WORDS))
    assert channels.describe(pd.concat([found, more])) == [
        "named by position, colour and white: EY all",
        "named by position and colour: EY colour",
        "named by position and gray: EY gray, EY hole",
        "named by position alone: EY dark, SF w0, SF w1, SF w2, SF w3 and 3 more",
    ]
