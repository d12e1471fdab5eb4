"""New worms and a trained model: which are skipped, and which warnings the others get."""

import numpy as np
import pandas as pd
import pytest

from chromapal.apply import scale as ready
from chromapal.apply import scope
from chromapal.worms import geometry, table

FIVE = 5
MODEL = {
    "animals": [["EY", "known"], ["EY", "flat"]],
    # four neurons in a row, 2 um apart, and four 3 um from their middle, one way or the other
    "fingerprints": [
        [4.0, 1.0, 1.0, 1.0, 1.0, 1.4, 2.0, 2.6, 3.0, 3.0, 3.0, 3.0], [4.0, *[3.0] * 11],
    ],
    "sizes": [[8.0, 20.0], [4.0, 8.0], [0.0, 4.0]],
    "neurons": [12, 40],
    "subjects": {"strain": ["OH16230"], "sex": ["O"], "stage": ["YA"], "part": []},
    "normaliser": {
        "colour_scale": "rank_normal", "gray_source": "luminance", "weight": [1.0, 1.0],
        "channels": {},
    },
}  # fmt: skip


def scaled(worm="w", lab="EY", count=FIVE, **channels):
    ramp = np.arange(count, dtype=float)
    blank = dict.fromkeys(table.CHANNELS, np.nan)
    part = pd.DataFrame({
        "worm": worm, "lab": lab, **dict.fromkeys(["x", "y", "z"], ramp),
        "xr": 3 * ramp, "yr": 4 * (ramp % 2), "zr": 0.0, "weight": 1.0, "full_scale": 255.0,
        **dict.fromkeys(table.SUBJECT, ""), "file": f"{worm}.csv",
    })  # fmt: skip
    return part.assign(**{**blank, **channels})


def test_gray_is_the_kind_that_the_study_had_or_else_the_other():
    ramp = np.arange(FIVE, dtype=float)
    both = scaled(R=ramp, G=ramp, B=ramp, W=ramp[::-1])
    good, skipped_worms = ready.usable(pd.concat([both, scaled("v", W=ramp[::-1])]), MODEL)
    gray = good.groupby("worm")["gray"].apply(list)
    # MODEL learned from luminance: of R, G and B, which rise, and not of W, which falls
    assert not skipped_worms and gray["w"] == sorted(gray["w"]) and gray["w"][0] < 0 < gray["w"][4]
    assert gray["v"] == gray["w"][::-1]


def test_worms_that_cannot_be_named_are_skipped():
    ramp = np.arange(3.0)
    row = {"xr": [5.0, 9.0, 7.0, 11.0], "yr": 1.0, "zr": 1.0}
    everyone = pd.concat([
        scaled("known", count=4, W=1.0).assign(**row), scaled("few", count=3, W=ramp),
        scaled("dark"), scaled("good", W=1.0),
    ])  # fmt: skip
    good, skipped_worms = ready.usable(everyone, MODEL)
    assert set(good["worm"]) == {"dark", "good"}
    reasons = {entry["worm"]: entry["reason"] for entry in skipped_worms}
    assert "trained on" in reasons["known"] and "3 neurons; expected at least 4" in reasons["few"]
    # whether a worm has the channels to be named by is asked later
    assert set(reasons) == {"known", "few"}


def in_a_row(worm, **positions):
    return scaled(worm, lab="SF", count=4, W=1.0).assign(**{"xr": 0.0, "yr": 0.0, **positions})


@pytest.mark.parametrize(
    "positions",
    [
        {"xr": [6.0, 0.0, 4.0, 2.0]},  # other order of rows
        {"zr": [100.0, 102.0, 104.0, 106.0]},  # shifted and turned
        {"yr": [0.0, 2.02, 3.98, 6.01]},  # rounded
    ],
)
def test_a_training_worm_is_known_under_any_name(positions):
    good, skipped_worms = ready.usable(in_a_row("renamed", **positions), MODEL)
    assert good.empty and "trained on (as EY known)" in skipped_worms[0]["reason"]


@pytest.mark.parametrize("far", [6.8, 5.2])
def test_an_worm_that_lies_otherwise_is_a_new_one(far):
    good, skipped_worms = ready.usable(in_a_row("renamed", xr=[0.0, 2.0, 4.0, far]), MODEL)
    assert len(good) == 4 and not skipped_worms


def test_another_worm_of_a_training_worms_name_is_named_with_a_word():
    namesake = scaled("known", count=6, **bright(6))
    good, skipped_worms = ready.usable(namesake, MODEL)
    assert len(good) == 6 and not skipped_worms
    (difference,) = scope.differences(namesake, MODEL)
    assert (difference["question"], difference["found"]) == ("name", "known")
    assert "another worm of this laboratory and name" in scope.describe(difference)
    (elsewhere,) = scope.differences(namesake.assign(lab="SF"), MODEL)
    # a laboratory that the model does not know is asked about, and its worms' names are no matter
    assert tuple(elsewhere.values()) == ("SF", "known", "laboratory", "SF", "EY")


def bright(count):
    return dict.fromkeys("RGB", 100 + np.arange(count, dtype=float))


def found(model=MODEL, **facts):
    count = facts.pop("count", FIVE + 1)
    worm = scaled(count=count, **bright(count)).assign(**facts)
    return [
        (difference["question"], difference["found"], difference["trained"])
        for difference in scope.differences(worm, model)
    ]


def test_scope_is_asked_of_what_is_known():
    assert found() == []
    assert found(strain="OH16230", sex="XX", stage="adult", part="Head") == []
    assert found(count=5) == [("neurons", "5", "at least 12")]
    assert found(strain="N2", sex="male", stage="L4", part="tail") == [
        ("strain", "n2", "oh16230"),
        ("sex", "male", "hermaphrodite"),
        ("stage", "l4", "adult"),
        ("part", "tail", "head"),
    ]
    gray = scaled(count=6, W=1.0)
    assert scope.differences(gray, MODEL)[0]["question"] == "gray"
    assert "neurons 5; trained: at least 12" in scope.describe(
        scope.differences(scaled(**bright(FIVE)), MODEL)[0]
    )


UNKNOWN = ["U", "u", "unknown", "Unknown ", "n/a", "?", ""]


@pytest.mark.parametrize("word", UNKNOWN)
def test_what_nobody_knows_is_no_difference(word):
    assert found(strain=word, sex=word, stage=word, part=word) == []
    trained = {**MODEL, "subjects": {fact: [word] for fact in table.SUBJECT}}
    assert found(trained, strain="N2", sex="O", stage="YA", part="head") == []
    assert found(trained, sex="male") == [("sex", "male", "hermaphrodite")]
    both = {**MODEL, "subjects": {**MODEL["subjects"], "sex": [word, "M"]}}
    assert found(both, sex="O") == [("sex", "hermaphrodite", "m")]


def test_a_day_of_adulthood_is_adult_on_both_sides():
    assert found(stage="adult day 1") == found(stage="Day 2 adult") == []
    trained = {**MODEL, "subjects": {**MODEL["subjects"], "stage": ["adult day 1"]}}
    assert found(trained, stage="YA") == []
    assert found(trained, stage="L4") == [("stage", "l4", "adult")]


# the corners of a box: along its edges it is as long as they are
CORNERS = np.array([[x, y, z] for x in (0, 12) for y in (0, 5) for z in (0, 2)], dtype=float)


def boxed(scale, corners=CORNERS):
    positions = dict(zip(("xr", "yr", "zr"), (corners * scale).T, strict=True))
    return found(count=8, **positions)


def test_positions_that_cannot_be_um_are_told():
    trained = "8..20 x 4..8 x 0..4 um"
    # trained: 8..20 um long, so that 4..40 pass; 4..8 um wide, so that 2..16 pass
    assert boxed(1) == boxed(0.41) == boxed(3.1) == []
    assert boxed(0.39) == [("size", "4.68 x 1.95 x 0.78 um", trained)]
    assert boxed(3.4) == [("size", "40.8 x 17 x 6.8 um", trained)]
    assert boxed(0.001) == [("size", "0.012 x 0.005 x 0.002 um", trained)]  # mm
    assert boxed(0) == [("size", "0 x 0 x 0 um", trained)]
    assert boxed([1, 0, 0]) == [("size", "12 x 0 x 0 um", trained)]
    voxels = dict(zip((*table.VOXELS, *table.MICROMETRES), [*CORNERS.T, *CORNERS.T], strict=True))
    assert found(count=8, **voxels) == [
        ("size", "12 x 5 x 2 um, equal to the voxel indices", trained)
    ]


@pytest.mark.parametrize("other", ["R", "G", "B"])
def test_gray_that_says_nothing_is_asked(other):
    """Luminance is made of three channels; white takes their place where they are absent."""
    blank = {**bright(6), other: 77.0}
    assert [row["found"] for row in scope.differences(scaled(count=6, **blank), MODEL)] == [
        f"{other} 77 for 6 of 6 neurons"
    ]
    white = scaled(count=6, W=0.0)
    assert [row["question"] for row in scope.differences(white, MODEL)] == ["gray", "gray"]


def test_a_size_does_not_depend_on_how_a_worm_lies():
    turn = np.array([[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]])
    for corners in (CORNERS, CORNERS @ turn.T + 50, CORNERS[::-1]):
        worm = pd.DataFrame(corners, columns=["xr", "yr", "zr"])
        assert geometry.size(worm) == pytest.approx([12, 5, 2])
