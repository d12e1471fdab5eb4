"""Identify, then colour, then correct the colour by position and gray.

The correction is a linear map from the expected colour, position in the body and gray to colour,
fitted on training worms that the networks naming them had not seen.
"""

import dataclasses

from chromapal.colorizers.common import named_colour
from chromapal.identify.settings import TransformerSettings

accepts = ("neurons",)
gpu = True
names_by = "neuron_transformer"
rank = 1
# It needs all neurons of a worm: the other neurons limit which name a neuron can have.
whole_worms = True


@dataclasses.dataclass(frozen=True)
class Params(TransformerSettings):
    """Shape and training of the transformer that names the neurons."""


def build(params: Params, dense: bool):
    """Make an untrained colorizer."""
    return named_colour.NamedColour("identify_then_colour_stacked", params, dense, stacked=True)
