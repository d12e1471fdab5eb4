import numpy as np
import pandas as pd
import pytest

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables import main
from chromapal.worms import skipped

RUN = {"study": "s", "variant": "no_background", "sample": "worm", "grid": 64, "seed": 1}


def read(path):
    return pd.read_csv(path, keep_default_na=False, dtype=str)


@pytest.fixture
def colours(tmp_path):
    """Return two folds of one colorizer, one fold of another, two laboratories."""
    rng = np.random.default_rng(0)
    parts = []
    for colorizer, fold in (("net", "fold1"), ("net", "fold0"), ("mean_colour", "fold0")):
        truth = rng.random((12, 3))
        table = pd.DataFrame(rng.random((12, 3)), columns=list("uvw")).assign(
            lab=["A"] * 6 + ["B"] * 6,
            worm=["1"] * 3 + ["2"] * 3 + ["1"] * 6,
            name=["ADAL", "", "AVG"] * 4,
            role=["test"] * 11 + ["train"],
            scored=True,
            luminance=truth @ [0.299, 0.587, 0.114],
            row=range(12),
            training_device="cpu" if colorizer == "net" else "",
            # as on a cluster of unlike machines
            training_precision={"fold0": "fp32", "fold1": "bf16"}[fold] * (colorizer == "net"),
            **{f"{c}": truth[:, i] for i, c in enumerate("rgb")},
            **{f"pred_{c}": truth[:, i] + 0.1 for i, c in enumerate("rgb")},
        )
        path = tmp_path / f"{colorizer}-{fold}.parquet"
        table.to_parquet(path)
        parts.append({**RUN, "path": path, "colorizer": colorizer, "fold": fold})
    return parts


@pytest.fixture
def identities(tmp_path):
    """Return two classifiers in two folds, on position and on predicted colour."""
    parts = []
    for classifier in ("svm", "mlp"):
        for fold, lab in (("fold0", "A"), ("fold1", "B")):
            named = pd.DataFrame(
                {
                    "features": ["position"] * 4 + ["predicted"] * 4,
                    "colorizer": [""] * 4 + ["net"] * 4,
                    "lab": lab,
                    "worm": ["1", "1", "2", "2"] * 2,
                    "row": [0, 1, 2, 3] * 2,
                    "name": ["ADAL", "ADAR", "AVG", "ADAL"] * 2,
                    "top1": ["ADAR", "ADAR", "AVG", "AVG"] + ["ADAL"] * 4,
                    "top2": "ADAL",
                    **{f"top{place}": "" for place in (3, 4, 5)},
                    "assigned1": ["ADAR", "ADAL", "AVG", "ADAL"] * 2,
                    "assigned2": ["ADAL", "AVG", "ADAL", "AVG"] * 2,
                    **{f"assigned{place}": "" for place in (3, 4, 5)},
                    "examples": [4, 5, 6, 4] * 2 if fold == "fold0" else [6, 5, 6, 6] * 2,
                    "majority": "AVG",
                    "majority_labelled": "AVG",
                    "training_names": 3,
                    "training_device": [""] * 4 + ["cpu"] * 4,
                    "training_precision": [""] * 4 + ["bf16" if fold == "fold0" else "fp32"] * 4,
                }
            )
            path = tmp_path / f"{classifier}-{fold}.parquet"
            named.to_parquet(path)
            parts.append({**RUN, "path": path, "classifier": classifier, "fold": fold})
    return parts


def test_colour_table_has_every_level_and_only_unseen_worms(colours, tmp_path):
    main.write_colour(colours, "full_scale", tmp_path / "colour.csv")
    table = read(tmp_path / "colour.csv")
    assert list(table.columns) == TABLES["colour"].names
    counts = table.groupby(["colorizer", "fold"])["lab"].agg(list).to_dict()
    assert counts == {
        (colorizer, fold): ["A", "B", "all"]
        for colorizer, fold in [
            ("mean_colour", "all"), ("mean_colour", "fold0"),
            ("net", "all"), ("net", "fold0"), ("net", "fold1"),
        ]
    }  # fmt: skip
    pooled = table.query("colorizer == 'net' and fold == 'all' and lab == 'all'").iloc[0]
    assert (pooled["neurons"], pooled["worms"]) == ("22", "6")
    assert pooled["mse"] == "0.01"
    # each row states what its own networks were trained with
    assert (pooled["training_device"], pooled["training_precision"]) == ("cpu", "bf16+fp32")
    only = table.query("colorizer == 'net' and fold == 'fold1' and lab == 'A'").iloc[0]
    assert only["training_precision"] == "bf16"
    baseline = table.query("colorizer == 'mean_colour'")
    assert set(baseline["training_device"]) == set(baseline["training_precision"]) == {""}


def test_identity_tables_by_hand(identities, tmp_path):
    out = [tmp_path / name for name in ("identity.csv", "names.csv", "confusion.csv")]
    main.write_identity(identities, *out)
    identity, names, confusion = (read(path) for path in out)
    assert list(identity.columns) == TABLES["identity"].names
    pooled = identity.query("fold == 'all' and lab == 'all' and classifier == 'svm'")
    assert pooled["features"].tolist() == ["position", "predicted"]
    assert pooled["accuracy"].tolist() == ["0.5", "0.5"]
    # each first worm has its pair swapped, each second worm is right
    for column, value in {
        "assigned": "0.5", "assigned_low": "0", "assigned_high": "1", "assigned_top5": "0.75",
        "class_accuracy": "1", "partial": "0", "partial_accuracy": "",
    }.items():  # fmt: skip
        assert pooled[column].tolist() == [value] * 2, column
    trained_on = pooled[["training_device", "training_precision"]].to_numpy().tolist()
    assert trained_on == [["", ""], ["cpu", "bf16+fp32"]]
    # the kind of sample belongs to predicted colours
    assert pooled[["sample", "grid"]].to_numpy().tolist() == [["", ""], ["worm", "64"]]
    adal = names.query("classifier == 'svm' and features == 'position' and name == 'ADAL'").iloc[0]
    assert adal[["class", "training_examples", "tested", "right"]].tolist() == [
        "ADA",
        "5",
        "4",
        "0",
    ]
    counts = confusion.query("classifier == 'mlp' and features == 'position'")
    assert counts[["true_class", "predicted_class", "count"]].to_numpy().tolist() == [
        ["ADA", "ADA", "4"], ["ADA", "AVG", "2"], ["AVG", "AVG", "2"],
    ]  # fmt: skip


def test_colours_of_neurons_that_the_variant_leaves_out_are_not_judged(colours, tmp_path):
    main.write_colour(colours, "full_scale", tmp_path / "all.csv")
    for part in colours:
        table = pd.read_parquet(part["path"])
        spoilt = table.assign(scored=False, pred_r=9.0, row=table["row"] + 100)
        pd.concat([table, spoilt]).to_parquet(part["path"])
    main.write_colour(colours, "full_scale", tmp_path / "some.csv")
    assert (tmp_path / "some.csv").read_bytes() == (tmp_path / "all.csv").read_bytes()


def test_worms_table_has_both_measures(colours, identities, tmp_path):
    main.write_worms(colours, identities, tmp_path / "worms.csv")
    table = read(tmp_path / "worms.csv")
    assert list(table.columns) == TABLES["worms"].names
    colour = table.query("measure == 'colour' and colorizer == 'net' and fold == 'fold0'")
    assert colour["neurons"].tolist() == ["3", "3", "5"]
    assert colour["labelled"].tolist() == ["2", "2", "3"]
    assert set(colour["accuracy"]) == {""} and set(colour["mse"]) == {"0.01"}
    named = table.query("measure == 'identity' and classifier == 'svm' and features == 'position'")
    columns = ["lab", "worm", "accuracy", "top5", "majority", "assigned", "assigned_top5",
               "class_accuracy"]  # fmt: skip
    assert named[columns].to_numpy().tolist() == [
        ["A", "1", "0.5", "1", "0", "0", "0.5", "1"], ["A", "2", "0.5", "1", "0.5", "1", "1", "1"],
        ["B", "1", "0.5", "1", "0", "0", "0.5", "1"], ["B", "2", "0.5", "1", "0.5", "1", "1", "1"],
    ]  # fmt: skip
    assert set(colour["assigned"]) == {""}


def test_losses_and_skipped(tmp_path):
    history = pd.DataFrame(
        {"epoch": [1, 0], "step": [4, 2], "train_loss": 0.5, "validation_loss": 0.25,
         "learning_rate": 1e-3, "training_device": "cpu", "training_precision": "fp32"}
    )  # fmt: skip
    history.to_csv(tmp_path / "a.csv", index=False)
    history[:0].to_csv(tmp_path / "b.csv", index=False)
    parts = [
        {**RUN, "path": tmp_path / f"{name}.csv", "colorizer": name, "fold": "fold0"}
        for name in "ab"
    ]
    main.write_losses(parts, tmp_path / "losses.csv")
    found = read(tmp_path / "losses.csv")
    assert list(found.columns) == TABLES["losses"].names and found["epoch"].tolist() == ["0", "1"]
    entries = [
        skipped.entry("f.nwb", "A", "1", "broken"),
        skipped.entry("", "A", "NA", "no colour", "colour"),
    ]
    skipped.write(entries, tmp_path / "one.csv")
    skipped.write(entries[1:], tmp_path / "two.csv")
    main.write_skipped([tmp_path / "one.csv", tmp_path / "two.csv"], tmp_path / "skipped.csv")
    assert read(tmp_path / "skipped.csv")["worm"].tolist() == ["NA", "1"]


def test_nothing_run_gives_empty_tables_with_their_columns(tmp_path):
    out = [tmp_path / f"{number}.csv" for number in range(6)]
    main.write_colour([], "full_scale", out[0])
    main.write_identity([], *out[1:4])
    main.write_worms([], [], out[4])
    main.write_losses([], out[5])
    expected = [
        TABLES["colour"].names,
        TABLES["identity"].names,
        None,
        None,
        TABLES["worms"].names,
        TABLES["losses"].names,
    ]
    for path, columns in zip(out, expected, strict=True):
        table = read(path)
        assert table.empty and (columns is None or list(table.columns) == columns)


def test_same_bytes_whatever_the_order_of_files(colours, identities, tmp_path):
    def write(folder, order):
        main.write_colour(colours[::order], "full_scale", folder / "colour.csv")
        names = [folder / name for name in ("identity.csv", "names.csv", "confusion.csv")]
        main.write_identity(identities[::order], *names)
        main.write_worms(colours[::order], identities[::order], folder / "worms.csv")
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    assert write(tmp_path / "one", 1) == write(tmp_path / "two", -1)


@pytest.mark.parametrize("lacking", ["colours", "identities"])
def test_worms_table_has_all_columns_of_a_study_with_one_measure(
    colours, identities, lacking, tmp_path
):
    entries = {"colours": colours, "identities": identities} | {lacking: []}
    main.write_worms(entries["colours"], entries["identities"], tmp_path / "worms.csv")
    table = pd.read_csv(tmp_path / "worms.csv")
    assert list(table.columns) == TABLES["worms"].names and len(table) > 0
    assert table["mse"].notna().all() == (lacking == "identities")
