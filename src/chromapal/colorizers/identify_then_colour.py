"""Names neurons from position and gray, then gives the colour that such a neuron has.

The expected colour under the posterior over names: a neuron that is certainly AVAL gets AVAL's
colour at its gray; an uncertain one gets a mixture, with a larger standard deviation.
"""

import dataclasses

from chromapal.colorizers.common import named_colour
from chromapal.identify.settings import TransformerSettings

accepts = ("neurons",)
gpu = True
names_by = "neuron_transformer"
rank = 2
# It needs all neurons of a worm: the other neurons limit which name a neuron can have.
whole_worms = True


@dataclasses.dataclass(frozen=True)
class Params(TransformerSettings):
    """Shape and training of the transformer that names the neurons."""


def build(params: Params, dense: bool):
    """Make an untrained colorizer."""
    return named_colour.NamedColour("identify_then_colour", params, dense, stacked=False)
