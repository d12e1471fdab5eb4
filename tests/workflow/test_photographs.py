"""A tiny study of photographs made here: crops to train on, whole pictures to score."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from tests.workflow.conftest import ROOT, check_columns, snakemake

TINY = {"steps": 40, "epochs": 4, "epoch_steps": 20, "batch": 2, "schedule": "plateau"}


def write(folder):
    """Write photographs of a sky above a meadow, each of its own size and light."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 7), ("val", 3)):
        (folder / part).mkdir(parents=True)
        for number in range(count):
            high, wide = rng.integers(40, 60, 2)
            pixels = rng.integers(0, 40, (high, wide, 3))
            horizon = rng.integers(15, high - 15)
            pixels[:horizon] += [90, 140, 200]
            pixels[horizon:] += [60, 120, 30]
            Image.fromarray(pixels.astype(np.uint8)).save(folder / part / f"{number}.jpg")


def tiny():
    """Return the committed study with small crops, few runs and few steps."""
    study = yaml.safe_load((ROOT / "config/images-photographs.yaml").read_text())
    study["sets"]["photographs"] |= {"crop": 32, "held_out": 2}
    study["runs"] = {name: study["runs"][name] for name in ("all", "pictures_12")}
    study["runs"]["pictures_12"]["pictures"] = 3
    study["runs"]["all"]["colorizers"].remove("lab_resnet34")
    study["comparisons"] = study["comparisons"][:1]
    for name, params in study["params"]["colorizers"].items():
        params |= TINY | ({"batch": 1024, "rounds": 1} if name == "context_mlp" else {})
    study["params"]["colorizers"]["lab_autoencoder"]["width"] = 4
    study["training"] |= {"device": "cpu", "precision": "fp32"}
    return study | {"turing": 2, "budget": "quick"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    write(folder / "my photographs")
    done = snakemake(folder, tiny(), "--config", "folder=my photographs")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "results/images_photographs"


def test_every_colorizer_is_scored_on_whole_photographs_that_nothing_was_fitted_on(folder):
    images = pd.read_csv(folder / "tables/images.csv").set_index(["run", "colorizer"])
    assert set(images.index) == {
        *(("all", name) for name in ("mean_colour", "copy_gray", "context_mlp", "lab_autoencoder",
                                     "lab_rebalanced", "lab_resnet18")),
        ("pictures_12", "lab_resnet18"),
    }  # fmt: skip
    assert (images["pictures"] == 3).all()
    trained = images["train_pictures"]
    assert trained.pop(("pictures_12", "lab_resnet18")) == 3 and (trained == 5).all()
    listed = pd.read_parquet(folder / "listed/photographs.parquet")
    parts = listed.assign(part=listed["key"].str.split("/").str[0])
    assert parts.groupby(["part", "split"]).size().to_dict() == {
        ("train", "train"): 5, ("train", "validation"): 2, ("val", "test"): 3,
    }  # fmt: skip
    shown = pd.read_csv(folder / "shown/photographs/index.csv")
    for number, key in zip(shown["number"], shown["key"], strict=True):
        with Image.open(folder.parents[1] / "my photographs" / key) as photograph:
            for path in (folder / "coloured").rglob(f"{number:03d}.png"):
                with Image.open(path) as coloured:
                    assert coloured.size == photograph.size
    check_columns([*(folder / "tables").glob("*.csv")])


def test_a_quick_budget_is_a_tenth_of_the_steps(folder):
    losses = pd.read_csv(folder / "tables/image_losses.csv")
    assert losses.groupby(["run", "colorizer"])["step"].max().unique().tolist() == [4]
    resnet = losses[losses["colorizer"].eq("lab_resnet18") & losses["run"].eq("all")]
    assert resnet["step"].tolist() == [3, 4]


def test_the_models_can_colour_other_images(folder):
    model = folder / "models/photographs/all/lab_rebalanced"
    facts = json.loads((model / "model.json").read_text())
    assert facts["train_pictures"] == 5 and 40 <= facts["side"] < 60
    here = folder.parents[1]
    words = (f"model={model}", "images=my photographs/val")
    done = snakemake(here, None, "colour", "--config", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(pd.read_csv(here / "results/coloured/val/images/index.csv")) == 3


def test_a_study_without_a_folder_is_one_line(tmp_path):
    done = snakemake(tmp_path, tiny() | {"folder": ""}, "-n")
    line = "config key 'sets.photographs.folder': found none; expected a folder, or key 'folder'"
    assert done.returncode != 0 and line in done.stdout + done.stderr


def test_patches_of_photographs_train_the_context_network_as_its_authors_did(tmp_path):
    write(tmp_path / "photographs")
    study = yaml.safe_load((ROOT / "config/images-context.yaml").read_text())
    assert "params" not in study and study["sets"]["patches"]["counts"] == [400, 100, 100]
    study["sets"]["patches"] |= {"counts": [8, 4, 3], "largest": 40, "size": 16, "held_out": 2}
    study["training"] |= {"device": "cpu", "precision": "fp32"}
    # in the place of hours
    study["params"] = {"colorizers": {"context_mlp": {"steps": 30, "epochs": 6, "patience": 1}}}
    done = snakemake(tmp_path, study | {"folder": "photographs", "turing": 2})
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "results/images_context"
    images = pd.read_csv(folder / "tables/images.csv").set_index("colorizer")
    assert set(images.index) == {"mean_colour", "copy_gray", "context_mlp"}
    assert (images["train_pictures"] == 8).all() and (images["pictures"] == 3).all()
    # 25 x 8 + 8, 8 x 4 + 4, 4 x 3 + 3
    assert images.loc["context_mlp", "parameters"] == 208 + 36 + 15
    losses = pd.read_csv(folder / "tables/image_losses.csv")
    assert losses["learning_rate"].iloc[0] == 1e-3 and losses["step"].iloc[0] == 2
    check_columns([*(folder / "tables").glob("*.csv")])
