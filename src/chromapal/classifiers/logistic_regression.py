"""Multinomial logistic regression."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """What can be changed about the regression.

    Attributes
    ----------
    penalty : float
        Inverse strength of the ridge on the weights (C).
    iterations : int
        Most steps of the solver.
    """

    penalty: float = 10.0
    iterations: int = 100


def build(params, seed):
    """Return the unfitted pipeline; nothing in it is random."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), LogisticRegression(C=params.penalty, max_iter=params.iterations)
    )
