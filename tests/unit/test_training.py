"""The training loop: resumed is uninterrupted, limits hold, the best epoch is kept."""

import itertools
import logging
import os
import signal

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from chromapal.errors import InputError
from chromapal.prepare.samples import Batch, Samples
from chromapal.training import loop
from chromapal.training.device import Device
from chromapal.training.neural import NeuralColorizer
from chromapal.training.progress import Progress
from chromapal.training.reading import read_colours, squared_errors
from chromapal.training.task import Recipe, Task, averaged, calibrate

RECIPE = Recipe(
    epochs=5,
    steps=1000,
    batch=4,
    learning_rate=1e-2,
    weight_decay=1e-4,
    plateau_factor=0.1,
    plateau_patience=1,
    patience=10,
)


def recipe(**changes) -> Recipe:
    return Recipe(**{**vars(RECIPE), **changes})


class Small(nn.Module):
    """Everything that holds state: weights, running statistics, and random numbers."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.3), nn.Conv2d(4, 3, 1)
        )

    def forward(self, grid, z):
        return self.layers(grid) + z[:, :, None, None]


class Constant(nn.Module):
    """Answers the same whatever it learns."""

    def __init__(self):
        super().__init__()
        self.idle = nn.Parameter(torch.zeros(1))

    def forward(self, grid, z):
        return torch.full((len(grid), 3), 0.5) + 0 * self.idle


class Narrowing(nn.Module):
    """Halves a grid of 8 until there is one cell, and halves that once more."""

    def __init__(self):
        super().__init__()
        widths = (2, 8, 16, 32, 64, 64)
        self.layers = nn.Sequential(
            *(nn.Conv2d(*pair, 3, 2, 1) for pair in itertools.pairwise(widths)),
            nn.Flatten(),
            nn.Linear(widths[-1], 3),
        )

    def forward(self, grid, z):
        return self.layers(grid)


def samples(count: int = 18, seed: int = 0, kind: str = "worm") -> Samples:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.random((count, 3)), columns=["u", "v", "w"])
    table["lab"], table["zr"] = "A", 30 * table["w"]
    table["worm"] = np.where(np.arange(count) % 2, "a", "b")
    table["gray"] = rng.random(count)
    table["weight"] = table["weight_n"] = 1.0
    table["r"], table["g"], table["b"] = table["gray"], 1 - table["gray"], 0.5
    return Samples.from_neurons(table, kind, 8)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(params=["fp32", "bf16"])
def device(request) -> Device:
    return Device("cpu", request.param, 1)


@pytest.fixture
def train(device):
    def train(make=Small, checkpoint=None, seed=0, **changes):
        network, history = loop.train(
            make, recipe(**changes), samples(), samples(8, 1), seed, device, checkpoint
        )
        return network.state_dict(), history

    return train


def assert_same(one, two):
    assert one[0].keys() == two[0].keys()
    for name, value in one[0].items():
        assert torch.equal(value, two[0][name]), name
    pd.testing.assert_frame_equal(one[1], two[1], check_exact=True)


def batch_of(sample, cell, target, weight=None) -> Batch:
    count = len(sample)
    return Batch(
        grid=torch.zeros(2, 2, 2, 2),
        z=torch.zeros(2, 1),
        neuron=torch.arange(count),
        sample=torch.tensor(sample),
        cell=torch.tensor(cell),
        target=torch.tensor(target),
        loss_weight=torch.ones(count) if weight is None else torch.tensor(weight),
    )


def test_colours_are_read_off_at_a_neurons_own_cell():
    output = torch.arange(24.0).view(2, 3, 2, 2)
    batch = batch_of([1, 0, 1], [2, 3, 0], [[0.0] * 3] * 3)
    expected = [[14.0, 18.0, 22.0], [3.0, 7.0, 11.0], [12.0, 16.0, 20.0]]
    assert read_colours(output, batch).tolist() == expected


def test_one_colour_per_grid_goes_to_every_neuron_on_it():
    output = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    batch = batch_of([1, 0, 1], [2, 3, 0], [[0.0] * 3] * 3)
    assert read_colours(output, batch).tolist() == [[4, 5, 6], [1, 2, 3], [4, 5, 6]]


def test_errors_are_weighted_per_neuron():
    batch = batch_of([0, 1], [0, 0], [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], [3.0, 0.5])
    total, weight = squared_errors(torch.tensor([[1.0, 2.0, 1.0], [1.0, 1.0, 4.0]]), batch)
    assert float(total) == pytest.approx(3 * (1 + 4 + 1) / 3 + 0.5 * 9 / 3)
    assert float(weight) == 3.5


class Height(nn.Module):
    """Predicts the height of the slab, in every cell and colour."""

    channels = 2

    def forward(self, grid, z):
        return z[:, :, None, None].expand(-1, 3, *grid.shape[2:])


def test_a_prediction_is_the_mean_over_slabs_of_several_heights():
    # neurons 0, 5 and 20 um above the lowest: slabs of 8 um that begin 0, 2, 4 and 6 um lower
    rows = dict.fromkeys(("u", "v", "w", "gray", "weight_n", "r", "g", "b"), 0.5)
    heights = {"zr": [0.0, 5.0, 20.0], "lab": "A", "worm": "w"}
    table = pd.DataFrame({**heights, "weight": 1.0, **rows})
    model = NeuralColorizer("height", recipe(), True, Height)
    model.network = Height()
    found = model.predict(Samples.from_neurons(table, "worm", 4))
    # centres of the slabs, clipped to the worm: 4, 2, 0 and -2 um; 4, 2, 8, 6; 20, 18, 24, 22
    centres = [(4 + 2 + 0 + 0) / 4, (4 + 2 + 8 + 6) / 4, (20 + 18 + 20 + 20) / 4]
    expected = np.repeat(np.array(centres)[:, None] / 20, 3, axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_calibration_is_the_mean_over_batches():
    network = nn.Sequential(nn.BatchNorm2d(2)).eval()
    network[0].running_mean.fill_(9)
    batches = [batch_of([0], [0], [[0.0] * 3]) for _ in range(2)]
    batches[0].grid[:, 0] = 1
    batches[1].grid[:, 0, 0] = 6

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network

        def forward(self, grid, z):
            return self.inner(grid)

    wrapped = Wrapped().eval()
    calibrate(wrapped, batches)
    assert network[0].running_mean.tolist() == [2.0, 0.0]
    # batch one is constant; in batch two half of 8 values are 6: 9 * 8 / 7 without bias
    assert network[0].running_var.tolist() == pytest.approx([72 / 7 / 2, 0.0])
    assert network[0].momentum == 0.1
    assert not wrapped.training


class Killed(Exception):
    """Stands for the end of the process."""


def kill_at(monkeypatch, step: int):
    """End training at a step, in the middle of an epoch."""
    original = Task.training_step

    def training_step(self, batch, index):
        if self.step == step:
            raise Killed
        return original(self, batch, index)

    monkeypatch.setattr(Task, "training_step", training_step)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)


CYCLE = {"schedule": "one_cycle", "ema": 0.9, "steps": 21, "epoch_steps": 4}


@pytest.mark.parametrize("changes", [{}, CYCLE], ids=["plateau", "one cycle and ema"])
@pytest.mark.parametrize("step", [5, 7, 9])
def test_a_killed_training_ends_as_if_uninterrupted(
    train, step, changes, tmp_path, monkeypatch, caplog
):
    changes = {"epochs": 7, "plateau_patience": 0, **changes}
    whole = train(**changes)
    assert whole[1]["step"].max() > 15
    for killed_at in (step, step + 4):
        with monkeypatch.context() as patch:
            kill_at(patch, killed_at)
            with pytest.raises(Killed):
                train(**changes, checkpoint=tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".ckpt"]
    caplog.clear()
    with caplog.at_level(logging.INFO, "chromapal"):
        resumed = train(**changes, checkpoint=tmp_path)
    assert "resuming from" in caplog.text
    assert "epoch 1 of" not in caplog.text
    assert_same(resumed, whole)


def test_a_training_killed_after_it_decided_to_stop_does_not_go_on(train, tmp_path, monkeypatch):
    whole = train(Constant, patience=2, epochs=20)
    assert len(whole[1]) == 3

    def on_train_end(self, trainer, task):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "on_train_end", on_train_end)
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        with pytest.raises(Killed):
            train(Constant, patience=2, epochs=20, checkpoint=tmp_path)
    assert_same(train(Constant, patience=2, epochs=20, checkpoint=tmp_path), whole)


def test_a_training_killed_at_its_very_end_is_only_wrapped_up(train, tmp_path, monkeypatch):
    def on_train_end(self, trainer, task):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "on_train_end", on_train_end)
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        with pytest.raises(Killed):
            train(checkpoint=tmp_path)
    kill_at(monkeypatch, train()[1]["step"].max())
    assert_same(train(checkpoint=tmp_path), train())


def test_a_polite_kill_is_no_success(train, monkeypatch, caplog):
    original = Task.training_step

    def training_step(self, batch, index):
        if self.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, batch, index)

    monkeypatch.setattr(Task, "training_step", training_step)
    with pytest.raises(SystemExit) as end:
        train()
    assert end.value.code == 128 + signal.SIGTERM
    assert "terminated at step" in caplog.text


def test_a_checkpoint_of_another_seed_is_not_used(train, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        kill_at(patch, 7)
        with pytest.raises(Killed):
            train(checkpoint=tmp_path)
    assert_same(train(seed=1, checkpoint=tmp_path), train(seed=1))


def test_equal_seeds_repeat_and_others_differ(train):
    one = train()
    assert_same(train(), one)
    other = train(seed=1)[0]
    assert not torch.equal(other["layers.0.weight"], one[0]["layers.0.weight"])


def test_networks_that_narrow_to_a_cell_repeat(train):
    one = train(Narrowing, steps=8)
    assert np.isfinite(one[1]["validation_loss"]).all()
    for _ in range(3):
        assert_same(train(Narrowing, steps=8), one)


def test_the_limit_of_steps_ends_in_a_validated_epoch(train):
    _, history = train(steps=4, batch=3)
    assert history["step"].tolist() == [3, 4]
    assert np.isfinite(history["validation_loss"]).all()


def test_stops_and_slows_down_without_progress(train):
    _, history = train(Constant, patience=4, plateau_patience=1, epochs=50)
    # The first epoch is the best; the rate falls after more than one worse epoch.
    assert history["epoch"].tolist() == [0, 1, 2, 3, 4]
    assert history["learning_rate"].tolist() == pytest.approx([1e-2, 1e-2, 1e-2, 1e-3, 1e-3])


def test_one_cycle_rises_for_a_tenth_of_the_steps_and_falls_to_nothing(train):
    _, history = train(schedule="one_cycle", steps=40, epochs=50, batch=100)
    # an epoch is a step; noted is the rate that the next one has, the fourth of 40 the highest
    rate = history.set_index("step")["learning_rate"]
    assert len(rate) == 40
    assert rate.idxmax() == 3
    assert rate.max() == pytest.approx(1e-2)
    assert (rate.loc[3:39].diff().dropna() < 0).all()
    assert rate.iloc[-1] == rate.iloc[-2] < 1e-5


def test_an_epoch_of_few_samples_goes_over_them_again(train):
    _, short = train(epochs=2)
    once = short["step"].iloc[0]
    _, long = train(epochs=2, epoch_steps=2 * once + 1)
    assert long["step"].iloc[0] >= 2 * once + 1
    assert len(long) == 2
    assert_same(
        train(epochs=2, epoch_steps=2 * once + 1), train(epochs=2, epoch_steps=2 * once + 1)
    )
    # the limit of steps holds in the middle of a second pass
    _, limited = train(epochs=9, steps=once + 1, epoch_steps=100)
    assert limited["step"].tolist() == [once + 1]


def test_averaged_weights_by_hand():
    weight = nn.Linear(1, 1, bias=False)
    average = averaged(weight, 0.5)
    for value in (4.0, 8.0, 0.0, 1.0):
        nn.init.constant_(weight.weight, value)
        average.update_parameters(weight)
    # the first is taken as it is, then shares 2/11, 3/12 and 4/13 of what there was are kept
    expected = 4 / 13 * (3 / 12 * (2 / 11 * 4 + 9 / 11 * 8) + 9 / 12 * 0) + 9 / 13 * 1
    assert average.module.weight.item() == pytest.approx(expected)


def test_the_average_is_validated_and_kept(train):
    plain, mean = train(steps=1), train(steps=1, ema=0.9)
    # of one step the average is the weights themselves
    assert_same(plain, mean)
    plain, mean = train(), train(ema=0.9)
    pd.testing.assert_series_equal(plain[1]["train_loss"], mean[1]["train_loss"])
    assert (plain[1]["validation_loss"] != mean[1]["validation_loss"]).any()


def test_validation_loss_is_of_all_neurons_and_the_best_epoch_is_kept(device):
    validation = samples(8, 1)
    # A rate at which the loss goes up again.
    network, history = loop.train(
        Small, recipe(learning_rate=0.3, epochs=6), samples(), validation, 0, device
    )
    assert history["validation_loss"].idxmin() < len(history) - 1
    errors = []
    with torch.no_grad():
        for batch in validation.epoch(3):
            found = read_colours(network(batch.grid, batch.z), batch)
            errors.append(np.square(found.numpy() - batch.target.numpy()))
    # Here in fp32, whatever it was trained in.
    rel = {"fp32": 1e-6, "bf16": 1e-2}[device.precision]
    lowest = history["validation_loss"].min()
    assert np.concatenate(errors).mean() == pytest.approx(lowest, rel=rel)


def test_neurons_of_weight_zero_teach_nothing(device):
    weighted, wrong = samples(), samples()
    for changed in (weighted, wrong):
        changed.loss_weight[::3] = 0
    wrong.target[::3] = 7
    states = [
        loop.train(Small, RECIPE, train_on, samples(8, 1), 0, device)[0].state_dict()
        for train_on in (weighted, wrong)
    ]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_a_loss_that_is_no_number_is_one_line(device):
    broken = samples(8, 1)
    broken.target[0] = np.nan
    with pytest.raises(InputError, match="learning_rate"):
        loop.train(Small, RECIPE, samples(), broken, 0, device)


def test_no_neuron_is_one_line(device):
    with pytest.raises(InputError, match="no neuron"):
        loop.train(Small, RECIPE, samples(), samples(0), 0, device)


def test_one_line_per_epoch_with_an_estimate(train, caplog):
    with caplog.at_level(logging.INFO, "chromapal"):
        train(epochs=3)
    lines = [line for line in caplog.messages if line.startswith("epoch")]
    assert len(lines) == 3
    assert "s a step" in lines[0]
    assert lines[-1].endswith("at most 0 s left")
