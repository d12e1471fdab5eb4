"""What alignment may look at of what a classifier looks at."""

from chromapal.columns import FEATURES, POSITION, PREDICTED, WEIGHT


def channels(features: str) -> tuple[str, ...]:
    """Give the columns that alignment may use for a feature set: its gray or colour.

    Predicted colour is a function of position and gray, and weight is none of the animal's.
    """
    return tuple(name for name in FEATURES[features] if name not in (*POSITION, *PREDICTED, WEIGHT))
