"""Every colorizer keeps the contract of `chromapal.colorizers.contract`, whichever it is."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chromapal import methods
from chromapal.colorizers import run
from chromapal.colorizers.contract import HISTORY
from chromapal.errors import InputError
from chromapal.prepare.samples import Samples

NAMES = [
    name
    for name in methods.names("colorizers")
    if "neurons" in methods.module("colorizers", name).accepts
]
KINDS = ("neuron", "worm")
QUICK = {"epochs": 2, "steps": 4, "batch": 8}
EVERY = pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in NAMES for kind in KINDS]
)


def neurons(worms: int, each: int, seed: int) -> pd.DataFrame:
    """Colours that gray alone decides, in worms that are three slabs thick."""
    rng = np.random.default_rng(seed)
    count = worms * each
    table = pd.DataFrame(rng.random((count, 3)), columns=["u", "v", "w"])
    table["lab"] = "A"
    table["worm"] = np.repeat([f"w{worm}" for worm in range(worms)], each)
    table["zr"] = 24 * table["w"]
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


def iterates(name: str) -> bool:
    return "epochs" in {
        field.name for field in dataclasses.fields(methods.module("colorizers", name).Params)
    }


@EVERY
def test_fits_predicts_and_loads_what_it_saved(name, kind, tmp_path):
    model, train, validation = build(name, kind), samples(kind), samples(kind, 1, seed=1)
    history = model.fit(train, validation, seed=0, device="cpu")
    assert tuple(history.columns) == HISTORY
    assert history["step"].max() == 4 if iterates(name) else history.empty
    colours = model.predict(validation)
    assert colours.shape == (12, 3)
    assert colours.dtype == np.float32
    assert np.isfinite(colours).all()

    model.save(tmp_path / "model")
    assert not list(tmp_path.rglob("*.pkl")) + list(tmp_path.rglob("*.pt"))
    again = build(name, kind).load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(validation), colours)
    np.testing.assert_array_equal(run.load(tmp_path / "model").predict(validation), colours)

    again.save(tmp_path / "again")
    for file in (tmp_path / "model").iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


@EVERY
def test_equal_seeds_give_equal_bytes(name, kind, tmp_path):
    for folder in ("one", "two"):
        model = build(name, kind)
        history = model.fit(samples(kind), samples(kind, 1, seed=1), seed=3, device="cpu")
        model.save(tmp_path / folder)
        history.to_csv(tmp_path / folder / "history.csv")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "params.json" in files
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [name for name in NAMES if iterates(name)])
def test_learns_an_easy_colour(name, kind):
    # 300 lone cells, or 36 slabs: enough steps for either within seconds.
    train = samples(kind, worms=12, each=25)
    validation = samples(kind, worms=3, each=25, seed=1)
    model = build(name, kind, epochs=12, steps=50, batch=8 if kind == "worm" else 32)
    model.fit(train, validation, seed=0, device="cpu")
    mean = build("mean_colour", kind)
    mean.fit(train, validation, seed=0)
    loss, baseline = (
        np.square(colorizer.predict(validation) - validation.target).mean()
        for colorizer in (model, mean)
    )
    assert loss < baseline / 2


@EVERY
def test_predictions_do_not_depend_on_company(name, kind):
    model = build(name, kind)
    model.fit(samples(kind), samples(kind, 1, seed=1), seed=0, device="cpu")
    everyone = samples(kind, worms=2, seed=5)
    together = model.predict(everyone)
    first = Samples.from_neurons(neurons(2, 12, 5).iloc[:12], kind, 16)
    np.testing.assert_allclose(model.predict(first), together[:12], atol=1e-5)


@EVERY
def test_the_order_of_neurons_is_kept(name, kind):
    model = build(name, kind)
    model.fit(samples(kind), samples(kind, 1, seed=1), seed=0, device="cpu")
    table = neurons(2, 12, 5)
    order = np.random.default_rng(0).permutation(len(table))
    straight = model.predict(Samples.from_neurons(table, kind, 16))
    shuffled = model.predict(Samples.from_neurons(table.iloc[order], kind, 16))
    np.testing.assert_allclose(shuffled, straight[order], atol=1e-5)


@EVERY
def test_learns_from_one_neuron(name, kind):
    model, one = build(name, kind), samples(kind, worms=1, each=1)
    model.fit(one, one, seed=0, device="cpu")
    assert np.isfinite(model.predict(one)).all()


@EVERY
@pytest.mark.parametrize("grid", [1, 13])
def test_takes_any_grid(name, kind, grid):
    model = build(name, kind)
    model.fit(samples(kind, grid=grid), samples(kind, 1, seed=1, grid=grid), seed=0, device="cpu")
    one = model.predict(samples(kind, worms=1, each=1, grid=grid))
    assert one.shape == (1, 3)
    assert np.isfinite(one).all()


@EVERY
def test_takes_constant_gray(name, kind):
    table = neurons(3, 12, 0).assign(gray=1.0)
    model = build(name, kind)
    train = Samples.from_neurons(table, kind, 16)
    model.fit(train, train, seed=0, device="cpu")
    assert np.isfinite(model.predict(train)).all()


@EVERY
def test_does_not_need_the_colours_it_predicts(name, kind):
    model = build(name, kind)
    model.fit(samples(kind), samples(kind, 1, seed=1), seed=0, device="cpu")
    table = neurons(1, 12, 5)
    blind = table.assign(r=np.nan, g=np.nan, b=np.nan)
    np.testing.assert_array_equal(
        model.predict(Samples.from_neurons(blind, kind, 16)),
        model.predict(Samples.from_neurons(table, kind, 16)),
    )


@pytest.mark.parametrize("name", NAMES)
def test_refuses_another_method_and_other_parameters(name, tmp_path):
    model = build(name, "worm")
    model.fit(samples("worm"), samples("worm", 1, seed=1), seed=0, device="cpu")
    model.save(tmp_path)
    with pytest.raises(InputError, match="dense"):
        build(name, "neuron").load(tmp_path)
    other = next(other for other in NAMES if other != name)
    with pytest.raises(InputError, match="colorizer"):
        build(other, "worm").load(tmp_path)
    with pytest.raises(InputError, match="no file"):
        build(name, "worm").load(tmp_path / "nowhere")


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
