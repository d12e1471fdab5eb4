import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from chromapal.columns import COLOUR
from chromapal.errors import InputError
from chromapal.identify import align
from chromapal.identify.body_axes import body_axes, register, similarity, solve_similarity
from chromapal.identify.worms import Worm, in_micrometres, worms_of
from chromapal.worms.simulate import statistics
from tests.worm_batch import table

AXES = ["posterior", "dorsal", "left"]


def rotation(seed):
    return torch.from_numpy(Rotation.random(random_state=seed).as_matrix())


def test_a_small_scale_pays_for_its_determinant_by_hand():
    nothing, cross = torch.zeros(3), torch.diag(torch.tensor([1.0, 0.6, 0.4]))
    power, mirror = torch.tensor(2.0), torch.tensor(1.0)
    # least squares: trace 2 over power 2; with 4 for the determinant: 2 s^2 - 2 s - 4 = 0
    for determinant, expected in ((0.0, 1.0), (4.0, 2.0)):
        _, scale, _ = solve_similarity(cross, power, nothing, nothing, mirror, determinant)
        assert scale.item() == pytest.approx(expected)
    _, scale, _ = solve_similarity(cross, power, nothing, nothing, mirror, 4.0, 0.5, 1.2)
    assert scale.item() == pytest.approx(1.2)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-1e3, 1e3), st.sampled_from([1.0, -1.0])
)
def test_similarity_recovers_turn_scale_and_shift(seed, size, far, sign):
    rng = np.random.default_rng(seed)
    source = torch.from_numpy(rng.normal(0, 10, (9, 3)))
    turn = rotation(seed) @ torch.diag(torch.tensor([1.0, 1.0, sign], dtype=torch.float64))
    shift = torch.tensor([far, -far, 1.0], dtype=torch.float64)
    target = size * source @ turn.T + shift
    weight = torch.from_numpy(rng.uniform(0.1, 1, 9))
    mirror = torch.tensor(sign, dtype=torch.float64)
    found = similarity(source, target, weight, mirror)
    np.testing.assert_allclose(found[0], turn, atol=1e-7)
    np.testing.assert_allclose(found[1], size, rtol=1e-7)
    np.testing.assert_allclose(found[2], shift, atol=1e-6 * (1 + abs(far) + 10 * size))
    # the other determinant is honoured where it is asked for, though it fits worse
    solve_similarity, _, _ = similarity(source, target, weight, -mirror)
    np.testing.assert_allclose(torch.linalg.det(solve_similarity), -sign, atol=1e-9)


def test_similarity_ignores_points_of_weight_zero():
    source = torch.from_numpy(np.random.default_rng(0).normal(size=(6, 3)))
    target = source * 2 + 1
    target[5] = 1e3
    weight = torch.tensor([1.0, 1, 1, 1, 1, 0], dtype=torch.float64)
    turn, scale, shift = similarity(source, target, weight, torch.tensor(1.0).double())
    np.testing.assert_allclose(turn, np.eye(3), atol=1e-9)
    np.testing.assert_allclose([scale, *shift], [2, 1, 1, 1], atol=1e-9)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("seed", range(4))
def test_axes_point_posterior_dorsal_left_in_any_frame(seed, sign):
    names, usual = statistics.read().names, statistics.read().position
    frame = rotation(seed) @ torch.diag(torch.tensor([1.0, 1.0, sign], dtype=torch.float64))
    position = torch.from_numpy(usual) @ frame.T + 7
    axes, centre = body_axes(position, names)
    assert np.sign(torch.linalg.det(axes).item()) == sign
    body = dict(zip(names, ((position - centre) @ axes).tolist(), strict=True))
    assert body["IL1L"][2] > 5 and body["IL1R"][2] < -5
    assert body["RMED"][1] > body["RMEV"][1] + 10
    assert body["IL1L"][0] < -20 < 20 < body["VB1"][0]
    np.testing.assert_allclose(np.mean(list(body.values()), axis=0), 0, atol=1e-9)


@pytest.fixture(scope="module")
def worms():
    neurons = table()
    return neurons, worms_of(neurons, COLOUR)


def test_labels_say_which_worms_are_mirrored_and_where_their_body_axes_point(worms):
    neurons, some = worms
    laid, mirror = register([worm.position for worm in some], [worm.label for worm in some])
    signs = neurons.groupby("worm", sort=False)["sign"].first()
    assert set(signs) == {1.0, -1.0}
    assert mirror.tolist() == signs.tolist()
    model = pd.DataFrame(statistics.read().position, statistics.read().names, columns=AXES)
    for worm, position in zip(some, laid, strict=True):
        true = model.loc[neurons["true"].to_numpy()[worm.row]].to_numpy()
        alike = [np.corrcoef(position[:, axis], true[:, axis])[0, 1] for axis in range(3)]
        # the head slopes: its longest direction is tilted against the model's back
        assert (np.array(alike) > (0.9, 0.7, 0.9)).all(), (worm.worm, alike)
        extent = np.ptp(position.numpy()[:, 0]) / np.ptp(worm.position.numpy(), axis=0).max()
        assert 0.8 < extent < 1.25


def shaped(worm: Worm, position) -> Worm:
    return Worm(worm.lab, "shaped", "", worm.row, position, worm.channels, worm.label)


@pytest.mark.parametrize("kept", [2, 1, 0])
def test_an_worm_without_depth_decides_no_handedness_and_misleads_no_other(worms, kept):
    _, some = worms
    richest = max(some, key=lambda worm: (worm.label != "").sum())
    flat = richest.position.clone()
    flat[:, kept:] = 3.0
    others = [worm for worm in some[:6] if worm is not richest]
    worms = [shaped(richest, flat), *others]
    laid, mirror = register([worm.position for worm in worms], [worm.label for worm in worms])
    _, alone = register([worm.position for worm in others], [worm.label for worm in others])
    assert mirror.tolist() == [0, *alone.tolist()]
    assert all(position.isfinite().all() for position in laid)


def test_too_few_names_decide_nothing(worms):
    _, some = worms
    short = np.where(np.arange(len(some[0].label)) < 3, some[0].label, "")
    _, mirror = register(
        [worm.position for worm in some[:4]], [short, *(worm.label for worm in some[1:4])]
    )
    assert mirror[0] == 0 and (mirror[1:] != 0).all()


def test_training_worms_in_one_plane_are_one_clear_line(worms):
    _, some = worms
    flat = some[0].position.clone()
    flat[:, 2] = 0
    with pytest.raises(InputError, match="training worms: found none whose names lie apart"):
        align.fit([shaped(some[0], flat)], "pose")


@pytest.mark.parametrize(("size", "power"), [(112.0, 0), (0.112, 1), (112e3, -1), (1.12e-4, 2)])
def test_a_unit_that_is_off_by_a_thousand_is_undone(size, power):
    position = torch.tensor([[0.0, 0, 0], [size, 0, 0]], dtype=torch.float64)
    np.testing.assert_allclose(in_micrometres(position), position * 1000.0**power)


def test_positions_without_extent_stay():
    position = torch.full((5, 3), 2e6, dtype=torch.float64)
    assert torch.equal(in_micrometres(position), position)
    assert torch.equal(in_micrometres(position[:1]), position[:1])
