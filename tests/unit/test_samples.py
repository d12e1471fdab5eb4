from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.errors import InputError
from chromapal.prepare.grid import cells
from chromapal.prepare.samples import Batch, Samples


def table(zr, worm=None, lab="A", seed=0):
    rng = np.random.default_rng(seed)
    zr = np.asarray(zr, dtype=float)
    worm = np.zeros(len(zr), dtype=int) if worm is None else np.asarray(worm)
    random = rng.random((8, len(zr)))
    columns = dict(zip(("u", "v", "w", "gray", "weight_n", "r", "g", "b"), random, strict=True))
    return pd.DataFrame({"lab": lab, "worm": worm.astype(str), "zr": zr, "weight": 1.0, **columns})


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(getattr(first, f.name), getattr(second, f.name)) for f in fields(Batch))


def slabs_of(samples, **options):
    """Which neurons share a slab, and the slab's auxiliary z."""
    found = {}
    for batch in samples.epoch(2, **options):
        for index in batch.sample.unique().tolist():
            members = frozenset(batch.neuron[batch.sample == index].tolist())
            found[members] = batch.z[index].item()
    return found


def test_neuron_samples_light_one_cell_each():
    neurons = table(np.zeros(5))
    samples = Samples.from_neurons(neurons, "neuron", grid=4)
    assert len(samples) == 5
    batches = list(samples.epoch(2))
    assert [len(batch.z) for batch in batches] == [2, 2, 1]
    grids = torch.cat([batch.grid for batch in batches])
    assert grids.shape == (5, 2, 4, 4) and grids.dtype == torch.float32
    for i in range(5):
        row, column = int(neurons["v"][i] * 4), int(neurons["u"][i] * 4)
        expected = np.zeros((2, 4, 4))
        expected[:, row, column] = neurons["gray"][i], neurons["weight_n"][i]
        np.testing.assert_allclose(grids[i], expected, rtol=1e-6)
    z = torch.cat([batch.z for batch in batches])
    np.testing.assert_allclose(z[:, 0], neurons["w"], rtol=1e-6)


def test_slabs_by_hand():
    # worm 0 spans 5..25 um: slabs from 5, 13, 21; worm 1 has neurons in its 1st and 3rd slab only
    neurons = table([13.0, 5.0, 12.9, 25.0, 0.0, 16.0], worm=[0, 0, 0, 0, 1, 1])
    samples = Samples.from_neurons(neurons, "worm", grid=8, slab_um=8.0)
    assert len(samples) == 5
    expected = {
        frozenset({1, 2}): 4 / 20,
        frozenset({0}): 12 / 20,
        frozenset({3}): 1.0,  # the centre at 20 um is the very top
        frozenset({4}): 4 / 16,
        frozenset({5}): 1.0,  # the centre at 20 um lies above the worm, 16 um high
    }
    assert slabs_of(samples) == pytest.approx(expected)


def test_slabs_that_begin_lower_by_hand():
    # slabs from 2, 10, 18: their centres lie 1, 9 and 17 um above the lowest neuron, which is at 5
    neurons = table([13.0, 5.0, 9.9, 25.0])
    samples = Samples.from_neurons(neurons, "worm", grid=8, slab_um=8.0)
    expected = {frozenset({1, 2}): 1 / 20, frozenset({0}): 9 / 20, frozenset({3}): 17 / 20}
    assert slabs_of(samples, below_um=3.0) == pytest.approx(expected)
    # a whole slab lower is the same slabs again
    assert slabs_of(samples, below_um=8.0) == pytest.approx(slabs_of(samples))


def test_flat_worm_is_one_slab_in_the_middle():
    samples = Samples.from_neurons(table([7.0, 7.0, 7.0]), "worm", grid=8)
    assert slabs_of(samples) == {frozenset({0, 1, 2}): 0.5}
    assert slabs_of(samples, seed=3) == {frozenset({0, 1, 2}): 0.5}


def test_worms_of_one_name_in_two_laboratories_are_two():
    neurons = pd.concat([table([1.0, 2.0]), table([1.0], lab="B")], ignore_index=True)
    samples = Samples.from_neurons(neurons, "worm", grid=8)
    assert set(slabs_of(samples)) == {frozenset({0, 1}), frozenset({2})}


def test_neighbours_share_the_grid_and_colour_is_read_at_each_cell():
    neurons = table([0.0, 1.0, 2.0]).assign(
        u=[0.1, 0.1, 0.9], v=[0.1, 0.1, 0.9], gray=[1.0, 0.0, 0.5], weight=[3.0, 1.0, 2.0]
    )
    (batch,) = Samples.from_neurons(neurons, "worm", grid=2).epoch(8)
    assert batch.sample.tolist() == [0, 0, 0] and batch.cell.tolist() == [0, 0, 3]
    np.testing.assert_allclose(batch.grid[0, 0], [[0.75, 0], [0, 0.5]])
    np.testing.assert_allclose(batch.target, neurons[["r", "g", "b"]], rtol=1e-6)


@settings(deadline=None, max_examples=60)
@given(
    heights=st.lists(st.tuples(st.integers(0, 3), st.floats(-50, 50)), min_size=1, max_size=40),
    kind=st.sampled_from(["neuron", "worm"]),
    batch_size=st.integers(1, 7),
    seed=st.none() | st.integers(0, 99),
    augment=st.booleans(),
)
def test_every_neuron_is_in_exactly_one_batch(heights, kind, batch_size, seed, augment):
    worm, zr = zip(*heights, strict=True)
    neurons = table(zr, worm)
    samples = Samples.from_neurons(neurons, kind, grid=5, slab_um=6.0)
    batches = list(samples.epoch(batch_size, seed=seed, augment=augment))
    seen = torch.cat([batch.neuron for batch in batches])
    assert sorted(seen.tolist()) == list(range(len(neurons)))
    sizes = [len(batch.z) for batch in batches]
    assert all(size == batch_size for size in sizes[:-1]) and 1 <= sizes[-1] <= batch_size
    if seed is None or kind == "neuron":
        assert sum(sizes) == len(samples)
    for batch in batches:
        assert set(batch.sample.tolist()) == set(range(len(batch.z)))  # no empty sample
        rows = batch.neuron.numpy()
        np.testing.assert_allclose(batch.target, neurons[["r", "g", "b"]].iloc[rows], rtol=1e-6)
        assert ((batch.z >= 0) & (batch.z <= 1)).all()
        for index in range(len(batch.z)):
            members = rows[batch.sample.numpy() == index]
            assert neurons["worm"].iloc[members].nunique() == 1
            assert np.ptp(neurons["zr"].iloc[members]) <= 6.0
            lit = batch.grid[index, 0].reshape(-1).nonzero()[:, 0]
            assert set(lit.tolist()) == set(batch.cell[batch.sample == index].tolist())


@pytest.mark.parametrize("kind", ["neuron", "worm"])
def test_a_seed_gives_the_same_batches_and_another_gives_others(kind):
    neurons = table(np.linspace(0, 40, 60), worm=np.arange(60) % 3)
    samples = Samples.from_neurons(neurons, kind, grid=8)
    first, again, other = (
        list(samples.epoch(4, seed=seed, augment=True)) for seed in ([1, 2], [1, 2], [1, 3])
    )
    assert len(first) == len(again) and all(map(same, first, again))
    assert not all(map(same, first, other))
    assert all(map(same, samples.epoch(4), samples.epoch(4)))


def test_auxiliary_z_stays_with_its_sample_when_shuffled():
    neurons = table(np.arange(40.0))
    for batch in Samples.from_neurons(neurons, "neuron", grid=8).epoch(8, seed=0):
        expected = neurons["w"].iloc[batch.neuron[batch.sample.argsort()].numpy()]
        np.testing.assert_allclose(batch.z[:, 0], expected, rtol=1e-6)
    samples = Samples.from_neurons(neurons, "worm", grid=8, slab_um=8.0)
    for seed in range(10):
        for batch in samples.epoch(2, seed=seed):
            # every neuron lies within half a slab of the centre of its own
            centre = batch.z[batch.sample, 0].numpy() * 39
            assert (np.abs(centre - neurons["zr"].iloc[batch.neuron]) <= 4 + 1e-5).all()


def test_slab_borders_move_with_the_seed():
    samples = Samples.from_neurons(table(np.linspace(0, 40, 60)), "worm", grid=8)
    assert len({frozenset(slabs_of(samples, seed=seed)) for seed in range(10)}) > 5


def test_mirroring_flips_whole_samples_of_worms_only():
    neurons = table(np.repeat(np.arange(40) * 10.0, 3))
    u, v = (torch.tensor(neurons[axis].to_numpy(dtype=np.float32)) for axis in "uv")
    ways = [cells(a, b, 8) for a in (u, 1 - u) for b in (v, 1 - v)]
    samples = Samples.from_neurons(neurons, "worm", grid=8)
    used = set()
    for batch in samples.epoch(8, seed=0, augment=True):
        for index in range(len(batch.z)):
            rows = batch.neuron[batch.sample == index]
            found = batch.cell[batch.sample == index]
            fits = [way for way in range(4) if torch.equal(ways[way][rows], found)]
            assert fits
            used.update(fits)
    assert used == {0, 1, 2, 3}
    for kind, augment in (("worm", False), ("neuron", True)):
        for batch in Samples.from_neurons(neurons, kind, 8).epoch(8, seed=0, augment=augment):
            assert torch.equal(batch.cell, ways[0][batch.neuron])


def test_loss_weights_and_unknown_colours_come_through():
    neurons = table(np.zeros(3)).assign(r=[np.nan, 0.1, 0.2])
    samples = Samples.from_neurons(neurons, "neuron", 4, loss_weights=[1.0, 2.0, 3.0])
    (batch,) = samples.epoch(4)
    assert batch.loss_weight.tolist() == [1, 2, 3]
    assert batch.target[:, 0].isnan().tolist() == [True, False, False]
    (batch,) = Samples.from_neurons(neurons, "neuron", 4).epoch(4)
    assert batch.loss_weight.tolist() == [1, 1, 1]


def test_synthetic_neurons_need_no_worm():
    neurons = table(np.zeros(3)).drop(columns=["lab", "worm", "zr"])
    assert len(Samples.from_neurons(neurons, "neuron", 4)) == 3


@pytest.mark.parametrize(
    ("kind", "grid", "slab_um", "key"),
    [("row", 4, 8.0, "samples"), ("worm", 0, 8.0, "grids"), ("worm", 4, 0.0, "slab_um")],
)
def test_wrong_choices_name_the_key(kind, grid, slab_um, key):
    with pytest.raises(InputError, match=f"config key '{key}'"):
        Samples.from_neurons(table([0.0]), kind, grid, slab_um)


EXTENT = (100.0, 20.0, 40.0)  # um, along posterior, dorsal and left
STILL = {"TURN_RAD": 0.0, "STRETCH": 0.0, "SHIFT_UM": 0.0, "JITTER_UM": 0.0}


def positions(samples, **options):
    """Every neuron's position as the network is given it, in the neurons' order."""
    found = np.full((len(samples.u), 3), np.nan)
    for batch in samples.epoch(3, **options):
        cell = batch.grid.flatten(2)[batch.sample, 2:, batch.cell]
        found[batch.neuron.numpy()] = cell.numpy() + 0.5
    return found


@pytest.mark.parametrize("kind", ["neuron", "worm"])
def test_grids_in_body_axes_hold_positions_within_cells(kind):
    neurons = table(np.zeros(5), worm=[0, 0, 1, 1, 1])
    samples = Samples.from_neurons(neurons, kind, grid=64, extent_um=EXTENT)
    expected = neurons[["u", "v", "w"]]
    np.testing.assert_allclose(positions(samples), expected, rtol=1e-5)
    # and lie in the cells of those positions
    batch = next(samples.epoch(99))
    there = cells(*torch.tensor(expected[["u", "v"]].to_numpy(np.float32)).T, 64)
    assert batch.cell.tolist() == there[batch.neuron].tolist()


def test_slabs_in_body_axes_are_counted_from_the_border_of_the_grid():
    # 40 um along left: slabs of 8 um end at .2, .4, ...; both worms' are the same
    neurons = table(np.zeros(5), worm=[0, 0, 0, 1, 1]).assign(w=[0.05, 0.19, 0.21, 0.5, 1.0])
    samples = Samples.from_neurons(neurons, "worm", grid=8, slab_um=8.0, extent_um=EXTENT)
    assert len(samples) == 4
    expected = {
        frozenset({0, 1}): 4 / 40,
        frozenset({2}): 12 / 40,
        frozenset({3}): 20 / 40,
        frozenset({4}): 1.0,  # at the upper border begins one more
    }
    assert slabs_of(samples) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["neuron", "worm"])
def test_a_worm_in_body_axes_is_moved_for_training_only_and_not_mirrored(kind, monkeypatch):
    neurons = table(np.zeros(40), worm=np.arange(40) % 2)
    samples = Samples.from_neurons(neurons, kind, grid=64, extent_um=EXTENT)
    recorded = neurons[["u", "v", "w"]].to_numpy()
    np.testing.assert_allclose(positions(samples, augment=True), recorded, rtol=1e-5)
    np.testing.assert_allclose(positions(samples, seed=1), recorded, rtol=1e-5)
    moved = [positions(samples, seed=seed, augment=True) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(moved[0], moved[1])
    assert not np.allclose(moved[0], moved[2], atol=1e-3)
    off = np.abs(moved[0] - recorded) * EXTENT
    # a few micrometres, where a mirror image would be tens
    assert 0.1 < np.median(off) < 3 and off.max() < 12
    for name, value in STILL.items():
        monkeypatch.setattr(f"chromapal.prepare.moved.{name}", value)
    np.testing.assert_allclose(positions(samples, seed=1, augment=True), recorded, atol=1e-5)


@pytest.mark.parametrize("kind", ["neuron", "worm"])
@pytest.mark.parametrize("name", list(STILL))
def test_how_worms_are_moved(kind, name, monkeypatch):
    rng = np.random.default_rng(3)
    neurons = table(np.zeros(40), worm=np.arange(40) % 2)
    neurons[["u", "v", "w"]] = rng.uniform(0.3, 0.7, (40, 3))
    size = {"TURN_RAD": 0.01, "STRETCH": 0.05, "SHIFT_UM": 0.5, "JITTER_UM": 0.5}[name]
    for other, value in {**STILL, name: size}.items():
        monkeypatch.setattr(f"chromapal.prepare.moved.{other}", value)
    samples = Samples.from_neurons(neurons, kind, grid=512, extent_um=EXTENT)
    before = (neurons[["u", "v", "w"]].to_numpy() - 0.5) * EXTENT
    after = (positions(samples, seed=1, augment=True) - 0.5) * EXTENT
    off = after - before
    assert np.abs(off).max() > 0.01
    for rows in ([*range(0, 40, 2)], [*range(1, 40, 2)]):
        if name == "SHIFT_UM":
            spread = np.ptp(off[rows], axis=0).max()
            assert spread < 1e-3 if kind == "worm" else spread > 0.5
        elif name == "STRETCH" and kind == "worm":
            # every axis by a factor of its own, about the middle
            factor = after[rows] / before[rows]
            np.testing.assert_allclose(factor, np.broadcast_to(factor[0], factor.shape), rtol=2e-3)
            assert np.ptp(factor[0]) > 0.005
        elif name == "TURN_RAD":
            # a turn keeps the distance from the middle, but for terms of its square
            np.testing.assert_allclose(
                np.linalg.norm(after[rows], axis=1), np.linalg.norm(before[rows], axis=1), rtol=2e-3
            )
            assert np.abs(off[rows]).max() < 6 * size * 50
        else:
            assert np.ptp(off[rows], axis=0).min() > 0.01
