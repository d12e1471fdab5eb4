"""Atlas with a Gaussian density per name (Yemini et al. 2021 name neurons by one)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """Nothing to choose."""


def build(params, seed):
    """Return the unfitted atlas; nothing in it is random."""
    from chromapal.classifiers.common.atlas_density import AtlasDensity

    return AtlasDensity()
