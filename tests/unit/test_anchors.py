"""What a person states about a worm holds, whatever the evidence."""

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.columns import COLOUR
from chromapal.errors import InputError
from chromapal.identify import align, anchored, anchors, asked, expert, run
from chromapal.identify.align import Aligner
from chromapal.identify.anchors import FORBIDDEN, Anchors
from chromapal.identify.atlas import Atlas
from chromapal.identify.expert import Expert
from chromapal.identify.handedness import CERTAIN
from chromapal.identify.name_distribution import NameDistribution
from chromapal.identify.queue import Queue
from chromapal.identify.solver import HEEDED, Solved, Solver
from chromapal.identify.symmetry import Symmetry
from chromapal.identify.worms import worms_of
from chromapal.prepare.normalise import Normaliser
from chromapal.training.settings import Training
from chromapal.worms.simulate.worms import SimulationParams, simulate_worm

PARAMS = SimulationParams(
    worms=6, laboratories=2, neurons=40, unlabelled_low=0.0, unlabelled_high=0.1, uncertain=0.0,
    colour_gain=0.1, scatter=0.5,
)  # fmt: skip


@cache
def neurons() -> pd.DataFrame:
    """Six small worms, all mirrored; `true` is their names."""
    parts = []
    for index in range(PARAMS.worms):
        worm, truth = simulate_worm(PARAMS, 7, index)
        assert truth["mirrored"]
        role = "train" if index < 5 else "test"
        parts.append(worm.assign(true=truth["names"], role=role))
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(row=np.arange(len(table)), name=table["ID"])
    return Normaliser.fit(table, "rank_normal", "luminance").transform(table)


@cache
def learnt():
    """Return aligner, calibration, a worm that they do not know, and its true names."""
    torch.set_num_threads(1)
    *training, worm = worms_of(neurons(), COLOUR)
    aligner, aligned, mirror = align.fit(training, "nonrigid")
    calibration = run.calibrated(training, aligned, pd.Series(mirror))
    return aligner, calibration, worm, neurons()["true"].to_numpy(dtype=str)[worm.row]


def solved(odds: float = -50.0, known: Anchors | None = None) -> Solved:
    aligner, calibration, worm, _ = learnt()
    return Solver(aligner, calibration, "position+rgb").solve(worm, odds, known)


def index(name: str) -> int:
    return learnt()[3].tolist().index(name)


def read(tmp_path, *lines, head="neuron,says", count=10) -> Anchors:
    path = tmp_path / "anchors.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return Anchors.read(path, count)


def test_statements_are_read_as_labels_are(tmp_path):
    lines = ["0,Left", "1,VENTRAL", "2,VB02", "3,AVAL?", "4,AVA", "5,RMDD?", "6,SIA?L", "7,avar"]
    assert read(tmp_path, *lines) == Anchors(
        {2: "VB2", 3: "AVAL", 7: "AVAR"},
        where={0: "left", 1: "ventral"},
        partial={4: "AVA", 5: "RMDD", 6: "SIA?L"},
    )
    assert read(tmp_path, ",Handedness=Mirrored", "2,AVAL") == Anchors({2: "AVAL"}, axes=-1)
    # two neurons may be a pair's
    assert read(tmp_path, "1,AVA", "2,AVA").partial == {1: "AVA", 2: "AVA"}


def test_a_file_is_read(tmp_path):
    found = read(tmp_path, '0,"AVAL"', " 3 , - ", "4,left", "7,RID,seen", head="neuron,says,why")
    assert found == Anchors({0: "AVAL", 7: "RID"}, frozenset([3]), {4: "left"})
    assert read(tmp_path) == Anchors()
    path = tmp_path / "anchors.csv"
    path.write_bytes("neuron,says\r\n9,AVAR\r\n".encode("utf-8-sig"))  # as a spreadsheet saves it
    assert Anchors.read(path, 10) == Anchors({9: "AVAR"})


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["10,AVAL"], "line 2: found neuron '10'; expected a number from 0 to 9"),
        (["-1,AVAL"], "line 2: found neuron '-1'"),
        (["1,AVAL", "one,AVAR"], "line 3: found neuron 'one'"),
        (["1.5,AVAL"], "neuron '1.5'"),
        (["9" * 5000 + ",AVAL"], "line 2: found neuron '999"),
        (["²,AVAL"], "neuron '²'"),
        ([",AVAL"], "neuron ''"),
        (["1,handedness=right"], "handedness=right of neuron '1'; expected an empty cell"),
        ([",handedness=right", ",handedness=mirrored"], "line 3: found the worm's axes a second"),
        (["1,AVAL", "1,left"], "line 3: found neuron 1 a second time"),
        (["1,AVAL", "01,left"], "a second time"),
        (["1,AVAL", "2,AVAL"], "name AVAL for two neurons"),
        (["1,VB2", "2,VB02?"], "name VB2 for two neurons"),
        (["1,?"], "line 2: found nothing said"),
        (["1,-", "1.0,left"], "line 3: found neuron 1 a second time"),
        (['1,"AVAL'], "no readable CSV file"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, lines, named):
    with pytest.raises(InputError) as caught:
        read(tmp_path, *lines)
    assert named in str(caught.value)
    assert "anchors.csv" in str(caught.value) and "\n" not in str(caught.value)


def test_other_files_are_one_line(tmp_path):
    with pytest.raises(InputError, match="columns 'number', 'name'; expected columns neuron, says"):
        read(tmp_path, "1,AVAL", head="number,name")
    with pytest.raises(InputError, match="expected columns neuron, says"):
        read(tmp_path, head="number,name")
    path = tmp_path / "other.csv"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="expected columns neuron, says"):
        Anchors.read(path, 10)
    path.write_bytes("neuron,says\n1,AVÄL\n".encode("latin-1"))
    for bad in (path, tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(InputError, match="no readable CSV file") as caught:
            Anchors.read(bad, 10)
        assert "\n" not in str(caught.value)


def test_a_spreadsheet_copy_of_the_names_states_what_is_said_alone(tmp_path):
    rows = ["HL,1,0,AVAL,,", "HL,1,1.0,RMDL,RMDR,", "HL,1,2.00,,-,", ",,,,,", " , ,,,,"]
    found = read(tmp_path, *rows, head="lab,worm,neuron ,answer, says,")
    assert found == Anchors({1: "RMDR"}, frozenset([2]))
    with pytest.raises(InputError, match="separated by semicolons"):
        read(tmp_path, "1;AVAL", head="neuron;says")


def tiny() -> Aligner:
    """Four names: a pair, one in front, one behind; the plane of symmetry at 1 um."""
    position = torch.tensor([[50.0, 2, 11], [50, 2, -9], [20, -4, 1], [90, 8, 3]], dtype=float)
    spread = NameDistribution(position, torch.eye(3, dtype=float).expand(4, 3, 3))
    channels = NameDistribution(torch.zeros(4, 0, dtype=float), torch.zeros(4, 0, 0, dtype=float))
    atlas = Atlas(("AVAL", "AVAR", "RID", "RIS"), spread, channels, torch.ones(4, dtype=float))
    return Aligner(atlas, Symmetry(atlas, 1.0), "pose")


def test_what_is_allowed_by_hand():
    def allowed(*args):
        found = Anchors(*args).fixed(tiny(), 3)
        assert found.dtype == torch.float64
        assert set(found.unique().tolist()) <= {0.0, FORBIDDEN}
        return (found == 0).int().tolist()

    assert allowed() == [[1] * 4] * 3
    assert allowed({1: "RID"}) == [[1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 0, 1]]
    assert allowed({0: "NEW"}) == [[0] * 4, [1] * 4, [1] * 4]
    assert allowed({}, frozenset([2])) == [[1] * 4, [1] * 4, [0] * 4]
    # the lower median of 20, 50, 50, 90 is 50, and of -4, 2, 2, 8 it is 2
    sides = {"nose": [0, 0, 1, 0], "tail": [0, 0, 0, 1], "dorsal": [0, 0, 0, 1]}
    sides |= {"ventral": [0, 0, 1, 0], "left": [1, 0, 0, 1], "right": [0, 1, 0, 0]}
    for word, row in sides.items():
        assert allowed({}, frozenset(), {1: word})[1] == row, word
    for label, row in {"AVA": [1, 1, 0, 0], "RI?": [0, 0, 1, 1], "VB": [0, 0, 0, 0]}.items():
        assert allowed({}, frozenset(), {}, {1: label}) == [[1] * 4, row, [1] * 4], label
    # the pair's other name is another neuron's
    assert allowed({0: "AVAL"}, frozenset(), {}, {1: "AVA"})[1] == [0, 1, 0, 0]
    # two statements and a name
    assert allowed({0: "AVAL"}, frozenset([2]), {1: "left"}) == [
        [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0],
    ]  # fmt: skip


def test_names_that_nobody_was_trained_on_are_found_with_those_most_like_them():
    known = ("AVAL", "AVAR", "RID", "RIS")
    stated = Anchors({0: "RID", 1: "aval", 2: "RIDD"}, partial={3: "AVA", 4: "VB"})
    found = stated.unknown(known)
    assert list(found) == ["RIDD", "VB", "aval"]
    assert found["RIDD"][0] == "RID" and found["aval"][0] == "AVAL"
    assert Anchors({0: "RID"}, frozenset([1]), {2: "left"}).unknown(known) == {}


def test_without_anchors_an_unknown_worm_is_named():
    true = learnt()[3]
    found = solved()
    assert found.mirror == -1
    assert np.mean(found.names == true) > 0.9
    assert np.mean(solved(50.0).names == true) < np.mean(found.names == true)


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_anchors_hold_against_all_evidence(data):
    aligner, true = learnt()[0], learnt()[3]
    count = len(true)
    names = data.draw(st.lists(st.sampled_from(aligner.atlas.names), unique=True, max_size=6))
    names += data.draw(st.sampled_from([[], ["NEW"]]))
    order = data.draw(st.permutations(range(count)))
    told = dict(zip(order, names, strict=False))
    rest = order[len(names) :]
    excluded = frozenset(rest[: data.draw(st.integers(0, 4))])
    words = st.sampled_from(sorted(anchors.WHERE))
    where = {n: data.draw(words) for n in rest[-data.draw(st.integers(1, 3)) :]}
    found = solved(data.draw(st.sampled_from([-5.0, 5.0])), Anchors(told, excluded, where))
    assert found.names.shape == found.probability.shape == (count,)
    for neuron, name in told.items():
        assert (found.names[neuron], found.probability[neuron]) == (name, 1.0)
    for neuron in excluded:
        assert (found.names[neuron], found.probability[neuron]) == ("", 1.0)
    others = np.setdiff1d(np.arange(count), list(told))
    assert not set(found.names[others]) & set(told.values())
    assert ((found.probability >= 0) & (found.probability <= 1)).all()
    assert (found.probabilities.sum(1) <= 1 + 1e-9).all() and torch.isfinite(found.position).all()
    fixed = Anchors(where=where).fixed(aligner, count)
    for neuron in where:
        name = found.names[neuron]
        assert name == "" or fixed[neuron, aligner.atlas.names.index(name)] == 0


def test_a_neuron_without_any_possible_name_has_none():
    names = learnt()[0].atlas.names
    open_to = Anchors(where={0: "left"}).fixed(learnt()[0], len(learnt()[3]))[0] == 0
    lefts = [name for name, free in zip(names, open_to, strict=True) if free]
    told = dict(enumerate(lefts, start=1))
    found = solved(known=Anchors(told, frozenset(), {0: "left"}))
    assert (found.names[0], found.probability[0]) == ("", 0.0)


def test_sides_and_pairs_overturn_wrong_odds():
    true = learnt()[3]
    left, right = index("AVDL"), index("AVDR")
    named = Anchors({left: "AVDL", right: "AVDR"})
    said = Anchors(where={left: "left", right: "right"})
    assert solved(3.0).mirror == 1
    for known in (named, said):
        found = solved(3.0, known)
        assert found.mirror == -1
        assert np.mean(found.names == true) > 0.9
    # the other way round they speak for the other handedness
    swapped = {left: "right", right: "left", index("ADAL"): "right", index("ADAR"): "left"}
    assert solved(-3.0, Anchors(where=swapped)).mirror == 1
    # what is no name, or lies in front, says nothing about sides
    assert solved(3.0, Anchors({index("M4"): "NEW"}, frozenset([left, right]))).mirror == 1


def test_names_count_for_less_than_sides_where_handedness_is_decided():
    aligner, _, worm, _ = learnt()
    left = index("AVDL")
    for known, heeded in ((Anchors({left: "AVDL"}), HEEDED), (Anchors(where={left: "left"}), 1.0)):
        fixed = known.fixed(aligner, len(worm.row))
        found = aligner.align(worm, fixed=fixed)
        free = fixed[left] == 0
        right, mirrored = (found.log[sign][left][free].exp().sum().log() for sign in (1.0, -1.0))
        assert mirrored > right + 1
        assert solved(3.0, known).odds == pytest.approx(3 + heeded * float(right - mirrored))


def test_what_is_stated_of_the_axes_holds_against_all_sides():
    left, right = index("AVDL"), index("AVDR")
    speaks = {left: "left", right: "right"}
    for axes in (1, -1):
        found = solved(-axes * 50.0, Anchors(where=speaks, axes=axes))
        assert found.mirror == axes and found.odds == axes * CERTAIN


def test_only_what_is_said_of_place_or_name_moves_the_odds():
    left = index("AVDL")
    assert solved(0.3).odds == 0.3
    assert solved(0.3, Anchors(excluded=frozenset([left]))).odds == 0.3
    # axes are mirrored: so the side says
    assert solved(0.3, Anchors(where={left: "left"})).odds < 0.3 - 2


def test_a_partial_name_leaves_its_members_only():
    true = learnt()[3]
    neuron = index("AVDL")
    found = solved(known=Anchors(partial={neuron: "AVD"}))
    assert found.names[neuron] == "AVDL"
    # of the neurons that it denotes, even where the evidence is against all
    other = index("M4")
    found = solved(known=Anchors(partial={other: "AVD"}))
    assert found.names[other] in ("AVDL", "AVDR")
    assert np.mean(found.names == true) > 0.8


def test_true_anchors_do_no_harm():
    true = learnt()[3]
    few = {neuron: str(true[neuron]) for neuron in range(0, len(true), 4)}
    rest = np.setdiff1d(np.arange(len(true)), list(few))
    found, plain = solved(known=Anchors(few)), solved()
    assert (found.names[rest] == true[rest]).sum() >= (plain.names[rest] == true[rest]).sum()


@pytest.fixture(scope="module")
def fold(tmp_path_factory):
    """Return the folder of an aligned fold; its test worms are one whole, and one of six names."""
    folder = tmp_path_factory.mktemp("fold")
    table = neurons().assign(name=neurons()["true"])
    test = table["role"].eq("test")
    few = table[test].assign(worm="few", row=lambda rows: rows["row"] + len(table))
    few["name"] = few["name"].where(np.arange(len(few)) < 6, "")
    pd.concat([table, few], ignore_index=True).to_parquet(folder / "neurons.parquet")
    run.align_fold(
        folder / "neurons.parquet", "position+rgb", "nonrigid", "decided", Training("cpu"),
        folder / "aligned.parquet", folder / "worms.parquet", folder / "atlas",
    )  # fmt: skip
    return folder


def inputs(folder):
    paths = [folder / name for name in ("neurons.parquet", "worms.parquet", "atlas")]
    return *paths, [], "position+rgb", {}


def test_a_fold_is_anchored_step_by_step(fold, tmp_path):
    solver = anchored.load(fold / "atlas", [], "position+rgb", {})
    assert solver.aligner.level == "nonrigid" and solver.calibration.temperature > 0
    asked.anchor_fold(*inputs(fold), 1, tmp_path / "out.parquet")
    out = pd.read_parquet(tmp_path / "out.parquet")
    assert tuple(out.columns) == asked.COLUMNS
    none = out["anchors"].eq(0)
    assert out["right"][none].tolist() == out["right_before"][none].tolist()
    assert out["right"][none].tolist() == out["all_right"][none].tolist()
    curves = out.groupby(["worm", "strategy", "expert"], sort=False)["anchors"].agg(list)
    worm = learnt()[2]
    for strategy in ("random", "asked"):
        # half of the names at most
        assert curves["few", strategy, "sure"] == [0, 1, 2]
        assert curves[worm.worm, strategy, "sure"] == [0, 1, 2, 5, 8, 10]
    labels = np.where(out["worm"].eq("few"), 6, len(worm.row))
    assert (out["all_labelled"] == labels).all()
    assert (out["labelled"] == labels - out["anchors"]).all()
    assert out["right"].between(0, out["labelled"]).all()
    assert (out["all_right"] >= out["right"]).all()
    start = out[out["anchors"].eq(0)].groupby("worm")["right"].nunique()
    assert (start == 1).all()  # nothing is anchored yet: all start alike
    sure = out[out["expert"].eq("sure")]
    assert not sure[["wrong", "declined"]].any(axis=None)
    assert (sure["all_right"] == sure["right"] + sure["anchors"]).all()
    asked.anchor_fold(*inputs(fold), 1, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "out.parquet").read_bytes()


def asked_worm(monkeypatch, errs: float, surely: float) -> tuple[pd.DataFrame, list]:
    """Return the curves of the test worm, and with what the solver was called."""
    aligner, calibration, worm, true = learnt()
    monkeypatch.setattr(expert, "ERRS", dict.fromkeys(expert.ERRS, errs))
    monkeypatch.setattr(expert, "SURELY", dict.fromkeys(expert.SURELY, surely))
    worm = dataclasses.replace(worm, label=true)
    calls, solve = [], Solver.solve

    def spy(self, given, odds, known=None):
        calls.append((given, known))
        return solve(self, given, odds, known)

    monkeypatch.setattr(Solver, "solve", spy)
    solver = Solver(aligner, calibration, "position+rgb")
    queue = Queue.of(aligner.atlas.names, ["I1"])
    rows = asked.curves(solver, worm, -50.0, queue, np.random.default_rng(3))
    return pd.DataFrame(rows, columns=asked.COLUMNS[2:]), calls


def test_who_never_errs_nor_declines_is_sure(monkeypatch):
    rows, calls = asked_worm(monkeypatch, 0.0, 1.0)
    sure, errs = (rows[rows["expert"].eq(who)].drop(columns="expert") for who in ("sure", "errs"))
    assert sure.to_numpy().tolist() == errs.to_numpy().tolist()
    # once without answers, at five numbers of random ones, after each of ten that are asked for
    assert len(calls) == 1 + 5 + 10
    # the random ones are the first neurons of one order
    true = learnt()[3]
    order = np.random.default_rng(3).permutation(len(true))
    found = solved(known=Anchors({int(neuron): str(true[neuron]) for neuron in order[:5]}))
    five = sure[sure["strategy"].eq("random") & sure["anchors"].eq(5)].iloc[0]
    assert five["all_right"] == (found.names == true).sum()
    assert five["right"] == (found.names == true)[order[5:]].sum()


def test_no_label_reaches_the_solver_but_by_an_answer(monkeypatch):
    rows, calls = asked_worm(monkeypatch, 1.0, 1.0)
    true = learnt()[3]
    assert all((given.label == "").all() for given, _ in calls)
    assert max(len(known.names) for _, known in calls) == 10
    errs = rows[rows["expert"].eq("errs")]
    assert (errs["wrong"] == errs["anchors"]).all()  # not one answer is a label
    assert (errs["all_right"] == errs["right"]).all()
    told = [known for _, known in calls if known.names]
    truths = [all(true[n] == name for n, name in known.names.items()) for known in told]
    assert any(truths) and not all(truths)  # of one person all, of the other none
    assert all(not any(true[n] == name for n, name in known.names.items())
               for known, all_true in zip(told, truths, strict=True) if not all_true)  # fmt: skip


def test_who_declines_everything_answers_nothing(monkeypatch):
    monkeypatch.setattr(expert, "erring", lambda label, *_: Expert(label, {}, range(len(label))))
    rows, _ = asked_worm(monkeypatch, 0.0, 1.0)
    errs = rows[rows["expert"].eq("errs")]
    assert errs["anchors"].tolist() == [0, 0]


def test_what_a_folder_states_is_answered(fold, tmp_path, caplog):
    worm = learnt()[2]
    (tmp_path / worm.lab).mkdir()
    path = tmp_path / worm.lab / f"{worm.worm}.csv"
    path.write_text("neuron,says\n0,NEW\n1,-\n2,left\n3,ALA\n", encoding="utf-8")
    (tmp_path / worm.lab / "few.csv").write_text("neuron,says\n999,ALA\n", encoding="utf-8")
    anchored.answer_fold(*inputs(fold), tmp_path, tmp_path / "out.parquet")
    out = pd.read_parquet(tmp_path / "out.parquet")
    # the other file cannot be used
    assert out["row"].tolist() == worm.row.tolist()
    assert "few.csv, line 2: found neuron '999'" in caplog.text
    assert out["assigned1"].tolist()[:2] == ["NEW", ""] and out["assigned1"][3] == "ALA"
    assert out["probability"][[0, 1, 3]].tolist() == [1, 1, 1]
    assert out["anchor"].tolist()[:5] == ["NEW", "-", "left", "ALA", ""]
    assert not out["assigned1"].drop([3]).eq("ALA").any()
    assert np.isfinite(out[["posterior", "dorsal", "left"]].to_numpy()).all()
    assert f"{path}: NEW is no name that training worms have; most like it are " in caplog.text
    assert "ALA is no name" not in caplog.text
    anchored.answer_fold(*inputs(fold), tmp_path / "nothing", tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet").empty


def test_statements_without_a_side_leave_doubt(fold, tmp_path):
    worm = learnt()[2]
    worms = pd.read_parquet(fold / "worms.parquet")
    even = worms.assign(source="evidence", laboratory_log_odds=0.0, evidence_log_odds=-0.5)
    even.to_parquet(tmp_path / "worms.parquet")
    (tmp_path / worm.lab).mkdir()
    left, right = index("AVDL"), index("AVDR")
    doubtful = {}
    for said in (f"{left},-", f"{left},left\n{right},right"):
        path = tmp_path / worm.lab / f"{worm.worm}.csv"
        path.write_text(f"neuron,says\n{said}\n", encoding="utf-8")
        paths = fold / "neurons.parquet", tmp_path / "worms.parquet", fold / "atlas"
        anchored.answer_fold(*paths, [], "position+rgb", {}, tmp_path, tmp_path / "out.parquet")
        doubtful[said] = pd.read_parquet(tmp_path / "out.parquet")["doubtful"].unique().tolist()
    # the odds of 0.5 are a probability of 0.62
    assert list(doubtful.values()) == [[1], [0]]


def test_who_stated_it_and_how_surely_is_kept(tmp_path):
    path = tmp_path / "anchors.csv"
    path.write_text(
        "neuron,says,who,sure\n4,-,,sure\n,handedness=mirrored,Ann,sure\n"
        "2,aval,,\n0,SIA?L,Bo,maybe\n1,nose,'=me,\n"
    )
    read = Anchors.read(path, 5)
    assert read.maybe == {0} and read.who == {-1: "Ann", 0: "Bo", 1: "=me"}
    assert read.statements() == [
        {"neuron": -1, "says": "handedness=mirrored", "maybe": False, "who": "Ann"},
        {"neuron": 0, "says": "SIA?L", "maybe": True, "who": "Bo"},
        {"neuron": 1, "says": "nose", "maybe": False, "who": "=me"},
        {"neuron": 2, "says": "AVAL", "maybe": False},
        {"neuron": 4, "says": "-", "maybe": False},
    ]
    assert Anchors().statements() == []
