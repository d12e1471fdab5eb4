"""Support vector machine with a Gaussian kernel."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """What can be changed about the support vector machine.

    Attributes
    ----------
    penalty : float
        Price of a misnamed training neuron (C).
    cache_mb : float
        Memory for kernel rows [MB].
    """

    penalty: float = 10.0
    cache_mb: float = 500.0


def build(params, seed):
    """Return the unfitted pipeline."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from chromapal.classifiers.common.one_against_one import OneAgainstOneSVC

    return make_pipeline(
        StandardScaler(),
        OneAgainstOneSVC(
            C=params.penalty,
            cache_size=params.cache_mb,
            decision_function_shape="ovo",
            random_state=seed,
        ),
    )
