"""Positions that no worm can have are skipped, unusual ones asked about; see `plausible`."""

import itertools
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chromapal.worms import plausible, skipped, table, tables
from chromapal.worms.collect import collect
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm

ROOT = Path(__file__).parents[2]
REAL = ROOT / os.environ.get("CHROMAPAL_DATA", "../shared/data") / "wormnd"
WORM = simulate_worm(SimulationParams(neurons=60), 3, 0)[0].assign(worm="w", file="w.csv")


def moved(change, worm=WORM):
    """Change the positions in um, as an array of three columns."""
    return worm.assign(
        **dict(zip(table.MICROMETRES, change(worm[table.MICROMETRES].to_numpy()).T, strict=True))
    )


def pixels(axes, worm=WORM):
    places = dict(zip(table.MICROMETRES, table.VOXELS, strict=True))
    return worm.assign(**{f"{axis}r": worm[places[f"{axis}r"]].astype(float) for axis in axes})


def reason(worm):
    kept, entries = plausible.without_impossible(worm)
    assert len(kept) == (0 if entries else len(worm))
    return entries[0]["reason"] if entries else ""


def asked(worms):
    return [(row["worm"], row["question"]) for row in plausible.questions(worms)]


def test_a_worm_is_kept_and_nothing_is_asked():
    assert reason(WORM) == "" and asked(WORM) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:])
def test_exchanged_axes_are_skipped(order):
    line = reason(moved(lambda um: um[:, order]))
    first = next(axis for axis in range(3) if order[axis] != axis)
    assert line == (
        f"w.csv: found {'xyz'[first]}r along {'xyz'[order[first]]} (worm 'w'); "
        f"expected {'xyz'[first]}r along {'xyz'[first]}; are two axes exchanged?"
    )


@pytest.mark.parametrize("factor", [1e9, 1e300, 1e3, 10, 0.1, 1e-3, 1e-9])
def test_another_unit_is_skipped(factor):
    assert "um" in reason(moved(lambda um: um * factor)) and len(WORM) > plausible.ENOUGH


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("factor", [1e3, 1e-3])
def test_another_unit_along_one_axis_is_skipped(axis, factor):
    assert reason(moved(lambda um: um * np.where(np.arange(3) == axis, factor, 1.0)))


def test_units_are_known_without_voxels_that_agree():
    """An image file states its voxel size once: voxels and um agree, whatever the unit."""
    straightened = WORM.assign(x=0, y=0, z=0)
    assert reason(straightened) == ""
    assert "neurons" in reason(moved(lambda um: um * 1e-3, straightened))


def test_voxel_numbers_as_um_are_skipped_where_no_head_is_that_large_else_asked_about():
    # voxels of .25 um: a head four times too long
    fine = WORM.assign(x=WORM["x"] * 2, y=WORM["y"] * 2)
    assert "voxel numbers as um along x and y" in reason(pixels("xyz", fine))
    # voxels of .8 um: a large worm may be as long
    large = WORM.assign(**{axis: np.rint(WORM[f"{axis}r"] / 0.8).astype(int) for axis in "xy"})
    assert reason(pixels("xy", large)) == "" and ("w", "size") in asked(pixels("xy", large))
    # steps of 1 um are common
    assert reason(pixels("z")) == "" and asked(pixels("z")) == []


def test_a_scale_that_may_be_true_is_a_question():
    for factor in (2.2, 0.33):
        worm = moved(lambda um, factor=factor: um * factor)
        assert reason(worm) == "" and asked(worm)[0][0] == "w"


def test_pixels_that_are_not_square_are_a_question():
    turned = WORM.rename(columns={"x": "z", "z": "x", "xr": "zr", "zr": "xr"})
    assert reason(turned) == "" and ("w", "axes") in asked(turned)


def test_a_worm_with_an_axis_reversed_is_asked_about_unless_its_laboratory_does_so():
    three = [WORM.assign(worm=name) for name in "abc"]
    reversed_ = [moved(lambda um: um * [1, -1, 1], worm) for worm in three]
    assert asked(pd.concat([three[0], three[1], reversed_[2]])) == [("c", "axes")]
    assert asked(pd.concat(reversed_)) == []


def test_a_laboratory_unlike_all_others_is_a_question():
    worms = [WORM.assign(lab=lab, worm=f"{lab}{number}") for lab in "ABC" for number in range(2)]
    small = [moved(lambda um: um / 1.45, worm) if worm["lab"].iloc[0] == "B" else worm
             for worm in worms]  # fmt: skip
    assert plausible.questions(pd.concat(worms)) == []
    (question,) = plausible.questions(pd.concat(small))
    assert (question["lab"], question["worm"], question["question"]) == ("B", "", "laboratory")
    assert question["found"] == "neurons 0.69 times as far apart"


def test_a_worm_is_judged_by_itself_alone():
    """A held-out worm must not decide which others are learned from."""
    wrong = moved(lambda um: um[:, ::-1]).assign(worm="wrong")
    both = pd.concat([WORM, wrong, moved(lambda um: um * 1e3).assign(worm="mm")])
    kept, entries = plausible.without_impossible(both)
    assert set(kept["worm"]) == {"w"} and [entry["worm"] for entry in entries] == ["wrong", "mm"]
    for column in ("ID", "R", "W"):
        assert reason(wrong.assign(**{column: WORM[column].iloc[0]})) == reason(wrong)


def test_a_study_skips_them_and_tells_what_is_unusual(tmp_path, caplog):
    worms = [WORM.assign(worm=name) for name in "abcd"]
    worms[1] = moved(lambda um: um[:, ::-1], worms[1])
    worms[2] = moved(lambda um: um * 2.2, worms[2])
    table.write(pd.concat(worms).drop(columns="file").assign(file="t.csv"), tmp_path / "t.parquet")
    skipped.write([], tmp_path / "t.csv")
    out = [tmp_path / name for name in ("n.parquet", "s.csv", "scope.csv", "labels.csv")]
    collect([tmp_path / "t.parquet"], *out[:2], [tmp_path / "t.csv"], {}, [], out[3], out[2])
    assert table.read(out[0])["worm"].unique().tolist() == ["a", "c", "d"]
    assert "xr along z (worm 'b')" in skipped.read(out[1])["reason"].item()
    questions = pd.read_csv(out[2])
    assert questions["worm"].tolist() == ["c"]
    assert "xr along z" in caplog.text and f"{WORM['lab'].iloc[0]} c: " in caplog.text


@pytest.mark.parametrize("neurons", [5, 30, 60, 180])
def test_simulated_worms_are_like_real_ones(neurons):
    params = SimulationParams(neurons=neurons)
    worms = pd.concat([simulate_worm(params, 42, index)[0] for index in range(6)]).assign(file="s")
    worms = worms.reset_index(drop=True)
    assert plausible.without_impossible(worms)[1] == [] and plausible.questions(worms) == []


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no tables of real worms in {REAL}")
def test_no_real_worm_is_skipped_or_asked_about():
    files = sorted(REAL.glob("[A-Z]*.csv"))
    parts = [tables.read(path)[0].assign(file=path.name) for path in files]
    neurons = pd.concat(parts, ignore_index=True)
    assert len(neurons[table.WORM].drop_duplicates()) == 87
    assert plausible.without_impossible(neurons)[1] == [] and plausible.questions(neurons) == []
