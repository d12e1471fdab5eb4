"""Every colorizer keeps the contract of `chromapal.colorizers.common.contract`, whichever it is."""

import dataclasses
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from chromapal import methods
from chromapal.colorizers.common import run
from chromapal.colorizers.common.named_colour import NamedColour
from chromapal.columns import HISTORY
from chromapal.errors import InputError
from chromapal.prepare.samples import Samples
from chromapal.worms.names import FULL

NAMES = methods.accepting("neurons")
KINDS = ("neuron", "worm")
QUICK = {
    "epochs": 2, "steps": 4, "batch": 8, "width": 16, "layers": 1, "heads": 2, "members": 1,
}  # fmt: skip
SIZE_UM = {"x": 80, "y": 40, "z": 24}


def iterates(name: str) -> bool:
    return "epochs" in {
        field.name for field in dataclasses.fields(methods.module("colorizers", name).Params)
    }


def precisions(name: str) -> tuple[str, ...]:
    """Return both for a method that is trained in either, so that no test hangs on the CPU."""
    return ("fp32", "bf16") if iterates(name) else ("fp32",)


def every(names: list[str]) -> pytest.MarkDecorator:
    cases = [(name, kind, bits) for name in names for kind in KINDS for bits in precisions(name)]
    return pytest.mark.parametrize(("name", "kind", "precision"), cases)


EVERY = every(NAMES)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


def neurons(worms: int, each: int, seed: int) -> pd.DataFrame:
    """Colours that gray alone decides, in worms that are three slabs thick.

    Worms have the same names in the same places, but for some noise.
    """
    rng = np.random.default_rng(seed)
    count = worms * each
    usual = np.random.default_rng(12345).uniform(0.05, 0.95, (each, 3))
    place = np.tile(usual, (worms, 1)) + rng.uniform(-0.05, 0.05, (count, 3))
    table = pd.DataFrame(place, columns=["u", "v", "w"])
    table["lab"], table["session"] = "A", "2024-01-01"
    table["worm"] = np.repeat([f"w{seed}-{worm}" for worm in range(worms)], each)
    table["name"] = np.tile(sorted(FULL)[:each], worms)
    for axis, scaled in zip(SIZE_UM, "uvw", strict=True):
        table[f"{axis}r"] = SIZE_UM[axis] * table[scaled]
    table["weight"] = table["weight_n"] = 1.0
    table["gray"] = rng.random(count)
    table["r"], table["g"], table["b"] = table["gray"], 1 - table["gray"], 0.5
    return table


def samples(kind: str, worms: int = 3, each: int = 12, seed: int = 0, grid: int = 16) -> Samples:
    return Samples.from_neurons(neurons(worms, each, seed), kind, grid)


def build(name: str, kind: str, **changes):
    blank = methods.module("colorizers", name).Params
    known = {field.name for field in dataclasses.fields(blank)}
    changes = {key: value for key, value in {**QUICK, **changes}.items() if key in known}
    return methods.module("colorizers", name).build(blank(**changes), dense=kind == "worm")


def fit(model, train: Samples, validation: Samples, precision: str) -> pd.DataFrame:
    return model.fit(train, validation, seed=0, device="cpu", precision=precision)


def fit_anew(name: str, kind: str, precision: str):
    model = build(name, kind)
    return model, fit(model, samples(kind), samples(kind, 1, seed=1), precision)


# A model that tests leave as it is, and its history.
fitted_once = cache(fit_anew)


def fitted(name: str, kind: str, precision: str = "fp32"):
    return fitted_once(name, kind, precision)[0]


def names_neurons(name: str) -> bool:
    return isinstance(build(name, "worm"), NamedColour)


NAMED = [name for name in NAMES if names_neurons(name)]
OTHERS = [name for name in NAMES if name not in NAMED]


@EVERY
def test_fits_predicts_and_loads_what_it_saved(name, kind, precision, tmp_path):
    model, history = fitted_once(name, kind, precision)
    assert list(history.columns) == list(HISTORY)
    assert history["step"].max() == 4 if iterates(name) else history.empty
    new = samples(kind, 1, seed=2)
    colours = model.predict(new)
    assert colours.shape == (12, 3)
    assert colours.dtype == np.float32
    assert np.isfinite(colours).all()

    model.save(tmp_path / "model")
    assert not list(tmp_path.rglob("*.pkl")) + list(tmp_path.rglob("*.pt"))
    again = build(name, kind).load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(new), colours)
    np.testing.assert_array_equal(run.load(tmp_path / "model").predict(new), colours)

    again.save(tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "model")


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@EVERY
def test_equal_seeds_give_equal_bytes(name, kind, precision, tmp_path):
    for folder, fit_somehow in (("one", fitted_once), ("two", fit_anew)):
        model, history = fit_somehow(name, kind, precision)
        model.save(tmp_path / folder)
        history.to_csv(tmp_path / folder / "history.csv")
    assert "params.json" in files(tmp_path / "one")
    assert files(tmp_path / "one") == files(tmp_path / "two")


@every([name for name in NAMES if iterates(name)])
def test_learns_an_easy_colour(name, kind, precision):
    # 300 lone cells, or 36 slabs: enough steps for either within seconds.
    train = samples(kind, worms=12, each=25)
    validation = samples(kind, worms=3, each=25, seed=1)
    model = build(name, kind, epochs=12, steps=50, batch=8 if kind == "worm" else 32)
    fit(model, train, validation, precision)
    mean = build("mean_colour", kind)
    mean.fit(train, validation, seed=0)
    loss, baseline = (
        np.square(colorizer.predict(validation) - validation.target).mean()
        for colorizer in (model, mean)
    )
    assert loss < baseline / 2


@EVERY
def test_predictions_do_not_depend_on_company(name, kind, precision):
    model = fitted(name, kind, precision)
    everyone = samples(kind, worms=2, seed=5)
    together = model.predict(everyone)
    first = Samples.from_neurons(neurons(2, 12, 5).iloc[:12], kind, 16)
    np.testing.assert_allclose(model.predict(first), together[:12], atol=1e-5)


@EVERY
def test_the_order_of_neurons_is_kept(name, kind, precision):
    model = fitted(name, kind, precision)
    table = neurons(2, 12, 5)
    order = np.random.default_rng(0).permutation(len(table))
    straight = model.predict(Samples.from_neurons(table, kind, 16))
    shuffled = model.predict(Samples.from_neurons(table.iloc[order], kind, 16))
    np.testing.assert_allclose(shuffled, straight[order], atol=1e-5)


@every(OTHERS)
def test_learns_from_one_neuron(name, kind, precision):
    model, one = build(name, kind), samples(kind, worms=1, each=1)
    fit(model, one, one, precision)
    assert np.isfinite(model.predict(one)).all()


@EVERY
@pytest.mark.parametrize("grid", [1, 13])
def test_takes_any_grid(name, kind, precision, grid):
    model = build(name, kind)
    fit(model, samples(kind, grid=grid), samples(kind, 1, seed=1, grid=grid), precision)
    one = model.predict(samples(kind, worms=1, each=1, seed=2, grid=grid))
    assert one.shape == (1, 3)
    assert np.isfinite(one).all()


@EVERY
def test_takes_constant_gray(name, kind, precision):
    table = neurons(3, 12, 0).assign(gray=1.0)
    model = build(name, kind)
    train = Samples.from_neurons(table, kind, 16)
    validation = Samples.from_neurons(neurons(1, 12, 1).assign(gray=1.0), kind, 16)
    fit(model, train, validation, precision)
    new = Samples.from_neurons(neurons(1, 12, 2).assign(gray=1.0), kind, 16)
    assert np.isfinite(model.predict(new)).all()


@EVERY
def test_does_not_need_the_colours_it_predicts(name, kind, precision):
    model = fitted(name, kind, precision)
    table = neurons(1, 12, 5)
    blind = table.assign(r=np.nan, g=np.nan, b=np.nan)
    np.testing.assert_array_equal(
        model.predict(Samples.from_neurons(blind, kind, 16)),
        model.predict(Samples.from_neurons(table, kind, 16)),
    )


@pytest.mark.parametrize("name", NAMES)
def test_refuses_another_method_and_other_parameters(name, tmp_path):
    model = fitted(name, "worm")
    model.save(tmp_path)
    with pytest.raises(InputError, match="dense"):
        build(name, "neuron").load(tmp_path)
    other = next(other for other in NAMES if other != name)
    with pytest.raises(InputError, match="colorizer"):
        build(other, "worm").load(tmp_path)
    with pytest.raises(InputError, match="no file"):
        build(name, "worm").load(tmp_path / "nowhere")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMED)
class TestColorizersThatNameNeurons:
    def test_gray_and_name_decide_the_colour(self, name, kind):
        new = samples(kind, 2, seed=2)
        mean = build("mean_colour", kind)
        mean.fit(samples(kind), samples(kind, 1, seed=1), seed=0)
        loss, baseline = (
            np.square(colorizer.predict(new) - new.target).mean()
            for colorizer in (fitted(name, kind), mean)
        )
        assert loss < baseline / 2

    def test_deviations_are_finite_and_not_negative(self, name, kind, tmp_path):
        model, new = fitted(name, kind), samples(kind, 2, seed=2)
        colours, deviation = model.predict_with_deviation(new)
        np.testing.assert_array_equal(colours, model.predict(new))
        assert deviation.shape == (24, 3) and deviation.dtype == np.float32
        assert np.isfinite(deviation).all() and (deviation >= 0).all()
        assert deviation.max() > 0
        model.save(tmp_path / "model")
        again = run.load(tmp_path / "model")
        np.testing.assert_array_equal(again.predict_with_deviation(new)[1], deviation)

    def test_nobody_to_colour_is_no_error(self, name, kind):
        nobody = Samples.from_neurons(neurons(1, 12, 2)[:0], kind, 16)
        for found in fitted(name, kind).predict_with_deviation(nobody):
            assert found.shape == (0, 3)

    def test_names_of_new_worms_are_not_looked_at(self, name, kind):
        table = neurons(1, 12, 2)
        blank = Samples.from_neurons(table.assign(name=""), kind, 16)
        known = Samples.from_neurons(table, kind, 16)
        model = fitted(name, kind)
        np.testing.assert_array_equal(model.predict(blank), model.predict(known))

    def test_synthetic_neurons_and_too_few_names_are_input_errors(self, name, kind):
        validation = samples(kind, 1, seed=1)
        table = neurons(3, 12, 0)
        train = Samples.from_neurons(table, kind, 16)
        for made in (table.assign(worm=np.nan), table.drop(columns=["lab", "worm"])):
            synthetic = dataclasses.replace(train, table=made)
            with pytest.raises(InputError, match="synthetic neurons") as caught:
                build(name, kind).fit(synthetic, validation, seed=0)
            assert "config key 'runs'" in str(caught.value) and "\n" not in str(caught.value)
        one = samples(kind, worms=1, each=1)
        other = samples(kind, worms=1, each=1, seed=1)
        nameless = Samples.from_neurons(table.assign(name=""), kind, 16)
        for few, rest in ((one, other), (nameless, nameless)):
            with pytest.raises(InputError):
                build(name, kind).fit(few, rest, seed=0)


def test_only_the_stacked_one_corrects_and_only_with_worms_held_out():
    train, validation = samples("worm", worms=8), samples("worm", 1, seed=1)
    pair = ("identify_then_colour", "identify_then_colour_stacked")
    plain, stacked = (build(name, "worm", steps=2) for name in pair)
    for model in (plain, stacked):
        model.fit(train, validation, seed=0)
    assert np.abs(stacked.correction).max() > 0
    assert plain.correction.size == 0
    new = samples("worm", 1, seed=2)
    assert not np.array_equal(plain.predict(new), stacked.predict(new))
    alone, few = (fitted(name, "worm").predict(new) for name in pair)
    np.testing.assert_array_equal(alone, few)


@pytest.mark.parametrize("name", methods.names("colorizers"))
def test_params_need_no_torch(name):
    code = (
        "import sys; from chromapal import methods; "
        f"methods.params('colorizers', {name!r}); assert 'torch' not in sys.modules"
    )
    source = Path(methods.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=source)


@pytest.mark.parametrize("name", methods.names("colorizers"))
def test_params_are_frozen_and_accepts_is_known(name):
    module = methods.module("colorizers", name)
    assert module.Params.__dataclass_params__.frozen
    assert module.accepts
    assert set(module.accepts) <= {"neurons", "images"}
