"""Every colorizer of pictures keeps the contract of `chromapal.colorizers.common.contract`."""

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import color

from chromapal import methods
from chromapal.colorizers.common import run
from chromapal.colorizers.networks.resnet import ResNet
from chromapal.columns import HISTORY
from chromapal.errors import InputError
from chromapal.prepare.pictures import PictureSamples

NAMES = methods.accepting("images")
QUICK = {"epochs": 2, "steps": 4, "batch": 2}
# How the four pictures are learnt by methods that do not learn like the others.
LONG = {
    "context_mlp": {"epochs": 300, "steps": 1200, "batch": 512, "learning_rate": 3e-2},
    # The seed's rate of 1e-2 is for many more steps.
    "lab_resnet18": {"learning_rate": 1e-3},
}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="module")
def resnet50(tmp_path_factory) -> Path:
    """Stand in for torchvision's resnet50: random layers that know the scale of their input."""
    torch.manual_seed(0)
    network = ResNet(50, 3).train()
    with torch.no_grad():
        network(torch.randn(8, 3, 32, 32))
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None
                module.reset_running_stats()
        network(torch.randn(8, 3, 32, 32))
    path = tmp_path_factory.mktemp("weights") / "resnet50.pth"
    torch.save(network.state_dict(), path)
    WEIGHTS["path"] = str(path)
    fitted.cache_clear()
    return path


WEIGHTS = {"path": ""}


def picture(height: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give a smooth picture whose hue follows from its lightness, and its gray."""
    rng = np.random.default_rng(seed)
    down, right = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    rise, fall, turn = rng.uniform(1, 3, 3)
    wave = np.sin(rise * down + turn) * np.cos(fall * right + 2 * turn)
    light = 55 + 25 * wave
    space = np.stack([light, 30 * np.sin(light / 12), 30 * np.cos(light / 12)], axis=2)
    rgb = color.lab2rgb(space).astype(np.float32)
    # The gray that has this lightness.
    gray = color.lab2rgb(np.stack([light, 0 * light, 0 * light], axis=2)).mean(axis=2)
    return rgb, gray.astype(np.float32)


def samples(*sizes: tuple[int, int], seed: int = 0) -> PictureSamples:
    return PictureSamples([picture(*size, seed + place) for place, size in enumerate(sizes)])


FOUR = ((32, 32),) * 4


def build(name: str, **changes):
    blank = methods.module("colorizers", name).Params
    if name == "lab_resnet50_frozen":
        changes.setdefault("weights", WEIGHTS["path"])
    known = {field.name for field in dataclasses.fields(blank)}
    changes = {key: value for key, value in {**QUICK, **changes}.items() if key in known}
    return methods.module("colorizers", name).build(blank(**changes))


@cache
def fitted(name: str):
    """Give a model that tests leave as it is."""
    model = build(name)
    model.fit(samples(*FOUR), samples((16, 16), seed=9), seed=0, device="cpu")
    return model


def iterates(name: str) -> bool:
    blank = methods.module("colorizers", name).Params
    return "epochs" in {field.name for field in dataclasses.fields(blank)}


def assert_pictures(found, sizes):
    assert [picture.shape for picture in found] == [(*size, 3) for size in sizes]
    for picture in found:
        assert picture.dtype == np.float32
        assert picture.min() >= 0 and picture.max() <= 1


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


EVERY = pytest.mark.parametrize("name", NAMES)
ITERATED = pytest.mark.parametrize("name", [name for name in NAMES if iterates(name)])


@EVERY
def test_fits_predicts_and_loads_what_it_saved(name, tmp_path):
    model = build(name)
    history = model.fit(samples(*FOUR), samples((16, 16), seed=9), seed=0, device="cpu")
    assert list(history.columns) == list(HISTORY)
    assert history["step"].max() == 4 if iterates(name) else history.empty
    new = samples((16, 20), (16, 20), seed=5)
    found = model.predict(new)
    assert_pictures(found, [(16, 20)] * 2)

    model.save(tmp_path / "model")
    assert not list(tmp_path.rglob("*.pkl")) + list(tmp_path.rglob("*.pt"))
    for again in (model_like(model, name, tmp_path / "model"), run.load(tmp_path / "model")):
        for one, two in zip(again.predict(new), found, strict=True):
            np.testing.assert_array_equal(one, two)
        again.save(tmp_path / "again")
        assert files(tmp_path / "again") == files(tmp_path / "model")


def model_like(model, name: str, folder: Path):
    return methods.module("colorizers", name).build(model.params).load(folder)


@EVERY
def test_equal_seeds_give_equal_bytes(name, tmp_path):
    for folder in ("one", "two"):
        model = build(name)
        history = model.fit(samples(*FOUR), samples((16, 16), seed=9), seed=3, device="cpu")
        model.save(tmp_path / folder)
        history.to_csv(tmp_path / folder / "history.csv")
    assert "params.json" in files(tmp_path / "one")
    assert files(tmp_path / "one") == files(tmp_path / "two")


@ITERATED
def test_learns_four_smooth_pictures(name):
    four = samples(*FOUR)
    model = build(name, **{"epochs": 60, "steps": 60, "batch": 4, **LONG.get(name, {})})
    model.fit(four, four, seed=0, device="cpu")
    mean = build("mean_colour")
    mean.fit(four, four, seed=0)
    truth = np.stack([rgb for rgb, _ in four.pictures])
    found, baseline = (np.stack(each.predict(four)) for each in (model, mean))
    assert np.square(found - truth).mean() < np.square(baseline - truth).mean() / 2
    # Lightness is given away; hue is what is learnt.
    hues = [color.rgb2lab(rgb)[..., 1:] for rgb in (truth, found)]
    one_hue = hues[0].mean(axis=(0, 1, 2))
    assert np.square(hues[1] - hues[0]).mean() < np.square(one_hue - hues[0]).mean() / 2


@EVERY
def test_takes_any_size_and_pictures_of_several_at_once(name):
    sizes = [(1, 1), (1, 17), (13, 1), (17, 33), (33, 7), (17, 33)]
    model = build(name)
    model.fit(samples(*sizes), samples(*sizes[2:4]), seed=0, device="cpu")
    assert_pictures(model.predict(samples(*sizes, seed=4)), sizes)


@EVERY
@pytest.mark.parametrize("size", [(1, 1), (9, 11)])
def test_learns_from_one_picture(name, size):
    model, one = build(name), samples(size)
    model.fit(one, one, seed=0, device="cpu")
    assert_pictures(model.predict(one), [size])


@EVERY
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_takes_constant_pictures(name, value):
    gray = np.full((12, 12), value, np.float32)
    flat = PictureSamples([(np.repeat(gray[:, :, None], 3, axis=2), gray)] * 3)
    model = build(name)
    model.fit(flat, flat, seed=0, device="cpu")
    assert_pictures(model.predict(flat), [(12, 12)] * 3)


@EVERY
def test_predictions_do_not_depend_on_company(name):
    model = fitted(name)
    together = model.predict(samples((16, 20), (16, 20), (7, 5), seed=5))
    for place, size in enumerate([(16, 20), (16, 20), (7, 5)]):
        (alone,) = model.predict(samples(size, seed=5 + place))
        np.testing.assert_allclose(alone, together[place], atol=1e-5)


@EVERY
def test_does_not_need_the_colours_it_predicts(name):
    known = samples((16, 20), seed=5)
    blind = PictureSamples([(np.full_like(rgb, np.nan), gray) for rgb, gray in known.pictures])
    (one,), (two,) = (fitted(name).predict(each) for each in (known, blind))
    np.testing.assert_array_equal(one, two)


@ITERATED
def test_no_picture_is_one_line(name):
    with pytest.raises(InputError, match="no neuron or picture"):
        build(name).fit(samples(), samples(*FOUR), seed=0, device="cpu")


def test_a_method_without_the_weights_it_needs_says_so():
    module = methods.module("colorizers", "lab_resnet50_frozen")
    assert methods.lacks_weights(module, module.Params())
    assert not methods.lacks_weights(module, module.Params(weights="file.pth"))
    for name in NAMES:
        other = methods.module("colorizers", name)
        assert methods.lacks_weights(other, other.Params()) == (name == "lab_resnet50_frozen")
    for none in ("", "none"):
        with pytest.raises(InputError, match=r"lab_resnet50_frozen\.weights"):
            build("lab_resnet50_frozen", weights=none).fit(samples(*FOUR), samples(*FOUR), seed=0)


def test_frozen_layers_stay_as_they_were_given():
    model = fitted("lab_resnet50_frozen")
    given = torch.load(WEIGHTS["path"], weights_only=True)
    for name, value in model.network.body.encoder.state_dict().items():
        assert torch.equal(value, given[name]), name


@ITERATED
def test_trains_in_bf16_where_asked(name):
    model, four = build(name), samples(*FOUR)
    history = model.fit(four, four, seed=0, device="cpu", precision="bf16")
    assert np.isfinite(history["validation_loss"]).all()
    assert_pictures(model.predict(four), FOUR)
