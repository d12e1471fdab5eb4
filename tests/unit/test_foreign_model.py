"""Model folders of unknown origin: changed files whose checksums were made to match."""

import copy
import dataclasses
import json
import random
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from chromapal.apply import facts as model_facts
from chromapal.apply import name, read
from chromapal.apply.correct import correct_worm, correct_worms
from chromapal.apply.model import ModelTask, load, train_model
from chromapal.apply.plan import FACTS
from chromapal.columns import BODY
from chromapal.errors import InputError
from chromapal.files import write_parquet
from chromapal.identify import adapt, pose
from chromapal.identify.anchors import Anchors
from chromapal.prepare.normalise import Normalisation
from chromapal.training import layout
from chromapal.training.settings import Training
from chromapal.worms import skipped, table
from chromapal.worms.collect import collect
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm

PARAMS = SimulationParams(worms=5, laboratories=1, neurons=24, unlabelled_high=0.05)
TINY = {"width": 8, "layers": 1, "heads": 1, "steps": 2, "members": 1}
SETS = ["position", "position+gray", "position+rgb", "position+white+rgb"]
NET, FACTS_OF = "networks", "network/transformer.json"


def worms(numbers):
    parts = [simulate_worm(PARAMS, 5, number)[0] for number in numbers]
    return pd.concat(parts, ignore_index=True)


def gathered(folder, neurons):
    """Write neurons as they come from files."""
    folder.mkdir(exist_ok=True)
    table.write(neurons.assign(file="f.csv"), folder / "t.parquet")
    skipped.write([], folder / "t.csv")
    return [folder / "t.parquet"], [folder / "t.csv"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    parts, lists = gathered(folder, worms(range(4)))
    listed, labels, scope = (folder / f"{name}.csv" for name in "suq")
    collect(parts, folder / "n.parquet", listed, lists, {}, [], labels, scope)
    train_model(
        folder / "n.parquet",
        ModelTask("identify_then_colour", TINY, SETS),
        Normalisation("rank_normal", "white"), "study", "code", Training("cpu", seed=1),
        folder / "model",
    )  # fmt: skip
    return folder / "model"


@pytest.fixture
def model(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "model")


def sealed(folder, **changes):
    """Seal a changed model again, as anybody can."""
    facts = json.loads((folder / FACTS).read_text())
    (folder / FACTS).unlink()
    kept = {key: value for key, value in facts.items() if key not in ("digest", "files", "layout")}
    content = {**kept, **changes}
    layout.seal(folder, FACTS, {key: each for key, each in content.items() if each is not None})


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def rewrite(path, change):
    tensors = {key: values.clone() for key, values in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)


def no_weights(tensors):
    for values in tensors.values():
        values.fill_(float("nan"))


def refused(folder):
    with pytest.raises(InputError) as caught:
        load(folder)
    line = str(caught.value)
    assert "\n" not in line and len(line) < 600, line
    return line


def name_worms(folder, model, neurons):
    parts, lists = gathered(folder, neurons)
    read.collect(parts, lists, [], "", folder / "n.parquet", folder / "sources.csv")
    parts = ("answers", "probabilities", "worms", "mirrored")
    outs = [[folder / f"{part}.parquet" for part in parts], folder / "a.parquet"]
    outs += [folder / "e.parquet", folder / "q.csv", folder / "s.csv"]
    name.name_all(name.NamedBy(model, "auto"), folder / "n.parquet", folder / "sources.csv", *outs)
    return pd.read_parquet(outs[0][0]), skipped.read(outs[4])


def test_a_model_loads_and_names_a_new_worm_of_any_name(trained, tmp_path):
    new = worms([4])
    named, entries = name_worms(tmp_path, trained, new)
    assert len(named) == len(new) and entries.empty
    # even that of a training worm
    same, entries = name_worms(tmp_path, trained, new.assign(worm=worms([0])["worm"].iloc[0]))
    assert entries.empty and same["answer"].tolist() == named["answer"].tolist()


def test_a_worm_is_named_and_coloured_by_whatever_channels_it_has(trained, tmp_path):
    whole = worms([4])
    dark = dict.fromkeys("RGBW", np.nan)
    parts = {
        "position": dark, "gray": {**dark, "W": whole["W"]}, "colour": {"W": np.nan}, "all": {},
    }  # fmt: skip
    several = [
        # apart from each other, or they would be one worm under four names
        whole.assign(worm=used, xr=whole["xr"] * (1 + number / 50), **channels)
        for number, (used, channels) in enumerate(parts.items())
    ]
    named, entries = name_worms(tmp_path, trained, pd.concat(several, ignore_index=True))
    assert entries.empty
    used = named.groupby("worm")["channels_used"].unique().map(list)
    assert used.to_dict() == {name: [name] for name in parts}
    assert np.isfinite(named[["red", "green", "blue", "red_sd", "probability"]]).all(axis=None)
    measured = named.groupby("worm")["red_measured"].apply(lambda values: values.notna().all())
    assert measured.to_dict() == {"position": False, "gray": False, "colour": True, "all": True}


def test_a_worm_whose_sides_stay_undecided_is_corrected_with_both_lists_of_names(trained):
    model = name.load_model(trained)
    counts = read.completed(table.validate(worms([4]), "neurons"))
    named = model.named(counts)
    decided = named.worms
    even = decided.assign(source="evidence", laboratory_log_odds=0.1, evidence_log_odds=0.0)
    anchors = Anchors(excluded=frozenset([0, 1]))
    before = named.probabilities.assign(spurious=0.0)
    answers, probabilities, axes, mirrored = correct_worm(model, counts, even, before, anchors)
    # what is no neuron says nothing of sides
    assert axes["doubtful"].tolist() == [1] and axes["source"].tolist() == ["evidence"]
    assert answers["status"].tolist()[:2] == ["person"] * 2 and (answers["answer"][:2] == "").all()
    assert (answers["name_mirrored"][2:] != "").any() and len(probabilities) == len(answers)
    known = set(model.colorizer.identifier.transformer.classes_)
    paired = {each for each in known if each.endswith("L") and f"{each[:-1]}R" in known}
    assert paired & set(answers["name_as_decided"]) and not paired & set(answers["answer"])
    # what is at hand of the other list is what that list was made of
    names = mirrored[list(probabilities)]
    best = names.to_numpy().argmax(axis=1)[2:]
    same = names.columns[best] == answers["name_mirrored"][2:]
    assert same.mean() > 0.8 and (names.to_numpy()[:2] == 0).all()
    apart = mirrored[list(BODY)].to_numpy() - answers[list(BODY)].to_numpy()
    assert np.abs(apart[:, 2]).mean() > 2 * np.abs(apart[:, :2]).mean()


@pytest.mark.parametrize("stated", [1, -1])
def test_axes_that_a_person_states_are_taken_and_names_have_sides(trained, stated):
    model = name.load_model(trained)
    counts = read.completed(table.validate(worms([4]), "neurons"))
    named = model.named(counts)
    before, decided = named.probabilities.assign(spurious=0.0), named.worms
    # an anchor that speaks for the other side does not outweigh what is stated of the axes
    even = decided.assign(source="evidence", laboratory_log_odds=-5.0 * stated)
    answers, _, axes, mirrored = correct_worm(model, counts, even, before, Anchors(axes=stated))
    assert axes[["chosen", "doubtful", "source"]].values.tolist() == [[stated, 0, "anchors"]]
    assert axes["probability"].tolist() == [1] and (answers["name_mirrored"] == "").all()
    assert answers["side"].isin(["left", "right"]).any() and not mirrored.any(axis=None)
    # the same as if the whole run had been given these axes
    given = model.named(counts.assign(handedness=stated))
    assert answers["answer"].tolist() == given.neurons["answer"].tolist()


@pytest.mark.parametrize("sure", [True, False])
def test_a_worm_of_unsure_names_is_searched_and_corrected_as_a_misshapen_one(
    trained, monkeypatch, sure
):
    model = name.load_model(trained)
    least = dict.fromkeys(model.facts["features"], 0.0 if sure else 1.0)
    model.facts["typical"] = model.facts["typical"] | {"search_below": least}
    stretched, search = [], pose.search_stretched

    def spy(*args):
        stretched.append(len(args[0]))
        return search(*args)

    monkeypatch.setattr(pose, "search_stretched", spy)
    counts = read.completed(table.validate(worms([4]), "neurons"))
    named = model.named(counts)
    assert len(stretched) == (0 if sure else 1)
    if sure:
        assert not named.worms["misshapen"].any()
    before = named.probabilities.assign(spurious=0.0)
    decided = named.worms.assign(misshapen=not sure)
    correct_worm(model, counts, decided, before, Anchors(excluded=frozenset([0])))
    assert len(stretched) == (0 if sure else 2)


def test_a_worm_in_doubt_is_named_with_both_lists(trained, monkeypatch):
    # a laboratory adapts in the axes that were decided, for both lists
    monkeypatch.setattr(adapt, "adapt", lambda *_: {})
    model = name.load_model(trained)
    for features in model.colorizer.identifier.alignments.values():
        features.handedness = dataclasses.replace(features.handedness, slope=0.0)
    counts, known = (
        read.completed(table.validate(worms([number]).assign(lab=lab), "neurons"))
        for number, lab in ((4, "FAR"), (5, "KNOWN"))
    )
    both = pd.concat([counts, known.assign(handedness=1)], ignore_index=True)
    found = model.named(both)
    assert found.worms["doubtful"].tolist() == [1, 0]
    in_doubt = found.neurons["lab"].eq("FAR").to_numpy()
    names = found.mirrored[list(found.probabilities)].to_numpy()
    assert (names[in_doubt].sum(axis=1) > 0).all() and not found.mirrored[~in_doubt].any(axis=None)
    # these are the names of the same worm, stated to be the other way round
    other = model.named(counts.assign(handedness=-found.worms["chosen"][0]))
    np.testing.assert_allclose(names[in_doubt], other.probabilities, atol=1e-6)
    np.testing.assert_allclose(
        found.mirrored.loc[in_doubt, list(BODY)], other.neurons[list(BODY)], atol=1e-9
    )


def test_spurious_centres_stay_without_a_name_until_a_person_gives_one(trained):
    model = name.load_model(trained)
    counts = read.completed(table.validate(worms([4]), "neurons"))
    named = model.named(counts)
    before = named.probabilities.assign(spurious=0.0)
    before.loc[[0, 1], "spurious"], before.loc[2, "spurious"] = 0.75, 0.25
    known = model.colorizer.identifier.transformer.classes_[0]
    anchors = Anchors(names={1: known})
    answers, probabilities, *_ = correct_worm(model, counts, named.worms, before, anchors)
    assert answers["answer"][0] == "" and answers["answer"][1] == known
    assert answers["status"].tolist()[:2] == ["none", "person"]
    # what it may be stays beside the empty answer, best first
    own = named.probabilities.iloc[0].astype(float)
    assert answers["second"][0] == own.idxmax()
    assert answers["probability2"][0] == pytest.approx(own.max(), abs=1e-6)
    assert answers["spurious_probability"].tolist()[:4] == [0.75, 0.0, 0.25, 0.0]
    # what it was thought to be stays; a name leaves room for there being no neuron
    assert np.array_equal(probabilities.iloc[0], named.probabilities.iloc[0])
    assert probabilities.iloc[2].sum() <= 0.75 + 1e-6 and answers["probability"][2] <= 0.75


def test_a_correction_computes_on_one_thread_whatever_it_is_offered(trained, tmp_path):
    model = name.load_model(trained)
    counts = read.completed(table.validate(worms([4]), "neurons"))
    named = model.named(counts)
    table.write(counts, tmp_path / "neurons.parquet")
    parts = named.neurons, named.probabilities, named.worms, named.mirrored
    tables = [tmp_path / f"{number}.parquet" for number in range(len(parts))]
    for part, path in zip(parts, tables, strict=True):
        write_parquet(part, path)
    known = model.colorizer.identifier.transformer.classes_[0]
    lab, worm = counts[["lab", "worm"]].iloc[0]
    (tmp_path / "anchors.csv").write_text(f"neuron,says,lab,worm\n1,{known},{lab},{worm}\n")
    corrected = [tmp_path / f"corrected{number}.parquet" for number in range(len(parts))]
    by = name.NamedBy(str(trained), "auto")
    write_parquet(named.adapted, tmp_path / "adapted.parquet")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        correct_worms(
            by,
            [tmp_path / "anchors.csv"],
            tmp_path / "neurons.parquet",
            tables,
            tmp_path / "adapted.parquet",
            corrected,
        )
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    answers = pd.read_parquet(corrected[0])
    assert answers["answer"][1] == known and answers["status"][1] == "person"
    (stated,) = pd.read_parquet(corrected[2])["statements"]
    assert json.loads(stated) == [{"neuron": 1, "says": known, "maybe": False}]


def test_a_worm_that_cannot_be_named_does_not_stop_the_others(trained, tmp_path, monkeypatch):
    good = worms([4])
    alone, _ = name_worms(tmp_path, trained, good)
    inner = name.Model._named

    def fails(model, neurons, auto):
        if (neurons["worm"] == "bad").any():
            raise torch.linalg.LinAlgError("did not converge")
        return inner(model, neurons, auto)

    monkeypatch.setattr(name.Model, "_named", fails)
    bad = good.assign(worm="bad", xr=good["xr"] * 1.01)
    named, entries = name_worms(tmp_path, trained, pd.concat([good, bad], ignore_index=True))
    assert entries["worm"].tolist() == ["bad"] and "did not converge" in entries["reason"].item()
    columns = ["worm", "answer", "probability", "red"]
    pd.testing.assert_frame_equal(named[columns], alone[columns])


@pytest.mark.parametrize(
    "change",
    [
        {"xr": 5.0, "yr": 5.0, "zr": 5.0},
        {"yr": 5.0, "zr": 5.0},
        {"W": table.LARGEST_COUNT, "full_scale": table.LARGEST_COUNT},
        {"weight": table.LARGEST_COUNT},
    ],
)
def test_odd_worms_stop_nobody(trained, tmp_path, change):
    good = worms([4])
    both = pd.concat([good, good.assign(worm="odd", **change)], ignore_index=True)
    named, _ = name_worms(tmp_path, trained, both)
    assert good["worm"].iloc[0] in set(named["worm"])
    assert np.isfinite(named[["probability", "red", "posterior"]]).all(axis=None)


CHANGES = {
    "layers": lambda m: edit(m / NET / "params.json", lambda c: c["params"].update(layers=10**7)),
    "width": lambda m: edit(m / NET / "params.json", lambda c: c["params"].update(width=10**6)),
    "heads": lambda m: edit(m / NET / "params.json", lambda c: c["params"].update(heads=0)),
    "no layer": lambda m: edit(m / NET / "params.json", lambda c: c["params"].update(layers=-1)),
    "text": lambda m: edit(m / NET / "params.json", lambda c: c["params"].update(width="8")),
    "unknown": lambda m: edit(m / NET / "params.json", lambda c: c["params"].update(colour=1)),
    "no params": lambda m: edit(m / NET / "params.json", lambda c: c.pop("params")),
    "list": lambda m: edit(m / NET / "params.json", lambda c: c.update(params=[])),
    "NaN": lambda m: rewrite(m / NET / "network/network0.safetensors", no_weights),
    "atlas": lambda m: rewrite(
        m / NET / "network/atlases/position+rgb/atlas.safetensors", no_weights
    ),
    "a tensor": lambda m: rewrite(m / NET / "network/network0.safetensors", lambda t: t.popitem()),
    "shape": lambda m: rewrite(
        m / NET / "colours.safetensors", lambda t: t.update(colour_mean=torch.zeros(1, 4))
    ),
    "damaged": lambda m: (m / NET / "network/network0.safetensors").write_bytes(b"\xff" * 64),
    "empty": lambda m: (m / NET / "colours.safetensors").write_bytes(b""),
    "deep": lambda m: (m / NET / "identifier.json").write_text("[" * 10**5),
    "bytes": lambda m: (m / NET / "identifier.json").write_bytes(b"\xff\xfe"),
    "members": lambda m: edit(m / NET / FACTS_OF, lambda c: c.update(networks=10**9)),
    "unit": lambda m: edit(m / NET / FACTS_OF, lambda c: c.update(unit=float("nan"))),
    "columns": lambda m: edit(
        m / NET / FACTS_OF, lambda c: c["columns"].update({"position+rgb": [10**6]})
    ),
    "far columns": lambda m: edit(
        m / NET / FACTS_OF, lambda c: c["columns"]["position+rgb"].append(len(c["names"]))
    ),
    "fewer columns": lambda m: edit(
        m / NET / FACTS_OF, lambda c: c["columns"]["position+rgb"].pop()
    ),
    "no channels": lambda m: edit(m / NET / FACTS_OF, lambda c: c.update(channels=["gray"])),
    "a set": lambda m: edit(
        m / NET / "identifier.json", lambda c: c["features"].pop("position+rgb")
    ),
    "slope": lambda m: edit(
        m / NET / "identifier.json", lambda c: c["features"]["position+rgb"].update(slope="1")
    ),
    "names": lambda m: edit(m / NET / FACTS_OF, lambda c: c["names"].pop()),
    "level": lambda m: edit(
        m / NET / "aligners/position+rgb/aligner.json", lambda c: c.update(level="up")
    ),
    "gone": lambda m: shutil.rmtree(m / NET / "aligners/position+rgb"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_networks_that_were_changed_and_sealed_again_are_one_line(model, change):
    CHANGES[change](model)
    sealed(model)
    assert "run its study again" in refused(model)


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ({"animals": None}, "animals"),
        ({"sizes": [[0, 1]]}, "sizes"),
        ({"sizes": [["0", 1]] * 3}, "sizes.0.0"),
        ({"neurons": [1, 1e400]}, "Infinity is no number"),
        ({"neurons": [1, 10**30]}, "neurons.1"),
        ({"colorizer": "../../apply/name"}, "colorizer"),
        ({"colorizer": "mean_colour"}, "colorizer"),
        ({"study": "{wildcards}"}, "study"),
        ({"features": ["position+rgb"]}, "features"),
        ({"features": ["position+gray", "position+smell"]}, "features.1"),
        ({"features": ["position+gray"]}, "feature sets"),
        ({"normaliser": {}}, "normaliser"),
        ({"full_scales": {"EY": -1}}, "full_scales.EY"),
        ({"fingerprints": []}, "fingerprints"),
    ],
)
def test_facts_that_are_missing_or_out_of_bounds_are_one_line(model, facts, key):
    sealed(model, **facts)
    assert key in refused(model)


def digested(folder, change):
    """Change the list of files, and make the digest of the facts match."""
    content = json.loads((folder / FACTS).read_text())
    content.pop("digest")
    change(content)
    content["digest"] = layout._digest_of(content)
    (folder / FACTS).write_text(json.dumps(content))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(files={}),
        lambda content: content.update(files=[]),
        lambda content: content.update(files=7),
        lambda content: content.pop("files"),
        lambda content: content["files"].update({"../other": "0"}),
        lambda content: content["files"].update({"/dev/zero": "0"}),
        lambda content: content["files"].update({"a": None}),
        lambda content: content["files"].popitem(),
    ],
)
def test_a_list_of_files_that_is_not_whole_is_one_line(model, change):
    digested(model, change)
    assert "run its study again" in refused(model)


def test_what_is_no_file_of_facts_is_one_line(tmp_path):
    (tmp_path / FACTS).mkdir()
    assert "found no readable file" in refused(tmp_path)
    (tmp_path / FACTS).rmdir()
    for text in ("[" * 10**5, '{"layout": ' + "9" * 5000 + "}", "[]", "null", '{"layout": NaN}'):
        (tmp_path / FACTS).write_text(text)
        refused(tmp_path)


def mutated(generator, value):
    """Put something else in one place of a JSON value."""
    content = copy.deepcopy(value)
    places = []

    def walk(part):
        for key in part if isinstance(part, dict) else range(len(part)):
            places.append((part, key))
            if isinstance(part[key], dict | list) and part[key]:
                walk(part[key])

    walk(content)
    part, key = generator.choice(places)
    part[key] = generator.choice([None, -1, 0, 1e300, 10**9, "", "x", [], {}, True, 0.5])
    return content


@pytest.mark.parametrize("seed", range(20))
def test_mutants_load_or_are_one_line(model, seed):
    """One value of one JSON file, or one tensor, is another; whoever changes it can seal it."""
    generator = random.Random(seed)
    path = generator.choice(sorted(path for path in model.rglob("*") if path.is_file()))
    if path.name == FACTS:
        content = mutated(generator, json.loads(path.read_text()))
        digested(model, lambda facts: (facts.clear(), facts.update(content)))
    elif path.suffix == ".json":
        path.write_text(json.dumps(mutated(generator, json.loads(path.read_text()))))
        sealed(model)
    else:
        data = bytearray(path.read_bytes())
        for _ in range(8):
            data[generator.randrange(len(data))] = generator.randrange(256)
        path.write_bytes(data)
        sealed(model)
    try:
        load(model)
    except InputError as error:
        assert "\n" not in str(error)
    try:
        model_facts.read(model)  # what is read while the workflow is parsed
    except InputError as error:
        assert "\n" not in str(error)
