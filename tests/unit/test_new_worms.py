"""New worms: what their files must hold."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from chromapal.apply import read
from chromapal.apply.plan import Source
from chromapal.files import read_json
from chromapal.worms import skipped, table
from tests.nwb_files import write_nwb

FIVE = 5


def rows(**columns):
    ramp = np.arange(FIVE)
    place = {axis: ramp + number for number, axis in enumerate("xyz")}
    real = {f"{axis}r": place[axis] * side for axis, side in zip("xyz", (0.5, 0.5, 2), strict=True)}
    return pd.DataFrame({**place, **real, **columns})


def load(
    tmp_path, kind="tables", name="w.csv", centres="", channels=None, spacing=(), lab="",
    full_scales=None,
):  # fmt: skip
    outs = [tmp_path / "out" / part for part in ("t.parquet", "facts", "s.csv")]
    stated = {"channels": channels or {}, "spacing": list(spacing)}
    options = read.ReadOptions(lab, full_scales or {}, **stated)
    read.load({"w": vars(Source(str(tmp_path / name), kind, centres))}, options, *outs)
    return (
        table.read(outs[0]),
        read_json(outs[1] / "w.json"),
        skipped.read(outs[2])["reason"].tolist(),
    )


def collected(tmp_path):
    load(tmp_path)
    parts, out = tmp_path / "out", [tmp_path / "all.parquet", tmp_path / "all.csv"]
    read.collect([parts / "t.parquet"], [parts / "s.csv"], [], "", *out)
    return table.read(out[0]), skipped.read(out[1])["reason"].tolist()


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
        ({"gray": [1, 2, 3, 4, "x"]}, "W = 'x'"),
    ],
)
def test_a_table_that_lacks_something_is_left_out_in_a_line(tmp_path, columns, line):
    rows(**columns).dropna(axis=1).to_csv(tmp_path / "w.csv", index=False)
    neurons, _, (reason,) = load(tmp_path)
    assert neurons.empty and line in reason and "\n" not in reason


@pytest.mark.parametrize("columns", [{}, {"R": 1, "G": 1}])
def test_positions_alone_are_read_as_a_model_may_name_by_them(tmp_path, columns):
    rows(**columns).to_csv(tmp_path / "w.csv", index=False)
    neurons, _, reasons = load(tmp_path)
    assert len(neurons) == 5 and not reasons
    assert neurons[["B", "W"]].isna().all(axis=None)


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
    assert "semicolons ('x;y;z;xr;yr;zr;gray')" in reason and "separated by commas" in reason


VOXELS = {"x": [3, 1, 4, 1, 5], "y": [9, 2, 6, 5, 3], "z": [5, 8, 9, 7, 9]}


def both(x="x", y="y", z="z", sides=(0.5, 0.25, 2.0)):
    """Return voxels, and micrometres that are computed from the ones named."""
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
    neurons, (reason,) = collected(tmp_path)
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
    neurons, reasons = collected(tmp_path)
    assert len(neurons) == FIVE and not reasons


def test_counts_of_a_volume_are_looked_up_at_its_centres(tmp_path):
    planes = np.zeros((9, 8, 7), np.uint16)
    for neuron in range(FIVE):
        planes[neuron + 2, neuron + 1, neuron] = 100 + neuron
    tifffile.imwrite(tmp_path / "v.tif", planes, photometric="minisblack")
    rows()[["x", "y", "z"]].to_csv(tmp_path / "v.csv", index=False)
    given = {"kind": "volumes", "name": "v.tif", "centres": str(tmp_path / "v.csv")}
    neurons, facts, reasons = load(tmp_path, **given, spacing=(0.5, 0.5, 2))
    assert reasons == [] and neurons["W"].tolist() == [100, 101, 102, 103, 104]
    assert neurons["zr"].tolist() == [4, 6, 8, 10, 12] and set(neurons["worm"]) == {"v"}
    assert facts == {"shape": [7, 8, 9], "spacing": [0.5, 0.5, 2]}
    _, _, (reason,) = load(tmp_path, **given)
    assert "no voxel size" in reason
    _, _, (reason,) = load(tmp_path, **given, spacing=(3e-7, 3e-7, 1e-6))
    assert "voxels of 3e-07, 3e-07, 1e-06 um; expected 0.01 to 100 um" in reason
    rows(x=7)[["x", "y", "z"]].to_csv(tmp_path / "v.csv", index=False)
    _, _, (reason,) = load(tmp_path, **given, spacing=(1, 1, 1))
    assert "row 0; expected voxels below (7, 8, 9)" in reason


@pytest.mark.parametrize(
    ("kind", "top", "scale"),
    [("uint8", 200, 255), ("uint16", 200, 4095), ("uint16", 4095, 4095), ("uint16", 4096, 65535)],
)
def test_the_full_scale_of_a_volume_is_its_cameras(tmp_path, kind, top, scale):
    planes = np.zeros((9, 8, 7), kind)
    planes[8, 7, 6] = top  # where no neuron is
    tifffile.imwrite(tmp_path / "v.tif", planes, photometric="minisblack")
    rows()[["x", "y", "z"]].to_csv(tmp_path / "v.csv", index=False)
    given = {"kind": "volumes", "name": "v.tif", "centres": str(tmp_path / "v.csv")}
    neurons, _, _ = load(tmp_path, **given, spacing=(1, 1, 1))
    assert set(neurons["full_scale"]) == {scale}
    lab = {tmp_path.name: 5000}
    neurons, _, _ = load(tmp_path, **given, spacing=(1, 1, 1), full_scales=lab)
    assert set(neurons["full_scale"]) == {5000}


def test_a_laboratory_that_the_model_knows_keeps_its_full_scale(tmp_path):
    rows(gray=[5, 4, 3, 2, 1], lab="EY").to_csv(tmp_path / "w.csv", index=False)
    assert set(load(tmp_path)[0]["full_scale"]) == {255}
    assert set(load(tmp_path, full_scales={"SF": 4095})[0]["full_scale"]) == {255}
    assert set(load(tmp_path, full_scales={"EY": 5000})[0]["full_scale"]) == {5000}
    _, _, (reason,) = load(tmp_path, full_scales={"EY": 4})
    assert "W = 5.0" in reason and "full_scale" in reason


def test_an_nwb_file_of_a_known_laboratory_keeps_its_full_scale(tmp_path):
    path = write_nwb(tmp_path / "EY" / "w.nwb")  # counts up to 4876
    given = {"kind": "nwb", "name": path}
    assert set(load(tmp_path, **given)[0]["full_scale"]) == {65535}
    assert set(load(tmp_path, **given, full_scales={"EY": 5000})[0]["full_scale"]) == {5000}
