"""What classifiers look at, and which of it alignment may look at too."""

POSITION = ("u", "v", "w")
BODY = ("posterior", "dorsal", "left")
COLOUR = ("r", "g", "b")
PREDICTED = ("pred_r", "pred_g", "pred_b")
FEATURES = {
    "position": POSITION,
    "position+gray": (*POSITION, "gray"),
    "position+luminance": (*POSITION, "luminance"),
    "position+white": (*POSITION, "white"),
    "position+rgb": (*POSITION, *COLOUR),
    "position+gray+predicted": (*POSITION, "gray", *PREDICTED),
    "predicted": PREDICTED,
    "position+weight": (*POSITION, "weight_n"),
    "position+weight+rgb": (*POSITION, "weight_n", *COLOUR),
}


def cue(features: str) -> tuple[str, ...]:
    """Give the columns that alignment may use for a feature set: its gray or colour.

    Predicted colour is a function of position and gray, and weight is none of the animal's.
    """
    return tuple(
        name for name in FEATURES[features] if name not in (*POSITION, *PREDICTED, "weight_n")
    )
