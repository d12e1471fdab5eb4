"""Every classifier, whichever file it lives in, honours one contract."""

import ast
import dataclasses
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

from chromapal import methods
from chromapal.classifiers.common.feature_tables import FeatureTable
from chromapal.classifiers.common.naming import name_neurons
from chromapal.classifiers.common.scores import FitSettings
from chromapal.classifiers.common.whole_worms import name_worms
from chromapal.columns import ASSIGNED, PROBABILITY, TOP, TRAINED_ON
from chromapal.training.settings import Training

CLASSIFIERS = methods.names("classifiers")
NAMES = ["ADAL", "ADAR", "AIBL", "AVG", "I2L", "OLLR"]
FEATURES = ("u", "v", "w")
# What shortens a classifier's training here.
SMALL = {"neuron_transformer": {"steps": 8, "width": 32, "layers": 1, "members": 1}}


def neurons(per_name, seed, spread=0.03):
    """Make worms of six neurons, each name in its own corner; `gray` tells nothing."""
    rng = np.random.default_rng(seed)
    corners = np.array([[i % 2, i // 2 % 2, i // 4] for i in range(len(NAMES))], dtype=float)
    names = np.tile(NAMES, per_name)
    positions = np.tile(corners, (per_name, 1)) + rng.normal(0, spread, (len(names), 3))
    return pd.DataFrame(positions, columns=list(FEATURES)).assign(
        name=names,
        row=np.arange(len(names)) * 3 + 7,
        lab="A",
        worm=[f"{seed}-{number // len(NAMES):02d}" for number in range(len(names))],
        gray=rng.normal(size=len(names)),
    )


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


def named(train, test, name, params, features, seed, settings=None):
    """Name neurons of one feature set, as the study's two rules do."""
    settings = settings or FitSettings()
    shown = FeatureTable("position", "", tuple(features), train, test)
    if not methods.declared("classifiers", name, "whole_worms"):
        return name_neurons(shown, name, params, seed, settings)
    cap = 5.0 if settings.neighbours else None
    return name_worms([shown], name, params, Training("cpu", seed=seed), cap)[0][0]


def small(name):
    return methods.params("classifiers", name, SMALL.get(name, {}))


def test_the_five_classifiers_of_the_original_study_are_there():
    assert {
        "k_nearest_neighbours", "logistic_regression", "mlp", "random_forest", "svm",
    } <= set(CLASSIFIERS)  # fmt: skip


@pytest.mark.parametrize("name", CLASSIFIERS)
class TestEveryClassifier:
    def test_params_are_frozen_and_read_without_importing_scikit_learn(self, name):
        module = methods.module("classifiers", name)
        with pytest.raises(dataclasses.FrozenInstanceError):
            module.Params().anything = 1
        top_level = ast.parse(Path(module.__file__).read_text()).body
        imported = {
            (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in top_level
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert not [item for item in imported if item.startswith(("sklearn", "imblearn", "torch"))]

    def test_build_gives_an_unfitted_estimator_that_a_pipeline_can_clone(self, name):
        estimator = methods.module("classifiers", name).build(
            methods.params("classifiers", name), 0
        )
        # whole worms are not oversampled, and go into no pipeline
        if not methods.declared("classifiers", name, "whole_worms"):
            estimator = clone(estimator)
        assert not hasattr(estimator, "classes_")

    @pytest.mark.parametrize("neighbours", [None, 3])
    def test_learns_an_easy_task(self, name, neighbours):
        test = neurons(4, seed=1)
        train = neurons(20, seed=0).drop(index=range(6, 18))
        found = named(train, test, name, small(name), FEATURES, 0, FitSettings(neighbours))
        assert list(found.columns) == ["row", *TOP, *ASSIGNED, *PROBABILITY, *TRAINED_ON]
        network = bool(methods.declared("classifiers", name, "gpu"))
        assert found["training_device"].ne("").eq(network).all()
        assert set(found["training_precision"]) == {"fp32" * network}
        assert found["row"].tolist() == test["row"].tolist()
        assert np.mean(found["top1"].to_numpy() == test["name"].to_numpy()) > 0.9
        assert np.mean(found["assigned1"].to_numpy() == test["name"].to_numpy()) > 0.9
        for answers in (TOP, ASSIGNED):
            distinct = found[answers].nunique(axis=1)
            assert (distinct == 5).all() and found[answers].isin(NAMES).all(axis=None)
        assert (
            not found.assign(worm=test["worm"].to_numpy()).duplicated(["worm", "assigned1"]).any()
        )
        assert found["probability"].between(0, 1).all() and found["probability"].mean() > 0.5

    def test_unlabelled_neurons_are_answered_and_partly_unlabelled_worms_taught(self, name):
        train, test = neurons(16, seed=0), neurons(3, seed=1)
        train["name"] = train["name"].mask(train.index % 5 == 0, "")
        train.loc[train["worm"].eq("0-03"), "name"] = ""
        test["name"] = test["name"].mask(test.index % 2 == 0, "")
        found = named(train, test, name, small(name), FEATURES, 0)
        assert found[[*TOP, *ASSIGNED]].isin(NAMES).all(axis=None)
        expected = np.tile(NAMES, 3)
        assert np.mean(found["assigned1"].to_numpy() == expected) > 0.8

    def test_same_answers_again_with_more_threads_and_unknown_test_labels(self, name):
        train, test = neurons(12, seed=0, spread=0.5), neurons(6, seed=1, spread=0.5)
        blind = test.assign(name="")
        first, again = (
            named(train, asked, name, small(name), FEATURES, 7, FitSettings(2, threads=threads))
            for asked, threads in ((test, 1), (blind, 2))
        )
        pd.testing.assert_frame_equal(first, again)

    def test_two_names_one_name_and_no_neuron(self, name):
        params = small(name)
        train, test = neurons(20, seed=0), neurons(3, seed=1)
        two = train[train["name"].isin(["ADAL", "ADAR"])]
        asked = test[test["name"].isin(["ADAL", "ADAR"])]
        found = named(two, asked, name, params, FEATURES, 0)
        assert (found["top1"].to_numpy() == asked["name"].to_numpy()).all()
        assert (found["assigned1"].to_numpy() == asked["name"].to_numpy()).all()
        for answers in (TOP, ASSIGNED):
            assert set(found[answers[1]]) == {"ADAL", "ADAR"} and set(found[answers[2]]) == {""}
        one = named(two[two["name"] == "ADAL"], asked, name, params, FEATURES, 0)
        for answers in (TOP, ASSIGNED):
            assert set(one[answers[0]]) == {"ADAL"} and set(one[answers[1]]) == {""}
        assert named(train, test[:0], name, params, FEATURES, 0).shape == (
            0,
            16 + len(TRAINED_ON),
        )

    @pytest.mark.parametrize("features", [("w", "v", "u", "gray"), ("gray", "u", "v")])
    def test_any_columns_will_do(self, name, features):
        test = neurons(3, seed=1)
        found = named(neurons(12, seed=0), test, name, small(name), features, 0)
        # without w two names share each place
        least = 0.8 if "w" in features else 0.3
        assert np.mean(found["top1"].to_numpy() == test["name"].to_numpy()) > least
        assert np.isfinite(found["probability"]).all()

    def test_few_worms_will_do(self, name):
        train, test = neurons(3, seed=0), neurons(2, seed=1)
        found = named(train, test, name, small(name), FEATURES, 0)
        assert np.isfinite(found["probability"]).all()
        assert found[TOP].isin(NAMES).all(axis=None)

    def test_nothing_on_screen_and_convergence_in_the_log(self, name, caplog, recwarn):
        caplog.set_level(logging.INFO, logger="chromapal")
        changes = {"iterations": 2} if name in ("mlp", "logistic_regression") else {}
        params = methods.params("classifiers", name, SMALL.get(name, changes))
        train = neurons(10, seed=0)
        named(train, train, name, params, FEATURES, 0, FitSettings(label="position"))
        assert not list(recwarn)
        said = [r.getMessage() for r in caplog.records if "of 2 iterations" in r.getMessage()]
        fits = ("position", "position, to calibrate") if changes else ()
        assert said == [f"{fit}: not converged after 2 of 2 iterations" for fit in fits]


@pytest.mark.parametrize("name", ["atlas_gaussian", "atlas_student", "neuron_transformer"])
def test_a_laboratorys_own_look_tells_names_apart(name):
    """Names in blurred places, told by a cue that two laboratories record the other way round."""
    rng = np.random.default_rng(0)

    def worms(count, seed):
        some = neurons(count, seed, spread=0.6)
        number = some.groupby("worm").ngroup()
        bright = some["name"].isin(["ADAL", "AIBL", "I2L"]) ^ (number % 2 == 1)
        gray = bright.astype(float) + rng.normal(0, 0.05, len(some))
        return some.assign(lab=np.where(number % 2, "SF", "EY"), gray=gray)

    told = (name, small(name), (*FEATURES, "gray"), 0)
    train, test = worms(48, 0), worms(20, 1)
    right, blind = (
        (named(train, some, *told)["top1"].to_numpy() == test["name"]).mean()
        for some in (test, test.assign(lab="NP"))
    )
    assert right > blind + 0.05
