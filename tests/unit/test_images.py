"""Images as batches: every image once, none distorted, and as few read as can be."""

import numpy as np
import pytest
import torch

from chromapal.errors import InputError
from chromapal.prepare.images import ImageSamples
from chromapal.training import loop
from chromapal.training.device import Device
from chromapal.training.reading import network_errors
from chromapal.training.task import Objective, Recipe


class Counted:
    """A collection that makes its images when asked, and notes which were."""

    def __init__(self, sizes):
        self.sizes, self.asked = sizes, []

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, index):
        self.asked.append(index)
        rng = np.random.default_rng(index)
        rgb = rng.random((*self.sizes[index], 3), dtype=np.float32)
        return rgb, rgb.mean(axis=2)


MIXED = [(8, 9), (8, 9), (5, 3), (8, 9), (1, 1), (16, 4)]


def test_in_order_only_neighbours_of_one_size_share_a_batch():
    samples = ImageSamples(Counted(MIXED))
    assert len(samples) == 6
    batches = list(samples.epoch(8))
    assert [batch.image.tolist() for batch in batches] == [[0, 1], [2], [3], [4], [5]]
    for batch in batches:
        assert batch.mask.all()
        for place, index in enumerate(batch.image.tolist()):
            rgb, gray = samples.images[index]
            np.testing.assert_array_equal(batch.rgb[place].permute(1, 2, 0), rgb)
            np.testing.assert_array_equal(batch.gray[place, 0], gray)
    assert [len(batch.gray) for batch in ImageSamples(Counted([(4, 4)] * 5)).epoch(2)] == [
        2,
        2,
        1,
    ]


def test_shuffled_images_are_padded_and_the_mask_says_where():
    samples = ImageSamples(Counted(MIXED))
    (batch,) = samples.epoch(8, seed=0)
    assert batch.gray.shape == batch.mask.shape == (6, 1, 16, 9)
    assert sorted(batch.image.tolist()) == list(range(6))
    for place, index in enumerate(batch.image.tolist()):
        height, width = MIXED[index]
        inside = torch.zeros(16, 9)
        inside[:height, :width] = 1
        assert torch.equal(batch.mask[place, 0], inside)
        rgb, gray = samples.images[index]
        np.testing.assert_array_equal(batch.rgb[place, :, :height, :width].permute(1, 2, 0), rgb)
        assert (batch.gray[place, 0, height:, width - 1] == gray[-1, -1]).all()


def test_one_seed_gives_one_order_and_another_another():
    samples = ImageSamples(Counted([(6, 7)] * 9))

    def order(seed):
        return [batch.gray for batch in samples.epoch(4, seed=seed, augment=True)]

    assert all(map(torch.equal, order((1, 2)), order((1, 2))))
    assert not all(map(torch.equal, order((1, 2)), order((1, 3))))


class Ramp:
    """Gray rises downwards by 1 and rightwards by 100; colours are functions of gray."""

    def __len__(self):
        return 64

    def __getitem__(self, index):
        gray = np.add.outer(np.arange(16), 100 * np.arange(24)).astype(np.float32)
        return np.stack([gray, gray + 0.25, gray + 0.5], axis=2), gray


def test_augmentation_mirrors_left_and_right_and_cuts_an_eighth_at_most():
    mirrored, steps, tops, lefts = [], [], [], []
    for batch in ImageSamples(Ramp()).epoch(16, seed=0, augment=True):
        assert batch.gray.shape == (16, 1, 16, 24)
        assert batch.mask.all()
        torch.testing.assert_close(batch.rgb[:, 2:], batch.gray + 0.5)
        down, right = batch.gray.diff(dim=2)[:, 0], batch.gray.diff(dim=3)[:, 0]
        # The edges of an enlarged image are flat; inside it is still a ramp.
        assert (down >= 0).all() and (down[:, 5] > 0.5).all()
        mirrored += (right[:, 5, 12] < 0).tolist()
        steps += (right[:, 5, 12].abs() / 100).tolist()
        corner = batch.gray[:, 0].amin(dim=(1, 2))
        tops += (corner % 100).tolist()
        lefts += (corner // 100).tolist()
    assert 16 < sum(mirrored) < 48
    assert min(steps) == pytest.approx(1 - 3 / 24, abs=0.01)
    assert max(steps) == pytest.approx(1, abs=0.01)
    assert set(tops) == {0, 1, 2}
    assert set(lefts) == {0, 1, 2, 3}


def test_the_smallest_image_is_not_cut_away():
    (batch,) = ImageSamples(Counted([(1, 1)])).epoch(4, seed=0, augment=True)
    assert batch.gray.shape == (1, 1, 1, 1)


def test_no_more_is_read_than_the_batch_needs():
    images = Counted([(4, 4)] * 100)
    next(ImageSamples(images).epoch(5))
    assert len(images.asked) == 6
    next(ImageSamples(images).epoch(5, seed=0))
    assert len(images.asked) == 12


@pytest.mark.parametrize("shapes", [((4, 4, 3), (4, 5)), ((4, 4), (4, 4)), ((0, 4, 3), (0, 4))])
def test_what_is_no_image_is_one_line(shapes):
    rgb, gray = (np.zeros(shape, np.float32) for shape in shapes)
    with pytest.raises(InputError, match="image 0"):
        next(ImageSamples([(rgb, gray)]).epoch(1))


class Dot(torch.nn.Module):
    """One number for every image."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.Dropout(0.2)
        )
        self.norm, self.last = torch.nn.BatchNorm2d(4), torch.nn.Conv2d(4, 3, 1)

    def forward(self, gray):
        return self.last(self.norm(self.layers(gray)))

    def errors(self, output, batch):
        return ((output - batch.rgb).square() * batch.mask).sum(), batch.mask.sum()


class Killed(Exception):
    """Stands for the end of the process."""


RECIPE = Recipe(
    epochs=6, steps=100, batch=4, learning_rate=1e-2, weight_decay=0.0, plateau_factor=0.1,
    plateau_patience=0, patience=10,
)  # fmt: skip


def train(precision, checkpoint=None):
    train, validation = ImageSamples(Counted(MIXED)), ImageSamples(Counted(MIXED[:3]))
    cpu = Device("cpu", precision, 1)
    return loop.train(Dot, RECIPE, train, validation, 0, cpu, checkpoint, Objective(network_errors))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_killed_training_on_images_ends_as_if_uninterrupted(precision, tmp_path, monkeypatch):
    network, history = train(precision)
    assert history["step"].tolist() == [2, 4, 6, 8, 10, 12]
    original = loop.Task.training_step

    def killed(self, batch, index):
        if self.step == 7:
            raise Killed
        return original(self, batch, index)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Task, "training_step", killed)
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        with pytest.raises(Killed):
            train(precision, tmp_path)
    (kept,) = tmp_path.iterdir()
    again, resumed = train(precision, tmp_path)
    assert kept.exists()
    assert resumed.equals(history)
    for name, value in network.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_other_images_are_another_checkpoint():
    one, same, other = (ImageSamples(Counted(sizes)) for sizes in (MIXED, MIXED, MIXED[:5]))
    assert list(one.contents()) == list(same.contents())
    assert list(one.contents()) != list(other.contents())

    class Named(Counted):
        def fingerprint(self):
            return b"the paths and their times"

    named = ImageSamples(Named(MIXED))
    assert list(named.contents()) == [b"the paths and their times"]
    assert not named.images.asked
