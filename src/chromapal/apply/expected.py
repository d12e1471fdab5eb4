"""What a model expects of every name, and what was measured, for the pages of new worms."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from chromapal.apply import model as saved
from chromapal.columns import BODY, COLOUR, RGB_SHOWN
from chromapal.prepare.normalise import Normaliser, display
from chromapal.worms import table
from chromapal.worms.table import WORM


@dataclass(frozen=True)
class Known:
    """Where what a page shows beside the answers is.

    Attributes
    ----------
    model : str
        Folder of the trained model.
    counts : str
        The new worms' neuron tables; see `chromapal.apply.read.collect`.
    """

    model: str
    counts: str


class Expected:
    """Places and colours of names, and the colours that worms were recorded with.

    Parameters
    ----------
    known : Known
        Where they are read from.
    """

    def __init__(self, known: Known):
        self._colorizer, facts = saved.load(known.model)
        normaliser = Normaliser.from_json(facts["normaliser"])
        self._scale = normaliser.colour_scale
        self._counts = normaliser.transform(table.read(known.counts))

    def names(self, lab: str) -> pd.DataFrame:
        """Return by name where it is expected, `BODY` [um], and in which colour, `RGB_SHOWN`.

        Parameters
        ----------
        lab : str
            The laboratory, which may have learnt colours of its own.
        """
        identifier = self._colorizer.identifier
        colours = self._colorizer.colours.at(lab).joint.mean[:, 1:].numpy()
        shown = display(colours, self._scale)
        frame = pd.DataFrame(shown, identifier.transformer.classes_, list(RGB_SHOWN))
        if identifier.alignment is None:
            return frame
        atlas = identifier.alignment.aligner.atlas
        places = pd.DataFrame(atlas.position.mean.numpy(), list(atlas.names), list(BODY))
        return frame.join(places)

    def measured(self, lab: str, worm: str) -> pd.DataFrame | None:
        """Return the colours that a worm's neurons were recorded with, `RGB_SHOWN` [0 to 1].

        Returns
        -------
        pandas.DataFrame or None
            Rows in the order of the neurons' numbers; None for a worm without three colours.
        """
        own = self._counts[(self._counts[WORM] == [lab, worm]).all(axis=1)]
        colours = own[list(COLOUR)].to_numpy(float)
        if not np.isfinite(colours).all():
            return None
        return pd.DataFrame(display(colours, self._scale), columns=list(RGB_SHOWN))
