"""The features of a classifier that alignment may also use."""

from chromapal.columns import FEATURES, POSITION, PREDICTED, WEIGHT


def channels(features: str) -> tuple[str, ...]:
    """Return the columns that alignment may use for a feature set: its gray or colour.

    Predicted colour is a function of position and gray, and weight is not a property of the worm.
    """
    return tuple(name for name in FEATURES[features] if name not in (*POSITION, *PREDICTED, WEIGHT))
