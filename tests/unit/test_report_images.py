import numpy as np
import pandas as pd
import pytest

from chromapal.evaluate.report import images
from chromapal.evaluate.report.notebook import render
from tests.unit.test_report import PIXEL, ROOT, Page

HOSTILE = "<script>alert(1)</script>"
CONFIG = {
    "study": "made",
    "seed": 1,
    "sets": {"photographs": {"kind": "bundled", "size": 32}},
    "runs": {"all": {"sets": ["photographs"], "colorizers": ["lab_resnet18"]}},
    "comparisons": [],
    "micrographs": ["cell"],
}
DRAWN = [
    {
        "name": "contact_sheet_photographs", "caption": "contact_sheet",
        "section": "What the methods make of them",
    },
    {"name": "picture_losses", "caption": "picture_losses", "section": "How they learn"},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    scores = pd.DataFrame(
        {
            "set": "photographs",
            "run": "all",
            "colorizer": ["copy_gray", "lab_resnet18", "lab_resnet34", "mean_colour"],
            "train_pictures": 72,
            "pictures": 24,
            "sources": 2,
            "mse_rgb": [0.02, 0.01, 0.015, 0.09],
            "mse_ab": [200.0, 110, 150, 190],
            "psnr": 20.0,
            "ssim": 0.9,
            "delta_e": [10.64, 7.25, 8.5, 20],
            "delta_e_low": [10, 7, np.nan, 19],
            "scielab": 8.0,
            "delta_e_high": [11, 7.5, np.nan, 21],
            "colourfulness_ratio": [0, 0.625, 0.5, 0.1],
            "parameters": [0, 1000, 2000, 3],
        }
    )
    sets = pd.DataFrame({"set": ["photographs"], "split": ["train"], "pictures": [72]})
    tables = tmp_path / "tables"
    tables.mkdir()
    scores.to_csv(tables / "images.csv", index=False)
    compared = pd.DataFrame(
        {
            "comparison": "network against baseline", "set": "photographs", "run": "all",
            "colorizer": "lab_resnet18", "against_run": "all",
            "against_colorizer": ["copy_gray", "copy_gray", "mean_colour"],
            "measure": ["mse_ab", "psnr", "mse_ab"], "pictures": 24,
            "difference": [-90.0, 0.3, -80.0], "low": [-101.2, 0.2, np.nan],
            "high": [-70.5, 0.4, np.nan],
        }
    )  # fmt: skip
    compared.to_csv(tables / "image_comparisons.csv", index=False)
    hues = pd.DataFrame(
        {
            "set": "photographs", "run": "all", "colorizer": ["lab_resnet18"] * 2 + ["copy_gray"],
            "hue": ["green", "red", "green"], "share_true": 0.25, "share_predicted": 0.1,
            "hue_found": 0.375, "hue_found_low": [0.3, 0.3, np.nan], "hue_found_high": 0.4,
            "hue_right": 0.5, "chroma_ratio": 0.5, "b_shift": -2.25, "b_shift_low": -3.0,
            "b_shift_high": -1.5,
        }
    )  # fmt: skip
    hues.to_csv(tables / "image_hues.csv", index=False)
    sets.reindex(columns=list(images.SET_COLUMNS)).to_csv(tables / "image_sets.csv", index=False)
    return tmp_path


def test_the_best_method_is_named_beside_what_guessing_gives(folder):
    told = images.headline(folder / "tables")
    assert told.count("<li>") == 1
    assert "lab_resnet18 (run all) with a mean ΔE2000 of 7.2" in told
    assert "copied gray 10.6, mean colour 20.0" in told and "0.625 times" in told
    assert "24 test images of 2 sources" in told


def test_scores_show_intervals_where_there_are_any(folder):
    told = images.scores(folder / "tables")
    assert "7.0 to 7.5" in told and "nan" not in told


def test_comparisons_show_one_measure_with_its_intervals(folder):
    told = images.comparisons(folder / "tables")
    assert told.count("<tr") == 3 and "-101.2 to -70.5" in told and "nan" not in told


def test_hues_that_claims_are_about_stand_in_the_report(folder):
    told = images.hues(folder / "tables")
    # greens of the network; neither reds nor the baseline
    assert told.count("<tr") == 2 and "0.30 to 0.40" in told and "-3.0 to -1.5" in told


def test_the_page_stands_alone(folder):
    (folder / "contact_sheet_photographs.png").write_bytes(PIXEL)
    skipped = [{"run": HOSTILE, "colorizer": "lab_resnet50_frozen", "reason": "needs weights"}]
    parameters = {
        "study": HOSTILE, "tables": str(folder / "tables"), "figures": str(folder),
        "config": CONFIG, "skipped": skipped, "drawn": DRAWN,
    }  # fmt: skip
    notebook, out = folder / "report.ipynb", folder / "report.html"
    render(ROOT / "workflow/notebooks/images.ipynb", parameters, notebook, out)
    page = Page(out.read_text("utf-8"))
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object")]
    words = " ".join("".join(page.words).split())
    assert HOSTILE in words and "lab_resnet50_frozenneeds weights" in words.replace(
        " needs", "needs"
    )
    assert "No runs are compared." in words and "names no micrograph" not in words
    assert "“picture_losses” was not drawn" in words
    assert "“contact_sheet_photographs” was not drawn" not in words
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a" and "href" in attrs]
    assert "../turing/turing.html" in links
