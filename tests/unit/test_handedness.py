import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromapal.identify.handedness import Handedness, calibrate, closeness, pool

JANUARY, JUNE = "2024-01-01", "2024-06-01"


def worms(*rows, handedness=0):
    return pd.DataFrame(rows, columns=["lab", "worm", "session"]).assign(handedness=handedness)


def known(*rows):
    return pd.DataFrame(rows, columns=["lab", "worm", "session", "mirror"])


def decided(handedness, table, evidence=None):
    evidence = np.zeros(len(table)) if evidence is None else np.array(evidence)
    return handedness.decide(table, evidence)


def test_closeness_by_hand():
    found = closeness([JANUARY, ""], [JANUARY, "2024-01-22", "2034-01-01", "", "not a day"])
    half = 0.55
    np.testing.assert_allclose(found[0], [1, 0.1 + 0.9 / np.e, 0.1, half, half], atol=1e-12)
    np.testing.assert_allclose(found[1], half)
    assert closeness([JANUARY], []).shape == (1, 0)


def test_the_nearest_session_wins():
    handedness = Handedness(known(("A", "1", JANUARY, 1), ("A", "2", JUNE, -1)), 1.0)
    found = decided(handedness, worms(("A", "3", "2024-01-03"), ("A", "4", "2024-06-03")))
    assert found["chosen"].tolist() == [1, -1]
    assert found["source"].tolist() == ["laboratory"] * 2
    # by far fewer sessions of another time outvote one of the same day
    far = known(("A", "1", JANUARY, 1), *[("A", f"x{n}", JUNE, -1) for n in range(4)])
    assert decided(Handedness(far, 1.0), worms(("A", "3", JANUARY)))["chosen"].item() == 1


def test_log_odds_of_a_laboratory_by_hand():
    handedness = Handedness(known(("A", "1", JANUARY, 1), ("B", "2", JANUARY, -1)), 1.0)
    found = decided(handedness, worms(("A", "3", JANUARY), ("B", "4", JANUARY)))
    np.testing.assert_allclose(found["laboratory_log_odds"], [np.log(5), -np.log(5)])
    np.testing.assert_allclose(found["probability"], 5 / 6)
    assert found["chosen"].tolist() == [1, -1]
    assert found["doubtful"].tolist() == [1, 1]


def test_doubt_ends_with_enough_worms_of_one_mind():
    for count, doubtful in ((1, 1), (3, 0)):
        handedness = Handedness(known(*[("A", f"k{n}", JANUARY, -1) for n in range(count)]), 1.0)
        found = decided(handedness, worms(("A", "new", JANUARY)))
        assert found["doubtful"].item() == doubtful
        np.testing.assert_allclose(found["probability"], (count + 0.25) / (count + 0.5))


def test_what_is_stated_wins_over_everything():
    handedness = Handedness(known(*[("A", f"k{n}", JANUARY, 1) for n in range(9)]), 1.0)
    rows = ("A", "1", JANUARY), ("A", "2", JANUARY), ("B", "3", JANUARY)
    found = decided(handedness, worms(*rows, handedness=[-1, 1, 0]), [50.0, 50.0, 50.0])
    assert found["chosen"].tolist() == [-1, 1, 1]
    assert found["source"].tolist() == ["stated", "stated", "evidence"]
    assert found["probability"].tolist()[:2] == [1.0, 1.0]
    assert found["doubtful"].tolist() == [0, 0, 0]


def test_an_unseen_laboratory_pools_the_evidence_of_its_worms():
    handedness = Handedness(known(("A", "1", JANUARY, -1)), 2.0)
    table = worms(
        ("B", "2", JANUARY), ("B", "3", JANUARY), ("B", "4", "2034-01-01"), ("C", "5", JANUARY)
    )
    found = decided(handedness, table, [3.0, -1.0, -0.5, -0.25])
    assert found["source"].tolist() == ["evidence"] * 4
    assert (found["laboratory_log_odds"] == 0).all()
    # slope 2; the same day counts whole, ten years apart a tenth, another laboratory nothing
    expected = [6 - 2 - 0.1, 6 - 2 - 0.1, 0.1 * (6 - 2) - 1, -0.5]
    np.testing.assert_allclose(found["evidence_log_odds"], expected)
    assert found["chosen"].tolist() == [1, 1, -1, -1]


def test_source_names_the_term_that_decided():
    # three right-handed worms on the same day: log 13 = 2.565 for right-handed axes
    handedness = Handedness(known(*[("A", f"k{n}", JANUARY, 1) for n in range(3)]), 1.0)
    cases = {
        0.0: (1, "laboratory"),
        2.5: (1, "laboratory"),
        2.6: (1, "evidence"),  # both agree, the laboratory says less
        -2.5: (1, "laboratory"),
        -2.6: (-1, "evidence"),  # overruled
    }
    for value, expected in cases.items():
        found = decided(handedness, worms(("A", "new", JANUARY)), [value]).iloc[0]
        assert (found["chosen"], found["source"]) == expected, value
    # as many of either kind: the laboratory is known and says nothing
    split = Handedness(known(("A", "1", JANUARY, 1), ("A", "2", JANUARY, -1)), 1.0)
    for value in (0.0, 0.1, -0.1):
        found = decided(split, worms(("A", "3", JANUARY)), [value])
        assert found["source"].item() == "evidence"


def test_an_answer_depends_on_the_worms_decided_with_it():
    handedness = Handedness(known(*[("A", f"k{n}", JANUARY, 1) for n in range(3)]), 1.0)
    alone = decided(handedness, worms(("A", "1", JANUARY)), [-1.5]).iloc[0]
    assert (alone["chosen"], alone["source"]) == (1, "laboratory")
    both = decided(handedness, worms(("A", "1", JANUARY), ("A", "2", JANUARY)), [-1.5, -1.5])
    assert both["evidence_log_odds"].tolist() == [-3.0, -3.0]
    assert both["chosen"].tolist() == [-1, -1] and both["source"].tolist() == ["evidence"] * 2


def test_unknown_days_count_halfway():
    handedness = Handedness(known(("A", "1", "", 1), ("A", "2", JANUARY, -1)), 1.0)
    found = decided(handedness, worms(("A", "3", ""), ("A", "4", JANUARY)), [1.0, 0.0])
    expected = [0.0, np.log((0.55 + 0.25) / 1.25)]
    np.testing.assert_allclose(found["laboratory_log_odds"], expected, atol=1e-12)
    # a worm's own evidence counts whole, whatever is known of its day
    np.testing.assert_allclose(found["evidence_log_odds"], [1.0, 0.55])


def test_nobody_known_and_nobody_asked():
    handedness = Handedness(known(), 1.0)
    assert decided(handedness, worms(("A", "1", "")), [-1.0])["chosen"].item() == -1
    assert len(decided(handedness, worms())) == 0


def test_without_laboratories_only_evidence_is_left():
    handedness = Handedness(known(*[("A", f"k{n}", JANUARY, 1) for n in range(9)]), 1.0)
    table = worms(("A", "1", JANUARY))
    assert decided(handedness, table, [-1.0])["chosen"].item() == 1
    assert decided(handedness.without_laboratories(), table, [-1.0])["chosen"].item() == -1


def test_planted_leak_an_worm_to_be_decided_is_already_known():
    handedness = Handedness(known(("A", "1", JANUARY, 1), ("A", "2", JANUARY, 1)), 1.0)
    with pytest.raises(ValueError, match=r"handedness leak: \('A', '2'\)"):
        decided(handedness, worms(("A", "3", JANUARY), ("A", "2", JANUARY)))
    # a worm of the same name in another laboratory is another worm
    assert decided(handedness, worms(("B", "2", JANUARY)), [1.0])["chosen"].item() == 1


def apart(count):
    """Worms of one laboratory each, so that none pools with another."""
    return worms(*[(f"L{n}", "w", "") for n in range(count)])


def test_evidence_is_pooled_by_closeness_within_a_laboratory():
    table = worms(("A", "1", JANUARY), ("B", "2", JANUARY), ("A", "3", ""), ("A", "4", JANUARY))
    found = pool(table, np.array([1.0, 10.0, 2.0, 4.0]))
    np.testing.assert_allclose(found, [1 + 0.55 * 2 + 4, 10, 2 + 0.55 * 5, 4 + 0.55 * 2 + 1])


def test_a_laboratory_has_one_vote_however_many_worms_it_gave():
    # nine worms whose evidence is wrong against one each of two laboratories where it is right
    table = worms(*[("A", f"{n}", "") for n in range(9)], ("B", "1", ""), ("C", "1", ""))
    mirror = np.ones(11, dtype=int)
    evidence = np.array([-5 / (1 + 0.55 * 8)] * 9 + [5.0, 5.0])
    alone = calibrate(
        worms(("A", "1", ""), ("B", "1", ""), ("C", "1", "")),
        np.array([-5.0, 5.0, 5.0]),
        mirror[:3],
    )
    assert calibrate(table, evidence, mirror) == pytest.approx(alone)
    assert alone > 0


def test_calibration_tells_evidence_from_noise():
    mirror = np.array([1, -1] * 50)
    useless = np.array([3.0, 3.0, -3.0, -3.0] * 25)
    assert calibrate(apart(100), useless, mirror) == 0
    assert calibrate(apart(100), -3.0 * mirror, mirror) == 0
    assert calibrate(apart(100), 3.0 * mirror, mirror) > 0.5
    assert calibrate(apart(0), np.array([]), np.array([])) == 0


def test_calibrated_evidence_is_log_odds():
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 2, 4000)
    mirror = np.where(rng.random(4000) < 1 / (1 + np.exp(-odds)), 1, -1)
    for unit in (0.01, 1.0, 100.0):
        np.testing.assert_allclose(calibrate(apart(4000), odds * unit, mirror) * unit, 1, atol=0.1)


def test_worms_that_labels_leave_undecided_count_for_nothing():
    evidence, mirror = np.array([2.0, -1.0, 3.0, -4.0]), np.array([1, -1, -1, -1])
    more = calibrate(apart(6), np.append(evidence, [1e3, -1e3]), np.append(mirror, [0, 0]))
    assert more == calibrate(apart(4), evidence, mirror) > 0


SIGN = st.sampled_from([1, -1])
DAY = st.sampled_from(["", JANUARY, "2024-01-08", JUNE])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), DAY, SIGN), max_size=6),
    st.lists(st.tuples(st.sampled_from("ABC"), DAY, st.floats(-5, 5)), min_size=1, max_size=6),
)
def test_flipping_all_signs_flips_all_decisions(told, asked):
    table = worms(*[(lab, f"new{n}", day) for n, (lab, day, _) in enumerate(asked)])
    evidence = np.array([value for *_, value in asked])
    rows = [(lab, f"old{n}", day, sign) for n, (lab, day, sign) in enumerate(told)]
    there = decided(Handedness(known(*rows), 0.7), table, evidence)
    away = Handedness(known(*[(*row, -sign) for *row, sign in rows]), 0.7)
    back = decided(away, table, -evidence)
    total = there["laboratory_log_odds"] + there["evidence_log_odds"]
    sure = total.abs() > 1e-9
    assert (there["chosen"][sure] == -back["chosen"][sure]).all()
    np.testing.assert_allclose(there["probability"], back["probability"], atol=1e-12)
