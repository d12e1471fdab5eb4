"""New worms: what their files must hold, who is refused, and what is said about the others."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from chromapal.files import read_json
from chromapal.prepare import new_worms as ready
from chromapal.prepare import scope
from chromapal.worms import new_worms, skipped, table

FIVE = 5
MODEL = {
    "animals": [["EY", "known"]],
    "neurons": [12, 40],
    "subjects": {"strain": ["OH16230"], "sex": ["O"], "stage": ["YA"], "part": []},
    "normaliser": {
        "colour_scale": "rank_normal", "gray_source": "luminance", "weight": [1.0, 1.0],
        "channels": {},
    },
}  # fmt: skip


def rows(**columns):
    ramp = np.arange(FIVE)
    place = {axis: ramp + number for number, axis in enumerate("xyz")}
    real = {f"{axis}r": place[axis] * side for axis, side in zip("xyz", (0.5, 0.5, 2), strict=True)}
    return pd.DataFrame({**place, **real, **columns})


def load(tmp_path, kind="table", name="w.csv", centres="", channels=None, spacing=()):
    outs = [tmp_path / "out" / part for part in ("t.parquet", "f.json", "s.csv")]
    new_worms.load(tmp_path / name, kind, centres, None, channels or {}, list(spacing), *outs)
    return table.read(outs[0]), read_json(outs[1]), skipped.read(outs[2])["reason"].tolist()


def test_positions_and_gray_are_enough(tmp_path):
    rows(gray=[5, 4, 3, 2, 1], sex="male").to_csv(tmp_path / "w.csv", index=False)
    neurons, facts, reasons = load(tmp_path)
    assert neurons["W"].tolist() == [5, 4, 3, 2, 1] and neurons["R"].isna().all()
    assert set(neurons["worm"]) == {"w"} and set(neurons["weight"]) == {1.0}
    assert set(neurons["sex"]) == {"male"} and set(neurons["ID"]) == {""}
    assert facts == {} and reasons == []


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"gray": 1.0, "xr": None}, "found no column xr"),
        ({}, "found no channel; expected a column gray or W"),
        ({"R": 1, "G": 1}, "found no channel"),
        ({"gray": [1, 2, 3, 4, "x"]}, "W = 'x'"),
    ],
)
def test_a_table_that_lacks_something_is_left_out_in_a_line(tmp_path, columns, line):
    rows(**columns).dropna(axis=1).to_csv(tmp_path / "w.csv", index=False)
    neurons, _, (reason,) = load(tmp_path)
    assert neurons.empty and line in reason and "\n" not in reason


def test_counts_of_a_volume_are_looked_up_at_its_centres(tmp_path):
    planes = np.zeros((9, 8, 7), np.uint16)
    for neuron in range(FIVE):
        planes[neuron + 2, neuron + 1, neuron] = 100 + neuron
    tifffile.imwrite(tmp_path / "v.tif", planes, photometric="minisblack")
    rows()[["x", "y", "z"]].to_csv(tmp_path / "v.csv", index=False)
    given = {"kind": "volume", "name": "v.tif", "centres": str(tmp_path / "v.csv")}
    neurons, facts, reasons = load(tmp_path, **given, spacing=(0.5, 0.5, 2))
    assert reasons == [] and neurons["W"].tolist() == [100, 101, 102, 103, 104]
    assert neurons["zr"].tolist() == [4, 6, 8, 10, 12] and set(neurons["worm"]) == {"v"}
    assert facts == {"shape": [7, 8, 9], "spacing": [0.5, 0.5, 2], "traces": []}
    _, _, (reason,) = load(tmp_path, **given)
    assert "no voxel size" in reason
    rows(x=7)[["x", "y", "z"]].to_csv(tmp_path / "v.csv", index=False)
    _, _, (reason,) = load(tmp_path, **given, spacing=(1, 1, 1))
    assert "row 0; expected voxels below (7, 8, 9)" in reason


def scaled(worm="w", lab="EY", count=FIVE, **channels):
    ramp = np.arange(count, dtype=float)
    blank = dict.fromkeys(table.CHANNELS, np.nan)
    part = pd.DataFrame({
        "worm": worm, "lab": lab, **dict.fromkeys(["x", "y", "z"], ramp),
        **dict.fromkeys(["xr", "yr", "zr"], ramp), "weight": 1.0, "full_scale": 255.0,
        **dict.fromkeys(table.SUBJECT, ""), "file": f"{worm}.csv",
    })  # fmt: skip
    return part.assign(**{**blank, **channels})


def test_gray_is_the_kind_that_the_study_had_or_else_the_other():
    ramp = np.arange(FIVE, dtype=float)
    both = scaled(R=ramp, G=ramp, B=ramp, W=ramp[::-1])
    good, left_out = ready.usable(pd.concat([both, scaled("v", W=ramp[::-1])]), MODEL)
    gray = good.groupby("worm")["gray"].apply(list)
    # MODEL learned from luminance: of R, G and B, which rise, and not of W, which falls
    assert not left_out and gray["w"] == sorted(gray["w"]) and gray["w"][0] < 0 < gray["w"][4]
    assert gray["v"] == gray["w"][::-1]


def test_who_cannot_be_named_is_left_out():
    ramp = np.arange(3.0)
    everyone = pd.concat([
        scaled("known", W=1.0), scaled("few", count=3, W=ramp), scaled("dark"),
        scaled("good", W=1.0),
    ])  # fmt: skip
    good, left_out = ready.usable(everyone, MODEL)
    assert set(good["worm"]) == {"good"}
    reasons = {entry["worm"]: entry["reason"] for entry in left_out}
    assert "trained on" in reasons["known"] and "3 neurons; expected 4" in reasons["few"]
    assert "no gray" in reasons["dark"]


def asked(**facts):
    count = facts.pop("count", FIVE + 1)
    worm = scaled(count=count, R=1.0, G=1.0, B=1.0).assign(**facts)
    return [
        (told["question"], told["found"], told["trained"]) for told in scope.questions(worm, MODEL)
    ]


def test_scope_is_asked_of_what_is_known():
    assert asked() == []
    assert asked(strain="OH16230", sex="XX", stage="adult", part="Head") == []
    assert asked(count=5) == [("neurons", "5", "12 at least")]
    assert asked(strain="N2", sex="male", stage="L4", part="tail") == [
        ("strain", "n2", "oh16230"),
        ("sex", "male", "hermaphrodite"),
        ("stage", "l4", "adult"),
        ("part", "tail", "head"),
    ]
    gray = scaled(count=6, W=1.0)
    assert scope.questions(gray, MODEL)[0]["question"] == "gray"
    assert "neurons 5; trained: 12 at least" in scope.sentence(
        scope.questions(scaled(R=1.0, G=1.0, B=1.0), MODEL)[0]
    )
