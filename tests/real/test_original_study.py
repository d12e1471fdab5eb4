"""The original study's baseline on the real tables: row split, counts over 65535, full trees."""

import os
from pathlib import Path

import pandas as pd
import pytest

from chromapal.classifiers.common.feature_tables import Sources, Task
from chromapal.classifiers.common.naming import name_fold
from chromapal.evaluate.tables.main import write_identity
from chromapal.prepare.normalise import prepare_fold
from chromapal.prepare.splits import write_splits
from chromapal.prepare.variants import Smote
from chromapal.training.settings import Training
from chromapal.worms.collect import collect
from chromapal.worms.load import load

ROOT = Path(__file__).parents[2]
DATA = ROOT / os.environ.get("CHROMAPAL_DATA", "../shared/data") / "wormnd"
FEATURES = ["position+weight", "position+weight+rgb"]

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real neuron tables at {DATA}")


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    sources = sorted(path for path in DATA.glob("*.csv") if not path.stem.startswith("peers"))
    scales = {path.stem: 65535 for path in sources}
    for path in sources:
        out = folder / path.stem
        outs = out.with_suffix(".parquet"), out.with_suffix(".csv")
        load([(str(path), "")], "tables", scales, *outs)
    neurons, splits = folder / "neurons.parquet", folder / "splits.parquet"
    tables = [folder / f"{path.stem}.parquet" for path in sources]
    lists = [path.with_suffix(".csv") for path in tables]
    outs = neurons, folder / "skipped.csv"
    collect(tables, *outs, lists, {}, [], folder / "unknown_labels.csv", folder / "scope.csv")
    write_splits(
        neurons, kind="rows", folds=1, seed=42, validation=0.15, cross_fit=False, out=splits
    )
    prepare_fold(
        neurons, splits, fold="fold0", colour_scale="full_scale", gray_source="luminance",
        out_neurons=folder / "fold0.parquet", out_normaliser=folder / "normaliser.json",
        out_skipped=folder / "left_out.csv",
    )  # fmt: skip
    parts = []
    for variant in ("with_background", "no_background"):
        path = folder / f"{variant}.parquet"
        name_fold(
            folder / "fold0.parquet", "fold0", Sources({}, {}),
            Task("random_forest", {"max_leaf_nodes": 0}, variant, FEATURES),
            Smote(1, 5.0), Training(threads=2, seed=42), path,
        )  # fmt: skip
        parts.append(
            {"path": path, "study": "original", "classifier": "random_forest", "seed": 42,
             "variant": variant, "fold": "fold0", "sample": "", "grid": ""}
        )  # fmt: skip
    outs = [folder / f"{name}.csv" for name in ("identity", "names", "confusion")]
    write_identity(parts, *outs)
    table = pd.read_csv(outs[0], keep_default_na=False).query("fold == 'all' and lab == 'all'")
    return table.set_index(["variant", "features"])


@pytest.mark.parametrize(
    ("variant", "low", "high"),
    [
        ("with_background", (0.21, 0.25), (0.41, 0.46)),
        ("no_background", (0.06, 0.11), (0.28, 0.36)),
    ],
)
def test_accuracies_of_the_original_come_out(scores, variant, low, high):
    found = scores.loc[variant, "accuracy_rows"]
    assert low[0] < found["position+weight"] < low[1]
    assert high[0] < found["position+weight+rgb"] < high[1]


def test_without_colour_the_original_is_no_better_than_guessing(scores):
    row = scores.loc[("with_background", "position+weight")]
    assert row["majority_rows"] == pytest.approx(0.276, abs=0.005)
    assert row["accuracy_rows"] < row["majority_rows"]
