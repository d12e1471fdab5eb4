import numpy as np
import pandas as pd
import pytest

from chromapal.evaluate.metrics import identity, intervals


def named(rows, **more):
    """Build named neurons from (lab, worm, name, top1, top2) rows; assigned names are the same."""
    table = pd.DataFrame(rows, columns=["lab", "worm", "name", "top1", "top2"])
    facts = {
        "features": "position", "colorizer": "", "top3": "", "top4": "", "top5": "",
        "assigned1": table["top1"], "assigned2": table["top2"], "assigned3": "", "assigned4": "",
        "assigned5": "",
        "majority": "background", "majority_labelled": "A", "training_names": 4, "examples": 2,
    }  # fmt: skip
    return table.assign(**{**facts, **more})


ROWS = [
    ("X", "1", "A", "A", "B"),
    ("X", "1", "B", "A", "B"),
    ("X", "1", "background", "background", "A"),
    ("X", "1", "background", "A", "B"),
    ("Y", "2", "A", "background", "C"),
    ("Y", "2", "new", "A", "B"),  # training never saw this name
    ("Y", "2", "B", "B", "A"),
    ("Y", "2", "B", "B", "A"),
]


def scored(tables, **more):
    """Score tables given by feature set."""
    run = {
        "study": "s", "classifier": "svm", "variant": "with_background", "sample": "", "grid": "",
        "fold": "fold0", "seed": 1, **more,
    }  # fmt: skip
    worms = pd.concat([identity.per_worm(t) for t in tables], ignore_index=True).assign(**run)
    names = pd.concat([identity.per_name(t) for t in tables], ignore_index=True).assign(**run)
    return identity.score(worms, names)


def test_counts_per_worm_by_hand():
    worms = identity.per_worm(named(ROWS)).set_index("worm")
    counts = ["neurons", "labelled", "right", "right5", "guessed", "right_all", "guessed_all"]
    assert worms.loc["1", counts].tolist() == [4, 2, 1, 2, 1, 2, 2]
    assert worms.loc["2", counts].tolist() == [4, 4, 2, 2, 1, 2, 0]


def test_an_empty_place_is_no_right_answer():
    rows = [("X", "1", "A", "A", ""), ("X", "1", "B", "A", "")]
    assert identity.per_worm(named(rows))["right5"].tolist() == [1]


def test_scores_by_hand():
    table = scored([named(ROWS)]).set_index(["fold", "lab"])
    assert set(table.index) == {(f, lab) for f in ("fold0", "all") for lab in ("X", "Y", "all")}
    row = table.loc[("all", "all")]
    assert (row["worms"], row["neurons"]) == (2, 6)
    assert row["accuracy"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert row["top5"] == pytest.approx((2 / 2 + 2 / 4) / 2)
    assert row["majority"] == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert row["accuracy_all"] == pytest.approx((2 / 4 + 2 / 4) / 2)
    assert row["majority_all"] == pytest.approx((2 / 4 + 0) / 2)
    assert row["accuracy_rows"] == pytest.approx(4 / 8)
    assert row["majority_rows"] == pytest.approx(2 / 8)
    assert row["chance"] == pytest.approx(1 / 4)
    # recall: A 1/2, B 2/3, new 0/1; labelled neurons were answered A three times, B twice
    assert row["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
    assert row["macro_f1"] == pytest.approx((2 / (2 + 3) + 4 / (3 + 2) + 0) / 3)
    assert np.isnan(row["recovery_ratio"])
    assert np.isnan(table.loc[("all", "X"), "low"])  # one worm has no interval
    assert table.loc[("fold0", "Y"), "accuracy"] == pytest.approx(2 / 4)


def test_labels_of_other_laboratories_change_no_laboratory():
    before = scored([named(ROWS)]).query("lab == 'X'").reset_index(drop=True)
    other = [(*row[:2], "C", *row[3:]) if row[0] == "Y" else row for row in ROWS]
    after = scored([named(other)]).query("lab == 'X'").reset_index(drop=True)
    pd.testing.assert_frame_equal(before, after)


def test_an_worm_without_labelled_rows_leaves_the_mean_over_worms():
    rows = [*ROWS, ("Y", "3", "background", "background", "A")]
    row = scored([named(rows)]).set_index(["fold", "lab"]).loc[("all", "all")]
    assert row["worms"] == 2 and row["accuracy"] == pytest.approx(1 / 2)
    assert row["accuracy_rows"] == pytest.approx(5 / 9)
    alone = scored([named(rows[-1:])]).set_index(["fold", "lab"]).loc[("all", "all")]
    assert alone["worms"] == 0 and np.isnan(alone["accuracy"]) and alone["accuracy_rows"] == 1


def test_interval_is_seeded_and_holds_the_mean():
    values = np.array([[0.0, 0.2, 0.4, 0.9], [0.5, 0.5, 0.5, 0.5]])
    low, high = intervals.over_worms(values, seed=3)
    again = intervals.over_worms(values, seed=3)
    assert (low == again[0]).all() and (high == again[1]).all()
    assert low[0] < values[0].mean() < high[0]
    assert (low[1], high[1]) == (0.5, 0.5)
    # two worms: a mean of resamples is either value or halfway, each end has probability 1/4
    low, high = intervals.over_worms(np.array([[0.0, 1.0]]), seed=0)
    assert (low[0], high[0]) == (0, 1)


def test_recovery_ratio_by_hand_and_empty_where_true_colour_is_worth_nothing():
    gray = np.tile([0.2, 0.3, 0.4, 0.3], (3, 1))
    true = gray + np.array([[0.4], [0.0], [-0.2]])
    predicted = gray + 0.1
    found = identity.recovery_ratio(gray, predicted, true, seed=0)
    assert found[0] == pytest.approx(0.25)
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(-0.5)
    unsure = gray[:1] + np.array([0.3, -0.3, 0.3, -0.2])
    assert np.isnan(identity.recovery_ratio(gray[:1], predicted[:1], unsure, seed=0)).all()


def test_recovery_ratio_stands_on_the_row_that_adds_predicted_colour():
    def run(features, colorizer, right):
        rows = [
            ("X", str(worm), "A", "A" if spot < right else "B", "")
            for worm in range(3)
            for spot in range(4)
        ]
        return named(rows, features=features, colorizer=colorizer)

    tables = [
        run("position+gray", "", 1),
        run("position+rgb", "", 3),
        run("position+gray+predicted", "net", 2),
        run("position+gray+predicted", "other", 1),
    ]
    table = scored(tables).query("fold == 'all' and lab == 'all'")
    ratio = table.set_index(["features", "colorizer"])["recovery_ratio"]
    assert ratio["position+gray+predicted", "net"] == pytest.approx(0.5)
    assert ratio["position+gray+predicted", "other"] == pytest.approx(0)
    assert ratio.notna().sum() == 2


def run(**facts):
    return {
        "study": "s", "classifier": "svm", "variant": "no_background", "sample": "", "grid": "",
        "fold": "fold0", "seed": 1, **facts,
    }  # fmt: skip


def scored_runs(runs):
    """Score (table, facts of its run) pairs."""
    worms, names = (
        pd.concat([count(table).assign(**run(**facts)) for table, facts in runs], ignore_index=True)
        for count in (identity.per_worm, identity.per_name)
    )
    return identity.score(worms, names)


def test_methods_of_one_feature_set_must_be_scored_on_the_same_worms():
    short = named([row for row in ROWS if row[0] == "X"])
    with pytest.raises(ValueError, match="same worms"):
        scored_runs([(named(ROWS), {}), (short, {"classifier": "mlp"})])
    # another variant is another question
    assert len(scored_runs([(named(ROWS), {}), (short, {"variant": "with_background"})]))


def test_an_worm_without_a_channel_is_left_out_of_its_feature_sets_alone():
    short = named([row for row in ROWS if row[0] == "X"], features="position+rgb")
    runs = [
        (table, {"classifier": classifier})
        for classifier in ("svm", "mlp")
        for table in (named(ROWS), short)
    ]
    table = scored_runs(runs).query("fold == 'all'").set_index(["classifier", "features", "lab"])
    for classifier in ("svm", "mlp"):
        position = table.loc[(classifier, "position")]
        assert position["worms"].to_dict() == {"X": 1, "Y": 1, "all": 2}
        rgb = table.loc[(classifier, "position+rgb")]
        assert rgb["worms"].to_dict() == {"X": 1, "all": 1}
        assert rgb.loc["all", "accuracy"] == rgb.loc["X", "accuracy"] == pytest.approx(1 / 2)
    # the others' scores are what they are without it
    alone = scored([named(ROWS)], variant="no_background")
    pd.testing.assert_frame_equal(
        alone.drop(columns=["study"]),
        scored_runs(runs)
        .query("classifier == 'svm' and features == 'position'")
        .reset_index(drop=True)
        .drop(columns=["study"]),
    )


ASSIGNED_ROWS = [
    # lab, worm, name, top1, assigned1, assigned2
    ("X", "1", "AVAL", "AVAL", "AVAR", "AVAL"),
    ("X", "1", "AVAR", "AVAL", "AVAR", "AVAL"),
    ("X", "1", "RIH", "RIH", "RIS", "RIR"),
    ("X", "1", "RIS", "RIH", "RIS", "RIH"),
    ("X", "1", "SIA", "SIADL", "SIAVR", "RIH"),
    ("X", "1", "AVB", "AVBL", "AVAL", "AVBR"),
    ("X", "1", "", "AVAL", "AVAL", ""),
    ("Y", "1", "AVAL", "RIH", "AVAL", "RIH"),
    ("Y", "1", "RMDD", "RIH", "RMDDL", ""),
]


def assigned():
    columns = ["lab", "worm", "name", "top1", "assigned1", "assigned2"]
    table = pd.DataFrame(ASSIGNED_ROWS, columns=columns)
    blank = dict.fromkeys(["assigned3", "assigned4", "assigned5"], "")
    return named([(*row[:4], "") for row in ASSIGNED_ROWS]).assign(**table[columns[4:]], **blank)


def test_assigned_names_and_partial_labels_per_worm_by_hand():
    worms = identity.per_worm(assigned()).set_index("lab")
    counts = [
        "neurons", "labelled", "right", "right_assigned", "right_assigned5", "right_class",
        "partial", "right_partial", "right_all",
    ]  # fmt: skip
    # an unlabelled neuron is not counted at all; SIA and AVB count apart, and in right_all
    assert worms.loc["X", counts].tolist() == [6, 4, 2, 2, 3, 3, 2, 1, 4]
    assert worms.loc["Y", counts].tolist() == [2, 1, 0, 1, 1, 1, 1, 1, 0]
    shares = identity.with_scores(identity.per_worm(assigned())).set_index("lab")
    assert shares.loc["X", "partial_accuracy"] == pytest.approx(1 / 2)
    assert len(identity.scored(assigned())) == len(ASSIGNED_ROWS) - 1


def test_scores_of_assigned_names_by_hand():
    table = scored_runs([(assigned(), {})]).set_index(["fold", "lab"])
    row = table.loc[("all", "all")]
    assert row["assigned"] == pytest.approx((2 / 4 + 1) / 2)
    assert row["assigned_top5"] == pytest.approx((3 / 4 + 1) / 2)
    assert row["class_accuracy"] == pytest.approx((3 / 4 + 1) / 2)
    assert (row["partial"], row["partial_accuracy"]) == (3, pytest.approx((1 / 2 + 1) / 2))
    assert (row["assigned_low"], row["assigned_high"]) == (0.5, 1)
    assert (row["worms"], row["neurons"]) == (2, 5)
    assert row["accuracy"] == pytest.approx((2 / 4 + 0) / 2)
    assert np.isnan(table.loc[("all", "Y"), "assigned_low"])
    # without partial labels there is nothing to be right about
    plain = scored([named(ROWS)]).set_index(["fold", "lab"]).loc[("all", "all")]
    assert plain["partial"] == 0 and np.isnan(plain["partial_accuracy"])
