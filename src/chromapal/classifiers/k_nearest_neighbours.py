"""The names of the nearest training neurons, weighted by closeness."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """What can be changed about the vote.

    Attributes
    ----------
    neighbours : int
        Training neurons that vote.
    """

    neighbours: int = 15


def build(params, seed):
    """Return the unfitted pipeline; nothing in it is random."""
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), KNeighborsClassifier(params.neighbours, weights="distance")
    )
