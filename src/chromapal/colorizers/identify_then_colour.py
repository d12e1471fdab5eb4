"""Names neurons from position and gray, then gives the colour that such a neuron has.

The expected colour under the posterior over names: a neuron that is certainly an AVAL gets
AVAL's colour at its gray, an uncertain one a mixture, and with it a deviation that says so.
"""

import dataclasses

from chromapal.colorizers.common import named_colour
from chromapal.identify.settings import TransformerSettings

accepts = ("neurons",)
gpu = True
names_by = "neuron_transformer"
rank = 2
# It is given all neurons of an animal: who else is there says what a neuron may be called.
whole_animals = True


@dataclasses.dataclass(frozen=True)
class Params(TransformerSettings):
    """Shape and training of the transformer that names the neurons."""


def build(params: Params, dense: bool):
    """Make an untrained colorizer."""
    return named_colour.NamedColour("identify_then_colour", params, dense, stacked=False)
