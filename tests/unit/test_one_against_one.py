import numpy as np
import pytest
from sklearn.svm import SVC

from chromapal.classifiers.common.one_against_one import OneAgainstOneSVC


@pytest.mark.parametrize("names", [2, 3, 12])
def test_scores_are_those_of_scikit_learn(names):
    rng = np.random.default_rng(names)
    values = rng.normal(size=(150, 4))
    name = rng.integers(names, size=150)
    expected = SVC(C=2.0).fit(values, name).decision_function(values)
    found = OneAgainstOneSVC(C=2.0, decision_function_shape="ovo").fit(values, name)
    np.testing.assert_allclose(found.decision_function(values), expected, atol=1e-12)


def test_votes_decide_and_confidence_breaks_ties():
    class Known(OneAgainstOneSVC):
        classes_ = np.arange(3)

    pairs = np.array([[1.0, -2.0, 3.0]])  # 0 beats 1, 2 beats 0, 1 beats 2: a vote each
    sums = np.array([1 - 2, -1 + 3, 2 - 3])  # what each name's pairs add up to
    expected = 1 + sums / (3 * (np.abs(sums) + 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SVC, "decision_function", lambda self, values: pairs)
        found = Known().decision_function(None)
    np.testing.assert_allclose(found[0], expected)
