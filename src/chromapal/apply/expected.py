"""What a model expects of every name, for the pages of new worms."""

import pandas as pd

from chromapal.columns import BODY, RGB_SHOWN
from chromapal.prepare.normalise import display
from chromapal.worms.table import neuron_class

KEYS = ["lab", "features"]


def expected_names(model, worms: pd.DataFrame) -> pd.DataFrame:
    """Describe every name, as it is expected in each laboratory and feature set of some worms.

    Parameters
    ----------
    model : chromapal.apply.name.Model
        The model.
    worms : pandas.DataFrame
        lab and features of worms that it named: a laboratory may have learnt colours of its own,
        and every feature set has an atlas of its own.

    Returns
    -------
    pandas.DataFrame
        lab, features, name; where it is expected, `BODY` [um], NaN where the atlas lacks it; in
        which colour, `RGB_SHOWN` [0 to 1]; and whether it is a landmark, a neuron that is most
        surely named right.
    """
    identifier, landmarks = model.colorizer.identifier, model.facts["typical"]["landmarks"]
    parts = []
    for lab, features in worms[KEYS].drop_duplicates().itertuples(index=False):
        colours = model.colorizer.colours.at(lab).joint.mean[:, 1:].numpy()
        shown = display(colours, model.colour_scale)
        frame = pd.DataFrame(shown, identifier.transformer.classes_, list(RGB_SHOWN))
        atlas = identifier.alignments[features].aligner.atlas
        places = pd.DataFrame(atlas.position.mean.numpy(), list(atlas.names), list(BODY))
        landmark = neuron_class(frame.index.to_series()).isin(landmarks.get(features, ()))
        found = frame.join(places).assign(landmark=landmark, lab=lab, features=features)
        parts.append(found.rename_axis("name").reset_index())
    return pd.concat(parts, ignore_index=True)
