from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from chromapal.prepare.resample import INTERPOLATED, classifier_steps, inverse_frequency, smote

COUNTS = {"AVAL": 12, "AVAR": 7, "RIML": 2, "RIMR": 1}


def fold(counts=COUNTS, seed=0):
    """Build training rows of some names, and as many test rows far away from them."""
    rng = np.random.default_rng(seed)
    names = np.repeat(list(counts), list(counts.values()))
    rows = pd.DataFrame(rng.random((len(names), 8)), columns=INTERPOLATED)
    rows["weight"] = 2 + 6 * rows["weight_n"]
    train = rows.assign(name=names, role="train")
    rest = train.assign(role=np.resize(["validation", "test"], len(names)))
    rest[INTERPOLATED] += 1000
    return pd.concat([train, rest], ignore_index=True).sample(frac=1, random_state=seed)


def strays(neurons, table):
    """Count rows that are no convex combination of two training rows of their own name."""
    train = neurons[neurons["role"] == "train"]
    found = 0
    for name, rows in table.groupby("name"):
        known = train.loc[train["name"] == name, INTERPOLATED].to_numpy()
        start, way = known[:, None], known[None] - known[:, None]
        length = (way**2).sum(-1)
        for point in rows[INTERPOLATED].to_numpy():
            along = ((point - start) * way).sum(-1) / np.where(length == 0, 1, length)
            nearest = start + np.clip(along, 0, 1)[..., None] * way
            found += np.abs(nearest - point).max(-1).min() > 1e-9
    return found


def test_every_name_reaches_the_commonest_and_rare_ones_are_repeated_and_counted():
    neurons = fold()
    table, log = smote(neurons, seed=1, neighbours=3)
    assert Counter(table["name"]) == dict.fromkeys(COUNTS, 12)
    # RIML 2 -> 4 and RIMR 1 -> 4 repeated, then 0 + 5 + 8 + 8 synthetic
    assert log == {
        "names": 4,
        "rows": 22,
        "names_repeated": 2,
        "rows_repeated": 5,
        "rows_synthetic": 21,
    }
    train = neurons[neurons["role"] == "train"]
    np.testing.assert_array_equal(table[INTERPOLATED][:22], train[INTERPOLATED])
    assert table["name"][:22].tolist() == train["name"].tolist()
    np.testing.assert_allclose(table["weight"], 2 + 6 * table["weight_n"])


def test_synthetic_neurons_lie_between_training_neurons_of_their_name():
    neurons = fold()
    table, _ = smote(neurons, seed=1, neighbours=3)
    assert strays(neurons, table) == 0
    # and they are new ones, where a name has more than one neuron to lie between
    synthetic = table[27:].query("name != 'RIMR'")[INTERPOLATED].to_numpy()
    known = neurons[INTERPOLATED].to_numpy()
    assert (np.abs(synthetic[:, None] - known[None]).max(-1).min(1) > 0).mean() > 0.6


def test_the_check_for_strays_catches_test_rows_and_other_names():
    neurons = fold()
    leaked, _ = smote(neurons.assign(role="train"), seed=1, neighbours=3)
    assert strays(neurons, leaked) > 0
    swapped = smote(neurons, seed=1, neighbours=3)[0]
    swapped["name"] = swapped["name"].replace({"AVAL": "AVAR", "AVAR": "AVAL"})
    assert strays(neurons, swapped) > 0


def test_test_worms_change_nothing():
    neurons = fold()
    bright = neurons.copy()
    bright.loc[bright["role"] != "train", INTERPOLATED] *= 10
    bright.loc[bright["role"] != "train", "name"] = "RIML"
    first, log = smote(neurons, 1, 3)
    second, again = smote(bright, 1, 3)
    pd.testing.assert_frame_equal(first, second)
    assert log == again
    assert not first.equals(smote(neurons, 2, 3)[0])


def test_neighbours_more_than_any_name_has():
    table, log = smote(fold({"AVAL": 2, "AVAR": 1}), seed=0, neighbours=5)
    assert Counter(table["name"]) == {"AVAL": 6, "AVAR": 6}
    assert log["names_repeated"] == 2 and log["rows_synthetic"] == 0


def test_one_name_has_nothing_to_catch_up_with():
    table, log = smote(fold({"AVAL": 4}), seed=0, neighbours=5)
    assert len(table) == 4 and log["rows_repeated"] == log["rows_synthetic"] == 0


def test_constant_weight_stays():
    table, _ = smote(fold().assign(weight=7.0, weight_n=1.0), seed=0, neighbours=3)
    assert (table["weight"] == 7).all() and (table["weight_n"] == 1).all()


def test_pipeline_oversamples_what_it_is_fitted_on_and_nothing_else():
    seen = {}

    class Watcher(KNeighborsClassifier):
        def fit(self, x, y):
            seen[len(seen)] = Counter(y)
            return super().fit(x, y)

    pipeline = Pipeline([*classifier_steps(3, seed=0), ("classifier", Watcher(1))])
    train = fold().query("role == 'train'")
    values, names = train[INTERPOLATED].to_numpy(), train["name"].to_numpy(dtype=object)
    for _ in range(2):  # a second fit to other rows counts its own names
        assert len(clone(pipeline).fit(values, names).predict(values[:5])) == 5
        keep = names != "AVAL"
        values, names = values[keep], names[keep]
    assert seen == {
        0: dict.fromkeys(COUNTS, 12),
        1: dict.fromkeys(["AVAR", "RIML", "RIMR"], 7),
    }


def test_inverse_frequency_by_hand():
    # 1/4, 1/4, 1/4, 1/4, 1 -> over their mean .4: .625 and 2.5; capped at 2: mean .9
    weights = inverse_frequency(["a", "a", "a", "a", "b"], cap=2.0)
    np.testing.assert_allclose(weights, [0.625 / 0.9] * 4 + [2 / 0.9])


@given(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=1), st.floats(1, 10))
def test_inverse_frequency_has_mean_1_and_prefers_rare_names(names, cap):
    weights = inverse_frequency(names, cap)
    assert weights.mean() == pytest.approx(1)
    counts = Counter(names)
    order = sorted(zip([counts[name] for name in names], weights, strict=True))
    assert all(rare >= common - 1e-12 for (_, rare), (_, common) in pairwise(order))
    uncapped = len(names) / (len(counts) * min(counts.values()))
    assert weights.max() <= max(min(cap, uncapped), 1) * uncapped + 1e-9
