"""A model of a study of images colours a folder of images; what cannot be meant is one line."""

import pandas as pd
import pytest
from PIL import Image

from tests.colouring import gray_image, save, write_model
from tests.workflow.conftest import against_umask, check_columns, snakemake

STUDY = {
    "study": "small",
    "seed": 3,
    "sets": {"photographs": {"kind": "bundled", "size": 32, "most_per_source": 2}},
    "runs": {"all": {"sets": ["photographs"], "colorizers": ["lab_autoencoder"]}},
    "params": {"colorizers": {"lab_autoencoder": {"steps": 2, "width": 4}}},
    "training": {"threads": 1, "device": "cpu", "precision": "fp32"},
}
MODEL = "results/small/models/photographs/all/lab_autoencoder"


def colour(folder, *keys, config=None, model=MODEL, images="my pictures"):
    words = [f"model={model}", f"images={images}", *keys]
    return snakemake(folder, config, "colour", "--config", *words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a study's model and what it made of images; tests read it."""
    folder = tmp_path_factory.mktemp("colour")
    save(gray_image(40, 50), folder / "my pictures/a b.png")
    save(gray_image(30, 90, 16), folder / "my pictures/deep/c{x}.tif")
    (folder / "my pictures/broken.jpg").write_bytes(b"no image")
    done = snakemake(folder, STUDY, MODEL)
    assert done.returncode == 0, done.stdout + done.stderr
    done = colour(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "broken.jpg: found not an image" in done.stdout + done.stderr
    return folder


def results(folder):
    (found,) = (folder / "results/coloured").iterdir()
    return found


def test_images_have_colours_and_a_sheet(folder):
    out = results(folder)
    assert out.name.startswith("my_pictures-")
    check_columns([out / "images/index.csv"], "coloured")
    check_columns([out / "skipped.csv"], "skipped_images")
    index = pd.read_csv(out / "images/index.csv").set_index("file")
    assert index["bits"].to_dict() == {"a b.png": 8, "deep/c{x}.tif": 16}
    for name in index["coloured"]:
        with Image.open(out / "images" / name) as image:
            assert image.mode == "RGB"
    (row,) = pd.read_csv(out / "skipped.csv").to_dict("records")
    assert (row["file"], row["found"]) == ("broken.jpg", "not an image")
    assert (out / "contact_sheet.png").is_file()


def test_outputs_follow_the_umask_and_the_images_are_as_they_were(folder, tmp_path):
    assert against_umask(results(folder), tmp_path / "probe") == {}
    there = {path.name for path in (folder / "my pictures").rglob("*")}
    assert there == {"a b.png", "deep", "c{x}.tif", "broken.jpg"}


def test_a_second_run_does_nothing_until_there_is_another_image(folder):
    done = colour(folder)
    assert "Nothing to be done" in done.stdout + done.stderr
    save(gray_image(9, 9), folder / "my pictures/new.png")
    done = colour(folder, "-n")
    (folder / "my pictures/new.png").unlink()
    assert "rule colour_images" in done.stdout + done.stderr


@pytest.fixture
def planned(tmp_path):
    """Return what says whether a dry run succeeds, and its text, in a folder with a model."""
    write_model(tmp_path / MODEL)
    save(gray_image(9, 9), tmp_path / "my pictures/a.png")

    def plan(*keys, **settings):
        done = colour(tmp_path, *keys, "-n", **settings)
        text = done.stdout + done.stderr
        assert "Traceback" not in text
        return done.returncode == 0, text

    return plan


@pytest.mark.parametrize(
    ("keys", "settings", "line"),
    [
        (["tiles=9"], {}, "'top level': Additional properties are not allowed ('tiles' was"),
        (["worms=x"], {}, "'top level': Additional properties are not allowed ('worms' was"),
        (["tile=9"], {}, "'tile': 9 is less than the minimum of 64"),
        (["scale=none"], {}, "'scale': 'none' is not one of"),
        (["out=my pictures/out"], {}, "'out': found 'my pictures/out' inside images"),
        (["out=results"], {}, "'out': found 'results' around the model"),
        ([], {"images": "."}, "'out': found 'results/coloured/"),
        ([], {"images": "nowhere"}, "'images': found no folder 'nowhere'"),
        ([], {"model": "results/small"}, f"'model': found a study (results/small); "
         f"expected one of its models; {MODEL}"),
        ([], {"model": "results"}, "'model': found no model in 'results'"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_line(planned, keys, settings, line):
    works, text = planned(*keys, **settings)
    assert not works and f"config key {line}" in text, text


def test_the_keys_of_a_study_are_not_looked_at(planned):
    works, text = planned(config=STUDY)
    assert works and "rule colour_images" in text, text
    works, text = planned("images=007", config={"tile": 128}, images="my pictures")
    assert not works and "no folder '007'" in text, text
