"""What is flagged, by thresholds that an animal has no say in, and how it is told."""

import json

import numpy as np
import pandas as pd
import pytest

from chromapal.audit import collect, flags, judge, page
from chromapal.audit.headline import main, sentence
from chromapal.errors import InputError
from chromapal.evaluate.dictionary.tables import TABLES
from tests.unit.test_audit_animals import worm

COLOUR, POSITION = "position+rgb", "position"


def label_table(margins, fold, features=COLOUR, worm_name="w"):
    """Return rows as of `label_rows` of one animal; its models find two names, .8 and .2."""
    count = len(margins)
    log = np.log(np.array([0.8, 0.2], dtype=np.float32))
    return pd.DataFrame(
        {
            "lab": "A", "worm": f"{worm_name}{fold}", "neuron": range(count), "label": "AVAL",
            "better": "AVAR", "margin": np.asarray(margins, dtype=float), "probability": 0.2,
            "better_probability": 0.8, "partner": -1, "exchange": np.nan, "log": [log] * count,
            "features": features, "fold": fold,
        }
    )  # fmt: skip


def animal_table(values, question, features=COLOUR):
    return pd.DataFrame(
        {
            "lab": "A", "worm": [f"w{fold}" for fold in values], "question": question,
            "finding": "f", "gain": list(values.values()), "traces": 3, "chance": np.nan,
            "features": features, "fold": list(values),
        }
    )  # fmt: skip


def test_a_threshold_comes_from_the_other_folds():
    fold = pd.Series(["a"] * 20 + ["b"] * 20)
    values = pd.Series([*range(20), *range(100, 120)], dtype=float)
    # of twenty values one may lie above
    assert flags.thresholds(values, fold, flags.budget) == {"a": 118.0, "b": 18.0}
    with pytest.raises(InputError, match="two folds or more"):
        flags.thresholds(values[:20], fold[:20], flags.budget)


def test_an_animal_has_no_say_in_its_own_threshold():
    """A planted leak: were its own margins among those that choose it, nothing would be flagged."""
    usual = [label_table(np.arange(20.0), fold) for fold in ("fold0", "fold1")]
    planted = label_table(np.full(100, 50.0), "fold2")
    chosen = pd.Series(COLOUR, index=pd.MultiIndex.from_tuples([("A", f"wfold{k}") for k in "012"]))
    found = flags.flag_labels(pd.concat([*usual, planted]), chosen)
    assert found.groupby("fold")["flagged"].sum()["fold2"] == 100
    assert set(found[found["fold"].eq("fold2")]["threshold"]) == {18.0}


def test_chance_is_that_of_a_right_label():
    rows = pd.concat([label_table([1.0, 2.0], "fold0"), label_table([1.0, 1.2], "fold1")])
    chosen = pd.Series(COLOUR, index=pd.MultiIndex.from_tuples([("A", "wfold0"), ("A", "wfold1")]))
    found = flags.flag_labels(rows, chosen).set_index("fold")
    # log 4 = 1.39 exceeds 1.2 but not 2: only the second name would be flagged, .2
    assert found.loc["fold0", "flagged"].tolist() == [0, 1]
    assert found.loc["fold0", "chance"].tolist() == pytest.approx([0.2, 0.2])
    assert found.loc["fold1", "chance"].tolist() == pytest.approx([0.0, 0.0])
    assert found["margin_colour"].tolist() == found["margin"].tolist()
    assert found["margin_gray"].isna().all()


def test_an_exchange_renames_two_traces():
    rows = pd.concat([label_table([0.0, 1.0], "fold0"), label_table([0.0, 5.0], "fold1")])
    rows["exchange"] = [np.nan, -1.0, 2.0, 3.0]
    chosen = pd.Series(COLOUR, index=pd.MultiIndex.from_tuples([("A", "wfold0"), ("A", "wfold1")]))
    assert flags.flag_labels(rows, chosen)["traces"].tolist() == [1, 1, 2, 2]


def test_other_explanations_are_flagged_where_they_are_likelier():
    found = flags.flag_animals(animal_table({"a": 0.1, "b": -0.1, "c": np.nan}, "labels shifted"))
    assert found["flagged"].tolist() == [1, 0, 0]


def test_colours_and_stretches_are_flagged_beside_other_folds():
    values = {f"f{k}": 0.8 for k in range(9)}
    low = flags.flag_animals(animal_table(values | {"x": 0.1}, "colours"))
    assert low["flagged"].tolist() == [0] * 9 + [1]
    high = flags.flag_animals(animal_table(values | {"x": 1.1}, "axis stretched"))
    assert high["flagged"].tolist() == [0] * 9 + [1]


def test_an_axis_a_little_longer_than_others_is_not_flagged():
    values = {f"f{k}": 0.1 for k in range(9)} | {"x": 0.45, "y": 0.55}
    found = flags.flag_animals(animal_table(values, "axis stretched"))
    assert found["flagged"].tolist() == [0] * 10 + [1]


def test_one_faulty_animal_does_not_hide_another():
    """With the fence a quantile of few animals, the first would set it."""
    values = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4, "e": 1.2, "f": 1.3}
    found = flags.flag_animals(animal_table(values, "axis stretched"))
    assert found["flagged"].tolist() == [0, 0, 0, 0, 1, 1]


def test_a_fence_stands_beyond_the_quartiles():
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (flags.fence(values, above=True), flags.fence(values, above=False)) == (7.0, -1.0)


def test_an_animal_whose_colours_are_wrong_is_judged_from_position():
    parts = [
        animal_table({"a": 0.8, "b": 0.8, "c": 0.1}, "colours"),
        animal_table({"a": -1.0, "b": -1.0, "c": -1.0}, "labels shifted"),
        animal_table({"a": -2.0, "b": -2.0, "c": -2.0}, "labels shifted", POSITION),
    ]
    animals = flags.flag_animals(pd.concat(parts, ignore_index=True))
    chosen = flags.judged_from(animals)
    assert chosen.tolist() == [COLOUR, COLOUR, POSITION]
    own = flags.own_rows(animals, chosen).query("question == 'labels shifted'")
    assert own.sort_values("worm")["gain"].tolist() == [-1.0, -1.0, -2.0]
    assert (flags.own_rows(animals, chosen)["question"] == "colours").sum() == 3


def test_more_flags_than_by_chance_are_a_finding():
    table = pd.DataFrame(
        {
            "features": COLOUR, "fold": "fold0", "lab": "A", "worm": ["w"] * 10 + ["v"] * 10,
            "flagged": [1] * 4 + [0] * 6 + [1] + [0] * 9, "chance": 0.1,
        }
    )  # fmt: skip
    found = flags.ask_names(table).set_index("worm")
    # of one to be expected, a Poisson count exceeds 3 in 2 % of animals at most
    assert found["threshold"].tolist() == [3, 3]
    assert found["flagged"].to_dict() == {"v": 0, "w": 1}
    assert found.loc["w", "finding"] == "4 of 10 names"


def test_what_most_traces_hang_on_comes_first():
    table = pd.DataFrame(
        {"lab": "A", "worm": list("abcd"), "flagged": [0, 1, 1, 1], "traces": [9, 1, 2, 2],
         "margin": [9.0, 5.0, 1.0, 2.0]}
    )  # fmt: skip
    found = flags.ranked(table, "margin")
    assert found["worm"].tolist() == ["d", "c", "b", "a"] and found["rank"].tolist() == [1, 2, 3, 4]


def names(flagged, chance):
    return pd.DataFrame(
        {"lab": "A", "worm": ["w", "w", "v"], "flagged": flagged, "chance": chance}
    )  # fmt: skip


def test_the_line_counts_names_animals_and_chance():
    assert sentence(names([1, 1, 1], [0.6, 0.5, 0.1])) == (
        "3 of 3 names, of 2 animals, contradict the rest; if every label were right, about 1 would"
    )
    # fewer than expected: the sentence says both, and cuts neither
    assert sentence(names([0, 0, 1], [0.9, 0.9, 0.9])) == (
        "1 of 3 names, of 1 animal, contradict the rest; if every label were right, about 3 would"
    )
    assert sentence(names([0, 0, 0], [0.2, 0, 0])).startswith("0 of 3 names, of 0 animals, contra")


@pytest.fixture
def judged(tmp_path):
    """Write judgements of two folds, of which one holds a name that is far too unlikely."""
    entries = []
    for fold, margins in (("fold0", np.arange(20.0)), ("fold1", [*np.arange(19.0), 40.0])):
        rows = label_table(margins, fold, worm_name="<b>w").drop(columns=["features", "fold"])
        animals = animal_table({fold: -1.0}, "labels shifted").assign(worm=f"<b>w{fold}")
        paths = {part: tmp_path / f"{part}{fold}.parquet" for part in ("labels", "animals")}
        rows.to_parquet(paths["labels"])
        animals.drop(columns=["features", "fold"]).to_parquet(paths["animals"])
        entries.append({**paths, "features": COLOUR, "fold": fold})
    return entries


def test_tables_page_and_line_are_written(judged, tmp_path, capsys):
    folder = tmp_path / "audit"
    outs = folder / "names.csv", folder / "animals.csv", folder / "audit.html"
    collect.write_audit(judged, "s", *outs)
    for path, table in zip(outs, ("audit_names", "audit_animals"), strict=False):
        assert path.read_text().partition("\n")[0].split(",") == TABLES[table].names
    first = pd.read_csv(outs[0]).iloc[0]
    assert (first["worm"], first["neuron"], first["flagged"]) == ("<b>wfold1", 19, 1)
    text = outs[2].read_text()
    assert "<b>w" not in text and "&lt;b&gt;wfold1" in text
    main([str(folder)])
    said = capsys.readouterr().out.splitlines()
    # the greatest margin of either fold lies above the twentieth of the other's
    assert said[-1] == (
        "2 of 40 names, of 2 animals, contradict the rest; if every label were right, about 0 would"
    )
    assert said[-1] in text
    before = [path.read_bytes() for path in outs]
    collect.write_audit(judged, "s", *outs)
    assert [path.read_bytes() for path in outs] == before


def test_nothing_to_judge_is_one_line(judged, tmp_path):
    pd.DataFrame().to_parquet(tmp_path / "none.parquet")
    none = {"labels": tmp_path / "none.parquet", "animals": tmp_path / "none.parquet"}
    with pytest.raises(InputError, match="no labelled animal"):
        collect.audited([{**none, "features": COLOUR, "fold": "fold0"}])


def test_the_page_names_the_partner_of_an_exchange():
    rows = pd.DataFrame(
        {"lab": "A", "worm": "w", "neuron": [4, 7], "label": ["AVAL", "RID"],
         "exchange_neuron": [7, 4], "exchange_gain": [1.0, -1.0]}
    )  # fmt: skip
    assert page.exchanged_with(rows, rows) == ["RID (7)", ""]


def test_an_animal_that_its_folds_models_have_seen_is_refused(tmp_path):
    known = {"lab": ["A", "B"], "worm": ["v", "w"], "session": ["", ""], "mirror": [1, 1]}
    (tmp_path / "handedness.json").write_text(json.dumps({"known": known}))
    judge.refuse_seen([worm()], tmp_path)
    known["worm"][0] = "w"
    (tmp_path / "handedness.json").write_text(json.dumps({"known": known}))
    with pytest.raises(InputError, match=r"worm 'w' of laboratory 'A' among the training animals"):
        judge.refuse_seen([worm()], tmp_path)
