"""Planted leaks: what a test worm's labels could reach does not change, or is refused."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch

from chromapal import methods
from chromapal.classifiers.common import naming, whole_worms
from chromapal.classifiers.common.feature_tables import Sources, Task
from chromapal.columns import BODY
from chromapal.identify.body_axes import similarity
from chromapal.identify.run import align_fold
from chromapal.prepare.normalise import Normaliser, prepare_fold
from chromapal.prepare.variants import Smote
from chromapal.training.settings import Training
from tests.worm_batch import PARAMS, table

FEATURES = "position+rgb"
FEW = 7  # worms, the last two of them tested
TINY = {"steps": 4, "width": 32, "layers": 1, "members": 1}


@pytest.fixture(scope="module")
def neurons():
    """Seven worms of half the names: a fold that takes seconds."""
    some = table()
    worms, names = some["worm"].unique()[:FEW], np.unique(some["true"])[::2]
    some = some[some["worm"].isin(worms) & some["true"].isin(names)].reset_index(drop=True)
    role = np.where(some["worm"].isin(worms[-2:]), "test", "train")
    return some.assign(role=role, row=np.arange(len(some)))


def absurd(neurons):
    """Exchange names of test worms, and make some up."""
    test = neurons["role"].eq("test").to_numpy()
    names = neurons["name"].to_numpy(dtype=object).copy()
    names[test] = np.random.default_rng(0).permutation(names[test])
    names[np.flatnonzero(test)[::7]] = "an unheard-of name"
    return neurons.assign(name=names.astype(str))


def align(folder, neurons, handedness="decided"):
    folder.mkdir()
    neurons.to_parquet(folder / "table.parquet")
    torch.set_num_threads(1)
    align_fold(
        folder / "table.parquet", FEATURES, "nonrigid", handedness, Training("cpu"),
        folder / "neurons.parquet", folder / "worms.parquet", folder / "atlas",
    )  # fmt: skip
    return folder


def content(folder, *names):
    return [(folder / name).read_bytes() for name in names]


LEARNT = (
    "neurons.parquet", "atlas/atlas.safetensors", "atlas/atlas.json", "atlas/aligner.json",
    "atlas/handedness.json",
)  # fmt: skip
JUDGED = ["labels", "suspect", "accuracy", "accuracy_mirrored"]


@pytest.fixture(scope="module")
def aligned(neurons, tmp_path_factory):
    return align(tmp_path_factory.mktemp("aligned") / "first", neurons)


def test_alignment_is_the_same_bytes_twice_and_with_absurd_test_labels(neurons, aligned, tmp_path):
    again = align(tmp_path / "again", neurons)
    assert content(again, *LEARNT, "worms.parquet") == content(aligned, *LEARNT, "worms.parquet")
    other = align(tmp_path / "other", absurd(neurons))
    assert content(other, *LEARNT) == content(aligned, *LEARNT)
    there, back = (pd.read_parquet(path / "worms.parquet") for path in (aligned, other))
    pd.testing.assert_frame_equal(there.drop(columns=JUDGED), back.drop(columns=JUDGED))
    # labels are only judged by: absurd ones are told from true ones
    assert (there["accuracy"] > 0.8).all() and (back["accuracy"] < 0.2).all()
    assert there["suspect"].tolist() == [0, 0]


def test_planted_leak_a_test_worms_labels_in_training_raise_its_accuracy(neurons, tmp_path):
    last = neurons["worm"].iloc[-1]
    own = neurons["worm"].eq(last)
    # names that only test worms have: nothing but their own labels can teach them
    labels = neurons.loc[own & neurons["name"].ne(""), "name"]
    hidden = set(labels[::3])
    known = neurons["role"].eq("test") | ~neurons["name"].isin(hidden)
    neurons = neurons.assign(name=neurons["name"].where(known, ""))

    def permuted(rows):
        """Permute the hidden names of a worm."""
        names, indices = rows["name"].to_numpy(dtype=object).copy(), rows["name"].isin(hidden)
        names[indices] = np.random.default_rng(0).permutation(names[indices])
        return rows.assign(name=names.astype(str))

    def planted(change):
        """Put a copy of the last worm, changed, among the training worms."""
        copy = change(neurons[own]).assign(worm="copy", role="train")
        return pd.concat([neurons, copy.assign(row=len(neurons) + np.arange(len(copy)))])

    honest = align(tmp_path / "honest", neurons)
    leaks = {
        "honest": honest,
        "true": align(tmp_path / "true", planted(lambda rows: rows)),
        "permuted": align(tmp_path / "permuted", planted(permuted)),
    }
    right = {
        kind: pd.read_parquet(folder / "worms.parquet").set_index("worm").loc[last, "accuracy"]
        for kind, folder in leaks.items()
    }
    # one more worm, whatever its labels, is worth little; the worm's own labels a third
    most = 1 - len(hidden) / len(labels)
    assert right["honest"] <= most
    assert right["true"] > most + 0.25
    assert abs(right["permuted"] - right["honest"]) < 0.1
    # without the copy, the same permuted labels reach nothing
    other = pd.concat([neurons[~own], permuted(neurons[own])]).sort_index()
    assert not other["name"].equals(neurons["name"])
    assert content(align(tmp_path / "other", other), *LEARNT) == content(honest, *LEARNT)


def test_handedness_of_labels_overrules_a_wrong_decision(neurons, aligned, tmp_path):
    there = pd.read_parquet(aligned / "worms.parquet")
    last = there["worm"].iloc[-1]
    true = int(there["labels"].iloc[-1])
    assert true == there["chosen"].iloc[-1] != 0
    own = neurons["worm"].eq(last)
    wrong = neurons.assign(handedness=np.where(own, -true, 0))
    folders = [align(tmp_path / how, wrong, how) for how in ("decided", "labels")]
    decided, labels = (
        pd.read_parquet(folder / "worms.parquet").set_index("worm").loc[last] for folder in folders
    )
    assert (decided["source"], decided["chosen"], decided["suspect"]) == ("stated", -true, 1)
    assert (labels["source"], labels["chosen"], labels["suspect"]) == ("labels", true, 0)
    assert (labels["probability"], labels["doubtful"]) == (1, 0)
    assert labels["accuracy"] == decided["accuracy_mirrored"] > decided["accuracy"]
    # of the other test worm, too, labels are taken
    assert pd.read_parquet(folders[1] / "worms.parquet")["source"].tolist() == ["labels"] * 2
    # a reflection, no turn, brings one set of places onto the other
    body_axes_table = [
        pd.read_parquet(folder / "neurons.parquet").set_index("row").loc[neurons["row"][own]]
        for folder in folders
    ]
    there, back = (torch.tensor(part[list(BODY)].to_numpy()) for part in body_axes_table)
    off = {}
    for sign in (1.0, -1.0):
        turn, scale, shift = similarity(
            there, back, torch.ones_like(there[:, 0]), torch.tensor(sign)
        )
        off[sign] = (scale * there @ turn.T + shift - back).square().sum(1).mean().sqrt()
    assert off[-1.0] < off[1.0] / 2
    # and all is as if nothing wrong had been stated
    assert content(folders[1], "neurons.parquet") == content(aligned, "neurons.parquet")


def test_odd_test_worms_are_answered_and_change_nobody_elses_place(neurons, aligned, tmp_path):
    model = neurons[neurons["role"].eq("test")]
    model = model[model["worm"].eq(model["worm"].iloc[0])]
    odd = [
        model[:1],
        model[:2],
        model[:3],
        model.assign(zr=0.0),
        model.assign(xr=1.0, yr=1.0, zr=1.0),
    ]
    odd.append(model.assign(r=0.0, g=0.0, b=0.0, name=""))
    rows = [part.assign(worm=f"odd{number}") for number, part in enumerate(odd)]
    crowd = pd.concat([neurons, *rows], ignore_index=True)
    crowd["row"] = np.arange(len(crowd))
    found = align(tmp_path / "odd", crowd)
    body_axes_table = pd.read_parquet(found / "neurons.parquet")
    assert np.isfinite(body_axes_table.to_numpy()).all() and len(body_axes_table) == len(crowd)
    there = pd.read_parquet(aligned / "neurons.parquet")
    pd.testing.assert_frame_equal(body_axes_table[: len(neurons)], there, check_exact=True)
    worms = pd.read_parquet(found / "worms.parquet").set_index("worm")
    assert worms["neurons"].tolist()[2:] == [len(part) for part in odd]
    assert worms["chosen"].isin([1, -1]).all() and worms["probability"].between(0.5, 1).all()
    assert (worms.loc[[f"odd{number}" for number in range(6)], "labels"] == 0).all()
    for classifier, params in (("atlas_student", {}), ("neuron_transformer", TINY)):
        names = named(tmp_path / classifier, crowd, found, classifier, params, "no_background")
        names = pd.read_parquet(names)
        # worms without a label are answered too
        assert sorted(names["row"]) == crowd.loc[crowd["role"].eq("test"), "row"].tolist()
        assert names["assigned1"].isin(set(neurons["true"])).all()
        assert names["probability"].between(0, 1).all()


def named(folder, neurons, aligned, classifier, params, variant):
    folder.mkdir()
    neurons.to_parquet(folder / "table.parquet")
    whole = methods.declared("classifiers", classifier, "whole_worms")
    outs = [folder / "names.parquet", *([folder / "network"] if whole else [])]
    (whole_worms if whole else naming).name_fold(
        folder / "table.parquet", "fold0",
        Sources({}, {FEATURES: str(aligned / "neurons.parquet")}),
        Task(classifier, params, variant, [FEATURES]), Smote(3, 5.0), Training(seed=42),
        *outs,
    )  # fmt: skip
    return folder / "names.parquet"


ANSWERS = ["row", *naming.TOP, *naming.ASSIGNED, *naming.PROBABILITY]


@pytest.mark.parametrize("variant", ["no_background", "with_background"])
@pytest.mark.parametrize(
    ("classifier", "params"), [("atlas_student", {}), ("neuron_transformer", TINY)]
)
def test_names_are_the_same_bits_twice_and_with_absurd_test_labels(
    neurons, aligned, tmp_path, classifier, params, variant
):
    told = (aligned, classifier, params, variant)
    first = named(tmp_path / "first", neurons, *told)
    assert named(tmp_path / "again", neurons, *told).read_bytes() == first.read_bytes()
    there = pd.read_parquet(first)
    back = pd.read_parquet(named(tmp_path / "other", absurd(neurons), *told))
    pd.testing.assert_frame_equal(there[ANSWERS], back[ANSWERS], check_exact=True)
    assert not there["name"].equals(back["name"])
    true = neurons.set_index("row")["true"].loc[there["row"]].to_numpy()
    assert (there["assigned1"].to_numpy() == true).mean() > 0.6
    # the test can fail: the same absurd names in a training worm change answers
    leak = absurd(neurons.assign(role=np.where(neurons["role"].eq("test"), "train", "test")))
    leak["role"] = neurons["role"]
    after = pd.read_parquet(named(tmp_path / "leak", leak, *told))
    assert not there["assigned1"].equals(after["assigned1"])


def test_planted_leak_a_colour_scale_fitted_on_all_worms_shows(tmp_path):
    neurons = table().drop(columns=["role", "inner", "row", "true", "sign", "name"])
    worms = neurons["worm"].unique()
    tested = neurons["worm"].isin(worms[-2:])
    neurons.loc[tested, "R"] *= 50
    role = np.where(tested, "test", np.where(neurons["worm"].eq(worms[0]), "validation", "train"))
    neurons.to_parquet(tmp_path / "neurons.parquet")
    pd.DataFrame({"fold0": role, "inner": 0}).to_parquet(tmp_path / "splits.parquet")
    prepare_fold(
        tmp_path / "neurons.parquet", tmp_path / "splits.parquet", "fold0", "global_minmax",
        "luminance", tmp_path / "out.parquet", tmp_path / "scale.json", tmp_path / "left.csv",
    )  # fmt: skip
    found = Normaliser.from_json(json.loads((tmp_path / "scale.json").read_text()))
    honest, leaking = (
        Normaliser.fit(rows, "global_minmax", "luminance")
        for rows in (neurons[role == "train"], neurons)
    )
    assert found == honest != leaking
    high = neurons.loc[role == "train", "R"].max()
    assert found.channels["R"][1] == high < leaking.channels["R"][1]
    written = pd.read_parquet(tmp_path / "out.parquet")
    expected = honest.transform(neurons)["r"]
    np.testing.assert_array_equal(written["r"], expected)
    assert written.loc[tested, "r"].max() > 1


def test_the_herd_has_both_handednesses():
    # or the tests of handedness here and elsewhere would prove nothing
    some = table()
    assert set(some["sign"]) == {1.0, -1.0}
    assert dataclasses.replace(PARAMS, worms=3).laboratories == some["lab"].nunique()
