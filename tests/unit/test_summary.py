import pandas as pd
import pytest

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables.published import CELLS
from chromapal.evaluate.tables.summary import write_summary


def colour_rows(colorizer, variant, sample, grid, folds, mse):
    row = {
        "study": "s", "colorizer": colorizer, "variant": variant, "sample": sample, "grid": grid,
        "lab": "all", "mse": mse, "ssim": 0.5, "colourfulness": 0.25,
    }  # fmt: skip
    return [{**row, "fold": "all"}, *({**row, "fold": fold, "mse": mse + 1} for fold in folds)]


@pytest.fixture
def summarise(tmp_path):
    def run(colour, identity, real=True):
        pd.DataFrame(colour, columns=TABLES["colour"].names).to_csv(
            tmp_path / "colour.csv", index=False
        )
        pd.DataFrame(identity, columns=TABLES["identity"].names).to_csv(
            tmp_path / "identity.csv", index=False
        )
        write_summary(
            tmp_path / "colour.csv", tmp_path / "identity.csv", real, "worm", "full_scale",
            tmp_path / "summary.csv",
        )  # fmt: skip
        table = pd.read_csv(tmp_path / "summary.csv", dtype=str, keep_default_na=False)
        return table.set_index(["table", "row", "column"])

    return run


def test_nothing_run_leaves_ours_empty_and_simulated_worms_the_published_column(summarise):
    real, simulated = summarise([], []), summarise([], [], real=False)
    assert len(real) == len(CELLS) == 13
    assert set(real["ours"]) == {""} and set(simulated["published"]) == {""}
    assert real["published"].tolist() == [
        "0.2324", "0.4009", "0.0144", "0.73", "0.1341", "0.0197", "0.7143", "0.1565",
        "0.2295", "0.2581", "0.2479", "0.2352", "0.2575",
    ]  # fmt: skip


def test_colour_cells_take_the_run_nearest_to_the_original(summarise):
    two = ("fold0", "fold1")
    colour = [
        *colour_rows("resnet18_fusion", "with_background", "worm", 64, two, 0.1),
        *colour_rows("resnet18_fusion", "with_background", "worm", 128, two, 0.2),
        *colour_rows("mean_colour", "with_background", "worm", 64, two, 0.3),
        *colour_rows("resnet18_fusion", "no_background", "worm", 128, two, 0.4),
        *colour_rows("resnet18_fusion", "no_background", "neuron", 64, two[:1], 0.5),
        *colour_rows("mean_colour", "no_background", "worm", 64, two, 0.6),
        *colour_rows("copy_gray", "no_background", "worm", 64, two, 0.7),
    ]
    table = summarise(colour, [])
    with_background = table.loc[("Results", "Full Dataset (w/ BG)", "MSE")]
    assert with_background["ours"] == "0.2" and "grid 128" in with_background["source"]
    assert with_background[["baseline", "baseline_name"]].tolist() == ["0.3", "mean_colour"]
    assert with_background["second_baseline"] == ""  # copied gray was not run
    cleaned = table.loc[("Results", "No Background (cleaned)", "MSE")]
    assert cleaned["ours"] == "0.5" and "neuron samples" in cleaned["source"]
    # a run of fold 0 only stands beside fold 0 of the baselines
    assert cleaned[["baseline", "second_baseline"]].tolist() == ["1.6", "1.7"]
    assert "fold0 only" in cleaned["source"]


def test_identity_cells_are_scored_as_the_original_scored(summarise):
    def row(classifier, features, colorizer, accuracy_rows, **more):
        return {
            "classifier": classifier, "features": features, "colorizer": colorizer, "fold": "all",
            "variant": "with_background", "lab": "all", "accuracy": 0.9,
            "accuracy_rows": accuracy_rows, "majority_rows": 0.3, "chance": 0.005, **more,
        }  # fmt: skip

    identity = [
        row("random_forest", "position", "", 0.21),
        row("random_forest", "position+gray", "", 0.22),
        row("random_forest", "position+weight+rgb", "", 0.43),
        row("random_forest", "position+rgb", "", 0.44),
        row("svm", "predicted", "another", 0.1),
        row("svm", "predicted", "resnet18_fusion", 0.2),
        row("svm", "predicted", "resnet18_fusion", 0.8, lab="EY"),
        row("mlp", "predicted", "resnet18_fusion", 0.7, variant="no_background"),
    ]
    table = summarise([], identity)
    accuracy = table["ours"].xs("Accuracy", level="column")
    assert accuracy["Baseline Comparison"].to_dict() == {
        "Grayscale only": "0.21", "Grayscale + RGB": "0.43",
    }  # fmt: skip
    assert accuracy["Downstream Classification"].to_dict() == {
        "Random Forest": "", "SVM": "0.2", "KNN": "", "MLP": "", "Logistic Reg.": "",
    }  # fmt: skip
    svm = table.loc[("Downstream Classification", "SVM", "Accuracy")]
    assert svm[["baseline", "baseline_name"]].tolist() == ["0.3", "majority"]
    assert svm[["second_baseline", "second_baseline_name"]].tolist() == ["0.005", "chance"]
