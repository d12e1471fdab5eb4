"""Colour from aligned worms, file to file: nothing of a test worm but its gray is looked at."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.spatial.transform import Rotation

from chromapal.colorizers.common import run
from chromapal.columns import BODY, COLOUR, POSITION, PREDICTED
from chromapal.identify import align
from chromapal.identify.run import align_fold
from chromapal.prepare.frame import BodyFrame
from chromapal.prepare.variants import Smote
from chromapal.training.settings import Training
from tests.worm_batch import table

FEW = 7  # worms, the last two of them tested
QUICK = {
    "resnet18_fusion": {"steps": 6, "batch": 8, "schedule": "one_cycle", "ema": 0.9},
    "identify_then_colour": {"width": 16, "layers": 1, "heads": 2, "members": 1, "steps": 2},
    "mean_colour": {},
}


@pytest.fixture(scope="module")
def neurons():
    some = table()
    worms, names = some["worm"].unique()[:FEW], np.unique(some["true"])[::2]
    some = some[some["worm"].isin(worms) & some["true"].isin(names)].reset_index(drop=True)
    role = np.select(
        [some["worm"].isin(worms[-2:]), some["worm"].eq(worms[0])], ["test", "validation"], "train"
    )
    return some.assign(role=role, row=np.arange(len(some)), colour=True)


def aligned(folder, neurons, features="position+gray"):
    folder.mkdir()
    neurons.to_parquet(folder / "table.parquet")
    torch.set_num_threads(1)
    align_fold(
        folder / "table.parquet", features, "nonrigid", "decided", Training("cpu"),
        folder / "neurons.parquet", folder / "worms.parquet", folder / "atlas",
    )  # fmt: skip
    return folder


def train(
    folder, method="resnet18_fusion", sample="worm", precision="fp32", variant="no_background"
):
    """Train on an aligned fold, and return the written colours."""
    run.train(
        folder / "table.parquet", folder / "neurons.parquet",
        run.Run(method, QUICK[method], variant, sample, 16, 8.0), Smote(1, 5.0),
        Training("cpu", precision, seed=7, checkpoints=str(folder / "checkpoints")),
        folder / f"model_{method}_{sample}", folder / "losses.csv", folder / "colours.parquet",
    )  # fmt: skip
    return pd.read_parquet(folder / "colours.parquet")


def written(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def fold(neurons, tmp_path_factory):
    return aligned(tmp_path_factory.mktemp("aligned") / "fold", neurons)


@pytest.fixture(scope="module")
def other(neurons, tmp_path_factory):
    return aligned(tmp_path_factory.mktemp("aligned") / "other", absurd(neurons))


def absurd(neurons):
    """Exchange names and colours of test worms; gray stays."""
    test = neurons["role"].eq("test").to_numpy()
    rng = np.random.default_rng(0)
    changed = neurons.copy()
    for columns in (["name"], list(COLOUR)):
        values = changed.loc[test, columns].to_numpy()
        changed.loc[test, columns] = values[rng.permutation(test.sum())]
    return changed


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("sample", ["worm", "neuron"])
def test_absurd_names_and_colours_of_test_worms_change_no_prediction(
    fold, other, sample, precision
):
    there = train(fold, sample=sample, precision=precision)
    back = train(other, sample=sample, precision=precision)
    answers = ["row", *POSITION, "gray", *PREDICTED]
    pd.testing.assert_frame_equal(there[answers], back[answers], check_exact=True)
    assert not there[list(COLOUR)].equals(back[list(COLOUR)])
    models = [written(folder / f"model_resnet18_fusion_{sample}") for folder in (fold, other)]
    assert models[0] == models[1]
    assert there[list(PREDICTED)].notna().all().all()


def test_planted_leak_alignment_by_colour_brings_test_colours_into_the_grid(neurons, tmp_path):
    there, back = (
        train(aligned(tmp_path / name, some, "position+rgb"))
        for name, some in (("there", neurons), ("back", absurd(neurons)))
    )
    assert not there[list(POSITION)].equals(back[list(POSITION)])
    assert not there[list(PREDICTED)].equals(back[list(PREDICTED)])


def test_ranges_are_those_of_training_worms_and_kept_with_the_model(fold, neurons, tmp_path):
    train(fold, "mean_colour")
    found = json.loads((fold / "model_mean_colour_worm/frame.json").read_text())
    body = neurons.merge(pd.read_parquet(fold / "neurons.parquet"), on="row")
    honest = BodyFrame.fit(body[body["role"].eq("train")])
    assert BodyFrame.from_json(found) == honest != BodyFrame.fit(body)
    # test neurons far away change nothing but themselves
    far = tmp_path / "far"
    far.mkdir()
    neurons.to_parquet(far / "table.parquet")
    axes = list(BODY)
    body.loc[body["role"].eq("test"), axes] *= 10
    body[["row", *axes]].to_parquet(far / "neurons.parquet")
    colours = train(far, "mean_colour")
    assert json.loads((far / "model_mean_colour_worm/frame.json").read_text()) == found
    assert colours[list(POSITION)].isin([0, 1]).any(axis=None)
    assert colours[list(POSITION)].stack().between(0, 1).all()


def test_predictions_do_not_change_when_a_worm_is_turned_and_shifted(fold, neurons, tmp_path):
    # handedness stated, so that no other one is tried
    stated = neurons.assign(handedness=neurons["sign"].astype(int))
    there = aligned(tmp_path / "there", stated)
    turned = stated.copy()
    axes, test = ["xr", "yr", "zr"], stated["role"].eq("test")
    for number, worm in enumerate(stated.loc[test, "worm"].unique()):
        own = stated["worm"].eq(worm)
        turn = Rotation.from_euler("xyz", [20 + 90 * number, -40, 130], degrees=True)
        placed = turn.apply(np.array(stated.loc[own, axes]))
        turned.loc[own, axes] = placed + np.array([500, -30, 80])
    back = aligned(tmp_path / "back", turned)
    train(there)
    colours = [
        run.predict(
            folder / "table.parquet", folder / "neurons.parquet",
            there / "model_resnet18_fusion_worm",
            run.Run("resnet18_fusion", {}, "no_background", "worm", 16, 8.0),
            folder / "again.parquet",
        ) or pd.read_parquet(folder / "again.parquet")
        for folder in (there, back)
    ]  # fmt: skip
    moved = np.abs(colours[0][list(POSITION)] - colours[1][list(POSITION)]).max(axis=1)
    assert moved.median() < 1e-4
    apart = np.abs(colours[0][list(PREDICTED)] - colours[1][list(PREDICTED)]).max(axis=1)
    # a neuron on the border of two cells may change over
    assert (apart < 0.01).mean() > 0.95
    # as recorded, the same worms are others
    assert not np.allclose(stated.loc[test, axes], turned.loc[test, axes], atol=20)


def test_identify_then_colour_aligns_no_worm_again(fold, monkeypatch):
    def fit(*_, **__):
        raise AssertionError("aligned a second time")

    monkeypatch.setattr(align, "fit", fit)
    monkeypatch.setattr(align.Aligner, "align", fit)
    colours = train(fold, "identify_then_colour")
    assert colours[list(PREDICTED)].notna().all().all()
    # the model reads aligned worms only
    again = run.load(fold / "model_identify_then_colour_worm")
    assert again.identifier.alignments == {}


def test_training_worms_without_names_are_aligned_and_teach_colour(fold, neurons, tmp_path):
    nameless = neurons["worm"].eq(neurons["worm"].unique()[1])
    some = neurons.assign(name=neurons["name"].mask(nameless, ""))
    folder = aligned(tmp_path / "nameless", some)
    body = pd.read_parquet(folder / "neurons.parquet")
    assert body["row"].tolist() == neurons["row"].tolist()
    assert np.isfinite(body[list(BODY)].to_numpy()).all()
    before, after = (
        train(each, "mean_colour", variant="with_background") for each in (fold, folder)
    )
    # their neurons have colours, so that the mean of all is as it was
    np.testing.assert_allclose(before[list(PREDICTED)], after[list(PREDICTED)], rtol=1e-6)
