"""What a person states changes the names of other neurons too, without the model."""

import numpy as np
import pytest
import torch

from chromapal.identify.anchors import Anchors
from chromapal.identify.assign import answer, shared_out
from chromapal.identify.corrected import correct

KNOWN = ("AVAL", "AVAR", "RIAL", "RIAR")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


def corrected(rows, *stated, known=KNOWN, **statements):
    log = torch.tensor(rows, dtype=torch.float64).log()
    return correct(log, known, Anchors(*stated, **statements))


TWO = [[0.6, 0.3, 0.05, 0.0], [0.3, 0.6, 0.0, 0.05]]


def test_without_statements_nothing_changes():
    rng = np.random.default_rng(5)
    for count, names in ((1, 1), (9, 4), (4, 9), (30, 30)):
        log = torch.from_numpy(rng.normal(0, 4, (count, names)))
        nobody = torch.full((count, 1), -1.0, dtype=torch.float64)
        for _ in range(60):  # until another round would change nothing
            given = shared_out(log, nobody)
            log, nobody = given.log(), (1 - given.sum(1, keepdim=True)).clamp(min=1e-12).log()
        found = correct(given.log(), [f"N{k}" for k in range(names)], Anchors())
        np.testing.assert_allclose(found.probabilities, given, atol=1e-6)
        assert (found.answers.best == answer(given).best).all()


def test_a_stated_name_is_certain_and_no_other_neurons():
    found = corrected(TWO, {0: "AVAR"})
    assert found.names.tolist() == ["AVAR", "AVAL"] and found.probability[0] == 1
    # what is left of the second row: 0.3, 0.05 and 0.05 of nobody
    expected = [[0, 1, 0, 0], [0.75, 0, 0, 0.125]]
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-9)
    assert found.answers.best[1].tolist() == [0, 3, -1, -1, -1]


def test_a_name_that_the_model_thought_impossible_holds():
    found = corrected(TWO, {0: "RIAR"})
    np.testing.assert_allclose(found.probabilities[0], [0, 0, 0, 1], atol=1e-9)
    assert found.probabilities[1, 3] == 0


def test_what_is_no_neuron_frees_its_name():
    found = corrected([[0.9, 0.0, 0.0, 0.0], [0.1, 0.1, 0.0, 0.0]], excluded=frozenset([0]))
    assert found.names.tolist() == ["", "AVAL"] and found.probability.tolist()[0] == 1
    np.testing.assert_allclose(found.probabilities, [[0] * 4, [0.1, 0.1, 0, 0]], atol=1e-9)


def test_a_class_leaves_the_side_open():
    found = corrected([[0.2, 0.1, 0.6, 0.0], [0.5, 0.1, 0.0, 0.3]], partial={0: "AVA"})
    assert found.probabilities[0, 2:].tolist() == [0, 0]
    assert float(found.probabilities[0].sum()) == pytest.approx(1, abs=1e-3)
    assert found.names.tolist() == ["AVAL", "RIAR"]
    # of a class that the model cannot imagine here one of its members is taken
    assert corrected(TWO, partial={0: "RIA"}).names[0] in ("RIAL", "RIAR")


def test_a_name_that_is_unknown_stands_and_takes_nothing():
    found = corrected(TWO, {0: "HYP7"})
    assert found.names.tolist() == ["HYP7", "AVAR"] and found.probability[0] == 1
    assert float(found.probabilities[0].sum()) == 0
    np.testing.assert_allclose(found.probabilities[1], TWO[1], atol=1e-9)


def test_where_a_neuron_lies_is_not_looked_at():
    found = corrected(TWO, where={0: "left"})
    np.testing.assert_allclose(found.probabilities, TWO, atol=1e-9)
