"""The fusion networks: shapes, height, and sharpness where a neuron is one cell."""

import math

import pytest
import torch
from torch import nn

from chromapal.colorizers.networks.fusion import Fusion, NeuronColour, located
from chromapal.colorizers.networks.resnet import ResNet
from chromapal.training.precision import guarded


@pytest.mark.parametrize("grid", [1, 7, 33, 64])
def test_features_of_every_stage(grid):
    features = ResNet(18, 2).eval()(torch.zeros(2, 2, grid, grid))
    expected = [
        (2, width, *[math.ceil(grid / 2**halvings)] * 2)
        for width, halvings in ((64, 1), (64, 2), (128, 3), (256, 4), (512, 5))
    ]
    assert [tuple(each.shape) for each in features] == expected


@pytest.mark.parametrize("grid", [1, 7, 33])
def test_a_map_has_the_grids_size_and_an_average_none(grid):
    x, z = torch.zeros(2, 2, grid, grid), torch.zeros(2, 1)
    assert Fusion(18, 8, dense=True).eval()(x, z).shape == (2, 3, grid, grid)
    assert Fusion(18, 8, dense=False).eval()(x, z).shape == (2, 3)


@pytest.mark.parametrize("dense", [False, True])
def test_height_changes_colour(dense):
    torch.manual_seed(0)
    network = Fusion(18, 8, dense).eval()
    x = torch.rand(1, 2, 32, 32)
    low, high = network(x, torch.zeros(1, 1)), network(x, torch.ones(1, 1))
    assert not torch.equal(low, high)


def test_a_neurons_own_gray_decides_most_at_its_cell():
    torch.manual_seed(0)
    network = Fusion(18, 8, dense=True).eval()
    x = torch.zeros(1, 2, 33, 33)
    x[0, :, 16, 16] = 1
    x.requires_grad_()
    network(x, torch.zeros(1, 1))[0, :, 16, 16].sum().backward()
    slope = x.grad[0, 0].abs()
    assert slope.argmax() == 16 * 33 + 16
    # and a neighbour's gray is not ignored
    assert slope[20, 20] > 0


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("body", [False, True])
def test_one_grid_alone_trains(body, dense, bf16):
    network = Fusion(18, 8, dense, body).train()
    with guarded("bf16"), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        output = network(torch.rand(1, network.channels, 8, 8), torch.zeros(1, 1))
    assert len(output) == 1
    output.sum().backward()
    assert network.encoder.conv1.weight.grad.isfinite().all()


def body_grid(grid: int, at: tuple[int, int], position: tuple[float, float, float]):
    x = torch.zeros(1, 5, grid, grid)
    x[0, :2, *at] = 1
    x[0, 2:, *at] = torch.tensor(position)
    return x


@pytest.mark.parametrize("dense", [False, True])
def test_in_body_axes_positions_within_a_cell_have_colours_of_their_own(dense):
    torch.manual_seed(0)
    network = Fusion(18, 8, dense, body=True).eval()
    assert network.channels == 5
    z = torch.zeros(1, 1)
    found = [
        network(body_grid(32, (9, 4), (-0.3, left, 0.1)), z).flatten(1) for left in (0.20, 0.21)
    ]
    assert found[0].shape == (1, 3 * 32 * 32 if dense else 3)
    assert not torch.allclose(*found, atol=1e-4)


def test_cells_say_where_they_lie_by_hand():
    found = located(torch.full((1, 1, 2, 2), 9.0))[0]
    # u runs along columns, v along rows
    expected = [[[9, 9], [9, 9]], [[-0.25, 0.25], [-0.25, 0.25]], [[-0.25, -0.25], [0.25, 0.25]]]
    assert found.tolist() == expected


def test_waves_by_hand():
    layer = NeuronColour(features=1, z_width=1)
    layer.layers = nn.Identity()
    neuron = torch.tensor([[0.7, 0.8, -0.25, 0.0, 0.5]])
    inputs = layer(torch.tensor([[0.9]]), neuron, torch.tensor([[0.6]]))
    # half waves along u: of .25, the sine of 45, 90, 180, 360 ... degrees
    expected = [math.sqrt(0.5), 1, 0, 0, 0, 0]
    torch.testing.assert_close(inputs[0][6:12], torch.tensor(expected), atol=1e-5, rtol=0)
    # the cosine along w: of 1, 180 degrees, and then whole turns
    cosine = [-1, 1, 1, 1, 1, 1]
    torch.testing.assert_close(inputs[0][36:42], torch.tensor(cosine).float(), atol=1e-5, rtol=0)
    assert inputs[0][[0, -1]].tolist() == pytest.approx([0.9, 0.6])
