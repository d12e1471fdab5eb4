"""Every colorizer of images keeps the contract of `chromapal.colorizers.common.contract`."""

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from skimage import color

from chromapal import methods
from chromapal.colorizers.common import run
from chromapal.colorizers.networks.resnet import ResNet
from chromapal.columns import HISTORY
from chromapal.errors import InputError
from chromapal.prepare.images import ImageSamples

NAMES = methods.accepting("images")
QUICK = {"epochs": 2, "steps": 4, "batch": 2}
# How the four images are learnt by methods that do not learn like the others.
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
    fitted_once.cache_clear()
    return path


WEIGHTS = {"path": ""}


def image(height: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a smooth image whose hue follows from its lightness, and its gray."""
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


def samples(*sizes: tuple[int, int], seed: int = 0) -> ImageSamples:
    return ImageSamples([image(*size, seed + place) for place, size in enumerate(sizes)])


FOUR = ((32, 32),) * 4


def build(name: str, **changes):
    blank = methods.module("colorizers", name).Params
    if name == "lab_resnet50_frozen":
        changes.setdefault("weights", WEIGHTS["path"])
    known = {field.name for field in dataclasses.fields(blank)}
    changes = {key: value for key, value in {**QUICK, **changes}.items() if key in known}
    return methods.module("colorizers", name).build(blank(**changes))


def fit(model, train: ImageSamples, validation: ImageSamples, precision: str) -> pd.DataFrame:
    return model.fit(train, validation, seed=0, device="cpu", precision=precision)


def fit_anew(name: str, precision: str):
    model = build(name)
    return model, fit(model, samples(*FOUR), samples((16, 16), seed=9), precision)


# A model that tests leave as it is, and its history.
fitted_once = cache(fit_anew)


def fitted(name: str, precision: str = "fp32"):
    return fitted_once(name, precision)[0]


def iterates(name: str) -> bool:
    blank = methods.module("colorizers", name).Params
    return "epochs" in {field.name for field in dataclasses.fields(blank)}


def every(names: list[str]) -> pytest.MarkDecorator:
    """Return each method with every precision that it is trained in: no test hangs on the CPU."""
    cases = [(name, "fp32") for name in names]
    # The network of windows is always in fp32, which has a test of its own.
    cases += [(name, "bf16") for name in names if iterates(name) and name != "context_mlp"]
    return pytest.mark.parametrize(("name", "precision"), cases)


def assert_images(found, sizes):
    assert [image.shape for image in found] == [(*size, 3) for size in sizes]
    for image in found:
        assert image.dtype == np.float32
        assert image.min() >= 0 and image.max() <= 1


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


EVERY = every(NAMES)
ITERATED = [name for name in NAMES if iterates(name)]


@EVERY
def test_fits_predicts_and_loads_what_it_saved(name, precision, tmp_path):
    model, history = fitted_once(name, precision)
    assert list(history.columns) == list(HISTORY)
    assert history["step"].max() == 4 if iterates(name) else history.empty
    assert np.isfinite(history["validation_loss"]).all()
    new = samples((16, 20), (16, 20), seed=5)
    found = model.predict(new)
    assert_images(found, [(16, 20)] * 2)

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
def test_equal_seeds_give_equal_bytes(name, precision, tmp_path):
    for folder, fit_somehow in (("one", fitted_once), ("two", fit_anew)):
        model, history = fit_somehow(name, precision)
        model.save(tmp_path / folder)
        history.to_csv(tmp_path / folder / "history.csv")
    assert "params.json" in files(tmp_path / "one")
    assert files(tmp_path / "one") == files(tmp_path / "two")


@every(ITERATED)
def test_learns_four_smooth_images(name, precision):
    four = samples(*FOUR)
    model = build(name, **{"epochs": 60, "steps": 60, "batch": 4, **LONG.get(name, {})})
    fit(model, four, four, precision)
    mean = build("mean_colour")
    mean.fit(four, four, seed=0)
    truth = np.stack([rgb for rgb, _ in four.images])
    found, baseline = (np.stack(each.predict(four)) for each in (model, mean))
    assert np.square(found - truth).mean() < np.square(baseline - truth).mean() / 2
    # Lightness is given away; hue is what is learnt.
    hues = [color.rgb2lab(rgb)[..., 1:] for rgb in (truth, found)]
    one_hue = hues[0].mean(axis=(0, 1, 2))
    assert np.square(hues[1] - hues[0]).mean() < np.square(one_hue - hues[0]).mean() / 2


@EVERY
def test_takes_any_size_and_images_of_several_at_once(name, precision):
    sizes = [(1, 1), (1, 17), (13, 1), (17, 33), (33, 7), (17, 33)]
    model = build(name)
    fit(model, samples(*sizes), samples(*sizes[2:4]), precision)
    assert_images(model.predict(samples(*sizes, seed=4)), sizes)


@EVERY
@pytest.mark.parametrize("size", [(1, 1), (9, 11)])
def test_learns_from_one_image(name, precision, size):
    model, one = build(name), samples(size)
    fit(model, one, one, precision)
    assert_images(model.predict(one), [size])


@EVERY
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_takes_constant_images(name, precision, value):
    gray = np.full((12, 12), value, np.float32)
    flat = ImageSamples([(np.repeat(gray[:, :, None], 3, axis=2), gray)] * 3)
    model = build(name)
    fit(model, flat, flat, precision)
    assert_images(model.predict(flat), [(12, 12)] * 3)


@EVERY
def test_predictions_do_not_depend_on_company(name, precision):
    model = fitted(name, precision)
    together = model.predict(samples((16, 20), (16, 20), (7, 5), seed=5))
    for place, size in enumerate([(16, 20), (16, 20), (7, 5)]):
        (alone,) = model.predict(samples(size, seed=5 + place))
        np.testing.assert_allclose(alone, together[place], atol=1e-5)


@EVERY
def test_does_not_need_the_colours_it_predicts(name, precision):
    known = samples((16, 20), seed=5)
    blind = ImageSamples([(np.full_like(rgb, np.nan), gray) for rgb, gray in known.images])
    (one,), (two,) = (fitted(name, precision).predict(each) for each in (known, blind))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", ITERATED)
def test_no_image_is_one_line(name):
    with pytest.raises(InputError, match="no neuron or image"):
        build(name).fit(samples(), samples(*FOUR), seed=0, device="cpu")


def test_a_method_without_the_weights_it_needs_says_so():
    frozen = "lab_resnet50_frozen"
    stated = methods.module("colorizers", frozen).Params(weights="file.pth")
    assert not methods.lacks_weights(frozen, stated)
    for name in NAMES:
        blank = methods.module("colorizers", name).Params()
        assert methods.lacks_weights(name, blank) == (name == frozen)
    for none in ("", "none"):
        with pytest.raises(InputError, match=r"lab_resnet50_frozen\.weights"):
            build("lab_resnet50_frozen", weights=none).fit(samples(*FOUR), samples(*FOUR), seed=0)


def test_frozen_layers_stay_as_they_were_given():
    model = fitted("lab_resnet50_frozen")
    given = torch.load(WEIGHTS["path"], weights_only=True)
    for name, value in model.network.body.encoder.state_dict().items():
        assert torch.equal(value, given[name]), name


def test_windows_are_learnt_in_fp32_whatever_is_asked():
    asked, plain = (fitted("context_mlp", precision) for precision in ("bf16", "fp32"))
    for name, value in plain.network.state_dict().items():
        assert torch.equal(asked.network.state_dict()[name], value), name
