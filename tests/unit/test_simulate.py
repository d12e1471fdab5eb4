import ast
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chromapal.errors import InputError
from chromapal.worms import table
from chromapal.worms.simulate import file_names
from chromapal.worms.simulate.body_model import head
from chromapal.worms.simulate.render import render
from chromapal.worms.simulate.worms import SimulationParams, pose, simulate_worm

PARAMS = SimulationParams()
WORMS = 9


@pytest.fixture(scope="module")
def worms():
    return [simulate_worm(PARAMS, 7, index) for index in range(WORMS)]


def test_pairs_mirror_each_other_and_single_neurons_lie_on_the_midplane():
    neurons = head().set_index("name")
    axes = ["posterior", "dorsal", "left"]
    sides = neurons.groupby("neuron_class").size()
    paired = sides.index[sides == 2]
    assert len(paired) > 70
    left = neurons.loc[paired + "L"]
    right = neurons.loc[paired + "R"]
    assert (left["left"] > 0).all()
    np.testing.assert_array_equal(left[axes], right[axes] * [1, 1, -1])
    np.testing.assert_array_equal(left[list("RGBW")], right[list("RGBW")])
    single = neurons.loc[sides.index[sides == 1]]
    assert (single["left"] == 0).all()


def test_head_holds_real_names_once_and_apart():
    neurons = head()
    assert neurons["name"].is_unique
    assert {"AVAL", "ASER", "I2L", "M4", "RID", "OLQDL", "VB1", "AQR"} <= set(neurons["name"])
    classes = table.neuron_class(neurons["name"])
    assert (classes == neurons["neuron_class"]).all()
    place = neurons[["posterior", "dorsal", "left"]].to_numpy()
    distance = np.linalg.norm(place[:, None] - place[None], axis=2)
    assert distance[~np.eye(len(place), dtype=bool)].min() > 1.0
    assert neurons["across"].between(1.2, 2.5).all()
    assert (neurons["along"] >= neurons["across"]).all()
    assert 5 < neurons["along"].max() <= 9


def test_same_seed_same_worm_and_another_seed_another(worms):
    again, truth = simulate_worm(PARAMS, 7, 3)
    pd.testing.assert_frame_equal(again, worms[3][0])
    assert truth["names"] == worms[3][1]["names"]
    other, _ = simulate_worm(PARAMS, 8, 3)
    assert not other["xr"].equals(again["xr"])


def test_a_smaller_study_has_the_first_worms_of_a_larger_one(worms):
    few = SimulationParams(worms=6)
    for index in range(6):
        pd.testing.assert_frame_equal(simulate_worm(few, 7, index)[0], worms[index][0])


def test_tables_are_valid_and_hold_the_number_of_neurons_asked_for(worms):
    for neurons, truth in worms:
        checked = table.validate(neurons, "simulated")
        assert list(checked.columns) == list(table.COLUMNS)
        assert abs(len(neurons) - PARAMS.neurons) <= 9
        assert len(truth["names"]) == len(neurons)
        voxels = neurons[["x", "y", "z"]]
        assert not voxels.duplicated().any()
        assert (voxels.to_numpy() < truth["shape"]).all()
        np.testing.assert_allclose(
            neurons[["xr", "yr", "zr"]], voxels.to_numpy() * truth["spacing_um"]
        )


def test_one_worm_is_recorded_a_day(worms):
    days = [set(neurons["session"]) for neurons, _ in worms]
    assert days == [{f"2024-01-0{index + 1}"} for index in range(WORMS)]


def test_labels_are_the_true_names_with_gaps_and_doubts(worms):
    doubted = 0
    for neurons, truth in worms:
        labelled = neurons["ID"] != ""
        assert 0.01 <= 1 - labelled.mean() <= 0.51
        doubted += neurons["ID"].str.endswith("?").sum()
        certain = neurons["ID"].str.rstrip("?")
        assert (certain[labelled] == pd.Series(truth["names"])[labelled]).all()
    assert 0 < doubted < 0.1 * WORMS * PARAMS.neurons


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_unlabelled_share_is_what_was_asked_for(share):
    params = SimulationParams(neurons=40, unlabelled_low=share, unlabelled_high=share)
    neurons, _ = simulate_worm(params, 7, 0)
    assert (neurons["ID"] == "").mean() == share


def test_counts_lie_within_the_laboratorys_full_scale_and_reveal_it(worms):
    for neurons, truth in worms:
        counts = neurons[list("RGBW")]
        assert table.full_scale_of(counts) == truth["full_scale"]
        assert (neurons["full_scale"] == truth["full_scale"]).all()
    assert {truth["full_scale"] for _, truth in worms} == {4095.0, 65535.0}


def test_white_follows_luminance_only_moderately(worms):
    rows = pd.concat([neurons for neurons, _ in worms])
    luminance = rows[list("RGB")] @ [0.299, 0.587, 0.114]
    ranks = pd.DataFrame({"worm": rows["worm"], "luminance": luminance, "W": rows["W"]})
    by_worm = ranks.groupby("worm")[["luminance", "W"]].corr("spearman")["W"]
    assert 0.2 < by_worm.xs("luminance", level=1).mean() < 0.8


def test_a_laboratory_shares_mirror_and_scale_and_a_worm_has_its_own_pose(worms):
    for lab in range(PARAMS.laboratories):
        own = [truth for _, truth in worms if truth["lab"] == f"SIM{lab + 1}"]
        assert len(own) == 3
        for key in ("mirrored", "full_scale", "spacing_um", "channel_order"):
            assert len({truth[key] for truth in own}) == 1
        assert len({truth["roll"] for truth in own}) == 3


def test_mirrored_laboratories_are_mirror_images():
    places = head().set_index("name")[["posterior", "dorsal", "left"]]
    seen = set()
    for seed in range(4):
        for index in range(PARAMS.laboratories):
            neurons, truth = simulate_worm(PARAMS, seed, index)
            body = places.loc[truth["names"]].to_numpy()
            seen_at = neurons[["xr", "yr", "zr"]].to_numpy()
            fit = np.linalg.lstsq(body - body.mean(0), seen_at - seen_at.mean(0), rcond=None)[0]
            assert (np.linalg.det(fit) < 0) == truth["mirrored"]
            seen.add(truth["mirrored"])
    assert seen == {True, False}


def test_a_straight_untouched_pose_only_centres_along_the_body():
    place = np.array([[10.0, 1.0, 2.0], [20.0, -1.0, -2.0]])
    still = {"stretch": 1.0, "bend": 0.0, "roll": 0.0, "yaw": 0.0}
    posed = pose(place, still | {"head_left": True, "mirrored": False})
    np.testing.assert_allclose(posed, [[-5, 1, 2], [5, -1, -2]])
    posed = pose(place, still | {"head_left": False, "mirrored": True})
    np.testing.assert_allclose(posed, [[5, -1, -2], [-5, 1, 2]], atol=1e-12)


def test_a_bent_midline_is_an_arc_of_unchanged_length():
    midline = np.column_stack([np.linspace(0, 150, 301), np.zeros(301), np.zeros(301)])
    bent = {"stretch": 1.0, "bend": 0.01, "roll": 0.3, "yaw": 0.2}
    posed = pose(midline, bent | {"head_left": True, "mirrored": False})
    assert np.linalg.norm(np.diff(posed, axis=0), axis=1).sum() == pytest.approx(150, rel=1e-4)
    # chord = 2 sin(bend * length / 2) / bend
    chord = np.linalg.norm(posed[-1] - posed[0])
    assert chord == pytest.approx(2 * np.sin(0.75) / 0.01, rel=1e-6)


def test_render_keeps_the_tables_counts_at_the_centres_and_fades_around_them(worms):
    neurons, truth = worms[0]
    volume = render(neurons, truth["shape"], truth["spacing_um"], np.random.default_rng(0))
    assert volume.shape == (*truth["shape"], 4)
    assert volume.dtype == np.uint16
    at = volume[tuple(neurons[["x", "y", "z"]].to_numpy().T)]
    np.testing.assert_array_equal(at, neurons[list("RGBW")])
    assert np.median(volume) < 0.05 * truth["full_scale"]
    bright = neurons.loc[neurons["W"].idxmax()]
    beside = volume[bright["x"] + 1, bright["y"], bright["z"], 3]
    assert 0.8 * bright["W"] < beside <= truth["full_scale"]


def test_file_names_need_no_numpy_and_span_laboratories():
    source = Path(file_names.__file__).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or node.names[0].name
            assert module.split(".")[0] in sys.stdlib_module_names
    assert file_names.worm_files(4, 3) == [
        "SIM1/sub-worm001_ophys.nwb",
        "SIM2/sub-worm002_ophys.nwb",
        "SIM3/sub-worm003_ophys.nwb",
        "SIM1/sub-worm004_ophys.nwb",
    ]


@pytest.mark.parametrize(("key", "value"), [("worms", 0), ("laboratories", 25), ("neurons", 400)])
def test_impossible_studies_name_the_key(key, value):
    with pytest.raises(InputError, match=f"simulate.{key}"):
        SimulationParams(**{key: value})
