"""A small study of images, from sets to report; every table the same bytes twice."""

import pandas as pd
import pytest
from PIL import Image

from chromapal import methods
from tests.workflow.conftest import against_umask, check_columns, snakemake

LEARN = {"epochs": 2, "steps": 4}
STUDY = {
    "study": "images",
    "seed": 3,
    "sets": {
        "photographs": {"kind": "bundled", "size": 32, "most_per_source": 4},
        "slices": {
            "kind": "neuropal",
            "size": 24,
            "most_slices": 2,
            "simulate": {"worms": 5, "laboratories": 2, "neurons": 30},
        },
    },
    "runs": {
        "all": {
            "sets": ["photographs", "slices"],
            "colorizers": ["mean_colour", "copy_gray", "context_mlp", "lab_resnet50_frozen"],
        },
        "few": {
            "sets": ["photographs"],
            "colorizers": ["context_mlp", "lab_autoencoder"],
            "pictures": 2,
        },
    },
    "comparisons": [{"title": "all or two", "runs": ["all", "few"], "colorizers": ["context_mlp"]}],
    "turing": 3,
    "params": {"colorizers": {"context_mlp": LEARN, "lab_autoencoder": {**LEARN, "width": 8}}},
    "training": {"threads": 1, "parallel": 2, "device": "cpu", "precision": "bf16"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    done = snakemake(folder, STUDY)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "results/images"


def test_every_model_is_scored_on_images_of_other_sources(folder):
    images = pd.read_csv(folder / "tables/images.csv")
    # the method that is nothing without weights is left out
    assert sorted(zip(images["set"], images["run"], images["colorizer"], strict=True)) == [
        ("photographs", "all", "context_mlp"),
        ("photographs", "all", "copy_gray"),
        ("photographs", "all", "mean_colour"),
        ("photographs", "few", "context_mlp"),
        ("photographs", "few", "lab_autoencoder"),
        ("slices", "all", "context_mlp"),
        ("slices", "all", "copy_gray"),
        ("slices", "all", "mean_colour"),
    ]
    assert images.set_index(["set", "run", "colorizer"])["train_pictures"].to_dict() == {
        **dict.fromkeys(
            [("photographs", "all", name) for name in ("context_mlp", "copy_gray", "mean_colour")],
            24,  # six of the ten photographs, four patches each
        ),
        ("photographs", "few", "context_mlp"): 2,
        ("photographs", "few", "lab_autoencoder"): 2,
        **dict.fromkeys(
            [("slices", "all", name) for name in ("context_mlp", "copy_gray", "mean_colour")], 6
        ),
    }
    assert images["delta_e"].between(0, 100).all() and images["psnr"].gt(0).all()
    gray = images[images["colorizer"].eq("copy_gray")]
    assert (gray["colourfulness_ratio"] < 1e-3).all() and (gray["parameters"] == 0).all()
    cards = pd.read_csv(folder / "tables/image_sets.csv")
    assert set(cards["set"]) == {"photographs", "slices"}


def test_tables_have_the_columns_of_the_dictionary(folder):
    check_columns([*(folder / "tables").glob("*.csv")])
    images = pd.read_csv(folder / "tables/images.csv", keep_default_na=False)
    trained = images["training_device"].eq("cpu") & images["training_precision"].ne("")
    assert (trained == ~images["colorizer"].isin(methods.baselines())).all()


def test_every_output_follows_the_umask(folder, tmp_path):
    assert against_umask(folder, tmp_path / "probe") == {}


def test_sets_are_looked_through_once(folder):
    cards = pd.read_csv(folder / "tables/image_sets.csv").set_index(["set", "split"])["pictures"]
    lists = sorted((folder / "listed").iterdir())
    assert [path.name for path in lists] == ["photographs.parquet", "slices.parquet"]
    for path in lists:
        images = pd.read_parquet(path)
        assert images["key"].is_unique and (images["reason"] == "").all()
        assert images["split"].value_counts().to_dict() == cards[path.stem].to_dict()
    logs = {path.parent.name for path in (folder / "logs").glob("*/photographs.log")}
    assert logs == {"list_images", "show_images", "describe_images"}


def test_everything_is_there_to_look_at(folder):
    figures = {path.stem for path in (folder / "figures").glob("*.png")}
    assert figures == {
        "picture_sets", "contact_sheet_photographs", "contact_sheet_slices", "picture_scores",
        "picture_comparisons", "picture_losses", "micrographs_photographs", "micrographs_slices",
        *(f"{about}_{name}" for about in ("picture_hues", "picture_colours", "picture_details",
                                         "ranked_sheet") for name in ("photographs", "slices")),
    }  # fmt: skip
    for name in figures:
        with Image.open(folder / f"figures/{name}.png") as image:
            assert min(image.size) > 100
    report = (folder / "report/report.html").read_text()
    assert "needs weights" in report and "../turing/turing.html" in report
    assert "was not drawn" not in report
    page = (folder / "turing/turing.html").read_text()
    # three photographs and both slices, true and predicted, as single images
    assert page.count("data:image/png;base64,") == 2 * (3 + 2)


def test_a_second_run_gives_the_same_bytes(folder, tmp_path):
    names = (
        "image_colours.csv", "image_comparisons.csv", "image_details.csv", "image_hues.csv",
        "image_losses.csv", "image_region_comparisons.csv", "image_sets.csv", "images.csv",
    )  # fmt: skip
    done = snakemake(
        tmp_path, STUDY, *(f"results/images/tables/{name}" for name in names), again=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tables = sorted(path.name for path in (folder / "tables").glob("*.csv"))
    assert tables == [*names, "timings.csv"]
    for name in names:
        again = tmp_path / "results/images/tables" / name
        assert again.read_bytes() == (folder / "tables" / name).read_bytes(), name
