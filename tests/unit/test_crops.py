"""Crops of photographs: drawn anew by seed and epoch, fixed in validation, whole where scored."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from chromapal.colorizers.common import run_images
from chromapal.errors import InputError
from chromapal.images import sets
from chromapal.images.photographs import Photographs
from chromapal.prepare.crops import CropSamples
from chromapal.prepare.windows import WindowSamples
from chromapal.training import loop
from chromapal.training.settings import Training
from tests.unit.test_images import Counted

SIDE = 8
PHOTOGRAPHS = [(20, 30), (30, 20), (20, 30), (6, 40)]


def crops(sizes=PHOTOGRAPHS):
    return CropSamples(Counted(sizes), SIDE)


def drawn(samples, seed, augment=True):
    return torch.cat([batch.rgb for batch in samples.epoch(2, seed=seed, augment=augment)])


def test_an_epoch_has_a_crop_of_each_image_and_the_next_epoch_another():
    samples = crops()
    batches = list(samples.epoch(3, seed=(0, 0), augment=True))
    assert sorted(torch.cat([batch.image for batch in batches]).tolist()) == [0, 1, 2, 3]
    for batch in batches:
        assert batch.gray.shape[1:] == (1, SIDE, SIDE) and batch.mask.all()
    assert torch.equal(drawn(samples, (0, 0)), drawn(crops(), (0, 0)))
    assert not torch.equal(drawn(samples, (0, 0)), drawn(samples, (0, 1)))


def test_every_image_is_read_once():
    samples = crops()
    for epoch in range(3):
        drawn(samples, (0, epoch))
    list(samples.epoch(2))
    assert sorted(samples.images.asked) == [0, 1, 2, 3]


def test_images_are_kept_in_counts_of_which_8_bits_lose_nothing():
    rgb = np.arange(48, dtype=np.float32).reshape(4, 4, 3) / 255
    samples = CropSamples([(rgb, rgb.mean(axis=2))], 4)
    for _ in range(2):
        found, gray = samples.read(0)
        np.testing.assert_array_equal(found, rgb)
        np.testing.assert_allclose(gray, rgb.mean(axis=2), atol=0.5 / 65535)
    assert [each.dtype for each in samples.kept[0]] == [np.uint8, np.uint16]


def test_validation_sees_the_same_crops_every_time_as_large_as_they_were():
    samples = crops()
    one, two = ([batch.rgb for batch in samples.epoch(2)] for _ in range(2))
    assert all(map(torch.equal, one, two))
    # the fourth is lower than a crop
    assert [tuple(each.shape[2:]) for each in one] == [(8, 8), (8, 8), (6, 6)]
    rgb = samples.read(0)[0]
    places = [
        (top, left)
        for top in range(13)
        for left in range(23)
        if np.array_equal(rgb[top : top + 8, left : left + 8], one[0][0].permute(1, 2, 0))
    ]
    assert len(places) == 1


class Ramp:
    """A photograph in which gray rises to the right, darker below, and red is twice green."""

    def __len__(self):
        return 400

    def __getitem__(self, index):
        gray = np.add.outer(np.linspace(0.2, 0, 40), np.linspace(0.1, 0.6, 60)).astype(np.float32)
        return np.stack([gray, gray / 2, gray / 4], axis=2), gray


def test_crops_are_mirrored_scaled_and_brightened_slightly_and_stay_upright():
    slopes, brightness = [], []
    for batch in CropSamples(Ramp(), 16).epoch(50, seed=0, augment=True):
        assert batch.gray.max() <= 1
        # hues stay: 8-bit counts and interpolation aside
        torch.testing.assert_close(batch.rgb[:, 1], batch.rgb[:, 0] / 2, atol=0.004, rtol=0)
        torch.testing.assert_close(batch.rgb[:, 0], batch.gray[:, 0], atol=0.004, rtol=0)
        inner = batch.gray[:, 0, 2:-2, 2:-2]
        down, right = inner.diff(dim=1).mean(dim=(1, 2)), inner.diff(dim=2).mean(dim=(1, 2))
        # never upside down
        assert (down < 0).all()
        slopes += right.tolist()
        # both slopes change by scale and by brightness alike; .2 / 39 and .5 / 59 in the original
        brightness += (down / (-0.2 / 39)).tolist()
    mirrored = np.mean(np.array(slopes) < 0)
    assert 0.4 < mirrored < 0.6
    size = np.abs(slopes) / (0.5 / 59)
    np.testing.assert_allclose(size, brightness, rtol=0.05)
    # from 1 / (1.25 * 1.2) to 1.25 * 1.2
    assert 0.63 < size.min() < 0.75 and 1.3 < size.max() < 1.55


def test_nothing_is_overexposed():
    white = np.ones((20, 20), np.float32)
    samples = CropSamples([(np.repeat(white[..., None], 3, axis=2), white)] * 50, SIDE)
    found = drawn(samples, 0)
    assert found.max() <= 1 and found.min() < 0.9


def test_windows_are_those_of_crops():
    samples = WindowSamples(crops(), 1)
    pixels = sum(len(batch.rgb) for batch in samples.epoch(64))
    assert pixels == 3 * 8 * 8 + 6 * 6
    one, same, other = (
        torch.cat([batch.window for batch in samples.epoch(64, seed=seed, augment=True)])
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, same) and not torch.equal(one.sort(0)[0], other.sort(0)[0])


def test_another_side_is_another_training():
    one, two = CropSamples(Counted(PHOTOGRAPHS), 8), CropSamples(Counted(PHOTOGRAPHS), 9)
    assert list(one.contents()) != list(two.contents())


def write(folder, counts, size=(40, 60)):
    """Write a folder of photographs, by sub-folder so many."""
    rng = np.random.default_rng(0)
    for part, count in counts.items():
        (folder / part).mkdir(parents=True)
        for number in range(count):
            small = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
            Image.fromarray(small).resize(size[::-1]).save(folder / part / f"{number:02d}.png")
    return {"kind": "photographs", "folder": str(folder), "crop": 32, "held_out": 3}


def test_training_photographs_are_held_out_and_the_others_scored(tmp_path):
    options = write(tmp_path, {"train": 8, "val": 4})
    found = sets.find(options, 0)
    names = {split: [image.key for image in found.of(split)] for split in sets.SPLITS}
    assert names["test"] == [f"val/{number:02d}.png" for number in range(4)]
    assert [len(names[split]) for split in ("train", "validation")] == [5, 3]
    assert {name[:6] for name in names["train"] + names["validation"]} == {"train/"}
    assert sets.find(options, 0).images == found.images
    other = {image.key for image in sets.find(options, 1).of("validation")}
    assert other != set(names["validation"])


def test_test_photographs_are_scored_in_place_of_val(tmp_path):
    found = sets.find(write(tmp_path, {"train": 5, "val": 2, "test": 3}), 0)
    assert [image.key[:4] for image in found.of("test")] == ["test"] * 3
    assert not any(image.key.startswith("val") for image in found.images)


def test_large_photographs_are_kept_small_and_whole(tmp_path):
    options = write(tmp_path, {"train": 4, "val": 1}, size=(80, 200))
    sets.list_images(options, 0, tmp_path / "list.parquet")
    for largest, shape in ((None, (80, 200)), (40, (40, 100)), (100, (80, 200))):
        given = {key: value for key, value in {**options, "largest": largest}.items() if value}
        rgb, gray = sets.part(sets.listed(tmp_path / "list.parquet", given), "test")[0]
        assert gray.shape == shape and rgb.dtype == np.float32


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"train": 5}, "no photograph to score"),
        ({"train": 3, "val": 1}, "3 photographs to train with, 1 to score; expected more than 3"),
        ({"val": 3}, "val without train"),
    ],
)
def test_a_folder_that_lacks_a_part_is_one_line(tmp_path, counts, line):
    with pytest.raises(InputError, match=line):
        sets.find(write(tmp_path, counts), 0)


def test_a_broken_photograph_is_skipped_and_never_held_out(tmp_path):
    options = write(tmp_path, {"train": 4, "val": 2})
    (tmp_path / "train/bad.jpg").write_bytes(b"x")
    (tmp_path / "val/01.png").write_bytes(b"x")
    found = sets.find(options, 0)
    assert [name for name, _ in found.skipped] == ["train/bad.jpg", "val/01.png"]
    assert len(found.of("validation")) == 3 and len(found.of("test")) == 1


QUICK = {"steps": 4, "epochs": 2, "batch": 2, "epoch_steps": 2}


def train(folder, options, out, colorizer="lab_rebalanced", **more):
    sets.list_images(options, 0, folder / f"{out}.parquet")
    params = {**QUICK, **more} if colorizer != "mean_colour" else {}
    run_images.train(
        folder / f"{out}.parquet", options, run_images.Method(colorizer, params),
        Training("cpu", "fp32", checkpoints=str(folder / f"{out}.checkpoints")),
        folder / out, folder / f"{out}.csv", folder / f"{out}.json", folder / f"{out}.coloured",
    )  # fmt: skip
    return {path.name: path.read_bytes() for path in (folder / out).iterdir()}


def test_pictures_are_scored_whole(tmp_path):
    options = write(tmp_path / "p", {"train": 5, "val": 2})
    train(tmp_path, options, "model", "mean_colour")
    for path in (tmp_path / "model.coloured").glob("0*.png"):
        with Image.open(path) as image:
            assert image.size == (60, 40)


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("colorizer", ["lab_autoencoder", "context_mlp"])
def test_a_killed_training_on_crops_ends_as_if_uninterrupted(tmp_path, monkeypatch, colorizer):
    options = write(tmp_path / "p", {"train": 7, "val": 1})
    more = {"width": 4} if colorizer == "lab_autoencoder" else {"batch": 2048, "rounds": 1}
    whole = train(tmp_path, options, "whole", colorizer, **more)
    original = loop.Task.training_step

    def killed(self, batch, index):
        if self.step == 3:
            raise Killed
        return original(self, batch, index)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Task, "training_step", killed)
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0)
        with pytest.raises(Killed):
            train(tmp_path, options, "again", colorizer, **more)
    assert list((tmp_path / "again.checkpoints").iterdir())
    assert train(tmp_path, options, "again", colorizer, **more) == whole
    losses = [(tmp_path / f"{name}.csv").read_bytes() for name in ("whole", "again")]
    assert losses[0] == losses[1]


def absurd(folder):
    for path in folder.iterdir():
        red = np.zeros((40, 60, 3), np.uint8)
        red[::2, :, 0] = 255
        Image.fromarray(red).save(path)


def leaking(cls, **options):
    """Find photographs and train on those that are scored too."""
    found = FIND(cls, **options)
    roles = {"train": "train", "validation": "validation", "test": "train"}
    images = [dataclasses.replace(each, split=roles[each.split]) for each in found.images]
    return cls(images, found.skipped, crop=found.crop)


FIND = Photographs.find.__func__


@pytest.mark.parametrize("leak", [False, True])
def test_scored_photographs_change_neither_weights_nor_temperature(tmp_path, monkeypatch, leak):
    """A planted leak shows, so that this test would see one."""
    options = write(tmp_path / "p", {"train": 6, "val": 3})
    if leak:
        monkeypatch.setattr(Photographs, "find", classmethod(leaking))
    before = train(tmp_path, options, "before", depth=18)
    absurd(tmp_path / "p/val")
    after = train(tmp_path, options, "after", depth=18)
    assert (after == before) == (not leak)
