"""What a model expects of every name, for the pages of new worms."""

import os

import pandas as pd

from chromapal.apply import model as saved
from chromapal.columns import BODY, RGB_SHOWN
from chromapal.prepare.normalise import display
from chromapal.worms.table import neuron_class


class Expected:
    """Places and colours of names.

    Parameters
    ----------
    model : path-like
        Folder of the trained model.

    Attributes
    ----------
    colour_scale : str
        The colour scale of its study.
    """

    def __init__(self, model: str | os.PathLike):
        self._colorizer, facts = saved.load(model)
        self.colour_scale = facts["normaliser"]["colour_scale"]
        self._landmarks = facts["typical"]["landmarks"]

    def names(self, lab: str, features: str) -> pd.DataFrame:
        """Return by name where it is expected, `BODY` [um], and in which colour, `RGB_SHOWN`.

        And whether it is a landmark, a neuron that is most surely named right.

        Parameters
        ----------
        lab : str
            The laboratory, which may have learnt colours of its own.
        features : str
            The feature set that the worm was named by, and so aligned by.
        """
        identifier = self._colorizer.identifier
        colours = self._colorizer.colours.at(lab).joint.mean[:, 1:].numpy()
        shown = display(colours, self.colour_scale)
        frame = pd.DataFrame(shown, identifier.transformer.classes_, list(RGB_SHOWN))
        atlas = identifier.alignments[features].aligner.atlas
        places = pd.DataFrame(atlas.position.mean.numpy(), list(atlas.names), list(BODY))
        landmark = neuron_class(frame.index.to_series()).isin(self._landmarks.get(features, ()))
        return frame.join(places).assign(landmark=landmark)
