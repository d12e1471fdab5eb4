import numpy as np
import pandas as pd
import pytest

from chromapal import methods
from chromapal.classifiers.common import naming
from chromapal.classifiers.common.feature_tables import FeatureTable, Sources, Task
from chromapal.classifiers.common.predicted import cross_fitted
from chromapal.columns import BODY
from chromapal.prepare.variants import Smote
from chromapal.training.settings import Training

NAMES = ["ADAL", "ADAR", "AVG"]
FOLDS = 3


def fold_neurons(fold=0):
    """Six worms, two per fold, and one that always trains and is left out with this fold.

    Worm 7 has no label. Rows 10 to 13 belong to worm 1, and so on.
    """
    rng = np.random.default_rng(0)
    parts = []
    for worm in range(8):
        inner = worm % FOLDS
        role = "test" if inner == fold and worm != 6 else "train"
        if worm == 7:
            role = "train"
        parts.append(
            pd.DataFrame(
                {
                    "lab": "A",
                    "worm": str(worm),
                    "row": 10 * worm + np.arange(4),
                    "name": [*NAMES, ""] if worm != 7 else [""] * 4,
                    "role": "validation" if worm == 5 else role,
                    "inner": inner,
                    "colour": True,
                    "gray": rng.normal(size=4),
                    **{axis: np.array([0.0, 1, 2, 9]) + rng.normal(0, 0.1, 4) for axis in "uvw"},
                    **{channel: rng.normal(size=4) for channel in "rgb"},
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def write_colours(folder, neurons, model, fold=0):
    """Write what a model predicts for the worms it left out; its colour says which it is."""
    left = {int(number) for number in model.removeprefix("fold").split("-")}
    pair = len(left) == 2
    own = neurons["role"].eq("test") if not pair else neurons["inner"].isin(left)
    table = neurons[own].assign(
        role="test",
        pred_r=sum(10**n for n in left),
        pred_g=0.0,
        pred_b=1.0,
        training_device="cpu",
        training_precision="bf16" if pair else "fp32",
    )
    path = folder / f"{model}.parquet"
    table.to_parquet(path)
    return str(path)


@pytest.fixture
def study(tmp_path):
    neurons = fold_neurons()
    neurons.to_parquet(tmp_path / "neurons.parquet")
    own = write_colours(tmp_path, neurons, "fold0")
    pairs = [(model, write_colours(tmp_path, neurons, model)) for model in ("fold0-1", "fold0-2")]
    return neurons, own, pairs


def run(tmp_path, colours, features, variant="no_background", aligned=None, classifier=None):
    out = tmp_path / "named.parquet"
    changes = {} if classifier else {"neighbours": 3}
    naming.name_fold(
        tmp_path / "neurons.parquet", "fold0", Sources(colours, aligned or {}),
        Task(classifier or "k_nearest_neighbours", changes, variant, features),
        Smote(2, 5.0), Training(seed=42), out,
    )  # fmt: skip
    return pd.read_parquet(out)


ANSWERS = [*naming.TOP, *naming.ASSIGNED, *naming.PROBABILITY]


def test_cross_fitted_takes_each_worm_from_the_model_that_left_it_out(study):
    neurons, own, pairs = study
    labelled = neurons[neurons["name"].ne("")]
    found = cross_fitted(labelled, 0, own, pairs).set_index("row")["pred_r"]
    assert sorted(found.index) == sorted(labelled["row"])
    by_worm = found.groupby(found.index // 10).unique().map(list).to_dict()
    # 0 and 3 are tested; 6 always trains, is left out with fold 0, and takes the next pair
    assert by_worm == {0: [1], 3: [1], 1: [11], 4: [11], 2: [101], 5: [101], 6: [11]}


def test_planted_leak_own_model_on_its_training_worms_is_refused(study, tmp_path):
    neurons, own, pairs = study
    leaking = neurons.assign(pred_r=0.0, pred_g=0.0, pred_b=0.0)
    path = tmp_path / "leak.parquet"
    leaking.to_parquet(path)
    with pytest.raises(ValueError, match="colour leak"):
        cross_fitted(neurons, 0, own, [("fold0-1", str(path)), pairs[1]])
    with pytest.raises(ValueError, match="no colours of the models \\['fold0-1'\\]"):
        cross_fitted(neurons, 0, own, [("fold0", str(path)), pairs[1]])


def test_planted_leak_a_model_that_saw_the_test_worms_is_refused(study, tmp_path):
    neurons, own, pairs = study
    # the model of fold 1 left out the very worms asked for, but trained on fold 0
    path = tmp_path / "fold1.parquet"
    table = neurons[neurons["inner"].eq(1)].assign(role="test", pred_r=0.0, pred_g=0.0, pred_b=0.0)
    table.to_parquet(path)
    with pytest.raises(ValueError, match="must not have seen"):
        cross_fitted(neurons, 0, own, [("fold0-1", str(path)), pairs[1]])


def test_planted_leak_a_missing_worm_is_refused(study, tmp_path):
    neurons, own, pairs = study
    short = pd.read_parquet(pairs[0][1]).query("worm != '4'")
    short.to_parquet(tmp_path / "short.parquet")
    with pytest.raises(ValueError, match="lacks 3"):
        cross_fitted(
            neurons[neurons["name"].ne("")], 0, own,
            [("fold0-1", str(tmp_path / "short.parquet")), pairs[1]],
        )  # fmt: skip


def test_name_fold_writes_every_feature_set_of_every_colorizer(study, tmp_path):
    _, own, pairs = study
    colours = {"resnet18_fusion": (own, pairs), "other": (own, pairs)}
    named = run(tmp_path, colours, ["position", "predicted", "position+gray+predicted"])
    kinds = named.groupby(["features", "colorizer"]).size().to_dict()
    assert kinds == {
        ("position", ""): 8,
        ("predicted", "resnet18_fusion"): 8,
        ("predicted", "other"): 8,
        ("position+gray+predicted", "resnet18_fusion"): 8,
        ("position+gray+predicted", "other"): 8,
    }
    position = named[named["features"].eq("position")]
    assert position["row"].tolist() == [0, 1, 2, 3, 30, 31, 32, 33]
    assert position["name"].tolist() == [*NAMES, ""] * 2
    known = position[position["name"].ne("")]
    assert known["top1"].tolist() == known["assigned1"].tolist() == NAMES * 2
    assert set(known["examples"]) == {5} and set(position["training_names"]) == {3}
    # the models that serve predicted colours were trained in either precision
    stated = named.groupby("colorizer")[["training_device", "training_precision"]].agg(set)
    assert stated.loc[""].tolist() == [{""}, {""}]
    assert stated.loc["other"].tolist() == [{"cpu"}, {"bf16+fp32"}]
    # the unlabelled neuron is answered too, and takes no name from those who are sure of theirs
    blank = position[position["name"].eq("")]
    assert blank["top1"].isin(NAMES).all() and set(blank["examples"]) == {0}
    assert (blank["probability"] < 0.5).all()


def test_body_axes_take_the_place_of_positions_where_worms_were_aligned(study, tmp_path):
    neurons, _, _ = study
    rng = np.random.default_rng(1)
    # axes in which names lie the other way round, as no position says
    body = neurons[["row"]].assign(
        **{axis: np.tile([2.0, 1, 0, 9], 8) + rng.normal(0, 0.1, 32) for axis in BODY}
    )
    swapped = neurons["role"].eq("test")
    swap = {0: 2, 2: 0}
    tens, ones = neurons["row"] // 10 * 10, neurons["row"] % 10
    body["row"] = (tens + ones.replace(swap)).where(swapped, neurons["row"])
    body.sample(frac=1, random_state=0).to_parquet(tmp_path / "body.parquet")
    aligned = {"position+gray": str(tmp_path / "body.parquet")}
    named = run(tmp_path, {}, ["position", "position+gray"], aligned=aligned)
    first = {
        feature: part.loc[part["name"].ne(""), "assigned1"].tolist()
        for feature, part in named.groupby("features")
    }
    assert first == {"position": NAMES * 2, "position+gray": NAMES[::-1] * 2}


def test_partial_names_are_not_learnt_from_and_stay_as_labels_of_the_tested(study, tmp_path):
    neurons, _, _ = study
    # AVK lacks its side; a lone neuron of the midline stands for itself
    partly = neurons.assign(name=neurons["name"].replace({"ADAR": "AVK"}))
    partly.to_parquet(tmp_path / "neurons.parquet")
    named = run(tmp_path, {}, ["position"])
    assert not named[[*naming.TOP, *naming.ASSIGNED]].isin(["AVK"]).any(axis=None)
    assert set(named["training_names"]) == {2}
    asked = named[named["name"].eq("AVK")]
    assert len(asked) == 2 and set(asked["examples"]) == {0}


def shown(train, test):
    return FeatureTable("position", "", tuple("uvw"), train, test)


def test_one_name_goes_to_one_neuron_of_an_worm():
    train = pd.concat([fold_neurons(), fold_neurons().assign(lab="B")], ignore_index=True)
    test = train[:3].assign(row=[1, 2, 3], **{axis: [0.46, 0.48, 1.9] for axis in "uvw"})
    params = methods.params("classifiers", "atlas_gaussian", {})
    found = naming.name_neurons(shown(train, test), "atlas_gaussian", params, 0)
    assert found["top1"].tolist() == ["ADAL", "ADAL", "AVG"]
    assert found["assigned1"].tolist() == NAMES
    apart = test.assign(worm=["x", "y", "z"])
    found = naming.name_neurons(shown(train, apart), "atlas_gaussian", params, 0)
    assert found["assigned1"].tolist() == found["top1"].tolist()


def test_with_background_names_the_unlabelled_and_leaves_out_worms_without_a_label(study, tmp_path):
    named = run(tmp_path, {}, ["position"], "with_background")
    assert named["name"].tolist() == [*NAMES, "background"] * 2
    assert set(named["examples"]) == {5}  # not 9: worm 7 has nothing but unlabelled neurons
    assert set(named["majority_labelled"]) == {"ADAL"}


def test_background_is_given_to_as_many_neurons_as_need_it(study, tmp_path):
    neurons, _, _ = study
    crowd = neurons[neurons["name"].eq("")]
    more = [crowd.assign(row=crowd["row"] + 1000 * n, u=crowd["u"] + 0.1 * n) for n in (1, 2)]
    pd.concat([neurons, *more]).to_parquet(tmp_path / "neurons.parquet")
    named = run(tmp_path, {}, ["position"], "with_background", classifier="atlas_gaussian")
    blank = named["name"].eq("background")
    assert blank.sum() == 6
    assert set(named.loc[blank, "assigned1"]) == {"background"}
    assert named.loc[~blank, "assigned1"].tolist() == NAMES * 2
    assert not named.loc[~blank, naming.ASSIGNED].isin(["background"]).any(axis=None)


@pytest.mark.parametrize("variant", ["with_background", "no_background"])
def test_test_labels_change_no_answer(study, tmp_path, variant):
    neurons, _, _ = study
    before = run(tmp_path, {}, ["position", "position+rgb"], variant)
    swapped = neurons.assign(
        name=neurons["name"].where(
            neurons["role"].ne("test") | neurons["name"].eq(""), "an unheard-of name"
        )
    )
    swapped.to_parquet(tmp_path / "neurons.parquet")
    after = run(tmp_path, {}, ["position", "position+rgb"], variant)
    pd.testing.assert_frame_equal(before[ANSWERS], after[ANSWERS])
    labelled = after[after["name"].eq("an unheard-of name")]
    assert len(labelled) == 12
    assert set(labelled["examples"]) == {0} and not labelled["top1"].eq(labelled["name"]).any()


def test_training_facts_count_by_hand():
    training = pd.Series(["background"] * 3 + ["B", "A", "B", "A"])
    facts = naming.training_facts(training, pd.Series(["A", "never seen", "background"]))
    assert facts["examples"].tolist() == [2, 0, 3]
    assert (facts["majority"], facts["majority_labelled"]) == ("background", "A")
    assert facts["training_names"] == 3
