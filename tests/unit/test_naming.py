import numpy as np
import pandas as pd
import pytest

from chromapal.classifiers import naming

NAMES = ["ADAL", "ADAR", "AVG"]
FOLDS = 3


def fold_neurons(fold=0):
    """Six animals, two per fold, and one that always trains and is left out with this fold.

    Animal 7 has no label. Rows 10 to 13 belong to animal 1, and so on.
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
                    "gray": rng.normal(size=4),
                    **{axis: np.array([0.0, 1, 2, 9]) + rng.normal(0, 0.1, 4) for axis in "uvw"},
                    **{channel: rng.normal(size=4) for channel in "rgb"},
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def write_colours(folder, neurons, model, fold=0):
    """Write what a model predicts for the animals it left out; its colour says which it is."""
    left = {int(number) for number in model.removeprefix("fold").split("-")}
    pair = len(left) == 2
    own = neurons["role"].eq("test") if not pair else neurons["inner"].isin(left)
    table = neurons[own].assign(
        role="test", pred_r=sum(10**n for n in left), pred_g=0.0, pred_b=1.0
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


def run(tmp_path, colours, features, variant="no_background"):
    out = tmp_path / "named.parquet"
    naming.name_fold(
        tmp_path / "neurons.parquet", 0, colours, "k_nearest_neighbours", {"neighbours": 3},
        variant, features, 42, 2, 1, out,
    )  # fmt: skip
    return pd.read_parquet(out)


def test_cross_fitted_takes_each_animal_from_the_model_that_left_it_out(study):
    neurons, own, pairs = study
    labelled = naming.identifiable(neurons, "no_background")
    found = naming.cross_fitted(labelled, 0, own, pairs).set_index("row")["pred_r"]
    assert sorted(found.index) == sorted(labelled["row"])
    by_worm = found.groupby(found.index // 10).unique().map(list).to_dict()
    # 0 and 3 are tested; 6 always trains, is left out with fold 0, and takes the next pair
    assert by_worm == {0: [1], 3: [1], 1: [11], 4: [11], 2: [101], 5: [101], 6: [11]}


def test_planted_leak_own_model_on_its_training_animals_is_refused(study, tmp_path):
    neurons, own, pairs = study
    leaking = neurons.assign(pred_r=0.0, pred_g=0.0, pred_b=0.0)
    path = tmp_path / "leak.parquet"
    leaking.to_parquet(path)
    with pytest.raises(ValueError, match="colour leak"):
        naming.cross_fitted(neurons, 0, own, [("fold0-1", str(path)), pairs[1]])
    with pytest.raises(ValueError, match="no colours of the models \\['fold0-1'\\]"):
        naming.cross_fitted(neurons, 0, own, [("fold0", str(path)), pairs[1]])


def test_planted_leak_a_model_that_saw_the_test_animals_is_refused(study, tmp_path):
    neurons, own, pairs = study
    # the model of fold 1 left out the very animals asked for, but trained on fold 0
    path = tmp_path / "fold1.parquet"
    table = neurons[neurons["inner"].eq(1)].assign(role="test", pred_r=0.0, pred_g=0.0, pred_b=0.0)
    table.to_parquet(path)
    with pytest.raises(ValueError, match="must not have seen"):
        naming.cross_fitted(neurons, 0, own, [("fold0-1", str(path)), pairs[1]])


def test_planted_leak_a_missing_animal_is_refused(study, tmp_path):
    neurons, own, pairs = study
    short = pd.read_parquet(pairs[0][1]).query("worm != '4'")
    short.to_parquet(tmp_path / "short.parquet")
    with pytest.raises(ValueError, match="lacks 3"):
        naming.cross_fitted(
            naming.identifiable(neurons, "no_background"), 0, own,
            [("fold0-1", str(tmp_path / "short.parquet")), pairs[1]],
        )  # fmt: skip


def test_name_fold_writes_every_feature_set_of_every_colorizer(study, tmp_path):
    _, own, pairs = study
    colours = {"resnet18_fusion": (own, pairs), "other": (own, pairs)}
    named = run(tmp_path, colours, ["position", "predicted", "position+gray+predicted"])
    kinds = named.groupby(["features", "colorizer"]).size().to_dict()
    assert kinds == {
        ("position", ""): 6,
        ("predicted", "resnet18_fusion"): 6,
        ("predicted", "other"): 6,
        ("position+gray+predicted", "resnet18_fusion"): 6,
        ("position+gray+predicted", "other"): 6,
    }
    position = named[named["features"].eq("position")]
    assert position["row"].tolist() == [0, 1, 2, 30, 31, 32]
    assert position["top1"].tolist() == position["name"].tolist() == NAMES * 2
    assert set(position["examples"]) == {5} and set(position["training_names"]) == {3}


def test_with_background_names_the_unlabelled_and_leaves_out_animals_without_a_label(
    study, tmp_path
):
    named = run(tmp_path, {}, ["position"], "with_background")
    assert named["name"].tolist() == [*NAMES, "background"] * 2
    assert set(named["examples"]) == {5}  # not 9: animal 7 has nothing but unlabelled neurons
    assert set(named["majority_labelled"]) == {"ADAL"}


def test_test_labels_change_no_answer(study, tmp_path):
    neurons, _, _ = study
    before = run(tmp_path, {}, ["position", "position+rgb"], "with_background")
    swapped = neurons.assign(
        name=neurons["name"].where(
            neurons["role"].ne("test") | neurons["name"].eq(""), "an unheard-of name"
        )
    )
    swapped.to_parquet(tmp_path / "neurons.parquet")
    after = run(tmp_path, {}, ["position", "position+rgb"], "with_background")
    pd.testing.assert_frame_equal(before[naming.TOP], after[naming.TOP])
    labelled = after[after["name"].ne("background")]
    assert set(labelled["examples"]) == {0} and not labelled["top1"].eq(labelled["name"]).any()


def test_training_facts_count_by_hand():
    training = pd.Series(["background"] * 3 + ["B", "A", "B", "A"])
    facts = naming.training_facts(training, pd.Series(["A", "never seen", "background"]))
    assert facts["examples"].tolist() == [2, 0, 3]
    assert (facts["majority"], facts["majority_labelled"]) == ("background", "A")
    assert facts["training_names"] == 3
