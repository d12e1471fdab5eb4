import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from chromapal.errors import InputError
from chromapal.prepare.splits import (
    cross_fit_model,
    fold_names,
    make_splits,
    pair,
    write_splits,
)

KEY = ["lab", "worm"]


def worms(per_lab, fold="", neurons=2):
    """Build a table of worms, some neurons each; the number of each laboratory's worms."""
    keys = [(lab, str(i)) for lab, count in per_lab.items() for i in range(count)]
    table = pd.DataFrame(keys, columns=KEY).assign(fold=fold, R=1.0, G=2.0, B=3.0, W=4.0)
    return table.loc[table.index.repeat(neurons)].reset_index(drop=True).assign(name="AVAL")


def per_worm(table, splits):
    """Return one row per worm, after checking that all its neurons have one role."""
    joined = pd.concat([table[KEY], splits], axis=1)
    assert (joined.groupby(KEY).nunique() == 1).all(axis=None)
    return joined.drop_duplicates(KEY).set_index(KEY).sort_index()


LABS = st.dictionaries(st.sampled_from("ABCD"), st.integers(1, 9), min_size=1).filter(
    lambda labs: sum(labs.values()) >= 6
)


def test_names():
    assert pair(4, 2) == "fold2-4" == pair(2, 4)
    assert fold_names(3, False) == ["fold0", "fold1", "fold2"]
    assert fold_names(3, True)[3:] == ["fold0-1", "fold0-2", "fold1-2"]
    assert cross_fit_model(2, 0, 5) == "fold0-2"
    assert cross_fit_model(4, 4, 5) == "fold0-4"


@settings(deadline=None, max_examples=25)
@given(LABS, st.integers(0, 99))
def test_worm_split_holds_its_promises(labs, seed):
    table = worms(labs)
    splits = make_splits(table, "worm", 3, seed, cross_fit=True)
    assert list(splits) == [*fold_names(3, True), "inner"]
    roles = per_worm(table, splits)
    folds = roles[fold_names(3, False)]
    # every worm is tested in exactly one fold, which is its inner fold
    assert ((folds == "test").sum(axis=1) == 1).all()
    np.testing.assert_array_equal((folds == "test").to_numpy().argmax(axis=1), roles["inner"])
    # folds differ by at most one worm, in each laboratory and over all
    counts = roles.groupby("lab")["inner"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=range(3), fill_value=0)
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    assert np.ptp(counts.sum()) <= 1
    for a, b in itertools.combinations(range(3), 2):
        tested = roles[pair(a, b)] == "test"
        np.testing.assert_array_equal(tested, roles["inner"].isin([a, b]))
    for name in fold_names(3, True):
        present = set(roles[name])
        assert present == {"train", "validation", "test"}


@settings(deadline=None, max_examples=12)
@given(LABS, st.integers(0, 99), st.randoms(use_true_random=False))
def test_order_of_worms_and_their_labels_play_no_part(labs, seed, random):
    table = worms(labs)
    order = random.sample(range(len(table)), len(table))
    again = table.iloc[order].reset_index(drop=True)
    again["name"] = [random.choice(["", "AVAL", "RIML"]) for _ in order]
    again[["R", "G", "B", "W"]] *= 10
    first = make_splits(table, "worm", 3, seed, cross_fit=True)
    second = make_splits(again, "worm", 3, seed, cross_fit=True)
    pd.testing.assert_frame_equal(per_worm(table, first), per_worm(again, second))


def test_the_seed_decides():
    table = worms({"A": 12, "B": 9})
    first, again, other = (
        make_splits(table, "worm", 3, seed, cross_fit=True) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@settings(deadline=None, max_examples=25)
@given(LABS, st.integers(0, 99), st.floats(0.05, 0.95))
def test_validation_is_a_share_of_training_worms_spread_over_laboratories(labs, seed, share):
    table = worms(labs)
    roles = per_worm(table, make_splits(table, "worm", 3, seed, validation=share))
    for name in fold_names(3, False):
        rest = roles[roles[name] != "test"]
        chosen = rest[name] == "validation"
        assert chosen.sum() == min(max(round(share * len(rest)), 1), len(rest) - 1)
        expected = rest.groupby("lab").size() * chosen.mean()
        assert ((chosen.groupby("lab").sum() - expected).abs() <= 1).all()


def test_validation_differs_between_folds():
    table = worms({"A": 30})
    roles = per_worm(table, make_splits(table, "worm", 3, 0, cross_fit=True))
    sets = {tuple(roles[name] == "validation") for name in fold_names(3, True)}
    assert len(sets) == 6


def test_only_worms_with_colour_validate():
    table = worms({"A": 8})
    table.loc[table["worm"].isin(list("012")), "R"] = np.nan
    table.loc[table["worm"] == "3", "W"] = np.nan
    for gray, allowed in (("luminance", set("34567")), ("white", set("4567"))):
        seen = set()
        for seed in range(20):
            try:
                splits = make_splits(table, "worm", 2, seed, gray_source=gray)
            except InputError as error:
                assert "worm with colour to train fold" in str(error)
                continue
            for name in ("fold0", "fold1"):
                seen |= set(table["worm"][splits[name] == "validation"])
        assert seen == allowed


def published(always=3):
    """Worms with the fold column of a published split; those of laboratory N always train."""
    numbers = [str(i % 5) for i in range(15)]
    table = worms({"A": 15, "N": always}, neurons=1)
    table["fold"] = [*numbers, *["original"] * (always - 1), ""]
    return table


def test_fold_column_is_honoured():
    table = published()
    splits = make_splits(table, "worm", 5, seed=3, cross_fit=True)
    for k in range(5):
        np.testing.assert_array_equal(splits[f"fold{k}"] == "test", table["fold"] == str(k))
    known = table["lab"] == "A"
    np.testing.assert_array_equal(splits["inner"][known], table["fold"][known].astype(int))


def test_always_training_worms_are_left_out_by_the_pairs_of_an_assigned_fold():
    table = published(always=10)
    splits = make_splits(table, "worm", 5, seed=3, cross_fit=True)
    always = table["lab"] == "N"
    assert splits["inner"][always].value_counts().tolist() == [2] * 5
    for a, b in itertools.combinations(range(5), 2):
        left_out = splits["inner"].isin([a, b])
        np.testing.assert_array_equal(splits[pair(a, b)] == "test", left_out)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 99), st.booleans())
def test_cross_fitting_never_asks_a_model_about_an_worm_it_saw(seed, stated):
    table = published(always=7) if stated else worms({"A": 9, "B": 6}, neurons=1)
    splits = make_splits(table, "worm", 5, seed, cross_fit=True)
    for k in range(5):
        training = splits[splits[f"fold{k}"] != "test"]
        for inner, rows in training.groupby("inner"):
            model = cross_fit_model(k, inner, 5)
            assert (splits.loc[rows.index, model] == "test").all()
            # nor one that saw the worms of the fold under test
            assert (splits.loc[splits[f"fold{k}"] == "test", model] == "test").all()


def test_lab_split_leaves_out_one_laboratory_after_the_other():
    table = worms({"B": 4, "A": 2, "C": 3}, fold="1")
    splits = make_splits(table, "lab", 3, seed=0, cross_fit=True)
    for k, lab in enumerate("ABC"):
        np.testing.assert_array_equal(splits[f"fold{k}"] == "test", table["lab"] == lab)
    np.testing.assert_array_equal(splits["fold0-2"] == "test", table["lab"] != "B")


def test_rows_split_is_the_original_studys():
    table = worms({"A": 50})
    splits = make_splits(table, "rows", 1, seed=42)
    _, test = train_test_split(table, test_size=0.3, random_state=42, shuffle=True)
    assert sorted(test.index) == np.flatnonzero(splits["fold0"] == "test").tolist()
    assert len(test) == 30 and (splits["fold0"] == "validation").sum() == 11  # ceil(.15 * 70)
    assert list(splits) == ["fold0", "inner"] and set(splits["inner"]) == {-1}


@pytest.mark.parametrize(
    ("labs", "kind", "folds", "options", "message"),
    [
        ({"A": 3}, "worm", 4, {}, "config key 'folds': found 4 folds for 3 worms"),
        ({"A": 1}, "worm", 2, {}, "found 1 worm; expected at least two"),
        ({"A": 4}, "worm", 1, {}, "config key 'folds': found 1; expected at least 2"),
        ({"A": 2}, "worm", 2, {}, "1 worm with colour to train fold0; expected at least two"),
        ({"A": 4}, "worm", 2, {"cross_fit": True}, "at least 3 folds for cross-fitting"),
        ({"A": 4}, "lab", 1, {}, "config key 'split'.*at least two laboratories"),
        ({"A": 4, "B": 4}, "lab", 3, {}, "config key 'split'.*A, B for 3 folds"),
        ({"A": 4}, "rows", 1, {"cross_fit": True}, "config key 'runs.cross_fit'"),
        ({"A": 4}, "random", 2, {}, "config key 'split': found 'random'"),
        ({"A": 4}, "worm", 2, {"validation": 1.0}, "config key 'validation'"),
    ],
)
def test_what_cannot_be_split_is_an_error_that_names_the_key(labs, kind, folds, options, message):
    with pytest.raises(InputError, match=message):
        make_splits(worms(labs), kind, folds, 0, **options)


def test_folds_in_the_table_must_be_as_many_as_asked_for():
    with pytest.raises(InputError, match=r"'folds': found 3, .* 0, 1, 2, 3, 4 .*expected folds: 5"):
        make_splits(published(), "worm", 3, 0)


def test_split_file_has_the_rows_of_the_neurons(tmp_path):
    table = worms({"A": 4, "B": 5})
    table.to_parquet(tmp_path / "neurons.parquet")
    out = tmp_path / "splits.parquet"
    write_splits(tmp_path / "neurons.parquet", "worm", 3, 1, 0.2, True, out)
    expected = make_splits(table, "worm", 3, 1, 0.2, cross_fit=True)
    pd.testing.assert_frame_equal(pd.read_parquet(out), expected, check_dtype=False)
