import ast
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chromapal.errors import InputError
from chromapal.worms import table
from chromapal.worms.simulate import body, file_names, statistics
from chromapal.worms.simulate.body import Chance
from chromapal.worms.simulate.render import render
from chromapal.worms.simulate.worms import SimulationParams, pose, simulate_worm

KNOWN = statistics.read()
PARAMS = SimulationParams()
WORMS = 9


@pytest.fixture(scope="module")
def worms():
    return [simulate_worm(PARAMS, 7, index) for index in range(WORMS)]


def drawn(count, scatter=1.0):
    """Places and colours of all neurons in worms of as many laboratories."""
    chances = [
        Chance(np.random.default_rng([0, number]), np.random.default_rng([1, number]))
        for number in range(count)
    ]
    places = [body.positions(KNOWN, scatter, chance) for chance in chances]
    colours = [
        body.colours(KNOWN, place, scatter, chance)
        for place, chance in zip(places, chances, strict=True)
    ]
    return np.array(places), np.array(colours)


def test_worms_have_the_means_and_deviations_that_they_are_drawn_from():
    places, colours = drawn(400)
    deviation = np.sqrt(KNOWN.position_covariance.diagonal(axis1=1, axis2=2))
    # five standard errors of a mean of 400
    assert (np.abs(places.mean(0) - KNOWN.position) < 5 * deviation / 20).all()
    # an affine map of 12 numbers is taken off 3 x 194: 1 % of the deviation on average; the
    # deviation of 400 draws with the tail of five degrees of freedom is known to 10 %
    ratio = places.std(0) / deviation
    assert 0.94 < np.median(ratio) < 1.02 and np.quantile(ratio, 0.02) > 0.75
    # a worm's gradient (.03 per head, squared) comes on top of a neuron's own scatter
    own = np.sqrt(KNOWN.colour_covariance.diagonal(axis1=1, axis2=2))
    assert 1.0 < np.median(colours.std(0) / own) < 1.3


def test_neighbours_stray_together_and_the_pharynx_by_itself():
    places, _ = drawn(200)
    root = np.linalg.cholesky(KNOWN.position_covariance)
    unit = np.linalg.solve(root, (places - KNOWN.position)[..., None])[..., 0]
    product = np.einsum("akd,ald->kl", unit, unit) / unit.shape[0] / 3
    apart = np.linalg.norm(KNOWN.position[:, None] - KNOWN.position[None], axis=2)
    inside, rest = KNOWN.surroundings
    for part in (inside, rest):
        both = part.members[:, None] & part.members
        near = both & (apart > 0) & (apart < 0.3 * part.length_um)
        far = both & (apart > 4 * part.length_um)
        # exp(-.3 ** 2 / 2) is .96 of the share; the affine map that was taken off leaves those
        # far apart a little opposed
        assert abs(product[far].mean()) < 0.1
        assert product[near].mean() - product[far].mean() == pytest.approx(part.share, abs=0.1)
    across = (inside.members[:, None] & rest.members) & (apart < 8)
    assert abs(product[across].mean()) < 0.05


def test_without_scatter_every_worm_is_the_mean():
    places, colours = drawn(2, scatter=0.0)
    for worm in range(2):
        np.testing.assert_array_equal(places[worm], KNOWN.position)
        np.testing.assert_array_equal(colours[worm], KNOWN.colour)


def test_worms_of_a_laboratory_are_more_alike():
    def worms(labs):
        chances = [Chance(np.random.default_rng(lab), np.random.default_rng([5, number]))
                   for number, lab in enumerate(labs)]  # fmt: skip
        return np.array([chance.normal(0.3, (20_000,)) for chance in chances])

    first, second, other = worms([0, 0, 1])
    # the correlation of 20,000 pairs is known to .007
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.3, abs=0.03)
    assert np.corrcoef(first, other)[0, 1] == pytest.approx(0.0, abs=0.03)
    assert first.std() == pytest.approx(1, abs=0.03)


def test_a_neuron_that_few_worms_have_is_seldom_chosen():
    share = np.array([0.99] * 50 + [0.5] * 20 + [0.05] * 30)
    generator = np.random.default_rng(0)
    times = np.zeros(100)
    for _ in range(200):
        rows = body.chosen(share, 61, generator)
        assert len(set(rows)) == 61 and (np.diff(rows) > 0).all()
        times[rows] += 1
    # 61 is the number that the shares add up to, so that each is chosen about as often as it says
    assert times[:50].mean() / 200 > 0.95
    assert times[50:70].mean() / 200 == pytest.approx(0.5, abs=0.1)
    assert times[70:].mean() / 200 < 0.12


def test_cell_bodies_do_not_lie_in_each_other():
    low, high = body.RADIUS_UM
    crowded = np.random.default_rng(1).normal(0, 8, (180, 3))
    apart = body.pushed_apart(crowded, np.random.default_rng(2))
    distance = np.linalg.norm(apart[:, None] - apart[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 0.9 * 2 * low
    # two that are far from others, by hand: each moves by half of what is missing
    alone = np.array([[0.0, 0, 0], [0.5, 0, 0], [50, 0, 0]])
    radius = np.random.default_rng(3).uniform(low, high, 3)
    moved = body.pushed_apart(alone, np.random.default_rng(3))
    missing = radius[0] + radius[1] - 0.5
    np.testing.assert_allclose(moved[:, 0], [-missing / 2, 0.5 + missing / 2, 50])


def test_levels_are_quantiles_of_the_camera_by_hand():
    lab = "NP"
    # eleven neurons: their ranks are .5 / 11, 1.5 / 11 ...
    colour = np.tile(np.arange(11.0)[:, None], (1, 4))
    levels = body.levels(KNOWN, lab, colour, np.full(4, 0.5))
    red = KNOWN.levels[lab][:, 0]
    middle = list(KNOWN.fractions).index(0.5)
    assert levels[5, 0] == pytest.approx(red[middle] / 2)
    # the brightest saturate, whatever the gain
    assert levels[10, 0] == 1.0
    assert (np.diff(levels, axis=0) >= 0).all()


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


def test_a_study_of_few_neurons_has_pairs():
    few = SimulationParams(neurons=30)
    worms = [set(simulate_worm(few, 7, index)[1]["names"]) for index in range(WORMS)]
    names = set.union(*worms)
    # 32 names, of which worms lack up to four
    assert len(names) == 32 and all(28 <= len(worm) <= 32 for worm in worms)
    partner = dict(zip(KNOWN.names, KNOWN.partner, strict=True))
    # all but one pair that did not fit
    assert sum(bool(partner[name]) and partner[name] not in names for name in names) <= 1


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
    places = pd.DataFrame(KNOWN.position, KNOWN.names)
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
    still = {"stretch": np.eye(3), "bend": 0.0, "roll": 0.0, "yaw": 0.0}
    posed = pose(place, still | {"head_left": True, "mirrored": False})
    np.testing.assert_allclose(posed, [[-5, 1, 2], [5, -1, -2]])
    posed = pose(place, still | {"head_left": False, "mirrored": True})
    np.testing.assert_allclose(posed, [[5, -1, -2], [-5, 1, 2]], atol=1e-12)
    longer = still | {"stretch": np.diag([2.0, 1.0, 0.5])}
    posed = pose(place, longer | {"head_left": True, "mirrored": False})
    np.testing.assert_allclose(posed, [[-10, 1, 1], [10, -1, -1]])


def test_a_bent_midline_is_an_arc_of_unchanged_length():
    midline = np.column_stack([np.linspace(0, 150, 301), np.zeros(301), np.zeros(301)])
    bent = {"stretch": np.eye(3), "bend": 0.01, "roll": 0.3, "yaw": 0.2}
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
