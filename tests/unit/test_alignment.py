"""Worms are aligned without labels, and what they are named does not depend on their frame."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from chromapal.columns import COLOUR
from chromapal.identify import align, body_axes, run
from chromapal.identify.assign import Calibration, answer
from chromapal.identify.atlas import Atlas
from chromapal.identify.pose import STRETCHES
from chromapal.identify.worms import Worm, in_micrometres, worms_of
from tests.worm_batch import fitted, subset, table

TOLERATED = 0.10
BINS = 10


@pytest.fixture(scope="module")
def worms():
    torch.set_num_threads(1)
    return fitted()


def accuracy(worms, worm, sign=None) -> float:
    """Share of a worm's own neurons named right; spurious ones have row -1."""
    names = worms.names(worm, sign)
    own = worm.row >= 0
    return float((names[own] == worms.true[worm.row[own]]).mean())


def moved(worm: Worm, position) -> Worm:
    return dataclasses.replace(worm, position=torch.as_tensor(position, dtype=torch.float64))


def test_low_noise_worms_are_named_and_probabilities_can_be_believed(worms):
    right, sure = [], []
    for worm in worms.tested:
        names, probability = worms.answered(worm)
        right.append(names == worms.true[worm.row])
        sure.append(probability)
    right, sure = np.concatenate(right), np.concatenate(sure)
    assert right.mean() >= 0.97
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    error = sum(
        abs(right[bins == index].sum() - sure[bins == index].sum()) for index in np.unique(bins)
    )
    assert error / len(right) <= 0.05
    assert sure[~right].mean() < sure[right].mean() - 0.1


def test_handedness_is_found_without_labels(worms):
    signs = [worms.sign[worm.lab] for worm in worms.training]
    assert worms.mirror.tolist() == signs
    handedness = run.learn_handedness(worms.training, worms.aligned, worms.mirror)
    assert handedness.slope > 0
    results = [worms.aligner.align(worm.without_labels()) for worm in worms.tested]
    found = run.decide(handedness, worms.tested, results)
    expected = [worms.sign[worm.lab] for worm in worms.tested]
    assert found["chosen"].tolist() == expected
    stated = [dataclasses.replace(worm, handedness=-1) for worm in worms.tested]
    against = run.decide(handedness, stated, results)
    assert set(against["chosen"]) == {-1} and set(against["source"]) == {"stated"}
    labels = run.handedness_of_labels(worms.aligner, worms.tested)
    assert labels.tolist() == expected
    labels[0] = 0  # labels that decide nothing overrule nothing
    oracle = run.overruled(against, labels)
    assert oracle["chosen"].tolist() == [-1, *expected[1:]]
    assert oracle["source"].tolist() == ["stated"] + ["labels"] * (len(expected) - 1)
    assert run.overruled(found.assign(doubtful=1), labels)["doubtful"].sum() == 1
    blind = run.handedness_of_labels(
        worms.aligner, [worm.without_labels() for worm in worms.tested]
    )
    assert not blind.any()


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 10**6),
    st.booleans(),
    st.sampled_from([1e-3, 1.0, 1e3]),
    st.floats(-500, 500),
)
def test_names_do_not_depend_on_the_frame(worms, seed, flip, unit, far):
    worm = worms.tested[seed % len(worms.tested)]
    sign = worms.sign[worm.lab]
    frame = Rotation.random(random_state=seed).as_matrix()
    if flip:
        frame[:, 0] *= -1
    position = unit * (worm.position.numpy() @ frame.T + [far, -far, far / 2])
    # what `worms` does to any table
    solve_similarity = moved(worm, in_micrometres(torch.from_numpy(position)))
    assert (worms.names(solve_similarity, -sign if flip else sign) == worms.names(worm)).all()


def test_names_do_not_depend_on_the_order_of_neurons(worms):
    worm = worms.tested[0]
    order = np.random.default_rng(0).permutation(len(worm.row))
    assert (worms.names(subset(worm, order)) == worms.names(worm)[order]).all()


def test_a_table_in_another_unit_gives_the_same_worms():
    neurons = table()
    neurons = neurons[neurons["worm"].eq(neurons["worm"].iloc[0])]
    there = worms_of(neurons, COLOUR)[0].position
    for unit in (1e3, 1e-3):
        scaled = neurons.assign(**{axis: unit * neurons[axis] for axis in ("xr", "yr", "zr")})
        np.testing.assert_allclose(worms_of(scaled, COLOUR)[0].position, there, rtol=1e-12)


def test_losing_neurons_costs_little(worms):
    for seed, worm in enumerate(worms.tested):
        rng = np.random.default_rng(seed)
        kept = np.sort(rng.permutation(len(worm.row))[: round(0.7 * len(worm.row))])
        assert accuracy(worms, subset(worm, kept)) > accuracy(worms, worm) - TOLERATED


def test_spurious_neurons_cost_little(worms):
    for seed, worm in enumerate(worms.tested):
        rng = np.random.default_rng(seed)
        count = round(0.2 * len(worm.row))
        low, high = worm.position.amin(0).numpy(), worm.position.amax(0).numpy()
        crowded = dataclasses.replace(
            worm,
            row=np.append(worm.row, np.full(count, -1)),
            position=torch.cat(
                [worm.position, torch.from_numpy(rng.uniform(low, high, (count, 3)))]
            ),
            channels=torch.cat([worm.channels, torch.from_numpy(rng.normal(size=(count, 3)))]),
            label=np.append(worm.label, np.full(count, "")),
        )
        assert accuracy(worms, crowded) > accuracy(worms, worm) - TOLERATED


def odd(kind: str, worm: Worm) -> Worm:
    """A worm such as occurs in practice once in a while."""
    position, channels, count = worm.position.clone(), worm.channels, len(worm.row)
    if kind.isdecimal():
        rng = np.random.default_rng(0)
        rows = np.resize(np.arange(count), int(kind))
        some = subset(worm, rows)
        return moved(some, some.position + torch.from_numpy(rng.normal(0, 2, some.position.shape)))
    if kind == "flat":
        position[:, 2] = 0
    if kind == "line":
        position[:, 1:] = 0
    if kind == "point":
        position[:] = 5
    if kind == "one colour":
        channels = torch.zeros_like(channels)
    if kind == "strange colour":
        channels = torch.full_like(channels, 40.0)
    if kind == "no colour":
        channels = torch.full_like(channels, torch.nan)
    return dataclasses.replace(worm, position=position, channels=channels)


@pytest.mark.parametrize(
    "kind",
    ["1", "2", "3", "400", "flat", "line", "point", "one colour", "strange colour", "no colour"],
)
def test_odd_worms_get_finite_answers(worms, kind):
    worm = odd(kind, worms.tested[0])
    found = worms.aligner.align(worm.without_labels())
    assert np.isfinite(found.evidence)
    for sign in (1.0, -1.0):
        assert found.position[sign].isfinite().all() and found.log[sign].isfinite().all()
        assert np.isfinite(found.score[sign])
        for calibration in (Calibration(), worms.calibration):
            share = calibration.probabilities(found.log[sign])
            assert share.isfinite().all() and (share.sum(1) <= 1 + 1e-6).all()
            assert (share.sum(0) <= 1 + 1e-6).all()
        answers = answer(share)
        assert (answers.best >= 0).all() and np.isfinite(answers.probability).all()
        given = answers.best[answers.assigned, 0]
        assert 0 < len(given) == len(set(given))


@pytest.mark.parametrize("kind", ["flat", "point"])
def test_without_depth_there_is_no_evidence_of_handedness(worms, kind):
    found = worms.aligner.align(odd(kind, worms.tested[0]).without_labels())
    np.testing.assert_allclose(found.score[1.0], found.score[-1.0], atol=1e-3)


def test_a_flat_worm_is_still_named_better_than_by_chance(worms):
    worm = odd("flat", worms.tested[0])
    assert accuracy(worms, worm) > 0.3


def test_a_stretched_search_finds_what_a_worm_was_before_it_was_squeezed(worms):
    aligner, worm = worms.aligner, worms.tested[0].without_labels()
    centred = worm.position - worm.position.mean(0)
    axes = torch.linalg.eigh(centred.T @ centred)[1]  # the shortest first
    poses = aligner.search(worm, (1.0,))
    count = len(poses.linear)
    squeezed = axes @ torch.diag(torch.tensor([1 / 1.7, 1, 1]).double()) @ axes.T
    flat = dataclasses.replace(moved(worm, centred @ squeezed), misshapen=True)
    found = aligner.search(flat, (1.0,))
    assert len(found.linear) == len(STRETCHES) * count
    number = STRETCHES.index((1.0, 1.0, 1.7))
    for pose in range(count):
        again = number * count + pose
        body = flat.position @ found.linear[again].T + found.shift[again]
        before = worm.position @ poses.linear[pose].T + poses.shift[pose]
        assert torch.allclose(body, before, atol=0.05)
        assert float(found.score[again]) == pytest.approx(float(poses.score[pose]), abs=0.1)


def test_colour_that_is_missing_costs_less_than_colour_that_deceives(worms):
    worm = worms.tested[0]
    shuffled = dataclasses.replace(worm, channels=worm.channels.flip(0))
    blind = accuracy(worms, odd("no colour", worm))
    assert accuracy(worms, shuffled) < blind < accuracy(worms, worm)


def test_one_training_worm_and_odd_ones_beside_it_are_enough(worms):
    first = worms.training[0]
    for some in ([first], [first, odd("3", worms.training[1]), odd("point", worms.training[2])]):
        aligner, aligned, mirror = align.fit(some, "pose")
        assert mirror.tolist() == [worms.mirror[0], *[0] * (len(some) - 1)]
        assert len(aligned) == len(some)
        assert aligner.atlas.names == tuple(sorted(set(first.label) - {""}))
        log = aligner.align(worms.tested[0].without_labels()).log
        assert all(part.isfinite().all() for part in log.values())


def test_labels_are_not_looked_at(worms):
    worm = worms.tested[1]
    absurd = dataclasses.replace(worm, label=np.roll(worm.label, 7))
    there, back = worms.aligner.align(worm), worms.aligner.align(absurd)
    for sign in (1.0, -1.0):
        assert torch.equal(there.position[sign], back.position[sign])
        assert torch.equal(there.log[sign], back.log[sign])
    assert there.evidence == back.evidence


def test_rounds_of_alignment_keep_the_size_of_the_atlas(worms):
    """Positions of named neurons alone, where a map that may shrink for nothing loses a fifth."""
    some = []
    for worm in worms.training:
        named = torch.from_numpy(worm.label != "")
        some.append(
            dataclasses.replace(
                worm,
                row=worm.row[named.numpy()],
                position=worm.position[named],
                channels=worm.channels[named][:, :0],
                label=worm.label[named.numpy()],
            )
        )
    positions, labels = [worm.position for worm in some], [worm.label for worm in some]
    laid, _ = body_axes.register(positions, labels)
    before = Atlas.fit(laid, [worm.channels for worm in some], labels)
    aligner, _, _ = align.fit(some, "nonrigid", cross_fit=False)
    assert aligner.atlas.names == before.names
    ratio = aligner.atlas.position.mean.std(0) / before.position.mean.std(0)
    assert (ratio - 1).abs().max() < 0.05
