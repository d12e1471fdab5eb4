"""Tables about names given one to one, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from chromapal.columns import BODY, PROBABILITY
from chromapal.errors import InputError
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.pages import worm_files
from chromapal.evaluate.report import naming as report_naming
from chromapal.evaluate.tables import confidence, peers, read
from chromapal.evaluate.tables import naming as tables
from chromapal.evaluate.tables.answers import COLUMNS, worm_answers
from tests.named import identities

ROWS = [
    ("X", "1", 0, "AVAL", "AVAL", 0.95),
    ("X", "1", 1, "AVAR", "AVAL", 0.91),
    ("X", "1", 2, "RIH", "RIH", 1.0),
    ("Y", "1", 3, "AVAL", "RIH", 0.05),  # a worm of the same name in another laboratory
    ("Y", "1", 4, "RIS", "RIS", 0.0),
    ("X", "1", 5, "", "AVBL", 0.95),
    ("Y", "1", 6, "SIA", "SIADL", 0.95),
    ("Y", "1", 7, "background", "AVBR", 0.5),
]
HOSTILE = ["../up", "<script>alert(1)</script>", "$x$", "NA", 'it\'s "it",\\']


def confidence_of(tmp_path, parts):
    out = [tmp_path / f"{name}.csv" for name in ("calibration", "coverage", "ganglia")]
    confidence.write_confidence(parts, *out)
    return [read.read_csv(path) for path in out]


def test_only_full_labels_are_counted(tmp_path):
    found = tables.answered([identities(tmp_path / "a.parquet", ROWS)])
    assert found["row"].tolist() == [0, 1, 2, 3, 4]
    assert found["right"].tolist() == [True, False, True, False, True]
    assert found["right_class"].tolist() == [True, True, True, False, True]
    assert found[["study", "classifier", "variant", "fold"]].drop_duplicates().shape == (1, 4)


def test_calibration_by_hand(tmp_path):
    found, _, _ = confidence_of(tmp_path, [identities(tmp_path / "a.parquet", ROWS)])
    assert list(found.columns) == TABLES["calibration"].names
    assert found["lab"].tolist() == ["X", "Y", "all", "all"]
    numbers = found[["low", "high", "neurons", "confidence", "accuracy"]].to_numpy()
    # a probability of one belongs to the highest tenth
    low, high = [0, 0.1, 2, 0.025, 0.5], [0.9, 1, 3, 0.953333, 2 / 3]
    np.testing.assert_allclose(numbers, [high, low, low, high], rtol=1e-5)
    # bins are 0.475 and 0.286667 away from honest; 2 and 3 neurons of 5 are in them
    whole = (2 * 0.475 + 3 * 0.286667) / 5
    np.testing.assert_allclose(found["ece"], [0.286667, 0.475, whole, whole], rtol=1e-5)


def test_calibration_errors_of_several_methods_are_kept_apart(tmp_path):
    parts = [
        identities(tmp_path / "a.parquet", ROWS),
        identities(tmp_path / "b.parquet", ROWS[:1], classifier="mlp"),
        identities(tmp_path / "c.parquet", ROWS[3:4], features="position+rgb"),
    ]
    found, _, _ = confidence_of(tmp_path, parts)
    errors = found.query("lab == 'all'").groupby(["classifier", "features"])["ece"].unique()
    assert {key: value.tolist() for key, value in errors.items()} == {
        ("mlp", "position"): [pytest.approx(0.05)],
        ("svm", "position"): [pytest.approx(0.362)],
        ("svm", "position+rgb"): [pytest.approx(0.05)],
    }


def test_coverage_by_hand(tmp_path):
    _, found, _ = confidence_of(tmp_path, [identities(tmp_path / "a.parquet", ROWS)])
    assert list(found.columns) == TABLES["coverage"].names
    assert found.groupby("lab")["coverage"].agg(len).to_dict() == {"X": 20, "Y": 20, "all": 20}
    some = found.set_index(["lab", "coverage"])
    some = some[["neurons", "threshold", "precision", "precision_by_animal"]]
    expected = {
        ("all", 0.05): [1, 1, 1, 1],  # at least one answer
        ("all", 0.4): [2, 0.95, 1, 1],
        ("all", 0.6): [3, 0.91, 2 / 3, 2 / 3],  # no answer of Y's worm is kept
        ("all", 0.8): [4, 0.05, 2 / 4, (2 / 3 + 0) / 2],  # of X 2 in 3 right, of Y 0 in 1
        ("all", 1.0): [5, 0, 3 / 5, (2 / 3 + 1 / 2) / 2],
        ("X", 1.0): [3, 0.91, 2 / 3, 2 / 3],
        ("Y", 0.5): [1, 0.05, 0, 0],
        ("Y", 1.0): [2, 0, 1 / 2, 1 / 2],
    }
    for key, values in expected.items():
        np.testing.assert_allclose(some.loc[key], values, rtol=1e-5, err_msg=str(key))


def test_the_report_shows_precision_by_animal(tmp_path):
    confidence_of(tmp_path, [identities(tmp_path / "a.parquet", ROWS)])
    facts = {"classifier": "svm", "features": "position", "colorizer": "", "worms": 2}
    shares = ["accuracy", "assigned", "assigned_low", "assigned_high", "assigned_top5"]
    identity = pd.DataFrame([{**facts, **read.POOLED, "variant": "no_background"}])
    identity = identity.assign(**dict.fromkeys([*shares, "class_accuracy"], 0.125))
    identity.to_csv(tmp_path / "identity.csv", index=False)
    config = {"align": "nonrigid", "identify": {"classifiers": ["svm"]}, "handedness": "decided"}
    shown = str(report_naming.scores(tmp_path, config))
    # of the surest 80 %, 2 in 3 of X's worm and none of Y's; of all neurons half
    assert "0.333" in shown and "0.500" not in shown


def test_equal_probabilities_are_ranked_by_row(tmp_path):
    rows = [("X", "1", row, "RIH", "RIH" if row < 2 else "RIS", 0.5) for row in (3, 1, 2, 0)]
    _, found, _ = confidence_of(tmp_path, [identities(tmp_path / "a.parquet", rows)])
    # of one worm both are the same
    assert found["precision_by_animal"].equals(found["precision"])
    precision = found.query("lab == 'all'").set_index("coverage")["precision"]
    assert precision[[0.25, 0.5, 0.75, 1.0]].tolist() == pytest.approx([1, 1, 2 / 3, 0.5], rel=1e-5)


def test_ganglia_by_hand(tmp_path):
    _, _, found = confidence_of(tmp_path, [identities(tmp_path / "a.parquet", ROWS)])
    assert list(found.columns) == TABLES["ganglia"].names
    numbers = found.set_index(["ganglion", "lab"])[["neurons", "accuracy", "class_accuracy"]]
    expected = {
        ("lateral", "X"): [2, 0.5, 1],
        ("lateral", "Y"): [1, 0, 0],
        ("lateral", "all"): [3, 1 / 3, 2 / 3],
        ("ventral", "X"): [1, 1, 1],
        ("ventral", "Y"): [1, 1, 1],
        ("ventral", "all"): [2, 1, 1],
    }
    assert list(numbers.index) == list(expected)
    np.testing.assert_allclose(numbers, list(expected.values()), rtol=1e-5)


def test_methods_and_feature_sets_are_kept_apart(tmp_path):
    parts = [
        identities(tmp_path / "a.parquet", ROWS),
        identities(tmp_path / "b.parquet", ROWS[:1], classifier="mlp"),
        identities(tmp_path / "c.parquet", ROWS[3:4], features="position+rgb", fold="fold1"),
    ]
    found, _, _ = confidence_of(tmp_path, parts)
    counts = found.query("lab == 'all'").groupby(["classifier", "features"])["neurons"].sum()
    assert counts.to_dict() == {
        ("mlp", "position"): 1, ("svm", "position"): 5, ("svm", "position+rgb"): 1,
    }  # fmt: skip


def test_nothing_named_gives_empty_tables_with_their_columns(tmp_path):
    unlabelled = identities(tmp_path / "a.parquet", ROWS[5:])
    for parts in ([], [unlabelled]):
        found = confidence_of(tmp_path, parts)
        for table, name in zip(found, ("calibration", "coverage", "ganglia"), strict=True):
            assert table.empty and list(table.columns) == TABLES[name].names
        tables.write_places(parts, {}, tmp_path / "places.csv")
        places = read.read_csv(tmp_path / "places.csv")
        assert places.empty and list(places.columns) == TABLES["places"].names
    tables.write_handedness([], tmp_path / "handedness.csv")
    assert list(read.read_csv(tmp_path / "handedness.csv").columns) == TABLES["handedness"].names


def test_handedness_is_sorted_and_told_apart(tmp_path):
    row = dict.fromkeys(TABLES["handedness"].names[3:], 0)
    row |= {"source": "evidence", "session": "2024-01-01", "neurons": 40, "probability": 0.75}
    parts = []
    for fold, worms in (("fold1", [("Y", "1")]), ("fold0", [("X", "2"), ("X", "1")])):
        table = pd.DataFrame([{**row, "lab": lab, "worm": worm} for lab, worm in worms])
        table.to_parquet(tmp_path / f"{fold}.parquet")
        parts.append(
            {"path": tmp_path / f"{fold}.parquet", "study": "s", "features": "position",
             "fold": fold}
        )  # fmt: skip
    tables.write_handedness(parts, tmp_path / "out.csv")
    found = read.read_csv(tmp_path / "out.csv")
    assert list(found.columns) == TABLES["handedness"].names
    assert found[["fold", "lab", "worm"]].to_numpy().tolist() == [
        ["fold0", "X", "1"], ["fold0", "X", "2"], ["fold1", "Y", "1"],
    ]  # fmt: skip
    assert set(found["probability"]) == {0.75}


def body(path, rows):
    table = pd.DataFrame({"row": rows, "posterior": [10.0 * row for row in rows]})
    table.assign(dorsal=1.0, left=-2.0).to_parquet(path)
    return str(path)


def test_places_by_hand(tmp_path):
    more = [
        ("Y", "9", 10, "AVAL", "RIS", 0.5),
        ("Y", "9", 11, "RIH", "RIH", 0.5),
        ("Y", "8", 12, "AVAL", "RIS", 0.5),
        ("Y", "9", 13, "", "RIS", 0.5),
    ]
    parts = [
        identities(tmp_path / "a.parquet", ROWS),
        identities(tmp_path / "b.parquet", more, fold="fold1"),
        identities(tmp_path / "c.parquet", ROWS, variant="with_background"),
        identities(tmp_path / "d.parquet", ROWS, features="predicted"),
    ]
    aligned = {
        "position fold0": body(tmp_path / "0.parquet", list(range(8))),
        "position fold1": body(tmp_path / "1.parquet", [10, 11, 12, 13]),
    }
    tables.write_places(parts, aligned, tmp_path / "places.csv")
    found = read.read_csv(tmp_path / "places.csv")
    assert list(found.columns) == TABLES["places"].names
    told = found[["name", "posterior", "tested", "right", "confused_with", "confused"]]
    # AVAL at 0, 30, 100 and 120
    assert told.to_numpy().tolist() == [
        ["AVAL", 65, 4, 1, "RIS", 2],
        ["AVAR", 10, 1, 0, "AVAL", 1],
        ["RIH", 65, 2, 2, "", 0],
        ["RIS", 40, 1, 1, "", 0],
    ]
    assert set(found["dorsal"]) == {1} and set(found["left"]) == {-2}


def test_of_two_equally_frequent_mistakes_the_first_by_name_is_shown(tmp_path):
    rows = [("X", str(row), row, "AVAL", name, 0.5) for row, name in enumerate(["RIS", "RIH"])]
    aligned = {"position fold0": body(tmp_path / "0.parquet", [0, 1])}
    tables.write_places([identities(tmp_path / "a.parquet", rows)], aligned, tmp_path / "p.csv")
    found = read.read_csv(tmp_path / "p.csv").iloc[0]
    assert (found["confused_with"], found["confused"]) == ("RIH", 1)


def worms_table(path, rows, **facts):
    """Write worms.csv of (lab, worm, assigned)."""
    table = pd.DataFrame(rows, columns=["lab", "worm", "assigned"]).assign(
        **{"study": "s", "measure": "identity", "variant": "no_background", "colorizer": "",
           "classifier": "svm", "features": "position", **facts}
    )  # fmt: skip
    table.reindex(columns=TABLES["worms"].names).to_csv(path, index=False, float_format="%.6g")
    return path


def peers_of(tmp_path, rows, text, **facts):
    (tmp_path / "peers.csv").write_text(text, encoding="utf-8")
    worms_table(tmp_path / "worms.csv", rows, **facts)
    peers.write_peers(tmp_path / "worms.csv", tmp_path / "peers.csv", tmp_path / "out.csv")
    return read.read_csv(tmp_path / "out.csv")


def test_peers_by_hand(tmp_path):
    rows = [("X", "1", 0.5), ("Y", "1", 0.7), ("X", "2", 0.9), ("Y", "NA", 0.2)]
    text = "worm,m,lab,accuracy\n1,0.4,X,\n1,0.7,Y,\n2,,X,\nNA,0.1,Y,0.3\nnew,1,Y,1\n"
    found = peers_of(tmp_path, rows, text)
    assert list(found.columns) == TABLES["peers"].names
    told = found.set_index(["method", "lab"])
    assert list(told.index) == [
        ("m", "X"), ("m", "Y"), ("m", "all"), ("accuracy", "Y"), ("accuracy", "all"),
    ]  # fmt: skip
    names = ["worms", "ours", "peer", "difference", "wins", "ties", "losses"]
    # a worm that the peer was not tried on counts on neither side
    numbers = told[names].to_numpy(dtype=float)
    np.testing.assert_allclose(numbers[0], [1, 0.5, 0.4, 0.1, 1, 0, 0], rtol=1e-5)
    np.testing.assert_allclose(numbers[1], [2, 0.45, 0.4, 0.05, 1, 1, 0], rtol=1e-5)
    np.testing.assert_allclose(numbers[2], [3, 1.4 / 3, 0.4, 0.2 / 3, 2, 1, 0], rtol=1e-5)
    np.testing.assert_allclose(numbers[4], [1, 0.2, 0.3, -0.1, 0, 0, 1], rtol=1e-5)
    assert told.loc[("m", "X"), ["low", "high"]].isna().all()  # one worm has no interval
    assert told.loc[("m", "all"), "low"] <= 0.2 / 3 <= told.loc[("m", "all"), "high"]


def test_signed_ranks_by_hand(tmp_path):
    rows = [("X", str(n), 0.5 + n / 100) for n in range(1, 7)]
    better = "lab,worm,m\n" + "".join(f"X,{n},0.5\n" for n in range(1, 7))
    # six differences of one sign: 2 of 2^6 signs are as extreme
    assert peers_of(tmp_path, rows, better).query("lab == 'all'")["p"].item() == pytest.approx(
        0.03125
    )
    # the smallest has the other sign: 4 of 2^6
    mixed = better.replace("X,1,0.5\n", "X,1,0.515\n")
    found = peers_of(tmp_path, rows, mixed).query("lab == 'all'").iloc[0]
    assert (found["p"], found["wins"], found["losses"]) == (pytest.approx(0.0625), 5, 1)


def test_equal_pairs_differ_in_nothing(tmp_path):
    rows = [("X", str(n), n / 7) for n in range(7)]
    same = "lab,worm,m\n" + "".join(f"X,{n},{n / 7}\n" for n in range(7))  # with more digits
    found = peers_of(tmp_path, rows, same).query("lab == 'all'").iloc[0]
    assert found[["p", "wins", "ties", "losses"]].tolist() == [1, 0, 7, 0]
    assert (found["difference"], found["low"], found["high"]) == (0, 0, 0)


def test_peers_stand_beside_plain_names_only(tmp_path):
    text = "lab,worm,m\nX,1,0.4\n"
    rows = [("X", "1", 0.5)]
    for facts in ({"measure": "colour"}, {"variant": "with_background"}, {"colorizer": "net"}):
        assert peers_of(tmp_path, rows, text, **facts).empty
    assert peers_of(tmp_path, [("Y", "1", 0.5)], text).empty
    peers.write_peers(tmp_path / "worms.csv", "", tmp_path / "out.csv")
    assert list(read.read_csv(tmp_path / "out.csv").columns) == TABLES["peers"].names


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("lab,m\nX,0.5\n", "columns 'lab', 'm'"),
        ("worm,m\n1,0.5\n", "columns 'worm', 'm'"),
        ("lab,worm\nX,1\n", "columns 'lab', 'worm'"),
        ("lab,worm,m\nX,1,good\n", "good"),
        ("lab,worm,m\nX,1,85\n", "m below 0 or above 1"),
        ("lab,worm,m\nX,1,0.5\nX,1,0.6\n", "worm 1 of X twice"),
        ("", "columns none"),
        ("lab;worm;m\nX;1;0,5\n", "separated by semicolons"),
        ('lab,worm,m\nX,1,"0.5\n', "no readable CSV file"),
    ],
)
def test_mistakes_in_the_file_of_peers_are_one_line(tmp_path, text, named):
    with pytest.raises(InputError) as caught:
        peers_of(tmp_path, [("X", "1", 0.5)], text)
    assert named in str(caught.value) and "peers.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_spreadsheet_leaves_around_a_file_of_peers_is_passed_over(tmp_path):
    path = tmp_path / "peers.csv"
    path.write_text("sep=,\nlab, worm,m,,\nX,1 ,0.5,,\nX,NA,,,\n,,,,\n", encoding="utf-8")
    found = peers.read_peers(path)
    assert found.values.tolist()[0] == ["X", "1", 0.5]
    assert found["m"].isna().tolist() == [False, True]
    assert list(found) == ["lab", "worm", "m"] and found["worm"].tolist() == ["1", "NA"]


def test_a_missing_or_foreign_file_of_peers_is_one_line(tmp_path):
    (tmp_path / "latin.csv").write_bytes("lab,worm,m\nÄ,1,0.5\n".encode("latin-1"))
    for name in ("nowhere.csv", "latin.csv", "."):
        with pytest.raises(InputError, match="no readable CSV file"):
            peers.read_peers(tmp_path / name)


def study_neurons(count: int, worms=()) -> pd.DataFrame:
    keys = pd.DataFrame([*worms] or [("X", "1")] * count, columns=["lab", "worm"])
    ids = [f"id{row}" for row in range(count)]
    return keys.assign(x=range(count), y=1, z=2, ID=ids)


def answers(tmp_path, rows, doubtful=None, aligned=True, **columns):
    identities(tmp_path / "a.parquet", rows)
    named = pd.read_parquet(tmp_path / "a.parquet").assign(**{"anchor": "", **columns})
    numbers = sorted(named["row"])
    places = pd.read_parquet(body(tmp_path / "b.parquet", numbers))
    unsure = pd.Series(doubtful or {("X", "1"): False}, dtype=bool)
    neurons = study_neurons(20).assign(row=range(20))
    blank = pd.DataFrame(columns=["row", *BODY])
    return worm_answers(named, neurons, places if aligned else blank, unsure)


def test_answers_have_the_columns_of_the_dictionary():
    assert list(COLUMNS) == TABLES["named"].names


def test_answers_by_hand(tmp_path):
    found = answers(tmp_path, ROWS).set_index("row")
    assert found["right"].to_dict() == {
        0: "yes", 1: "no", 2: "yes", 3: "no", 4: "yes", 5: "", 6: "yes", 7: "",
    }  # fmt: skip
    assert found["ID"].tolist() == [f"id{row}" for row in range(8)]
    assert found["posterior"].tolist() == [10.0 * row for row in range(8)]
    assert found["answer"].tolist() == [row[4] for row in ROWS]
    # ranks are each worm's own, equal probabilities in the table's order
    ranks = found.groupby("lab")["review"].agg(list).to_dict()
    assert ranks == {"X": [2, 1, 4, 3], "Y": [2, 1, 4, 3]}


def test_side_is_left_out_where_handedness_is_doubtful(tmp_path):
    rows = [
        ("X", "1", 0, "AVAL", "AVAR AVAL RIH", 0.5),
        ("X", "1", 1, "RIMR", "RIH RIML", 0.5),
        ("X", "1", 2, "RMDDL", "RMDDR", 0.5),
        ("X", "1", 3, "RMDDL", "RMDVL", 0.5),
        ("X", "1", 4, "", "AVL", 0.5),
        ("Y", "1", 5, "AVAL", "AVAR AVAL RIH", 0.5),
    ]
    doubtful = {("X", "1"): True, ("Y", "1"): False, ("Z", "1"): True}
    found = answers(tmp_path, rows, doubtful)
    told = found[["answer", "second", "third", "right"]].to_numpy().tolist()
    assert told == [
        ["AVA", "RIH", "", "yes"],  # either side is one answer
        ["RIH", "RIM", "", "no"],
        ["RMDD", "", "", "yes"],
        ["RMDV", "", "", "no"],
        ["AVL", "", "", ""],  # L is no side here
        ["AVAR", "AVAL", "RIH", "no"],
    ]
    # the other names had no probability to add
    assert found["probability"].tolist() == [0.5] * 6


def test_a_stated_name_keeps_its_side_and_counts_with_it(tmp_path):
    rows = [
        ("X", "1", 0, "AVAL", "AVAR AVAL", 1.0),  # stated, and the label says otherwise
        ("X", "1", 1, "RIML", "RIMR RIML", 0.5),  # stated of this neuron is a place, not a name
        ("X", "1", 2, "AVEL", "AVEL", 1.0),
    ]
    anchor = ["AVAR", "left", "AVEL"]
    found = answers(tmp_path, rows, {("X", "1"): True}, anchor=anchor)
    assert found[["answer", "right"]].to_numpy().tolist() == [
        ["AVAR", "no"], ["RIM", "yes"], ["AVEL", "yes"],
    ]  # fmt: skip


def test_without_sides_a_pairs_probabilities_add_up(tmp_path):
    rows = [
        ("X", "1", 0, "AVAL", "AVAR RIH AVAL AVL", 0.375),
        ("X", "1", 1, "RIMR", "RIH RIML RIMR", 0.5),
        ("X", "1", 2, "", "RMDDL", 0.4375),
        ("X", "1", 3, "", "background RIML RIMR", 0.625),
        ("Y", "1", 4, "AVAL", "AVAR RIH AVAL AVL", 0.375),
        ("Z", "1", 5, "AVAL", "AVAR RIH AVAL AVL", 0.375),
        ("Z", "1", 6, "RIH", "RIH", 1.0),
    ]
    doubtful = {("X", "1"): True, ("Y", "1"): False, ("Z", "1"): True}
    further = {"probability2": 0.25, "probability3": 0.125, "probability4": 0.0625}
    anchor = ["", "", "", "", "", "", "RIH"]
    found = answers(tmp_path, rows, doubtful, **further, probability5=0.0, anchor=anchor)
    assert found["answer"].tolist() == ["AVA", "RIH", "RMDD", "background", "AVAR", "AVA", "RIH"]
    # Y's side is known
    expected = [0.375 + 0.125, 0.5, 0.4375, 0.625, 0.375, 0.375 + 0.125, 1.0]
    assert found["probability"].tolist() == expected
    # X's second is RIH, its third AVL; Y keeps all four
    others = found[["probability2", "probability3", "probability4"]].to_numpy().tolist()
    assert others[0] == [0.25, 0.0625, 0.0] and others[4] == [0.25, 0.125, 0.0625]
    # AVA is as probable as RIH now, and RMDD less
    assert found["review"].tolist() == [2, 3, 1, 4, 1, 1, 2]


def test_worms_that_were_not_aligned_are_named_all_the_same(tmp_path):
    for aligned, doubtful in ((False, None), (True, {("Z", "1"): True})):
        found = answers(tmp_path, ROWS, doubtful, aligned)
        assert len(found) == len(ROWS)
        assert found["answer"].tolist() == [row[4] for row in ROWS]
        assert found["left"].isna().all() != aligned


def test_files_of_two_folds_with_hostile_names(tmp_path):
    lab, worm, name, other, quoted = HOSTILE
    rows = [
        (lab, worm, 0, name, f"{name} {quoted.replace(' ', '')}", 0.9),
        (lab, worm, 1, "AVAL", "AVAR AVAL", 0.4),
        (lab, worm, 2, "", other, 0.2),
    ]
    second = [(lab, other, 3, "RIH", "RIH", 0.7), ("B", worm, 4, "AVAL", "AVAL", 0.7)]
    parts, aligned, handedness = [], {}, {}
    for fold, some in (("fold0", rows), ("fold1", second)):
        parts.append(identities(tmp_path / f"{fold}.parquet", some, fold=fold))
        aligned[fold] = body(tmp_path / f"{fold}-body.parquet", [row[2] for row in some])
        handedness[fold] = str(tmp_path / f"{fold}-worms.parquet")
        decided = pd.DataFrame(some)[[0, 1]].drop_duplicates().set_axis(["lab", "worm"], axis=1)
        decided.assign(doubtful=int(fold == "fold0")).to_parquet(handedness[fold])
    study_neurons(5, [row[:2] for row in rows + second]).to_parquet(tmp_path / "neurons.parquet")

    def write(stated):
        worm_files.write_worm_files(
            parts, neurons=tmp_path / "neurons.parquet", aligned=aligned, handedness=handedness,
            stated=stated, features="position", out=tmp_path / "named",
        )  # fmt: skip
        return sorted((tmp_path / "named").rglob("*.*"))

    files = write({})
    assert {path.suffix for path in files} == {".csv", ".png", ".html"} and len(files) == 9
    assert {path.parents[1] for path in files} == {tmp_path / "named"}
    found = {}
    for path in (path for path in files if path.suffix == ".csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        found[table["lab"].iloc[0], table["worm"].iloc[0]] = table
    assert set(found) == {(lab, worm), (lab, other), ("B", worm)}
    first = found[lab, worm]
    assert first["review"].tolist() == ["1", "2", "3"]
    assert first["row"].tolist() == ["2", "1", "0"]
    assert first["answer"].tolist() == [other, "AVA", name]
    assert first["right"].tolist() == ["", "yes", "yes"]
    for path in (path for path in files if path.suffix == ".html"):
        assert "<script>alert" not in path.read_text(encoding="utf-8")
    before = {path: path.read_bytes() for path in files if path.suffix == ".csv"}
    assert {path: path.read_bytes() for path in write({}) if path.suffix == ".csv"} == before


def test_sides_are_told_where_statements_settle_them(tmp_path, caplog):
    rows = [("X", worm, row, "AVAL", "AVAL AVAR", 0.5) for row, worm in enumerate("abcd")]
    rows.append(("X", "b", 4, "RIMR", "RIMR RIML", 0.5))
    part = identities(tmp_path / "part.parquet", rows)
    handedness = pd.DataFrame({"lab": "X", "worm": list("abcd"), "doubtful": [1, 1, 1, 0]})
    handedness.to_parquet(tmp_path / "handedness.parquet")
    study_neurons(5, [row[:2] for row in rows]).to_parquet(tmp_path / "neurons.parquet")
    # of a the side is settled, of b not, c's file was refused, and d's brought doubt
    told = pd.DataFrame({"row": [0, 1, 3, 4], "probability": 0.5, "doubtful": [0, 1, 1, 1]})
    told["assigned1"] = ["AVAL", "AVAL", "AVAL", "RIML"]
    told = told.assign(anchor=["", "", "", "RIML"], **dict.fromkeys(BODY, 1.0))
    told = told.assign(assigned2=["AVAR"] * 3 + [""], assigned3="", assigned4="", assigned5="")
    told = told.assign(**dict.fromkeys(PROBABILITY[1:], 0.0))
    told.to_parquet(tmp_path / "stated.parquet")
    for name in ("X/a.csv", "X/b.csv", "X/c.csv", "X/d.csv", "X/d1.csv", "a.CSV", "notes.txt"):
        (tmp_path / "said/X").mkdir(parents=True, exist_ok=True)
        (tmp_path / "said" / name).write_text("neuron,says\n")
    worm_files.write_worm_files(
        [part], neurons=tmp_path / "neurons.parquet",
        aligned={"fold0": body(tmp_path / "body.parquet", range(5))},
        handedness={"fold0": str(tmp_path / "handedness.parquet")},
        stated={"fold0": str(tmp_path / "stated.parquet")}, features="position",
        out=tmp_path / "named", anchors=tmp_path / "said",
    )  # fmt: skip
    found = {
        worm: pd.read_csv(tmp_path / f"named/X/{worm}.csv")["answer"].tolist() for worm in "abcd"
    }
    # a name that somebody stated keeps its side
    assert found == {"a": ["AVAL"], "b": ["AVA", "RIML"], "c": ["AVA"], "d": ["AVA"]}
    assert pd.read_csv(tmp_path / "named/X/b.csv")["right"].tolist() == ["yes", "no"]
    told = [line.replace(f"{tmp_path}/said/", "") for line in caplog.messages]
    missing = "found no test worm of this file name; expected one such as"
    assert told[0] == "not used: X/c.csv: refused; the logs answer_anchors/*.log say why"
    assert told[1].startswith(f"not used: X/d1.csv: {missing} X/d.csv")
    assert told[2].startswith(f"not used: a.CSV: {missing} X/a.csv")
    assert len(told) == 3


def test_what_a_person_stated_replaces_a_classifiers_names(tmp_path):
    told = pd.DataFrame({"row": [4, 2], "probability": [1.0, 0.3], "anchor": ["AVAL", ""]})
    named = pd.DataFrame(
        {"row": [1, 2, 4], "probability": [0.9, 0.8, 0.7], "anchor": "", "name": list("abc")}
    )
    found = worm_files.replace_rows(named, told, ("probability", "anchor"))
    assert found["row"].tolist() == [1, 2, 4] and found["name"].tolist() == list("abc")
    assert found["probability"].tolist() == [0.9, 0.3, 1.0]
    assert found["anchor"].tolist() == ["", "", "AVAL"]
