"""Tables about anchors and about the parts of the naming, worked out by hand."""

import pandas as pd
import pytest

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.tables import ablation as tables
from chromapal.evaluate.tables import read
from tests.named import identities


def anchored(path, rows, **facts):
    """Write rows of one person, who has given one wrong name and declined two, where there are any.

    All labelled neurons are the others and those answered, of which one is wrong.
    """
    columns = ["lab", "worm", "strategy", "anchors", "labelled", "right", "right_before"]
    table = pd.DataFrame(rows, columns=columns).assign(expert="errs")
    wrong = table["anchors"].clip(upper=1)
    table.assign(
        all_labelled=table["labelled"] + table["anchors"],
        all_right=table["right"] + table["anchors"] - wrong,
        wrong=wrong,
        declined=2 * wrong,
    ).to_parquet(path)
    return {"path": path, "study": "s", "features": "position", **facts}


def ablated(path, rows, **facts):
    columns = ["question", "setting", "order", "lab", "worm", "labelled", "right", "right5"]
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    return {"path": path, "study": "s", "features": "position", **facts}


def ablation(tmp_path, parts, names=()):
    tables.write_ablation(parts, names, 1, tmp_path / "ablation.csv")
    return read.read_csv(tmp_path / "ablation.csv")


def test_anchors_by_hand(tmp_path):
    first = [
        ("X", "1", "random", 0, 10, 5, 5),
        ("X", "1", "random", 2, 8, 6, 4),
        ("Y", "1", "random", 0, 4, 4, 4),  # too few labels for two anchors
        ("X", "1", "asked", 0, 10, 5, 5),
        ("X", "1", "asked", 2, 8, 8, 5),
        ("X", "none", "asked", 0, 0, 0, 0),
    ]
    second = [("X", "2", "random", 0, 5, 2, 2), ("X", "2", "random", 2, 3, 3, 1)]
    parts = [
        anchored(tmp_path / "1.parquet", second),
        anchored(tmp_path / "0.parquet", first),
        anchored(tmp_path / "2.parquet", first[:1], features="position+rgb"),
    ]
    tables.write_anchors(parts, 1, tmp_path / "anchors.csv")
    table = read.read_csv(tmp_path / "anchors.csv")
    assert list(table.columns) == TABLES["anchors"].names
    found = table.set_index(["features", "strategy", "anchors", "lab"])[["worms", "accuracy"]]
    expected = {
        ("asked", 0, "X"): [1, 0.5],
        ("asked", 0, "all"): [1, 0.5],
        ("asked", 2, "X"): [1, 1],
        ("asked", 2, "all"): [1, 1],
        ("random", 0, "X"): [2, (0.5 + 0.4) / 2],
        ("random", 0, "Y"): [1, 1],
        ("random", 0, "all"): [3, (0.5 + 0.4 + 1) / 3],
        ("random", 2, "X"): [2, (0.75 + 1) / 2],
        ("random", 2, "all"): [2, (0.75 + 1) / 2],
    }
    position = found.loc["position"]
    assert list(position.index) == list(expected)
    for key, values in expected.items():
        assert position.loc[key].tolist() == pytest.approx(values, rel=1e-5)
    assert found.loc["position+rgb"].to_numpy().tolist() == [[1, 0.5], [1, 0.5]]
    # the same neurons without anchors: 4 of 8 and 1 of 3
    before = table.set_index(["features", "strategy", "anchors", "lab"])["before"]
    assert before[("position", "random", 2, "all")] == pytest.approx((4 / 8 + 1 / 3) / 2, rel=1e-5)
    assert before[("position", "asked", 2, "X")] == pytest.approx(5 / 8)
    # all of them: 6 + 1 of 10 and 3 + 1 of 5; one of two answers is wrong
    whole = table.set_index(["features", "strategy", "anchors", "lab"])
    drawn = whole.loc[("position", "random", 2, "all")]
    assert drawn["all_accuracy"] == pytest.approx((7 / 10 + 4 / 5) / 2, rel=1e-5)
    assert drawn[["wrong", "declined"]].tolist() == [0.5, 2]
    assert 0.7 <= drawn["all_low"] < 0.75 < drawn["all_high"] <= 0.8
    start = whole.loc[("position", "random", 0, "all")]
    assert start["all_accuracy"] == start["accuracy"] and not start[["wrong", "declined"]].any()
    assert set(table["expert"]) == {"errs"}
    ends = table.set_index(["features", "strategy", "anchors", "lab"])[["low", "high"]]
    assert ends.loc[("position", "asked", 2, "all")].isna().all()
    low, high = ends.loc[("position", "random", 0, "all")]
    assert 0.4 <= low < (0.5 + 0.4 + 1) / 3 < high <= 1


def test_ablation_by_hand(tmp_path):
    rows = [
        ("assignment", "one to one", 0, "X", "1", 4, 3, 4),
        ("assignment", "each for itself", 1, "X", "1", 4, 1, 3),
        ("assignment", "one to one", 0, "Y", "1", 2, 1, 1),
        ("assignment", "each for itself", 1, "Y", "1", 2, 2, 2),
        ("assignment", "one to one", 0, "Y", "none", 0, 0, 0),
    ]
    table = ablation(tmp_path, [ablated(tmp_path / "0.parquet", rows)])
    assert list(table.columns) == TABLES["ablation"].names
    assert table[["setting", "lab", "worms", "accuracy", "top5"]].to_numpy().tolist() == [
        ["one to one", "X", 1, 0.75, 1], ["one to one", "Y", 1, 0.5, 0.5],
        ["one to one", "all", 2, 0.625, 0.75],
        ["each for itself", "X", 1, 0.25, 0.75], ["each for itself", "Y", 1, 1, 1],
        ["each for itself", "all", 2, 0.625, 0.875],
    ]  # fmt: skip
    assert table.query("lab == 'all'")[["low", "high"]].to_numpy().tolist() == [[0.5, 0.75],
                                                                             [0.25, 1]]  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "full", "with_ten"),
    [((50, 53), 52, 2), ((12, 13), 12, 2), ((4, 6), 5, 0), ((10, 11), 11, 1)],
)
def test_folds_of_unequal_size_are_one_setting(tmp_path, counts, full, with_ten):
    parts = []
    for fold, count in enumerate(counts):
        rows = [
            ("training worms", str(count), count, "X", str(fold), 4, 4, 4),
            ("refinement", "warped", 0, "X", str(fold), 4, 4, 4),
        ]
        if count > 10:
            rows.append(("training worms", "10", 10, "X", str(fold), 4, 2, 4))
        parts.append(ablated(tmp_path / f"{fold}.parquet", rows))
    table = ablation(tmp_path, parts).query("lab == 'all'")
    told = table.query("question == 'training worms'")
    fewer = [["10", 10, with_ten, 0.5]] if with_ten else []
    assert told[["setting", "order", "worms", "accuracy"]].to_numpy().tolist() == [
        *fewer, [str(full), full, 2, 1],
    ]  # fmt: skip
    assert table.query("question == 'refinement'")["order"].tolist() == [0]


def test_context_by_hand(tmp_path):
    part = ablated(tmp_path / "0.parquet", [("assignment", "one to one", 0, "X", "1", 4, 3, 4)])
    rows = [
        ("X", "1", 0, "AVAL", "AVAL", 0.9),
        ("X", "1", 1, "AVAR", "AVAL AVAR", 0.9),
        ("X", "1", 2, "", "RIH", 0.9),
        ("X", "1", 3, "SIA", "SIADL", 0.9),
    ]
    better = [rows[0], ("X", "1", 1, "AVAR", "AVAR", 0.9)]

    def names(number, some, classifier, **facts):
        return identities(tmp_path / f"n{number}.parquet", some, classifier=classifier, **facts)

    given = [
        names(0, rows, "atlas_student"),
        names(1, better, "neuron_transformer"),
        names(2, better, "mlp"),
        names(3, better, "atlas_student", variant="with_background"),
        names(4, better, "atlas_student", features="position+rgb"),
        names(5, better, "atlas_student", colorizer="net"),
    ]
    table = ablation(tmp_path, [part], given).query("question == 'context'")
    columns = ["setting", "order", "features", "lab", "worms", "accuracy", "top5"]
    assert table[columns].to_numpy().tolist() == [
        ["alone (atlas)", 0, "position", "X", 1, 0.5, 1],
        ["alone (atlas)", 0, "position", "all", 1, 0.5, 1],
        ["in context (transformer)", 1, "position", "X", 1, 1, 1],
        ["in context (transformer)", 1, "position", "all", 1, 1, 1],
    ]


def test_worms_without_labels_leave_tables_with_columns_only(tmp_path):
    part = ablated(tmp_path / "0.parquet", [("assignment", "one to one", 0, "X", "1", 0, 0, 0)])
    table = ablation(tmp_path, [part])
    assert table.empty and list(table.columns) == TABLES["ablation"].names
    part = anchored(tmp_path / "1.parquet", [("X", "1", "random", 0, 0, 0, 0)])
    tables.write_anchors([part], 1, tmp_path / "anchors.csv")
    assert list(read.read_csv(tmp_path / "anchors.csv").columns) == TABLES["anchors"].names
