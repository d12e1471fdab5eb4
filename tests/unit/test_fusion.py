"""The fusion networks: shapes, height, and sharpness where a neuron is one cell."""

import math

import pytest
import torch

from chromapal.colorizers.networks.fusion import Fusion
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
def test_one_grid_alone_trains(dense, bf16):
    network = Fusion(18, 8, dense).train()
    with guarded("bf16"), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        output = network(torch.rand(1, 2, 8, 8), torch.zeros(1, 1))
    assert len(output) == 1
    output.sum().backward()
    assert network.encoder.conv1.weight.grad.isfinite().all()
