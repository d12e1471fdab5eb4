import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.identify.assign import NOBODY, UNKNOWN, Calibration, answer
from chromapal.identify.refine import probabilities


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    torch.set_num_threads(1)


def log(*rows):
    return torch.tensor(rows, dtype=torch.float64).log()


def test_without_rivals_shares_are_a_softmax_with_nobody():
    found = probabilities(log([3, 0], [0, 1]), 0.0, 20)
    np.testing.assert_allclose(found, [[0.75, 0], [0, 0.5]], atol=1e-12)


def test_two_neurons_share_one_name_by_hand():
    # each would take three quarters of it; a half is left to nobody
    found = probabilities(log([3.0], [3.0]), 0.0, 60)
    np.testing.assert_allclose(found, [[0.5], [0.5]], atol=1e-6)


def test_a_sure_neighbour_frees_the_other_name():
    # 1:1 each for itself, but the first neuron has no choice
    alone = probabilities(log([1, 1]), -30.0)
    np.testing.assert_allclose(alone, [[0.5, 0.5]], atol=1e-9)
    both = probabilities(log([1, 0], [1, 1]), -30.0, 400)
    np.testing.assert_allclose(both, [[1, 0], [0, 1]], atol=0.05)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 14), st.integers(1, 9), st.integers(0, 10**6), st.floats(-12, 4),
    st.sampled_from([(0.0, 0.0), (1.5, 0.4), (-3.0, 2.0), (8.0, -0.5)]),
)  # fmt: skip
def test_rows_with_nobody_add_to_one_and_columns_to_one_at_most(count, names, seed, nobody, raised):
    scores = torch.from_numpy(np.random.default_rng(seed).normal(0, 4, (count, names)))
    found = Calibration(1.0, nobody, *raised).probabilities(scores)
    assert found.isfinite().all() and (found >= 0).all()
    assert (found.sum(1) <= 1 + 1e-9).all()
    assert (found.sum(0) <= 1 + 1e-9).all()
    if count == 1 and raised == (0.0, 0.0):
        np.testing.assert_allclose(found.sum(1), 1 / (1 + np.exp(nobody)), atol=1e-6)


def test_far_more_neurons_than_names_do_not_multiply_names():
    rng = np.random.default_rng(0)
    logs = [torch.from_numpy(12.0 * np.eye(9)[:6] + rng.normal(size=(6, 9))) for _ in range(5)]
    calibration = Calibration.fit(logs, [np.arange(6)] * 5)
    crowd = torch.from_numpy(rng.normal(size=(40, 9)))
    found = calibration.probabilities(crowd)
    assert found.sum(0).max() <= 1 + 1e-9
    assert found.sum() > 8


def test_background_and_nobody_are_one_by_hand():
    scores = log([0.5, 0.3, 0.2])
    found = Calibration(1.0, 0.0).probabilities(scores, background=0)
    np.testing.assert_allclose(found, [[0.3, 0.2]])
    # many neurons may be background: no column of it is kept to one
    many = Calibration(1.0, 0.0).probabilities(log(*[[0.98, 0.01, 0.01]] * 5), background=0)
    np.testing.assert_allclose(1 - many.sum(1), 0.98)


def test_raising_makes_up_for_the_square_root_of_sharing_out_by_hand():
    # two neurons that are 1 and 2 better in their own names: e^3 to 1 that both are right
    scores = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    timid = Calibration(1.0, -12.0).probabilities(scores)
    np.testing.assert_allclose(timid.diagonal(), 1 / (1 + np.exp(-1.5)), atol=5e-3)
    # the log odds, 1.5, are added to either name
    found = Calibration(1.0, -12.0, 0.0, 1.0).probabilities(scores)
    np.testing.assert_allclose(found.diagonal(), 1 / (1 + np.exp(-3.0)), atol=5e-3)


def rivals(count, seed):
    """Worms of four neurons that compete for four names; truths drawn by their true odds."""
    rng = np.random.default_rng(seed)
    every = np.array(list(itertools.permutations(range(4))))
    logs, truths = [], []
    for _ in range(count):
        scores = rng.normal(0, 1.5, (4, 4))
        weight = np.exp(scores[np.arange(4), every].sum(1))
        logs.append(torch.from_numpy(scores))
        truths.append(rng.choice(every, p=weight / weight.sum()))
    return logs, truths


def test_answers_among_rivals_are_as_often_right_as_their_probabilities_say():
    found, new = Calibration.fit(*rivals(100, 0)), rivals(500, 1)
    timid = Calibration(found.temperature, found.nobody)
    gap = {}
    for calibration in (found, timid):
        given = [answer(calibration.probabilities(log)) for log in new[0]]
        chance = np.concatenate([each.probability[:, 0] for each in given])
        names = np.concatenate([each.best[:, 0] for each in given])
        right = names == np.concatenate(new[1])
        tenth = (10 * chance).astype(int).clip(0, 9)
        gap[calibration] = sum(
            abs((chance - right)[tenth == part].sum()) / len(right) for part in range(10)
        )
    assert found.slope > 0
    assert gap[found] < 0.08 < 0.15 < gap[timid]


@pytest.mark.parametrize("seed", [2, 5])
def test_calibration_is_as_good_whatever_the_unit_of_scores(seed):
    """Its search once ended with nothing raised where scores were three times too sharp."""
    logs, truths = rivals(60, seed)
    loss = []
    for unit in (1.0, 3.0):
        scaled = [unit * log for log in logs]
        found = Calibration.fit(scaled, truths)
        assert found.offset > 0 and found.slope > 0
        loss.append(surprise(found, scaled, truths))
    assert loss[1] == pytest.approx(loss[0], abs=0.005)


def test_a_raise_never_lowers_the_name_that_is_given():
    scores = torch.tensor([[0.1, 0.0], [0.0, 0.1]], dtype=torch.float64)
    plain = Calibration(1.0, -12.0).probabilities(scores)
    lowered = Calibration(1.0, -12.0, -5.0, 1.0).probabilities(scores)
    np.testing.assert_allclose(lowered, plain, atol=1e-9)


def drawn(unit, background=False, seed=0):
    """Worms of three neurons and twelve names, seldom rivals; scores are `unit` too sharp."""
    rng = np.random.default_rng(seed)
    logs, truths = [], []
    for _ in range(60):
        scores = rng.normal(0, 2, (3, 12))
        chance = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        truth = np.array([rng.choice(12, p=row) for row in chance])
        logs.append(torch.from_numpy(unit * scores))
        truths.append(np.where(truth == 0, NOBODY, truth - 1) if background else truth)
    return logs, truths


def surprise(calibration, logs, truths, background=None):
    loss = []
    for scores, truth in zip(logs, truths, strict=True):
        found = calibration.probabilities(scores, background).numpy()
        whole = np.column_stack([found, 1 - found.sum(1)])
        loss += list(-np.log(whole[np.arange(len(truth)), truth].clip(1e-6)))
    return np.mean(loss)


@pytest.mark.parametrize("background", [None, 0])
def test_calibration_undoes_scores_that_are_too_sharp(background):
    logs, truths = drawn(3.0, background is not None)
    found = Calibration.fit(logs, truths, background)
    assert found.temperature == pytest.approx(3.0, rel=0.3)
    plain = Calibration(1.0, -12.0 if background is None else 0.0)
    new = drawn(3.0, background is not None, seed=1)
    for known in ((logs, truths), new):
        assert surprise(found, *known, background) < surprise(plain, *known, background) - 0.5


@pytest.mark.parametrize("unit", [0.7, 1.3])
def test_calibration_also_sees_scores_that_are_a_little_off(unit):
    found = Calibration.fit(*drawn(unit, background=True), 0)
    assert found.temperature == pytest.approx(unit, rel=0.1)


@pytest.mark.parametrize("background", [None, 0])
def test_calibration_leaves_calibrated_scores_about_as_they_are(background):
    logs, truths = drawn(1.0, background is not None)
    found = Calibration.fit(logs, truths, background)
    assert found.temperature == pytest.approx(1.0, abs=0.2)
    before = torch.softmax(logs[0], 1)[:, 1:] if background == 0 else torch.softmax(logs[0], 1)
    np.testing.assert_allclose(found.probabilities(logs[0], background), before, atol=0.15)


def test_unknown_names_teach_no_calibration():
    logs, truths = drawn(2.0)
    blind = [np.full(3, UNKNOWN)] * 5
    assert Calibration.fit(logs[:5], blind) == Calibration()
    more = Calibration.fit([*logs, *(100 * part for part in logs[:5])], [*truths, *blind])
    assert more == Calibration.fit(logs, truths)


def test_assignment_beats_greedy_by_hand():
    # greedy takes .5 and is left with .05; the other way round is worth .45 * .45
    found = answer(torch.tensor([[0.5, 0.45], [0.45, 0.05]]))
    assert found.best[:, 0].tolist() == [1, 0]
    np.testing.assert_allclose(found.probability, [[0.45, 0.5, 0, 0, 0], [0.45, 0.05, 0, 0, 0]])
    assert found.best[:, 2:].tolist() == [[-1] * 3] * 2
    assert found.assigned.all()


def test_what_is_forbidden_is_not_assigned():
    share = torch.tensor([[0.9, 0.05], [0.6, 0.3]])
    free = answer(share)
    assert free.best[:, 0].tolist() == [0, 1]
    fixed = torch.tensor([[-1e4, 0.0], [0.0, 0.0]])
    assert answer(share, fixed).best[:, 0].tolist() == [1, 0]
    nothing = answer(share, torch.tensor([[-1e4, -1e4], [0.0, 0.0]]))
    assert nothing.assigned.tolist() == [False, True]
    assert nothing.best[1, 0] == 0


def test_what_cannot_be_is_no_alternative_by_hand():
    share = torch.tensor(
        [[0.0, 0.25, 0.0, 0.5, 0.125, 0.0], [0.5, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0] * 6]
    )
    found = answer(share)
    # not names 0, 2 and 5 in the order of their columns
    assert found.best.tolist() == [[3, 1, 4, -1, -1], [0, -1, -1, -1, -1], [-1] * 5]
    expected = [[0.5, 0.25, 0.125, 0, 0], [0.5, 0, 0, 0, 0], [0.0] * 5]
    assert found.probability.tolist() == expected
    assert found.assigned.tolist() == [True, True, False]


def test_what_is_forbidden_is_no_alternative_either():
    share = torch.tensor([[0.125, 0.5, 0.25], [0.25, 0.125, 0.5]])
    fixed = torch.tensor([[-1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]])
    found = answer(share, fixed)
    assert found.best.tolist() == [[2, -1, -1, -1, -1], [-1] * 5]
    assert found.probability.tolist() == [[0.25, 0, 0, 0, 0], [0.0] * 5]
    # a name that a likelier neuron has stays an alternative
    crowd = answer(torch.tensor([[0.5, 0.0], [0.25, 0.0]]))
    assert crowd.best[:, 0].tolist() == [0, 0] and crowd.assigned.tolist() == [True, False]
    assert crowd.probability[:, 0].tolist() == [0.5, 0.25]


def test_more_neurons_than_names_leave_some_without():
    found = answer(torch.tensor([[0.3, 0.1], [0.5, 0.1], [0.2, 0.4]]))
    assert found.best[:, 0].tolist() == [0, 0, 1]
    assert found.assigned.tolist() == [False, True, True]


def test_a_name_that_is_all_but_impossible_is_not_assigned():
    found = answer(torch.tensor([[1e-9, 0.0], [0.5, 0.2]]))
    assert found.assigned.tolist() == [False, True]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 10**6))
def test_answers_are_distinct_best_first_and_given_once(count, names, seed):
    scores = torch.from_numpy(np.random.default_rng(seed).normal(0, 3, (count, names)))
    share = Calibration().probabilities(scores)
    found = answer(share)
    width = min(names, 5)
    assert all(len(set(row[:width])) == width for row in found.best.tolist())
    assert (found.best[:, width:] == -1).all() and (found.probability[:, width:] == 0).all()
    assert (np.diff(found.probability[:, 1:], axis=1) <= 0).all()
    given = found.best[found.assigned, 0]
    assert len(set(given)) == len(given) == min(count, names)
    rows = np.arange(count)[:, None]
    picked = share.numpy()[rows, found.best[:, :width]]
    np.testing.assert_array_equal(found.probability[:, :width], picked)


def test_a_last_digit_does_not_decide_between_names_that_are_equally_likely():
    # a forest's votes, as processors differ that add them up in other orders
    rng = np.random.default_rng(0)
    votes = rng.multinomial(50, np.full(30, 1 / 30), 25) / 50
    expected = answer(torch.from_numpy(votes))
    for _ in range(20):
        noise = 1 + rng.choice([-2e-16, 0, 2e-16], votes.shape)
        found = answer(torch.from_numpy(votes * noise))
        np.testing.assert_array_equal(found.best, expected.best)
        np.testing.assert_array_equal(found.assigned, expected.assigned)


def test_scores_that_say_nothing_while_calibrating_still_rank_names():
    # all true names have the lowest score, so that any temperature is too low
    names = 100
    wrong = torch.zeros(40, names, dtype=torch.float64)
    truth = np.arange(40)
    wrong[range(40), truth] = -5.0
    calibration = Calibration.fit([wrong], [truth])
    assert 1e3 < calibration.temperature <= 1.001e4
    right = torch.zeros(40, names, dtype=torch.float64)
    right[range(40), truth + 50] = 0.05
    found = answer(calibration.probabilities(right))
    np.testing.assert_array_equal(found.best[:, 0], truth + 50)
