"""Columns that several tables have, each described once.

A metric's column is its function and its line: in the table that shows it, or here.
"""

from chromapal.columns import BODY, HISTORY, PROBABILITY, TRAINED_ON
from chromapal.evaluate.dictionary.entries import COUNT, FRACTION, LOSS, TEXT, UNIT, Column

SHARED = {
    column.name: column
    for column in (
        # what was run
        Column("study", TEXT, "Name of the study (config key `study`)."),
        Column("colorizer", TEXT, "Method that predicted the colours; empty where none was used."),
        Column(
            "variant", TEXT, "Which neurons are used: `with_background` all of them, those "
            "without a "
            "label under the name `background`; `no_background` labelled ones only; "
            "`no_background_smote` the same, with rare names given more weight in training."
        ),
        Column(
            "sample", TEXT, "What one sample of the colorizer holds: a whole `worm`, or one "
            "`neuron`; "
            "empty where no predicted colour was used."
        ),
        Column(
            "grid", "cells", "Cells along each side of the colorizer's grid; empty where no "
            "predicted colour was used."
        ),
        Column("classifier", TEXT, "Method that named the neurons."),
        Column("features", TEXT, "What the classifier could look at, such as `position+gray`."),
        Column(
            "fold", TEXT, "The group of worms that was held out for testing, `fold0`, "
            "`fold1`, ...; `all` for all folds together."
        ),
        Column("lab", TEXT, "Laboratory; `all` for all of them together."),
        Column("worm", TEXT, "Name of the worm within its laboratory."),
        Column("set", TEXT, "Image set (config key `sets`)."),
        Column("run", TEXT, "Run of an image study (config key `runs`)."),
        Column(
            "seed", "", "Seed of the study (config key `seed`): of folds, and of the draws behind "
            "intervals."
        ),
        Column("worms", COUNT, "Test worms scored."),
        Column("neurons", COUNT, "Labelled test neurons that the row counts."),
        Column(
            "training_device", TEXT, "Device on which the row's networks were trained: `cpu`, "
            "`cuda` or `mps`; empty without a network, several joined by `+`."
        ),
        Column(
            "training_precision", TEXT, "Number format that they were trained in, `fp32` or "
            "`bf16`; empty without a network, several joined by `+`."
        ),
        # one training
        Column("epoch", COUNT, "Passes through the training samples before this one."),
        Column("step", COUNT, "Optimiser steps taken by the end of the epoch."),
        Column(
            "train_loss", LOSS, "Loss of the training samples over the epoch. For neurons the "
            "weighted mean squared error of colour on the study's scale; for images as the "
            "method defines it."
        ),
        Column("validation_loss", LOSS, "The same of the validation samples, after the epoch."),
        Column("learning_rate", "", "Step size of Adam during the epoch."),
        # colour of neurons
        Column(
            "mse", "scale²", "Mean squared error of red, green and blue on the study's colour "
            "scale (config key `colour_scale`)."
        ),
        Column(
            "chroma_r2", "R²", "Fraction of the colours' variance explained beyond brightness: R², "
            "pooled over channels, of truth and prediction after each channel's linear fit of the "
            "truth on the true luminance is subtracted from both. 0 is what brightness alone "
            "explains, 1 is perfect, below 0 is worse than brightness alone."
        ),
        # names of neurons
        Column(
            "accuracy", FRACTION, "Fraction of labelled neurons whose likeliest name is right, "
            "each "
            "neuron for itself; mean over worms."
        ),
        Column(
            "top5", FRACTION, "Fraction of labelled neurons whose name is among the five "
            "likeliest, "
            "each neuron for itself; mean over worms."
        ),
        Column(
            "majority", FRACTION, "Accuracy of always answering the training worms' most "
            "frequent "
            "name; mean over worms."
        ),
        Column(
            "assigned", FRACTION, "Fraction of labelled neurons named right when each name is "
            "given to "
            "one neuron of a worm (assignment of the greatest product of probabilities, Kuhn "
            "1955); mean over worms."
        ),
        Column(
            "assigned_top5", FRACTION, "The same, with the name among five: the assigned one and "
            "the "
            "four likeliest others; mean over worms."
        ),
        Column(
            "class_accuracy", FRACTION, "As `assigned`, with left and right of a pair counted as "
            "one name."
        ),
        Column("low", FRACTION, "Lower end of the accuracy's 95 % interval (bootstrap over "
            "worms)."),
        Column("high", FRACTION, "Upper end of that interval."),
        Column("name", TEXT, "Name of the neuron, as a person labelled it."),
        Column("tested", COUNT, "Test neurons of this name."),
        Column("right", COUNT, "Those of them that were named right."),
        # one neuron
        Column("x", "voxel", "Centre of the neuron along the first axis of the volume."),
        Column("y", "voxel", "Centre along the second axis."),
        Column("z", "voxel", "Centre along the third axis."),
        Column("xr", "um", "Centre along the first axis of the volume."),
        Column("yr", "um", "Centre along the second axis."),
        Column("zr", "um", "Centre along the third axis."),
        Column("posterior", "um", "Position in the body, towards the tail."),
        Column("dorsal", "um", "Position in the body, towards the back."),
        Column("left", "um", "Position in the body, towards the worm's left side."),
        Column("ID", TEXT, "The label in the file, unchanged."),
        Column("answer", TEXT, "The assigned name; of the five the one to use."),
        Column("second", TEXT, "Second most probable name; another neuron may have it too."),
        Column("third", TEXT, "Third most probable name."),
        Column("fourth", TEXT, "Fourth most probable name."),
        Column("fifth", TEXT, "Fifth most probable name."),
        Column(
            "probability", UNIT, "Probability of `answer`, calibrated on training worms that "
            "were held out: of answers with probability 0.8, eight in ten are right."
        ),
        Column("probability2", UNIT, "Probability of the second name."),
        Column("probability3", UNIT, "Probability of the third name."),
        Column("probability4", UNIT, "Probability of the fourth name."),
        Column("probability5", UNIT, "Probability of the fifth name."),
        Column("review", "rank", "Rank in the review queue: 1 for the worm's least certain "
            "neuron."),
        Column("class", TEXT, "Name of the neuron's class: left and right are one, dorsal and "
            "ventral stay apart (RMDDL is RMDD)."),
        Column("red", "scale", "Predicted red on the study's colour scale."),
        Column("green", "scale", "Predicted green."),
        Column("blue", "scale", "Predicted blue."),
        Column("red_sd", "scale", "Standard deviation of the predicted red."),
        Column("green_sd", "scale", "Standard deviation of the predicted green."),
        Column("blue_sd", "scale", "Standard deviation of the predicted blue."),
        Column("red_shown", UNIT, "Predicted red as it is drawn."),
        Column("green_shown", UNIT, "Predicted green as it is drawn."),
        Column("blue_shown", UNIT, "Predicted blue as it is drawn."),
        # calcium traces
        Column("series", TEXT, "Series of traces, by its path below `processing`."),
        Column("time", "s", "Time on the file's clock, to the millisecond."),
        # what was skipped, and how worms differ from training worms
        Column("file", TEXT, "Source file."),
        Column("stage", TEXT, "What it was skipped for: `source`, `colour` or `identity`."),
        Column("reason", TEXT, "Why, in one line."),
        Column("question", TEXT, "What is asked, such as `sex` or `size`."),
        Column("found", TEXT, "The worm's value."),
        Column("trained", TEXT, "What is usual: the training worms' values."),
    )
}  # fmt: skip


def columns_of(*columns: str | Column) -> tuple[Column, ...]:
    """Look up shared columns, several to a text; others are given as they are."""
    found: list[Column] = []
    for column in columns:
        found += [column] if isinstance(column, Column) else map(SHARED.get, column.split())
    return tuple(found)


RUN = "study colorizer variant sample grid"
NAMING_RUN = "study classifier colorizer variant features"
TRAINED_ON_COLUMNS = " ".join(TRAINED_ON)
HISTORY_COLUMNS = " ".join(HISTORY)
TRAINING_SEED = Column(
    "seed", "", "Seed of the training (config key `training.seed`, else `seed`)."
)
NAMED_RIGHT = Column("right", TEXT, "`yes` or `no`; empty where nobody labelled the neuron.")
PLACE = " ".join(("x y z", *BODY))
ANSWERS = f"answer probability second third fourth fifth {' '.join(PROBABILITY[1:])}"
OF_WORM = Column("neurons", COUNT, "Test neurons of the worm that were scored.")
