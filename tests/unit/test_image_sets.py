"""A set is looked for once and listed; its jobs read the list, and the images they need."""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from chromapal import methods
from chromapal.colorizers.common import run_images
from chromapal.errors import InputError
from chromapal.evaluate.pages.turing_images import choose
from chromapal.evaluate.tables.scored_images import write_scores
from chromapal.images import bundled, folder_files, neuropal, neuropal_volume, sets
from chromapal.images import folder as image_folder
from chromapal.images.card import write_card
from chromapal.images.cifar100 import RECORD
from chromapal.images.collection import SPLITS
from chromapal.images.export import write_micrographs, write_test_images
from chromapal.images.sets import find, list_images, listed, part
from chromapal.training.settings import Training
from tests.nwb_files import write_nwb

OPTIONS = {"kind": "bundled", "size": 32, "most_per_source": 3}


def some_files(folder, count=12):
    """Fill a folder with images, one file that is none, and one whose name is no text."""
    folder.mkdir()
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02d}.png")
    (folder / "00.png").rename(os.fsdecode(os.fsencode(folder) + b"/\xff.png"))
    (folder / "notes\n.txt").write_text("no image")
    return {"kind": "folder", "folder": str(folder), "size": 16}


def some_records(folder):
    folder.mkdir()
    for name, count in (("train", 20), ("test", 8)):
        data = np.random.default_rng(count).integers(0, 100, (count, RECORD), dtype=np.uint8)
        data.tofile(folder / f"{name}.bin")
    return {"kind": "cifar100", "source": str(folder), "cache": str(folder), "counts": [9, 4, 3]}


def some_volumes(folder):
    paths = [folder / f"L{n % 2}" / f"{n}.nwb" for n in range(5)]
    for number, path in enumerate(paths):
        write_nwb(path, identifier=f"w{number}", subject=f"w{number}")
    return {
        "kind": "neuropal", "source": [str(path) for path in paths], "size": 8,
        "gray_source": "white", "most_slices": 2,
    }  # fmt: skip


MADE = {"folder": some_files, "cifar100": some_records, "neuropal": some_volumes}


@pytest.fixture(params=["bundled", *MADE])
def options(request, tmp_path):
    """Return the options of a small set of each kind."""
    if request.param == "bundled":
        return OPTIONS
    return MADE[request.param](tmp_path / "set")


@pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
def test_a_list_gives_the_set_back_as_it_was_found(options, tmp_path):
    found = find(options, 7)
    list_images(options, 7, tmp_path / "list.parquet")
    again = listed(tmp_path / "list.parquet", options)
    assert again.images == found.images and again.skipped == found.skipped
    for one, other in zip(again.images, found.images, strict=True):
        assert (one.file, one.at) == (other.file, other.at)
    for image in found.images[:: len(found.images) // 4]:
        assert again.stamp(image) == found.stamp(image)
        for one, other in zip(again.pair(image), found.pair(image), strict=True):
            np.testing.assert_array_equal(one, other)
    tested = listed(tmp_path / "list.parquet", options, ["test"])
    assert tested.images == found.of("test")
    table = pd.read_parquet(tmp_path / "list.parquet")
    assert table["split"].value_counts().to_dict() == {
        **{split: len(found.of(split)) for split in SPLITS},
        **({"": 1} if options["kind"] == "folder" else {}),
    }
    first = (tmp_path / "list.parquet").read_bytes()
    list_images(options, 7, tmp_path / "list.parquet")
    assert (tmp_path / "list.parquet").read_bytes() == first


@pytest.fixture
def reads(monkeypatch):
    """Count how often each file is decoded, by name; a volume is a file too."""
    count = Counter()

    def counted(function):
        def read(path, *arguments):
            count[Path(path).name] += 1
            return function(path, *arguments)

        return read

    for module, name in (
        (bundled, "decode"), (image_folder, "decode"), (neuropal_volume, "slices")
    ):  # fmt: skip
        monkeypatch.setattr(module, name, counted(getattr(module, name)))
    bundled._photograph.cache_clear()
    return count


@pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
def test_jobs_read_what_they_need_once_and_look_for_nothing(options, tmp_path, reads, monkeypatch):
    listing = tmp_path / "list.parquet"
    list_images(options, 7, listing)
    # of an image in a folder only decoding tells whether it is whole; of all others the header
    assert set(reads.values()) <= {1} and bool(reads) == (options["kind"] == "folder")
    collection = listed(listing, options)
    files = {split: {Path(image.file).name for image in collection.of(split)} for split in SPLITS}
    if options["kind"] == "bundled":
        names = {name: Path(file).name for name, (*_, file) in bundled.PHOTOGRAPHS.items()}
        files = {split: {names[name] for name in found} for split, found in files.items()}
    decoded = options["kind"] != "cifar100"  # whose records are no files of their own

    def refused(*arguments):
        raise AssertionError("a job looked for images")

    for module, name in (
        (sets, "find"), (folder_files, "assign"), (image_folder, "assign"), (bundled, "patches"),
        (bundled, "dimensions"), (image_folder, "dimensions"), (neuropal, "_describe"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, refused)

    def read_by(job, *arguments):
        reads.clear()
        bundled._photograph.cache_clear()
        job(*arguments)
        return dict(reads)

    def once(*splits):
        return {name: 1 for split in splits for name in files[split]} if decoded else {}

    assert read_by(write_test_images, listing, options, tmp_path / "shown") == once("test")
    assert read_by(write_card, listing, options, tmp_path / "card") == once(*SPLITS)
    train = (
        listing, options, run_images.Method("mean_colour", {}), Training(seed=7),
        *(tmp_path / name for name in ("model", "losses.csv", "facts.json", "coloured")),
    )  # fmt: skip
    assert read_by(run_images.train, *train) == once("train", "test")


def test_fewer_training_images_are_among_more():
    collection = find(OPTIONS, 7)
    drawn = [set(part(collection, "train", most, 7).images) for most in (2, 5, None)]
    assert [len(some) for some in drawn] == [2, 5, len(collection.of("train"))]
    assert drawn[0] < drawn[1] < drawn[2]
    assert set(part(collection, "train", 5, 8).images) != drawn[1]
    rgb, gray = part(collection, "train")[0]
    np.testing.assert_array_equal(rgb, collection.load(collection.of("train")[0]))
    assert gray.shape == (32, 32)


def test_test_images_stand_on_disk_in_eight_bits(tmp_path):
    list_images(OPTIONS, 7, tmp_path / "list.parquet")
    write_test_images(tmp_path / "list.parquet", OPTIONS, tmp_path / "shown")
    tested = part(find(OPTIONS, 7), "test")
    index = pd.read_csv(tmp_path / "shown/index.csv")
    assert index["key"].tolist() == [image.key for image in tested.images]
    assert index["number"].tolist() == list(range(len(tested)))
    for number in index["number"]:
        for kind, pixels in zip(("true", "gray"), tested[number], strict=True):
            saved = np.asarray(Image.open(tmp_path / f"shown/{number:03d}_{kind}.png"))
            assert np.abs(saved / 255 - pixels).max() <= 0.5 / 255 + 1e-6
    write_micrographs(["cell"], tmp_path / "micrographs")
    assert Image.open(tmp_path / "micrographs/cell.png").mode == "L"


def trained(folder, colorizer, **more):
    """List the set and train on four of its images; gives what lists and loads it."""
    options = OPTIONS | more
    list_images(options, 7, folder / "list.parquet")
    run_images.train(
        folder / "list.parquet", options, run_images.Method(colorizer, {}, 4, 7, ["cell"]),
        Training("cpu", "fp32", 1, 7, str(folder / "checkpoints")), folder / "model",
        folder / "losses.csv", folder / "facts.json", folder / "coloured",
    )  # fmt: skip
    return folder / "list.parquet", options


@pytest.mark.parametrize(("colorizer", "learnt"), [("mean_colour", 3), ("copy_gray", 0)])
def test_a_model_is_trained_colours_and_is_scored(tmp_path, colorizer, learnt):
    images, options = trained(tmp_path, colorizer)
    assert json.loads((tmp_path / "facts.json").read_text()) == {
        "train_pictures": 4,
        "parameters": learnt,
        "training_device": "",
        "training_precision": "",
    }
    write_test_images(images, options, tmp_path / "shown")
    index = pd.read_csv(tmp_path / "shown/index.csv")
    names = {path.name for path in (tmp_path / "coloured").iterdir()}
    assert names == {f"{number:03d}.png" for number in index["number"]} | {"micrograph_cell.png"}
    write_scores(
        tmp_path / "shown", tmp_path / "coloured", tmp_path / "facts.json", tmp_path / "s.parquet",
        tmp_path / "r.parquet",
    )  # fmt: skip
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert scores["key"].tolist() == index["key"].tolist()
    assert (scores["parameters"] == learnt).all() and scores["delta_e"].gt(0).all()
    regions = pd.read_parquet(tmp_path / "r.parquet")
    everything = regions[regions["region"].eq("all")]
    assert everything["key"].tolist() == index["key"].tolist()
    mean = everything["squared"] / everything["pixels"]
    assert mean.to_numpy() == pytest.approx(scores["mse_ab"].to_numpy())
    if colorizer == "copy_gray":
        first = np.asarray(Image.open(tmp_path / "coloured/000.png"))
        gray = np.asarray(Image.open(tmp_path / "shown/000_gray.png"))
        np.testing.assert_array_equal(first, np.repeat(gray[:, :, None], 3, axis=2))


def test_a_set_without_images_to_validate_on_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"list\.parquet: found no image to validate on"):
        trained(tmp_path, "mean_colour", photographs=["cat"])
    assert not (tmp_path / "model").exists()


def test_images_are_shared_out_among_methods(tmp_path):
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
    shown = {name: tmp_path / name for name in ("a", "b")}
    found = choose(entries, shown, 7, seed=1)
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
    pd.testing.assert_frame_equal(found, choose(entries, shown, 7, seed=1))
    assert not found.equals(choose(entries, shown, 7, seed=2))


def test_a_file_is_known_by_name_and_time_and_a_patch_by_its_pixels(tmp_path):
    for number in range(4):
        Image.new("RGB", (20, 20), (number, 9, 9)).save(tmp_path / f"{number}.png")
    options = {"kind": "folder", "folder": str(tmp_path)}
    before = part(find(options, 1), "train").fingerprint()
    assert part(find(options, 1), "train").fingerprint() == before
    for path in tmp_path.glob("*.png"):
        os.utime(path, (1, 1))
    assert part(find(options, 1), "train").fingerprint() != before
    some = [part(find(OPTIONS, 7), "train", most, 7).fingerprint() for most in (2, 2, 3)]
    assert some[0] == some[1] != some[2]
    train = part(find(options, 1), "train")
    for path in tmp_path.glob("*.png"):
        path.unlink()
    with pytest.raises(InputError, match="no such file; expected the image that was listed"):
        train.fingerprint()


@pytest.mark.parametrize(
    ("colorizer", "changes"),
    [
        ("lab_rebalanced", {"depth": 20}),
        ("lab_rebalanced", {"uniform": 0}),
        ("lab_rebalanced", {"temperature": 0.001}),
        ("lab_autoencoder", {"halvings": 5}),
        ("context_mlp", {"rounds": 0}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_one_line(colorizer, changes):
    name = next(iter(changes))
    with pytest.raises(InputError, match=f"'params.colorizers.{colorizer}.{name}'"):
        methods.params("colorizers", colorizer, changes)
