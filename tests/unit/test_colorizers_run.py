"""Training and prediction from file to file."""

import logging
import shutil

import numpy as np
import pandas as pd
import pytest

from chromapal import methods
from chromapal.colorizers import mean_colour
from chromapal.colorizers.common import run
from chromapal.errors import InputError
from chromapal.prepare.variants import Smote
from chromapal.training.settings import Training

SMALL = {"width": 16, "layers": 1, "heads": 2, "members": 1, "steps": 2}
QUICK = {
    "resnet18_fusion": {"epochs": 1, "steps": 2, "batch": 4},
    "identify_then_colour": SMALL,
    "identify_then_colour_stacked": SMALL,
}
NAMED = ("identify_then_colour", "identify_then_colour_stacked")
REPEATED = ["AVAL", "AVAL", "AVAR", "RMGL", "AVAL", "AVAR"]


def neurons(tmp_path, names=REPEATED):
    """Six worms of eight neurons, alike in the body; every worm has two nameless ones."""
    rng = np.random.default_rng(0)
    count = 48
    table = pd.DataFrame(
        rng.random((count, 8)), columns=["u", "v", "w", "gray", "luminance", "r", "g", "b"]
    )
    table["lab"], table["zr"] = "A", 20 * table["w"]
    usual = np.random.default_rng(1).uniform(0, [80, 40, 20], (8, 3))
    table[["xr", "yr"]] = np.tile(usual[:, :2], (6, 1)) + rng.normal(0, 1, (count, 2))
    table["session"] = "2024-01-01"
    table["worm"] = np.repeat([f"w{worm}" for worm in range(6)], 8)
    table["weight"] = table["weight_n"] = 1.0
    table["name"] = [*names, "", ""] * 6
    table["role"] = np.repeat(["train"] * 4 + ["validation", "test"], 8)
    table["row"] = np.arange(count) + 100
    table["colour"] = True
    table.to_parquet(tmp_path / "neurons.parquet")
    return table


def train(
    tmp_path, colorizer="mean_colour", variant="with_background", sample="worm", params=None,
    precision="fp32",
):  # fmt: skip
    params = QUICK.get(colorizer, {}) if params is None else params
    run.train(
        tmp_path / "neurons.parquet",
        None,
        run.Run(colorizer, params, variant, sample, 8, 8.0),
        Smote(neighbours=1, weight_cap=5.0),
        Training("cpu", precision, checkpoints=str(tmp_path / "checkpoints")),
        tmp_path / "model",
        tmp_path / "history.csv",
        tmp_path / "colours.parquet",
    )


def predict(tmp_path, colorizer="mean_colour", variant="with_background", sample="worm"):
    out = tmp_path / "colours.parquet"
    asked = run.Run(colorizer, {}, variant, sample, 8, 8.0)
    run.predict(tmp_path / "neurons.parquet", None, tmp_path / "model", asked, out)
    return pd.read_parquet(out)


@pytest.mark.parametrize("sample", ["neuron", "worm"])
@pytest.mark.parametrize("variant", ["with_background", "no_background", "no_background_smote"])
@pytest.mark.parametrize(
    ("colorizer", "precision"),
    [*((name, "fp32") for name in methods.accepting("neurons")), ("resnet18_fusion", "bf16")],
)
def test_a_model_and_colours_come_out(colorizer, precision, variant, sample, tmp_path):
    names = ["AVAL", "AVAR", "RMGL", "RMGR", "RIH", "RIS"] if colorizer in NAMED else REPEATED
    table = neurons(tmp_path, names)
    if colorizer in NAMED and (variant, sample) == ("no_background_smote", "neuron"):
        with pytest.raises(InputError, match="synthetic neurons"):
            train(tmp_path, colorizer, variant, sample)
        return
    train(tmp_path, colorizer, variant, sample, precision=precision)
    history = pd.read_csv(tmp_path / "history.csv")
    assert history["step"].tolist() == ([2] if colorizer == "resnet18_fusion" else [])
    assert not (tmp_path / "checkpoints").exists()
    colours = pd.read_parquet(tmp_path / "colours.parquet")
    pd.testing.assert_frame_equal(predict(tmp_path, colorizer, variant, sample), colours)
    deviations = run.DEVIATIONS if colorizer in NAMED else ()
    assert tuple(colours.columns) == (*run.COLOURS, *deviations)
    assert (colours[list(deviations)] >= 0).all().all()
    # all neurons of the test worm are coloured, and those the variant knows are judged
    rows = [*range(140, 148)]
    assert colours["row"].tolist() == rows
    judged = [True] * 6 + [variant == "with_background"] * 2
    assert colours["scored"].tolist() == judged
    assert set(colours["role"]) == {"test"}
    assert np.isfinite(colours[["pred_r", "pred_g", "pred_b"]].to_numpy()).all()
    truth = table.set_index("row").loc[rows, ["r", "g", "b"]]
    np.testing.assert_array_equal(colours[["r", "g", "b"]], truth)
    assert ("background" in set(colours["name"])) == (variant == "with_background")


@pytest.mark.parametrize(("variant", "count"), [("with_background", 8), ("no_background", 6)])
def test_the_mean_is_of_the_variants_training_neurons(variant, count, tmp_path):
    table = neurons(tmp_path)
    train(tmp_path, variant=variant)
    colours = predict(tmp_path, variant=variant)
    taught = table[table["role"] == "train"].groupby("worm").head(count)
    np.testing.assert_allclose(
        colours[["pred_r", "pred_g", "pred_b"]].to_numpy(),
        np.tile(taught[["r", "g", "b"]].mean(), (8, 1)),
        rtol=1e-6,
    )


def seen_by_fit(tmp_path, monkeypatch, **settings):
    seen = {}

    def fit(self, train, validation, **rest):
        seen.update(train=train, validation=validation)
        return original(self, train, validation, **rest)

    original = mean_colour.MeanColour.fit
    monkeypatch.setattr(mean_colour.MeanColour, "fit", fit)
    neurons(tmp_path)
    train(tmp_path, variant="no_background_smote", **settings)
    return seen


def test_rare_names_are_oversampled_in_neuron_samples(tmp_path, monkeypatch):
    seen = seen_by_fit(tmp_path, monkeypatch, sample="neuron")
    # 12 AVAL, 8 AVAR and 4 RMGL in training become 12 each; validation stays as it is.
    assert len(seen["train"].gray) == 36
    assert len(seen["validation"].gray) == 6
    assert (seen["train"].loss_weight == 1).all()


def test_rare_names_are_weighted_in_worm_samples(tmp_path, monkeypatch):
    seen = seen_by_fit(tmp_path, monkeypatch, sample="worm")
    weight = seen["train"].loss_weight[:6]
    assert len(seen["train"].gray) == 24
    # One third of all weight for each of three names: 8 over the count.
    expected = [8 / 12, 8 / 12, 8 / 8, 8 / 4, 8 / 12, 8 / 8]
    np.testing.assert_allclose(weight, expected, rtol=1e-6)
    assert (seen["validation"].loss_weight == 1).all()


@pytest.mark.parametrize("colorizer", NAMED)
def test_methods_that_see_whole_worms_colour_them_alike_in_every_variant(colorizer, tmp_path):
    names = ["AVAL", "AVAR", "RMGL", "RMGR", "RID", "AQR"]
    neurons(tmp_path, names)
    found = {}
    for variant in ("with_background", "no_background"):
        train(tmp_path, colorizer, variant)
        found[variant] = predict(tmp_path, colorizer, variant).set_index("row")
        shutil.rmtree(tmp_path / "model")
    predicted = ["pred_r", "pred_g", "pred_b"]
    pd.testing.assert_frame_equal(*(part[predicted] for part in found.values()))
    assert found["no_background"]["scored"].tolist() == [True] * 6 + [False] * 2


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_failed_training_leaves_no_model(precision, tmp_path):
    table = neurons(tmp_path)
    table.loc[table["role"] == "validation", "r"] = np.nan
    table.to_parquet(tmp_path / "neurons.parquet")
    with pytest.raises(InputError):
        train(tmp_path, "resnet18_fusion", precision=precision)
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "history.csv").exists()


def test_mistakes_are_one_line(tmp_path):
    table = neurons(tmp_path)
    train(tmp_path)
    with pytest.raises(InputError, match="a model of mean_colour"):
        predict(tmp_path, "copy_gray")
    with pytest.raises(InputError, match="epoch"):
        train(tmp_path, "resnet18_fusion", params={"epoch": 3})
    table[table["role"] != "validation"].to_parquet(tmp_path / "neurons.parquet")
    with pytest.raises(InputError, match="no validation neuron"):
        train(tmp_path)


def test_seconds_are_logged(tmp_path, caplog):
    neurons(tmp_path)
    with caplog.at_level(logging.INFO, "chromapal"):
        train(tmp_path, "resnet18_fusion")
    assert "s a step" in caplog.text
    assert "s in total" in caplog.text
