import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.prepare.grid import cells, scatter

GRIDS = st.integers(1, 9)
UNIT = st.floats(0, 1, width=32)
NEURON = st.tuples(
    st.integers(0, 2), UNIT, UNIT, st.floats(-3, 3, width=32), UNIT, st.sampled_from([0, 1, 2.5])
)


def arrays(neurons):
    sample, u, v, gray, other, weight = np.array(neurons, dtype=np.float32).reshape(-1, 6).T
    return (
        torch.from_numpy(sample.astype(np.int64)),
        torch.tensor(u),
        torch.tensor(v),
        torch.from_numpy(np.column_stack([gray, other])),
        torch.tensor(weight),
    )


def naive(sample, u, v, values, weights, samples, grid):
    held = {}
    for i in range(len(u)):
        row = min(int(np.floor(v[i].item() * grid)), grid - 1)
        column = min(int(np.floor(u[i].item() * grid)), grid - 1)
        held.setdefault((sample[i].item(), row, column), []).append(i)
    image = np.zeros((samples, 2, grid, grid))
    for (s, row, column), members in held.items():
        weight = weights[members].double().numpy()
        if weight.sum() == 0:
            weight = np.ones_like(weight)
        image[s, :, row, column] = np.average(values[members].double(), axis=0, weights=weight)
    return image


def test_cells_by_hand():
    # columns from u, rows from v, and the far edge belongs to the last cell
    assert cells([0.0, 0.49, 0.5, 1.0], [0.0, 1.0, 0.25, 0.5], 4).tolist() == [0, 13, 6, 11]


def test_scatter_by_hand():
    # two neurons share cell 3 of grid 0: (1 * 0.2 + 3 * 0.6) / 4 = 0.5; grid 1 holds one
    image = scatter(
        torch.tensor([3, 3, 0]),
        torch.tensor([0, 0, 1]),
        torch.tensor([[0.2, 1.0], [0.6, 0.0], [0.9, 0.5]]),
        torch.tensor([1.0, 3.0, 7.0]),
        samples=2,
        grid=2,
    )
    expected = np.zeros((2, 2, 2, 2))
    expected[0, :, 1, 1] = 0.5, 0.25
    expected[1, :, 0, 0] = 0.9, 0.5
    np.testing.assert_allclose(image, expected, atol=1e-7)
    assert image.is_contiguous(memory_format=torch.channels_last)


def test_scatter_counts_neurons_alike_where_a_cell_weighs_nothing():
    values = torch.tensor([[1.0], [2.0], [6.0]])
    image = scatter(torch.zeros(3).long(), torch.zeros(3).long(), values, torch.zeros(3), 1, 1)
    assert image.item() == pytest.approx(3.0)


@settings(deadline=None)
@given(st.lists(NEURON, max_size=25), GRIDS)
def test_scatter_is_the_naive_loop(neurons, grid):
    sample, u, v, values, weights = arrays(neurons)
    image = scatter(cells(u, v, grid), sample, values, weights, 3, grid)
    assert image.shape == (3, 2, grid, grid)
    np.testing.assert_allclose(image, naive(sample, u, v, values, weights, 3, grid), atol=2e-6)


@given(st.lists(NEURON, min_size=1, max_size=25), GRIDS, st.randoms(use_true_random=False))
def test_order_of_neurons_does_not_matter(neurons, grid, random):
    shuffled = random.sample(neurons, len(neurons))
    images = []
    for order in (neurons, shuffled):
        sample, u, v, values, weights = arrays(order)
        images.append(scatter(cells(u, v, grid), sample, values, weights, 3, grid))
    np.testing.assert_allclose(images[0], images[1], atol=2e-6)


@given(st.lists(NEURON, min_size=1, max_size=25), GRIDS)
def test_mass_is_kept(neurons, grid):
    # weighing every cell's mean by the weight that fell into it gives back the weighted sum
    sample, u, v, values, weights = arrays(neurons)
    weights = weights + 1
    cell = cells(u, v, grid)
    image = scatter(cell, sample, values, weights, 3, grid)
    mass = torch.zeros(3, grid * grid).index_put_((sample, cell), weights, accumulate=True)
    total = (image.reshape(3, 2, -1) * mass[:, None]).sum((0, 2))
    np.testing.assert_allclose(total, (values * weights[:, None]).sum(0), atol=1e-3)


@given(st.lists(st.tuples(UNIT, UNIT), min_size=1), GRIDS)
def test_cells_are_on_the_grid_and_mirror_with_it(places, grid):
    u, v = torch.tensor(places, dtype=torch.float32).T
    cell = cells(u, v, grid)
    assert ((cell >= 0) & (cell < grid * grid)).all()
    # a cell holds its positions: column / grid <= u <= (column + 1) / grid
    column, row = cell % grid, cell // grid
    for at, index in ((u, column), (v, row)):
        assert (at * grid >= index).all() and (at * grid <= index + 1).all()
