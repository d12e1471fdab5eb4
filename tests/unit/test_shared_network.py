"""One network for all feature sets: what it is told, what it must not see, and what it learns."""

import numpy as np
import pandas as pd
import pytest
import torch

from chromapal.identify.context import ContextNetwork
from chromapal.identify.context_task import ANCHORED, MOST_ANCHORS, _anchors
from chromapal.identify.settings import TransformerSettings
from chromapal.identify.transformer import HELD, Transformer
from chromapal.identify.worm_batch import View, WormBatch, without

AXES = ["posterior", "dorsal", "left"]
TINY = {"steps": 4, "members": 2, "width": 16, "layers": 1, "heads": 2, "dropout": 0.0}
NAMES = [f"N{number}" for number in range(8)]


def view(columns, worms=range(16), seed=0, spread=2.0, name=True):
    """Worms of eight neurons; channel `c` tells even names from odd ones, `noise` nothing."""
    rng = np.random.default_rng(seed)
    home = rng.normal(0, 15, (8, 3))
    parts = []
    for worm in worms:
        own = np.random.default_rng([seed, worm])
        table = pd.DataFrame(home + own.normal(0, spread, (8, 3)), columns=AXES)
        table["c"] = np.arange(8) % 2 * 2.0 - 1 + own.normal(0, 0.1, 8)
        table["noise"] = own.normal(size=8)
        parts.append(table[[*AXES, *columns]])
    values = pd.concat(parts, ignore_index=True)
    names = np.tile(NAMES, len(parts))
    worm = np.repeat(list(worms), 8)
    return View(values, worm, np.full(len(worm), "EY"), names if name else None)


def fitted(views, seed=0, **changes):
    torch.set_num_threads(1)
    return Transformer(TransformerSettings(**{**TINY, **changes}), seed, "cpu").fit(views)


def test_channels_stand_where_the_network_expects_them_and_say_which_are_known():
    names = np.array(NAMES)
    batch = WormBatch.of(
        view(["c"], range(2)), names, ["noise", "c"], torch.zeros(3, dtype=torch.float64), 1.0
    )
    whole, known = batch.spread(batch.channels[None], 2)
    assert torch.equal(whole[0, :, 1], batch.channels[:, 0])
    assert not whole[0, :, 0].any() and not known[0, :, 0].any() and known[0, :, 1].all()
    assert batch.numbers == [0, 1] and batch.name[:8].tolist() == list(range(8))


def test_an_absent_channel_and_a_channel_of_nought_differ():
    torch.manual_seed(0)
    network = ContextNetwork(4, 1, 16, 1, 2, 0.0).eval()
    torch.nn.init.normal_(network.out.weight)
    position, log = torch.randn(1, 5, 3), torch.randn(1, 5, 4)
    anchor, mask = torch.full((1, 5), -1), torch.ones(1, 5, dtype=torch.bool)
    nought = torch.zeros(1, 5, 1)
    absent = network(position, nought, nought, log, anchor, mask)
    present = network(position, nought, torch.ones(1, 5, 1), log, anchor, mask)
    assert not torch.allclose(absent, present)


def test_an_untrained_network_answers_as_the_atlas_does_and_as_a_person_has_said():
    torch.manual_seed(0)
    network = ContextNetwork(4, 1, 16, 1, 2, 0.0).eval()
    position, log = torch.randn(1, 5, 3), torch.randn(1, 5, 4)
    channels, mask = torch.randn(1, 5, 1), torch.ones(1, 5, dtype=torch.bool)
    told = position, channels, torch.ones_like(channels), log
    torch.testing.assert_close(network(*told, torch.full((1, 5), -1), mask), log)
    found = network(*told, torch.tensor([[0, -1, 3, -1, -1]]), mask)
    assert found[0, 0].softmax(0)[0] > 0.999 and found[0, 2].softmax(0)[3] > 0.999
    torch.testing.assert_close(found[0, [1, 3, 4]], log[0, [1, 3, 4]])


def test_anchors_are_drawn_of_named_neurons_only_in_half_of_the_worms():
    generator = torch.Generator().manual_seed(0)
    name = torch.arange(40).repeat(2000, 1)
    named = torch.ones_like(name, dtype=torch.bool)
    named[:, ::4] = False
    given = _anchors(name, named, generator)
    assert (given[~named] == -1).all()
    shown = given >= 0
    assert (given[shown] == name[shown]).all()
    share = shown.sum(1) / named.sum(1)
    # of a share drawn evenly up to the largest, in that part of the worms
    assert share.mean() == pytest.approx(ANCHORED * MOST_ANCHORS / 2, rel=0.1)
    # a worm of 30 names of which up to 0.3 are drawn has none at times
    assert 1 - ANCHORED < (share == 0).float().mean() < 1 - ANCHORED + 0.1


def test_a_worm_held_out_of_a_member_is_held_out_in_every_view():
    one, other = view([], range(16)), view(["c"], range(4, 16))
    made = fitted({"a": one, "b": other})
    held = {HELD - 1, 2 * HELD - 1, HELD - 2, 2 * HELD - 2}  # of two members
    assert set(made.held_out_worms_["a"]) == set(made.held_out_worms_["b"]) == held
    batch = WormBatch.of(other, made.classes_, made.channels_, made.centre_, made.unit_)
    struck = without(batch, held)
    for number, rows in zip(struck.numbers, struck.rows, strict=True):
        assert (struck.name[rows] < 0).all() == (number in held)


@pytest.mark.parametrize("worm", [HELD - 1, 2 * HELD - 1])
def test_planted_leak_absurd_names_of_a_held_out_worm_move_no_weight_of_its_member(worm):
    def weights(views):
        made = fitted(views, members=1)
        return [value.clone() for value in made.networks_[0].state_dict().values()]

    honest = {"a": view([]), "b": view(["c"])}
    names = honest["a"].name.copy()
    own = honest["a"].worm == worm
    names[own] = np.roll(names[own], 3)
    absurd = {
        key: View(each.values, each.worm, each.laboratory, names) for key, each in honest.items()
    }
    for one, other in zip(weights(honest), weights(absurd), strict=True):
        assert torch.equal(one, other)
    # in one view alone it is struck out as well: a leak through the other view would show
    leaking = {"a": honest["a"], "b": absurd["b"]}
    for one, other in zip(weights(honest), weights(leaking), strict=True):
        assert torch.equal(one, other)


def test_the_same_bits_twice_and_other_bits_with_another_seed():
    views = {"a": view([]), "b": view(["c"])}
    asked = view(["c"], [20, 21], name=False)
    first, again, other = (fitted(views, seed).predict_log_proba("b", asked) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.allclose(np.exp(first).sum(1), 1)


def test_a_saved_network_gives_the_same_bits_and_serves_the_sets_it_was_saved_for(tmp_path):
    made = fitted({"a": view([]), "b": view(["c"]), "c": view(["noise", "c"])})
    made.save(tmp_path, ["b"])
    again = Transformer.load(tmp_path, TransformerSettings(**TINY))
    asked = view(["c"], [20, 21], name=False)
    assert np.array_equal(again.predict_log_proba("b", asked), made.predict_log_proba("b", asked))
    assert list(again.atlas_) == ["b"] and again.channels_ == ["c", "noise"]


def test_a_set_answers_from_its_own_channels_only():
    made = fitted({"a": view([]), "b": view(["c"])}, steps=30)
    asked = view(["c"], [20, 21], name=False)
    bare = View(asked.values[AXES], asked.worm, asked.laboratory)
    first = made.predict_log_proba("a", bare)
    # other light changes what the set with the channel says, and nothing else can
    dim = View(asked.values.assign(c=-asked.values["c"]), asked.worm, asked.laboratory)
    assert not np.allclose(made.predict_log_proba("b", asked), made.predict_log_proba("b", dim))
    assert np.array_equal(made.predict_log_proba("a", bare), first)


def test_the_order_of_channels_in_a_view_does_not_matter_to_the_network():
    made = fitted({"b": view(["noise", "c"])})
    assert made.channels_ == ["noise", "c"]


def test_an_anchor_is_taken_as_certain_and_a_strange_one_says_nothing():
    made = fitted({"a": view([])}, steps=2)
    asked = view([], [20, 21], spread=20.0)
    plain = made.predict_log_proba("a", asked)
    # the least likely name of one neuron, as a person might know better
    wrong = int(plain[3].argmin())
    anchors = np.full(len(asked.name), "", dtype="U6")
    anchors[3] = made.classes_[wrong]
    found = made.predict_log_proba("a", asked, anchors)
    assert found[3].argmax() == wrong and found[3, wrong] > np.log(0.9)
    # the other worm is not concerned
    assert np.array_equal(found[asked.worm == 21], plain[asked.worm == 21])
    strange = np.where(anchors == "", "", "NOBODY")
    assert np.array_equal(made.predict_log_proba("a", asked, strange), plain)
