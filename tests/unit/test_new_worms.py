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


def load(tmp_path, kind="table", name="w.csv", centres="", channels=None, spacing=(), lab=None):
    outs = [tmp_path / "out" / part for part in ("t.parquet", "f.json", "s.csv")]
    new_worms.load(tmp_path / name, kind, centres, lab, channels or {}, list(spacing), *outs)
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


def test_a_stated_laboratory_is_that_of_all_worms(tmp_path):
    rows(gray=1, lab="HL").to_csv(tmp_path / "w.csv", index=False)
    assert set(load(tmp_path)[0]["lab"]) == {"HL"}
    assert set(load(tmp_path, lab="SK2")[0]["lab"]) == {"SK2"}


def test_a_worm_without_a_name_is_called_as_its_file(tmp_path):
    rows(gray=1, worm=["a", "", "a", "", ""]).to_csv(tmp_path / "w.csv", index=False)
    neurons, _, reasons = load(tmp_path)
    assert neurons["worm"].tolist() == ["a", "w", "a", "w", "w"] and not reasons


def test_gray_comes_before_white_in_worms_that_have_all_of_it(tmp_path):
    gray = {"worm": list("aabbb"), "gray": [7, 8, "", 9, ""], "W": [1, 2, 3, 4, 5]}
    rows(**gray).to_csv(tmp_path / "w.csv", index=False)
    assert load(tmp_path)[0]["W"].tolist() == [7, 8, 3, 4, 5]


def test_a_table_of_other_separators_is_told_what_was_found(tmp_path):
    rows(gray=1).to_csv(tmp_path / "w.csv", index=False, sep=";")
    _, _, (reason,) = load(tmp_path)
    assert "among 'x;y;z;xr;yr;zr;gray'" in reason and "separated by commas" in reason


VOXELS = {"x": [3, 1, 4, 1, 5], "y": [9, 2, 6, 5, 3], "z": [5, 8, 9, 7, 9]}


def both(x="x", y="y", z="z", sides=(0.5, 0.25, 2.0)):
    """Give voxels, and micrometres that are computed from the ones named."""
    pairs = zip(("xr", "yr", "zr"), (x, y, z), sides, strict=True)
    micrometres = {place: np.array(VOXELS[axis]) * side for place, axis, side in pairs}
    return rows(**VOXELS, **micrometres, gray=1)


@pytest.mark.parametrize(
    ("worm", "line"),
    [
        (both(x="y", y="x"), "found xr along y (worm 'w'); expected xr along x"),
        (both(z="y"), "found zr along y (worm 'w'); expected zr along z"),
        (both(sides=(5e-4, 2.5e-4, 2e-3)), "voxels of 0.0005 um along x (worm 'w'); expected 0.01"),
        (both(sides=(320.0, 320.0, 750.0)), "voxels of 320 um along x"),
        (both().assign(x=[1, 1, 2, 200_000, 2], y=[10**4] * 5), "voxels up to (200000, 10000, 9)"),
    ],
)
def test_micrometres_that_contradict_their_voxels_leave_a_worm_out(tmp_path, worm, line):
    good = both().assign(worm="good")
    pd.concat([worm.assign(worm="w"), good]).to_csv(tmp_path / "w.csv", index=False)
    neurons, _, (reason,) = load(tmp_path)
    assert set(neurons["worm"]) == {"good"} and line in reason and "\n" not in reason


@pytest.mark.parametrize(
    "worm",
    [
        both(),
        both().assign(xr=both()["xr"].iloc[::-1].to_numpy(), yr=3.0),  # straightened, flat
        both(sides=(-0.5, 0.25, 2.0)),  # axes that run the other way: what handedness is for
        both().assign(x=0, y=0, z=0),  # nobody knows the voxels
    ],
)
def test_other_places_are_taken_as_they_are(tmp_path, worm):
    worm.to_csv(tmp_path / "w.csv", index=False)
    neurons, _, reasons = load(tmp_path)
    assert len(neurons) == FIVE and not reasons


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
    _, _, (reason,) = load(tmp_path, **given, spacing=(3e-7, 3e-7, 1e-6))
    assert "voxels of 3e-07, 3e-07, 1e-06 um; expected 0.01 to 100 um" in reason
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
    assert not left_out and gray["w"] == gray["w"][::-1][::-1] and gray["w"][0] < 0 < gray["w"][4]
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
