"""Atlas with a Student-t density per name, which forgives a neuron that lies far out."""

from dataclasses import dataclass

rank = 2


@dataclass(frozen=True)
class Params:
    """What can be changed about the atlas.

    Attributes
    ----------
    degrees_of_freedom : float
        Degrees of freedom; the smaller, the heavier the tails.
    """

    degrees_of_freedom: float = 6.0


def build(params, seed):
    """Return the unfitted atlas; nothing in it is random."""
    from chromapal.classifiers.common.atlas_density import AtlasDensity

    return AtlasDensity(params.degrees_of_freedom)
