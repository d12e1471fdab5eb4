"""Names that several rooms share: columns, feature sets, variants; standard library only.

The meanings of columns are in `chromapal.evaluate.dictionary`, apart from these names: all rules
that compute depend on this module, and would run again whenever a meaning is reworded.
"""

# A neuron's position between 0 and 1 of the worm's extent, and in the body [um].
POSITION = ("u", "v", "w")
BODY = ("posterior", "dorsal", "left")
COLOUR = ("r", "g", "b")
PREDICTED = ("pred_r", "pred_g", "pred_b")
WEIGHT = "weight_n"

# What a classifier may look at, in the order in which tables and figures show it.
FEATURES = {
    "position": POSITION,
    "position+weight": (*POSITION, WEIGHT),
    "position+gray": (*POSITION, "gray"),
    "position+luminance": (*POSITION, "luminance"),
    "position+white": (*POSITION, "white"),
    "predicted": PREDICTED,
    "position+gray+predicted": (*POSITION, "gray", *PREDICTED),
    "position+rgb": (*POSITION, *COLOUR),
    "position+white+rgb": (*POSITION, "white", *COLOUR),
    "position+weight+rgb": (*POSITION, WEIGHT, *COLOUR),
}
# Feature sets that worms can be aligned by: predicted colour is a function of position and
# gray, and weight depends on the segmentation, not the worm.
ALIGNABLE = tuple(
    name
    for name, columns in FEATURES.items()
    if name.startswith("position") and not {WEIGHT, *PREDICTED} & set(columns)
)
# What becomes of unlabelled neurons, and whether rare names are oversampled in training.
VARIANTS = {
    "with_background": "unlabelled neurons kept",
    "no_background": "named neurons only",
    "no_background_smote": "named only, rare names boosted",
}

# Five names of a neuron, best first: each neuron for itself; one name to one neuron; and the
# probabilities of the latter.
FIVE = 5
TOP = [f"top{rank}" for rank in range(1, FIVE + 1)]
ASSIGNED = [f"assigned{rank}" for rank in range(1, FIVE + 1)]
PROBABILITY = ["probability", *(f"probability{rank}" for rank in range(2, FIVE + 1))]

# From which probability of being no neuron on a new worm's centre gets no name.
NO_NEURON = 0.5

# Predicted colour of a new worm on the study's scale, its standard deviation, as it is shown, and
# the colour that the worm really has, where it has one.
RGB = ("red", "green", "blue")
RGB_SD = tuple(f"{colour}_sd" for colour in RGB)
RGB_MEASURED = tuple(f"{colour}_measured" for colour in RGB)
RGB_SHOWN = tuple(f"{colour}_shown" for colour in RGB)

# What networks were trained with; "" where there is no network.
TRAINED_ON = ("training_device", "training_precision")
# One training, a row per epoch.
HISTORY = {
    "epoch": int,
    "step": int,
    "train_loss": float,
    "validation_loss": float,
    "learning_rate": float,
    **dict.fromkeys(TRAINED_ON, str),
}
SKIPPED = ("file", "lab", "worm", "stage", "reason")
SCOPE = ("lab", "worm", "question", "found", "trained")
# labels that are kept, but that no list of neurons knows
UNKNOWN_LABELS = ("lab", "label", "neurons", "worms")
