import json
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from chromapal import methods
from chromapal.colorizers.common import run_pictures
from chromapal.errors import InputError
from chromapal.evaluate.pages.turing_pictures import choose
from chromapal.evaluate.tables.scored_pictures import write_scores
from chromapal.images.sets import opened, part
from chromapal.images.shown import show, show_micrographs

OPTIONS = {"kind": "bundled", "size": 32, "most_per_source": 3}


def test_fewer_training_pictures_are_among_more():
    collection = opened(OPTIONS, 7)
    drawn = [set(part(collection, "train", most, 7).pictures) for most in (2, 5, None)]
    assert [len(some) for some in drawn] == [2, 5, len(collection.of("train"))]
    assert drawn[0] < drawn[1] < drawn[2]
    assert set(part(collection, "train", 5, 8).pictures) != drawn[1]
    rgb, gray = part(collection, "train")[0]
    np.testing.assert_array_equal(rgb, collection.load(collection.of("train")[0]))
    assert gray.shape == (32, 32)


def test_test_pictures_stand_on_disk_in_eight_bits(tmp_path):
    show(OPTIONS, 7, tmp_path / "shown")
    tested = part(opened(OPTIONS, 7), "test")
    index = pd.read_csv(tmp_path / "shown/index.csv")
    assert index["key"].tolist() == [picture.key for picture in tested.pictures]
    assert index["number"].tolist() == list(range(len(tested)))
    for number in index["number"]:
        for kind, pixels in zip(("true", "gray"), tested[number], strict=True):
            saved = np.asarray(Image.open(tmp_path / f"shown/{number:03d}_{kind}.png"))
            assert np.abs(saved / 255 - pixels).max() <= 0.5 / 255 + 1e-6
    show_micrographs(["cell"], tmp_path / "micrographs")
    assert Image.open(tmp_path / "micrographs/cell.png").mode == "L"


def trained(folder, colorizer, **options):
    run_pictures.train(
        OPTIONS | options, colorizer, {}, 4, 7, 7, "cpu", "fp32", 1, folder / "checkpoints",
        folder / "model", folder / "losses.csv", folder / "facts.json",
    )  # fmt: skip


@pytest.mark.parametrize(("colorizer", "learnt"), [("mean_colour", 3), ("copy_gray", 0)])
def test_a_model_is_trained_colours_and_is_scored(tmp_path, colorizer, learnt):
    trained(tmp_path, colorizer)
    assert json.loads((tmp_path / "facts.json").read_text()) == {
        "train_pictures": 4,
        "parameters": learnt,
        "training_device": "",
        "training_precision": "",
    }
    show(OPTIONS, 7, tmp_path / "shown")
    run_pictures.colour(OPTIONS, tmp_path / "model", ["cell"], 7, 1, tmp_path / "coloured")
    index = pd.read_csv(tmp_path / "shown/index.csv")
    names = {path.name for path in (tmp_path / "coloured").iterdir()}
    assert names == {f"{number:03d}.png" for number in index["number"]} | {"micrograph_cell.png"}
    write_scores(
        tmp_path / "shown", tmp_path / "coloured", tmp_path / "facts.json", tmp_path / "s.parquet"
    )
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert scores["key"].tolist() == index["key"].tolist()
    assert (scores["parameters"] == learnt).all() and scores["delta_e"].gt(0).all()
    if colorizer == "copy_gray":
        first = np.asarray(Image.open(tmp_path / "coloured/000.png"))
        gray = np.asarray(Image.open(tmp_path / "shown/000_gray.png"))
        np.testing.assert_array_equal(first, np.repeat(gray[:, :, None], 3, axis=2))


def test_a_set_without_pictures_to_validate_on_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no picture to validate on"):
        trained(tmp_path, "mean_colour", photographs=["cat"])
    assert not (tmp_path / "model").exists()


def test_pictures_are_shared_out_among_methods(tmp_path):
    for name, count in (("a", 9), ("b", 2)):
        (tmp_path / name).mkdir()
        keys = [f"{name}{number}" for number in range(count)]
        table = pd.DataFrame({"number": range(count), "key": keys, "source": "s"})
        table.to_csv(tmp_path / name / "index.csv", index=False)
    entries = [
        {"set": name, "run": "all", "colorizer": method, "path": f"coloured/{name}/{method}"}
        for name in ("a", "b")
        for method in ("one", "two", "three")
    ]
    found = choose(entries, tmp_path, 7, seed=1)
    assert found["key"].str[0].value_counts().to_dict() == {"a": 7, "b": 2}
    assert found["key"].is_unique
    counts = found[found["key"].str.startswith("a")]["colorizer"].value_counts()
    assert sorted(counts) == [2, 2, 3] and set(counts.index) == {
        "one (all)", "two (all)", "three (all)"
    }  # fmt: skip
    for row in found.itertuples():
        number = row.key[-1]
        assert row.truth == tmp_path / row.key[0] / f"00{number}_true.png"
        assert row.prediction.name == f"00{number}.png"
        assert row.prediction.parent.name == row.colorizer.split()[0]
    pd.testing.assert_frame_equal(found, choose(entries, tmp_path, 7, seed=1))
    assert not found.equals(choose(entries, tmp_path, 7, seed=2))


def test_a_file_is_known_by_name_and_time_and_a_patch_by_its_pixels(tmp_path):
    for number in range(4):
        Image.new("RGB", (20, 20), (number, 9, 9)).save(tmp_path / f"{number}.png")
    options = {"kind": "folder", "folder": str(tmp_path)}
    before = part(opened(options, 1), "train").fingerprint()
    assert part(opened(options, 1), "train").fingerprint() == before
    for path in tmp_path.glob("*.png"):
        os.utime(path, (1, 1))
    assert part(opened(options, 1), "train").fingerprint() != before
    some = [part(opened(OPTIONS, 7), "train", most, 7).fingerprint() for most in (2, 2, 3)]
    assert some[0] == some[1] != some[2]


@pytest.mark.parametrize(
    ("colorizer", "changes"),
    [
        ("lab_rebalanced", {"depth": 20}),
        ("lab_rebalanced", {"uniform": 0}),
        ("lab_rebalanced", {"temperature": 0}),
        ("lab_autoencoder", {"halvings": 5}),
        ("context_mlp", {"rounds": 0}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_one_line(colorizer, changes):
    name = next(iter(changes))
    with pytest.raises(InputError, match=f"'params.colorizers.{colorizer}.{name}'"):
        methods.params("colorizers", colorizer, changes)
