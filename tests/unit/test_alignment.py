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
from tests.herd import fitted, some_of, table

TOLERATED = 0.10
BINS = 10


@pytest.fixture(scope="module")
def herd():
    torch.set_num_threads(1)
    return fitted()


def accuracy(herd, animal, sign=None) -> float:
    """Share of an animal's own neurons named right; spurious ones have row -1."""
    names = herd.names(animal, sign)
    own = animal.row >= 0
    return float((names[own] == herd.true[animal.row[own]]).mean())


def moved(animal: Animal, place) -> Animal:
    return dataclasses.replace(animal, place=torch.as_tensor(place, dtype=torch.float64))


def test_low_noise_animals_are_named_and_probabilities_can_be_believed(herd):
    right, sure = [], []
    for animal in herd.tested:
        names, probability = herd.answered(animal)
        right.append(names == herd.true[animal.row])
        sure.append(probability)
    right, sure = np.concatenate(right), np.concatenate(sure)
    assert right.mean() >= 0.97
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    error = sum(
        abs(right[bins == spot].sum() - sure[bins == spot].sum()) for spot in np.unique(bins)
    )
    assert error / len(right) <= 0.05
    assert sure[~right].mean() < sure[right].mean() - 0.1


def test_handedness_is_found_without_labels(herd):
    signs = [herd.sign[animal.lab] for animal in herd.training]
    assert herd.mirror.tolist() == signs
    hands = run.learn_handedness(herd.training, herd.aligned, herd.mirror)
    assert hands.slope > 0
    results = [herd.aligner.align(animal.blind()) for animal in herd.tested]
    found = run.decide(hands, herd.tested, results)
    expected = [herd.sign[animal.lab] for animal in herd.tested]
    assert found["chosen"].tolist() == expected
    stated = [dataclasses.replace(animal, handedness=-1) for animal in herd.tested]
    against = run.decide(hands, stated, results)
    assert set(against["chosen"]) == {-1} and set(against["source"]) == {"stated"}
    labels = run.handedness_of_labels(herd.aligner, herd.tested)
    assert labels.tolist() == expected
    labels[0] = 0  # labels that decide nothing overrule nothing
    oracle = run.told(against, labels)
    assert oracle["chosen"].tolist() == [-1, *expected[1:]]
    assert oracle["source"].tolist() == ["stated"] + ["labels"] * (len(expected) - 1)
    assert run.told(found.assign(doubtful=1), labels)["doubtful"].sum() == 1
    blind = run.handedness_of_labels(herd.aligner, [animal.blind() for animal in herd.tested])
    assert not blind.any()


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 10**6),
    st.booleans(),
    st.sampled_from([1e-3, 1.0, 1e3]),
    st.floats(-500, 500),
)
def test_names_do_not_depend_on_the_frame(herd, seed, flip, unit, far):
    animal = herd.tested[seed % len(herd.tested)]
    sign = herd.sign[animal.lab]
    frame = Rotation.random(random_state=seed).as_matrix()
    if flip:
        frame[:, 0] *= -1
    place = unit * (animal.place.numpy() @ frame.T + [far, -far, far / 2])
    # what `animals` does to any table
    turned = moved(animal, in_micrometres(torch.from_numpy(place)))
    assert (herd.names(turned, -sign if flip else sign) == herd.names(animal)).all()


def test_names_do_not_depend_on_the_order_of_neurons(herd):
    animal = herd.tested[0]
    order = np.random.default_rng(0).permutation(len(animal.row))
    assert (herd.names(some_of(animal, order)) == herd.names(animal)[order]).all()


def test_a_table_in_another_unit_gives_the_same_animals():
    neurons = table()
    neurons = neurons[neurons["worm"].eq(neurons["worm"].iloc[0])]
    there = animals(neurons, COLOUR)[0].place
    for unit in (1e3, 1e-3):
        scaled = neurons.assign(**{axis: unit * neurons[axis] for axis in ("xr", "yr", "zr")})
        np.testing.assert_allclose(animals(scaled, COLOUR)[0].place, there, rtol=1e-12)


def test_losing_neurons_costs_little(herd):
    for seed, animal in enumerate(herd.tested):
        rng = np.random.default_rng(seed)
        kept = np.sort(rng.permutation(len(animal.row))[: round(0.7 * len(animal.row))])
        assert accuracy(herd, some_of(animal, kept)) > accuracy(herd, animal) - TOLERATED


def test_spurious_neurons_cost_little(herd):
    for seed, animal in enumerate(herd.tested):
        rng = np.random.default_rng(seed)
        count = round(0.2 * len(animal.row))
        low, high = animal.place.amin(0).numpy(), animal.place.amax(0).numpy()
        crowded = dataclasses.replace(
            animal,
            row=np.append(animal.row, np.full(count, -1)),
            place=torch.cat([animal.place, torch.from_numpy(rng.uniform(low, high, (count, 3)))]),
            cue=torch.cat([animal.cue, torch.from_numpy(rng.normal(size=(count, 3)))]),
            label=np.append(animal.label, np.full(count, "")),
        )
        assert accuracy(herd, crowded) > accuracy(herd, animal) - TOLERATED


def odd(kind: str, animal: Animal) -> Animal:
    """An animal such as occurs in practice once in a while."""
    place, cue, count = animal.place.clone(), animal.cue, len(animal.row)
    if kind.isdecimal():
        rng = np.random.default_rng(0)
        rows = np.resize(np.arange(count), int(kind))
        some = some_of(animal, rows)
        return moved(some, some.place + torch.from_numpy(rng.normal(0, 2, some.place.shape)))
    if kind == "flat":
        place[:, 2] = 0
    if kind == "line":
        place[:, 1:] = 0
    if kind == "point":
        place[:] = 5
    if kind == "one colour":
        cue = torch.zeros_like(cue)
    if kind == "strange colour":
        cue = torch.full_like(cue, 40.0)
    if kind == "no colour":
        cue = torch.full_like(cue, torch.nan)
    return dataclasses.replace(animal, place=place, cue=cue)


@pytest.mark.parametrize(
    "kind",
    ["1", "2", "3", "400", "flat", "line", "point", "one colour", "strange colour", "no colour"],
)
def test_odd_animals_get_finite_answers(herd, kind):
    animal = odd(kind, herd.tested[0])
    found = herd.aligner.align(animal.blind())
    assert np.isfinite(found.evidence)
    for sign in (1.0, -1.0):
        assert found.place[sign].isfinite().all() and found.log[sign].isfinite().all()
        assert np.isfinite(found.score[sign])
        for calibration in (Calibration(), herd.calibration):
            share = calibration.probabilities(found.log[sign])
            assert share.isfinite().all() and (share.sum(1) <= 1 + 1e-6).all()
            assert (share.sum(0) <= 1 + 1e-6).all()
        reply = answer(share)
        assert (reply.best >= 0).all() and np.isfinite(reply.probability).all()
        given = reply.best[reply.assigned, 0]
        assert 0 < len(given) == len(set(given))


@pytest.mark.parametrize("kind", ["flat", "point"])
def test_without_depth_there_is_no_evidence_of_handedness(herd, kind):
    found = herd.aligner.align(odd(kind, herd.tested[0]).blind())
    np.testing.assert_allclose(found.score[1.0], found.score[-1.0], atol=1e-3)


def test_a_flat_animal_is_still_named_better_than_by_chance(herd):
    animal = odd("flat", herd.tested[0])
    assert accuracy(herd, animal) > 0.3


def test_colour_that_is_missing_costs_less_than_colour_that_deceives(herd):
    animal = herd.tested[0]
    shuffled = dataclasses.replace(animal, cue=animal.cue.flip(0))
    blind = accuracy(herd, odd("no colour", animal))
    assert accuracy(herd, shuffled) < blind < accuracy(herd, animal)


def test_one_training_animal_and_odd_ones_beside_it_are_enough(herd):
    first = herd.training[0]
    for some in ([first], [first, odd("3", herd.training[1]), odd("point", herd.training[2])]):
        aligner, aligned, mirror = align.fit(some, "pose")
        assert mirror.tolist() == [herd.mirror[0], *[0] * (len(some) - 1)]
        assert len(aligned) == len(some)
        assert aligner.atlas.names == tuple(sorted(set(first.label) - {""}))
        log = aligner.align(herd.tested[0].blind()).log
        assert all(part.isfinite().all() for part in log.values())


def test_labels_are_not_looked_at(herd):
    animal = herd.tested[1]
    absurd = dataclasses.replace(animal, label=np.roll(animal.label, 7))
    there, back = herd.aligner.align(animal), herd.aligner.align(absurd)
    for sign in (1.0, -1.0):
        assert torch.equal(there.place[sign], back.place[sign])
        assert torch.equal(there.log[sign], back.log[sign])
    assert there.evidence == back.evidence


def test_rounds_of_alignment_keep_the_size_of_the_atlas(herd):
    """Positions of named neurons alone, where a map that may shrink for nothing loses a fifth."""
    some = []
    for animal in herd.training:
        named = torch.from_numpy(animal.label != "")
        some.append(
            dataclasses.replace(
                animal,
                row=animal.row[named.numpy()],
                place=animal.place[named],
                cue=animal.cue[named][:, :0],
                label=animal.label[named.numpy()],
            )
        )
    places, labels = [animal.place for animal in some], [animal.label for animal in some]
    laid, _ = body_axes.lay_over(places, labels)
    before = Atlas.fit(laid, [animal.cue for animal in some], labels)
    aligner, _, _ = align.fit(some, "nonrigid", cross_fit=False)
    assert aligner.atlas.names == before.names
    ratio = aligner.atlas.place.mean.std(0) / before.place.mean.std(0)
    assert (ratio - 1).abs().max() < 0.05
