"""The context network: its gradients written out, XOR, its windows, and its rounds."""

import itertools

import numpy as np
import pytest
import torch

from chromapal.colorizers import context_mlp
from chromapal.colorizers.networks.context import Context, SigmoidLayers
from chromapal.prepare import windows as windows_module
from chromapal.prepare.images import ImageSamples
from chromapal.prepare.windows import WindowBatch, WindowSamples, windows
from chromapal.training import loop

DECAY = 1e-4
SIZES = (25, 8, 4, 3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def unpack(flat):
    """Split a vector into each layer's weights (outputs, inputs) and biases (outputs,)."""
    layers, at = [], 0
    for inputs, outputs in itertools.pairwise(SIZES):
        weight = flat[at : at + inputs * outputs].reshape(outputs, inputs)
        at += inputs * outputs
        layers.append((weight, flat[at : at + outputs]))
        at += outputs
    return layers


def cost(flat, x, target):
    """J = (sum of squared errors + DECAY * sum of squared weights) / (2 m)."""
    layers = unpack(flat)
    for weight, bias in layers:
        x = sigmoid(x @ weight.T + bias)
    squares = sum((weight**2).sum() for weight, _ in layers)
    return (((x - target) ** 2).sum() + DECAY * squares) / (2 * len(target))


def backward(flat, x, target):
    """Return J's gradient by backpropagation."""
    layers, seen = unpack(flat), [x]
    for weight, bias in layers:
        seen.append(sigmoid(seen[-1] @ weight.T + bias))
    slope = (seen[-1] - target) / len(target)
    parts = []
    for (weight, _), before, after in zip(
        reversed(layers), reversed(seen[:-1]), reversed(seen[1:]), strict=True
    ):
        slope = slope * after * (1 - after)
        parts += [slope.sum(axis=0), (slope.T @ before + DECAY * weight / len(target)).ravel()]
        slope = slope @ weight
    return np.concatenate(parts[::-1])


def complex_step(flat, x, target, step=1e-30):
    """Return J's gradient by derivatives that no difference makes inexact (Squire, Trapp 1998)."""
    found = np.empty_like(flat)
    for place in range(len(flat)):
        moved = flat.astype(complex)
        moved[place] += 1j * step
        found[place] = cost(moved, x, target).imag / step
    return found


def relative(one, two):
    return np.linalg.norm(one - two) / np.linalg.norm(one + two)


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    count = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(SIZES))
    return rng.normal(0, 0.7, count), rng.random((40, 25)), rng.random((40, 3))


def test_backpropagation_is_the_complex_step(problem):
    assert relative(backward(*problem), complex_step(*problem)) < 1e-11


def test_autograd_is_the_complex_step(problem):
    flat, x, target = problem
    network = Context(2, SIZES[1:-1], DECAY).double()
    for layer, (weight, bias) in zip(network.layers, unpack(flat), strict=True):
        layer.weight.data, layer.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
    batch = WindowBatch(torch.from_numpy(x), torch.from_numpy(target))
    output = network(*batch.inputs)
    total, weight = network.errors(output, batch)
    loss = total / weight
    assert loss.item() == pytest.approx(cost(*problem), rel=1e-14)
    loss.backward()
    slopes = [part.grad.ravel() for layer in network.layers for part in layer.parameters()]
    assert relative(torch.cat(slopes).numpy(), complex_step(*problem)) < 1e-11


def test_weights_are_not_held_against_a_network_that_is_validated(problem):
    _, x, target = problem
    network = Context(2, SIZES[1:-1], 1e3).double().eval()
    batch = WindowBatch(torch.from_numpy(x), torch.from_numpy(target))
    output = network(*batch.inputs).detach()
    total, weight = network.errors(output, batch)
    expected = np.square(output.numpy() - target).sum() / 2 / 40
    assert float(total / weight) == pytest.approx(expected)


def test_xor_is_learnt():
    # Two hidden units have minima that are none, which about every third start ends in.
    torch.manual_seed(1)
    network = SigmoidLayers([2, 2, 1]).double()
    x = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
    target = torch.tensor([[0], [1], [1], [0]], dtype=torch.float64)
    adam = torch.optim.Adam(network.parameters(), lr=0.2)
    for _ in range(6000):
        adam.zero_grad()
        loss = (network(x) - target).square().mean()
        loss.backward()
        adam.step()
    assert float((network(x) - target).detach().square().mean()) < 1e-6


@pytest.mark.parametrize("shape", [(6, 7), (1, 1), (1, 4)])
def test_windows_are_those_of_a_naive_loop(shape):
    gray = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    found = windows(torch.from_numpy(gray)[:, None], 2).numpy()
    assert found.shape == (2, 25, *shape)
    for image in range(2):
        for row in range(shape[0]):
            for column in range(shape[1]):
                expected = []
                for down in range(-2, 3):
                    for right in range(-2, 3):
                        y = min(max(row + down, 0), shape[0] - 1)
                        x = min(max(column + right, 0), shape[1] - 1)
                        expected.append(gray[image, y, x])
                assert found[image, :, row, column].tolist() == expected


def images(*sizes, seed=0) -> ImageSamples:
    """Return images whose pixels are all different."""
    rng = np.random.default_rng(seed)
    made = [rng.random((*size, 3), dtype=np.float32) for size in sizes]
    return ImageSamples([(rgb, rgb.mean(axis=2)) for rgb in made])


@pytest.mark.parametrize("pool", [1, 30, 1 << 18])
@pytest.mark.parametrize("seed", [None, 3])
def test_every_pixel_is_met_once_with_its_own_window(pool, seed, monkeypatch):
    monkeypatch.setattr(windows_module, "POOL", pool)
    given = images((4, 5), (3, 3), (6, 1))
    batches = list(WindowSamples(given, 1).epoch(8, seed=seed))
    assert [len(batch.rgb) for batch in batches] == [8, 8, 8, 8, 3]
    met = torch.cat([batch.rgb for batch in batches])
    straight = np.concatenate([rgb.reshape(-1, 3) for rgb, _ in given.images])
    assert sorted(met.tolist()) == sorted(straight.tolist())
    assert (met.tolist() == straight.tolist()) == (seed is None)
    around = torch.cat([batch.window for batch in batches])
    torch.testing.assert_close(around[:, 4], met.mean(dim=1))


def test_one_seed_gives_one_order():
    given = WindowSamples(images((4, 5), (3, 3)), 1)
    one, two, other = ([batch.rgb for batch in given.epoch(8, seed=s)] for s in (1, 1, 2))
    assert all(map(torch.equal, one, two))
    assert not all(map(torch.equal, one, other))


SHORT = context_mlp.Params(epochs=40, batch=16, patience=2, rounds=3, learning_rate=0.5)


def fit(checkpoint=None):
    model = context_mlp.build(SHORT)
    history = model.fit(images((5, 5)), images((4, 4), seed=1), 0, "cpu", 1, checkpoint, "fp32")
    return model.network.state_dict(), history


def test_rounds_have_a_tenth_of_the_rate_and_the_best_weights_are_kept():
    _, history = fit()
    rates = history["learning_rate"].drop_duplicates()
    np.testing.assert_allclose(rates, [0.5, 0.05, 0.005])
    assert history["epoch"].tolist() == list(range(len(history)))
    assert history["step"].tolist() == [2 * (epoch + 1) for epoch in range(len(history))]
    for _, part in history.groupby("learning_rate"):
        losses = part["validation_loss"].tolist()
        assert losses.index(min(losses)) == len(losses) - 1 - SHORT.patience
    model = context_mlp.build(SHORT)
    model.fit(images((5, 5)), images((4, 4), seed=1), 0, "cpu", precision="fp32")
    validation = images((4, 4), seed=1)
    (found,), (truth, _) = model.predict(validation), validation.images[0]
    loss = np.square(found - truth).sum(axis=2).mean() / 2
    assert loss == pytest.approx(history["validation_loss"].min(), rel=1e-4)


class Killed(Exception):
    """Stands for the end of the process."""


def test_a_round_that_was_killed_ends_as_if_uninterrupted(tmp_path, monkeypatch):
    whole = fit()
    last = whole[1]["learning_rate"].min()
    original = loop.Task.training_step

    def killed(self, batch, index):
        if self.recipe.learning_rate == last and self.step == 3:
            raise Killed
        return original(self, batch, index)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        patch.setattr(loop.Task, "training_step", killed)
        with pytest.raises(Killed):
            fit(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    again = fit(tmp_path)
    assert again[1].equals(whole[1])
    for name, value in whole[0].items():
        assert torch.equal(value, again[0][name]), name
