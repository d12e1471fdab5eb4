"""A simulated person errs and declines as often as stated, and says what is plausible."""

import numpy as np
import pytest
import torch

from chromapal.identify import expert
from chromapal.identify.expert import ERRS, Expert, erring

NAMES = np.array(["AVAL", "AVAR", "I1L", "RIS", "SIAVL"])


def person(labels, chances, seed=0) -> Expert:
    found = torch.tensor(chances, dtype=torch.float64).expand(len(labels), -1)
    return erring(np.array(labels), found, NAMES, np.random.default_rng(seed))


def test_two_people_agree_as_often():
    share = {"ventral": 0.075, "retrovesicular": 0.020, "pharynx": 0.122, "lateral": 0.783}
    rates = {part: ERRS[part] * of_all for part, of_all in share.items()}
    assert 1 - sum(rates.values()) == pytest.approx(0.923, abs=0.0005)
    assert max(ERRS, key=ERRS.get) == "ventral"


def test_errors_and_refusals_are_as_many_as_stated():
    count = 4000
    # in the ventral ganglion (1 - .5) x .3 / .6 = .25 are declined, and .36 of the rest is wrong
    made = person(["RIS"] * count, [0.0, 0.1, 0.0, 0.6, 0.3])
    assert len(made.declined) / count == pytest.approx(0.25, abs=0.03)
    assert len(made.mistaken) / count == pytest.approx(0.75 * 0.36, abs=0.03)
    assert not set(made.declined) & set(made.mistaken)
    # two names that are as likely: half of the questions; none where a second one is impossible
    assert len(person(["RIS"] * count, [0.0, 0.0, 0.0, 0.5, 0.5]).declined) == pytest.approx(
        count / 2, rel=0.06
    )
    assert not person(["RIS"] * count, [0.0, 0.0, 0.0, 1.0, 0.0]).declined
    # in the pharynx nothing is declined, and .03 are wrong
    made = person(["I1L"] * count, [0.3, 0.1, 0.6, 0.0, 0.0])
    assert not made.declined and len(made.mistaken) / count == pytest.approx(0.03, abs=0.01)


def test_one_seed_is_one_person_and_nobody_is_asked_about_what_nobody_knows():
    labels = ["RIS", ""] * 200
    chances = [0.1, 0.1, 0.1, 0.4, 0.3]
    made = person(labels, chances)
    assert made.mistaken == person(labels, chances).mistaken
    assert made.mistaken != person(labels, chances, seed=1).mistaken
    assert all(neuron % 2 == 0 for neuron in [*made.mistaken, *made.declined])


def test_a_mistake_is_the_likeliest_other_name_that_was_not_given(monkeypatch):
    monkeypatch.setattr(expert, "ERRS", dict.fromkeys(ERRS, 1.0))
    made = person(["AVAL"], [0.5, 0.3, 0.05, 0.1, 0.0], seed=1)
    assert made.answer(0, set()) == "AVAR"
    assert made.answer(0, {"AVAR"}) == "RIS"
    assert made.answer(0, set(NAMES)) == ""
    # also where the model itself is wrong
    assert person(["I1L"], [0.5, 0.3, 0.1, 0.0, 0.0]).answer(0, set()) == "AVAL"


def test_who_knows_says_so():
    sure = Expert(np.array(["AVAL", "RIS"]))
    assert [sure.answer(neuron, {"AVAL", "RIS"}) for neuron in (0, 1)] == ["AVAL", "RIS"]
    assert Expert(sure.label, {}, {1}).answer(1, set()) == ""
