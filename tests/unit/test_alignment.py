"""Animals are aligned without labels, and what they are named does not depend on their frame."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from chromapal.columns import COLOUR
from chromapal.identify import align, body_axes, run
from chromapal.identify.animals import Animal, animals, in_micrometres
from chromapal.identify.assign import Calibration, answer
from chromapal.identify.atlas import Atlas
from tests.worm_batch import fitted, subset, table

TOLERATED = 0.10
BINS = 10


@pytest.fixture(scope="module")
def worms():
    torch.set_num_threads(1)
    return fitted()


def accuracy(worms, animal, sign=None) -> float:
    """Share of an animal's own neurons named right; spurious ones have row -1."""
    names = worms.names(animal, sign)
    own = animal.row >= 0
    return float((names[own] == worms.true[animal.row[own]]).mean())


def moved(animal: Animal, position) -> Animal:
    return dataclasses.replace(animal, position=torch.as_tensor(position, dtype=torch.float64))


def test_low_noise_animals_are_named_and_probabilities_can_be_believed(worms):
    right, sure = [], []
    for animal in worms.tested:
        names, probability = worms.answered(animal)
        right.append(names == worms.true[animal.row])
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
    signs = [worms.sign[animal.lab] for animal in worms.training]
    assert worms.mirror.tolist() == signs
    hands = run.learn_handedness(worms.training, worms.aligned, worms.mirror)
    assert hands.slope > 0
    results = [worms.aligner.align(animal.blind()) for animal in worms.tested]
    found = run.decide(hands, worms.tested, results)
    expected = [worms.sign[animal.lab] for animal in worms.tested]
    assert found["chosen"].tolist() == expected
    stated = [dataclasses.replace(animal, handedness=-1) for animal in worms.tested]
    against = run.decide(hands, stated, results)
    assert set(against["chosen"]) == {-1} and set(against["source"]) == {"stated"}
    labels = run.handedness_of_labels(worms.aligner, worms.tested)
    assert labels.tolist() == expected
    labels[0] = 0  # labels that decide nothing overrule nothing
    oracle = run.overruled(against, labels)
    assert oracle["chosen"].tolist() == [-1, *expected[1:]]
    assert oracle["source"].tolist() == ["stated"] + ["labels"] * (len(expected) - 1)
    assert run.overruled(found.assign(doubtful=1), labels)["doubtful"].sum() == 1
    blind = run.handedness_of_labels(worms.aligner, [animal.blind() for animal in worms.tested])
    assert not blind.any()


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 10**6),
    st.booleans(),
    st.sampled_from([1e-3, 1.0, 1e3]),
    st.floats(-500, 500),
)
def test_names_do_not_depend_on_the_frame(worms, seed, flip, unit, far):
    animal = worms.tested[seed % len(worms.tested)]
    sign = worms.sign[animal.lab]
    frame = Rotation.random(random_state=seed).as_matrix()
    if flip:
        frame[:, 0] *= -1
    position = unit * (animal.position.numpy() @ frame.T + [far, -far, far / 2])
    # what `animals` does to any table
    solve_similarity = moved(animal, in_micrometres(torch.from_numpy(position)))
    assert (worms.names(solve_similarity, -sign if flip else sign) == worms.names(animal)).all()


def test_names_do_not_depend_on_the_order_of_neurons(worms):
    animal = worms.tested[0]
    order = np.random.default_rng(0).permutation(len(animal.row))
    assert (worms.names(subset(animal, order)) == worms.names(animal)[order]).all()


def test_a_table_in_another_unit_gives_the_same_animals():
    neurons = table()
    neurons = neurons[neurons["worm"].eq(neurons["worm"].iloc[0])]
    there = animals(neurons, COLOUR)[0].position
    for unit in (1e3, 1e-3):
        scaled = neurons.assign(**{axis: unit * neurons[axis] for axis in ("xr", "yr", "zr")})
        np.testing.assert_allclose(animals(scaled, COLOUR)[0].position, there, rtol=1e-12)


def test_losing_neurons_costs_little(worms):
    for seed, animal in enumerate(worms.tested):
        rng = np.random.default_rng(seed)
        kept = np.sort(rng.permutation(len(animal.row))[: round(0.7 * len(animal.row))])
        assert accuracy(worms, subset(animal, kept)) > accuracy(worms, animal) - TOLERATED


def test_spurious_neurons_cost_little(worms):
    for seed, animal in enumerate(worms.tested):
        rng = np.random.default_rng(seed)
        count = round(0.2 * len(animal.row))
        low, high = animal.position.amin(0).numpy(), animal.position.amax(0).numpy()
        crowded = dataclasses.replace(
            animal,
            row=np.append(animal.row, np.full(count, -1)),
            position=torch.cat(
                [animal.position, torch.from_numpy(rng.uniform(low, high, (count, 3)))]
            ),
            channels=torch.cat([animal.channels, torch.from_numpy(rng.normal(size=(count, 3)))]),
            label=np.append(animal.label, np.full(count, "")),
        )
        assert accuracy(worms, crowded) > accuracy(worms, animal) - TOLERATED


def odd(kind: str, animal: Animal) -> Animal:
    """An animal such as occurs in practice once in a while."""
    position, channels, count = animal.position.clone(), animal.channels, len(animal.row)
    if kind.isdecimal():
        rng = np.random.default_rng(0)
        rows = np.resize(np.arange(count), int(kind))
        some = subset(animal, rows)
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
    return dataclasses.replace(animal, position=position, channels=channels)


@pytest.mark.parametrize(
    "kind",
    ["1", "2", "3", "400", "flat", "line", "point", "one colour", "strange colour", "no colour"],
)
def test_odd_animals_get_finite_answers(worms, kind):
    animal = odd(kind, worms.tested[0])
    found = worms.aligner.align(animal.blind())
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
    found = worms.aligner.align(odd(kind, worms.tested[0]).blind())
    np.testing.assert_allclose(found.score[1.0], found.score[-1.0], atol=1e-3)


def test_a_flat_animal_is_still_named_better_than_by_chance(worms):
    animal = odd("flat", worms.tested[0])
    assert accuracy(worms, animal) > 0.3


def test_colour_that_is_missing_costs_less_than_colour_that_deceives(worms):
    animal = worms.tested[0]
    shuffled = dataclasses.replace(animal, channels=animal.channels.flip(0))
    blind = accuracy(worms, odd("no colour", animal))
    assert accuracy(worms, shuffled) < blind < accuracy(worms, animal)


def test_one_training_animal_and_odd_ones_beside_it_are_enough(worms):
    first = worms.training[0]
    for some in ([first], [first, odd("3", worms.training[1]), odd("point", worms.training[2])]):
        aligner, aligned, mirror = align.fit(some, "pose")
        assert mirror.tolist() == [worms.mirror[0], *[0] * (len(some) - 1)]
        assert len(aligned) == len(some)
        assert aligner.atlas.names == tuple(sorted(set(first.label) - {""}))
        log = aligner.align(worms.tested[0].blind()).log
        assert all(part.isfinite().all() for part in log.values())


def test_labels_are_not_looked_at(worms):
    animal = worms.tested[1]
    absurd = dataclasses.replace(animal, label=np.roll(animal.label, 7))
    there, back = worms.aligner.align(animal), worms.aligner.align(absurd)
    for sign in (1.0, -1.0):
        assert torch.equal(there.position[sign], back.position[sign])
        assert torch.equal(there.log[sign], back.log[sign])
    assert there.evidence == back.evidence


def test_rounds_of_alignment_keep_the_size_of_the_atlas(worms):
    """Positions of named neurons alone, where a map that may shrink for nothing loses a fifth."""
    some = []
    for animal in worms.training:
        named = torch.from_numpy(animal.label != "")
        some.append(
            dataclasses.replace(
                animal,
                row=animal.row[named.numpy()],
                position=animal.position[named],
                channels=animal.channels[named][:, :0],
                label=animal.label[named.numpy()],
            )
        )
    positions, labels = [animal.position for animal in some], [animal.label for animal in some]
    laid, _ = body_axes.register(positions, labels)
    before = Atlas.fit(laid, [animal.channels for animal in some], labels)
    aligner, _, _ = align.fit(some, "nonrigid", cross_fit=False)
    assert aligner.atlas.names == before.names
    ratio = aligner.atlas.position.mean.std(0) / before.position.mean.std(0)
    assert (ratio - 1).abs().max() < 0.05
