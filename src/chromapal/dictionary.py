"""The column dictionary: every table that is written, its columns, their units and meanings.

Standard library only. `python -m chromapal.dictionary` prints docs/tables.md. A metric's column is
its function and its line here, in the table that shows it or, where several do, in `SHARED`.
"""

from dataclasses import dataclass

from chromapal.columns import (
    BODY,
    HISTORY,
    PROBABILITY,
    RGB,
    RGB_SD,
    RGB_SHOWN,
    SCOPE,
    SKIPPED,
    TRAINED_ON,
)

TEXT = "text"
FRACTION = "fraction"
UNIT = "0 to 1"
COUNT = "count"
LOSS = "loss"
RATIO = "ratio"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        As in the file's first line.
    unit : str
        `text` for what is not a number.
    meaning : str
        One sentence, with the source of a formula.
    """

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes
    ----------
    path : str
        Below the folder of a study's results, or of applied results.
    meaning : str
        What a row is.
    keys : tuple of str
        The columns that identify a row.
    columns : tuple of Column
        In the order of the file.
    """

    path: str
    meaning: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    @property
    def units(self) -> dict[str, str]:
        """The columns' units, by name."""
        return {column.name: column.unit for column in self.columns}


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
        Column("red", "scale", "Predicted red on the study's colour scale."),
        Column("green", "scale", "Predicted green."),
        Column("blue", "scale", "Predicted blue."),
        Column("red_sd", "scale", "Standard deviation of the predicted red."),
        Column("green_sd", "scale", "Standard deviation of the predicted green."),
        Column("blue_sd", "scale", "Standard deviation of the predicted blue."),
        Column("red_shown", UNIT, "Predicted red as it is drawn."),
        Column("green_shown", UNIT, "Predicted green as it is drawn."),
        Column("blue_shown", UNIT, "Predicted blue as it is drawn."),
        # what was skipped, and how worms differ from training worms
        Column("file", TEXT, "Source file."),
        Column("stage", TEXT, "What it was skipped for: `source`, `colour` or `identity`."),
        Column("reason", TEXT, "Why, in one line."),
        Column("question", TEXT, "How the worm differs, such as `sex` or `size`."),
        Column("found", TEXT, "The worm's value."),
        Column("trained", TEXT, "The training worms' values."),
    )
}  # fmt: skip


def _columns(*columns: str | Column) -> tuple[Column, ...]:
    """Look up shared columns, several to a text; others are given as they are."""
    found: list[Column] = []
    for column in columns:
        found += [column] if isinstance(column, Column) else map(SHARED.get, column.split())
    return tuple(found)


_RUN = "study colorizer variant sample grid"
_NAMING_RUN = "study classifier colorizer variant features"
_TRAINED_ON = " ".join(TRAINED_ON)
_HISTORY = " ".join(HISTORY)
_TRAINING_SEED = Column(
    "seed", "", "Seed of the training (config key `training.seed`, else `seed`)."
)
_NAMED_RIGHT = Column("right", TEXT, "`yes` or `no`; empty where nobody labelled the neuron.")
_PLACE = " ".join(("x y z", *BODY))
_ANSWERS = f"answer probability second third fourth fifth {' '.join(PROBABILITY[1:])}"
_OF_WORM = Column("neurons", COUNT, "Test neurons of the worm that were scored.")

TABLES = {
    "colour": Table(
        "tables/colour.csv",
        "Predicted colours of test neurons against the true ones: a row per run, fold and "
        "laboratory, and for all of either.",
        ("study", "colorizer", "variant", "sample", "grid", "fold", "lab"),
        _columns(
            _RUN, "fold lab", _TRAINING_SEED, "worms",
            Column("neurons", COUNT, "Test neurons scored."), "mse",
            Column("r2_r", "R²", "Fraction of the variance of red explained, on the study's "
                "scale."),
            Column("r2_g", "R²", "The same of green."),
            Column("r2_b", "R²", "The same of blue."),
            Column("r2", "R²", "Mean of the three."),
            "chroma_r2",
            Column(
                "ssim", "-1 to 1", "Structural similarity of each worm drawn as discs in true "
                "and in predicted colours (Wang et al. 2004, Gaussian window of sigma 1.5 pixels), "
                "over the discs; mean over worms."
            ),
            Column(
                "colourfulness", "", "Colourfulness of the predicted colours (Hasler and "
                "Süsstrunk 2003): sqrt(s_rg² + s_yb²) + 0.3 sqrt(m_rg² + m_yb²), rg = R - G, "
                "yb = (R + G) / 2 - B, on colours between 0 and 1."
            ),
            Column("colourfulness_true", "", "The same of the true colours."),
            Column("colourfulness_ratio", RATIO, "The first over the second."),
            Column(
                "delta_e", "ΔE", "Mean colour difference ΔE2000 (CIELAB, D65); about 1 can just "
                "be seen."
            ),
            _TRAINED_ON,
        ),
    ),
    "identity": Table(
        "tables/identity.csv",
        "Names of labelled test neurons: a row per classifier, feature set, fold and laboratory, "
        "and for all of either.",
        (
            "study", "classifier", "colorizer", "variant", "sample", "grid", "features", "fold",
            "lab",
        ),
        _columns(
            "study classifier colorizer variant sample grid features fold lab seed worms neurons",
            "accuracy low high",
            Column(
                "accuracy_all", FRACTION, "As `accuracy`, over all neurons of the variant: naming "
                "an "
                "unlabelled neuron `background` counts as right."
            ),
            Column(
                "accuracy_rows", FRACTION, "As `accuracy_all`, over the neurons of all worms "
                "together, as the original study scored it: worms with many neurons weigh more."
            ),
            Column(
                "balanced_accuracy", FRACTION, "Mean over names of the fraction of a name's "
                "neurons that "
                "was named right: rare names count as much as frequent ones."
            ),
            "top5",
            Column(
                "macro_f1", FRACTION, "Mean over names of F1 = 2 right / (neurons of the name + "
                "neurons given the name)."
            ),
            "majority",
            Column(
                "majority_all", FRACTION, "As `majority`, over all neurons, `background` being a "
                "name."
            ),
            Column("majority_rows", FRACTION, "The same over the neurons of all worms together."),
            Column(
                "chance", FRACTION, "Accuracy of drawing a name at random: one over the number of "
                "names in training."
            ),
            Column(
                "recovery_ratio", RATIO, "What predicted colour adds to position and gray, as a "
                "fraction of what true colour adds: (accuracy with predicted colour - with gray) / "
                "(accuracy with true colour - with gray); empty where the interval of the "
                "denominator includes 0, and for other feature sets."
            ),
            "assigned",
            Column("assigned_low", FRACTION, "Lower end of the 95 % interval of `assigned`."),
            Column("assigned_high", FRACTION, "Upper end of that interval."),
            "assigned_top5 class_accuracy",
            Column(
                "partial", COUNT, "Labels that denote several names, such as `RMDD?`; they are "
                "scored here only."
            ),
            Column(
                "partial_accuracy", FRACTION, "Fraction of those whose assigned name is one of "
                "the names "
                "denoted; mean over worms."
            ),
            _TRAINED_ON,
        ),
    ),
    "worms": Table(
        "tables/worms.csv",
        "Scores of every test worm: of its colours or of its names, as `measure` says.",
        (
            "study", "lab", "worm", "fold", "measure", "colorizer", "variant", "sample", "grid",
            "classifier", "features",
        ),
        _columns(
            "study lab worm fold", _OF_WORM,
            Column("labelled", COUNT, "Those with a full label."),
            Column("measure", TEXT, "`colour` or `identity`; the other's scores are empty."),
            "colorizer variant sample grid classifier features mse chroma_r2 accuracy top5",
            "majority assigned assigned_top5 class_accuracy",
        ),
    ),
    "names": Table(
        "tables/names.csv",
        "How often each name was right, each neuron for itself: a row per method and name.",
        ("classifier", "colorizer", "variant", "features", "name"),
        _columns(
            "classifier colorizer variant features name",
            Column("class", TEXT, "The name without its side."),
            Column(
                "training_examples", COUNT, "Training neurons of this name, mean over the tested "
                "ones' folds."
            ),
            "tested right",
        ),
    ),
    "confusion": Table(
        "tables/confusion.csv",
        "What was taken for what, each neuron for itself and without sides: a row per method and "
        "pair of names that occurred.",
        ("classifier", "colorizer", "variant", "features", "true_class", "predicted_class"),
        _columns(
            "classifier colorizer variant features",
            Column("true_class", TEXT, "The label without its side."),
            Column("predicted_class", TEXT, "The answer without its side."),
            Column("count", COUNT, "Test neurons."),
        ),
    ),
    "losses": Table(
        "tables/losses.csv",
        "Every training of a colorizer: a row per epoch. `fold0-1` is the training that left out "
        "both folds.",
        ("study", "colorizer", "variant", "sample", "grid", "fold", "epoch"),
        _columns(_RUN, "fold", _TRAINING_SEED, _HISTORY),
    ),
    "summary": Table(
        "tables/summary.csv",
        "The original study's three tables, ours beside the published figures.",
        ("table", "row", "column"),
        _columns(
            Column("table", TEXT, "Table of the original study."),
            Column("row", TEXT, "Its row."),
            Column("column", TEXT, "Its column."),
            Column("published", "", "The published figure; empty for simulated worms."),
            Column("ours", "", "Ours, in the setting nearest to it; empty where that was not run."),
            Column("baseline", "", "The same measure without learning."),
            Column("baseline_name", TEXT, "What that is: `majority` or `mean_colour`."),
            Column("second_baseline", "", "A second measure without learning."),
            Column("second_baseline_name", TEXT, "What that is: `chance` or `copy_gray`."),
            Column("source", TEXT, "Which of our runs stands there."),
        ),
    ),
    "skipped": Table(
        "tables/skipped.csv, skipped.csv",
        "Files and worms that were skipped: a row each, of a study or of new worms.",
        SKIPPED,
        _columns(" ".join(SKIPPED)),
    ),
    "calibration": Table(
        "tables/calibration.csv",
        "What probabilities are worth: a row per tenth of probability that has an answer. Assigned "
        "names of labelled neurons.",
        ("study", "classifier", "colorizer", "variant", "features", "lab", "low"),
        _columns(
            _NAMING_RUN, "lab",
            Column("low", UNIT, "Lower end of the tenth."),
            Column("high", UNIT, "Upper end of the tenth."),
            Column("neurons", COUNT, "Answers whose probability lies in it."),
            Column("confidence", UNIT, "Their mean probability."),
            Column("accuracy", FRACTION, "Fraction of them that is right."),
            Column(
                "ece", FRACTION, "Expected calibration error, the same in all tenths: mean over "
                "neurons of the distance between `confidence` and `accuracy` of their tenth."
            ),
        ),
    ),
    "coverage": Table(
        "tables/coverage.csv",
        "How right the most certain answers are: a row per share of neurons that is answered.",
        ("study", "classifier", "colorizer", "variant", "features", "lab", "coverage"),
        _columns(
            _NAMING_RUN, "lab",
            Column("coverage", FRACTION, "Fraction of the labelled neurons that is answered."),
            Column("neurons", COUNT, "Answers given."),
            Column("threshold", UNIT, "Least probability among them."),
            Column("precision", FRACTION, "Fraction of them that is right, every neuron counting "
                "once."),
            Column(
                "precision_by_animal", FRACTION, "Mean over worms of the fraction of their "
                "answers "
                "that is right; over worms with at least one answer."
            ),
        ),
    ),
    "ganglia": Table(
        "tables/ganglia.csv",
        "Accuracy by ganglion: a row per method, ganglion and laboratory.",
        ("study", "classifier", "colorizer", "variant", "features", "ganglion", "lab"),
        _columns(
            _NAMING_RUN,
            Column("ganglion", TEXT, "Ganglion of the labelled neuron."),
            "lab neurons",
            Column("accuracy", FRACTION, "Fraction of them whose assigned name is right."),
            Column("class_accuracy", FRACTION, "The same, left and right taken for one name."),
        ),
    ),
    "handedness": Table(
        "tables/handedness.csv",
        "Whether each test worm's axes are right-handed or mirrored: a row per worm and "
        "feature set of the alignment.",
        ("study", "features", "fold", "lab", "worm"),
        _columns(
            "study features fold lab worm",
            Column("session", TEXT, "Day of the recording; empty where unknown."),
            Column("neurons", COUNT, "Neurons of the worm."),
            Column(
                "labels", "1, -1, 0", "Handedness by its labels, used for checking only: "
                "right-handed, "
                "mirrored or unknown."
            ),
            Column("chosen", "1, -1", "Handedness decided without its labels."),
            Column(
                "source", TEXT, "What decided: `laboratory` (its other worms), `evidence` (its "
                "neurons), `stated` (config) or `labels` (an oracle)."
            ),
            Column("probability", UNIT, "Probability of the decision."),
            Column("doubtful", "0, 1", "Whether that is below 0.9; names then go without a side."),
            Column("suspect", "0, 1", "Whether labels and decision disagree: check both."),
            Column("laboratory_log_odds", "nat", "Log odds of right-handed axes by laboratory."),
            Column("evidence_log_odds", "nat", "Log odds of right-handed axes by evidence."),
            Column("accuracy", FRACTION, "Fraction of labelled neurons that the atlas names "
                "right, as decided."),
            Column("accuracy_mirrored", FRACTION, "The same in the other handedness."),
        ),
    ),
    "places": Table(
        "tables/places.csv",
        "Where each name lies in the body, and with which name it is most often confused: a row "
        "per method and "
        "name.",
        ("study", "classifier", "features", "name"),
        _columns(
            "study classifier features name",
            Column("posterior", "um", "Median over test worms of the position towards the tail."),
            Column("dorsal", "um", "The same towards the back."),
            Column("left", "um", "The same towards the worm's left side."),
            "tested",
            Column("right", COUNT, "Those of them whose assigned name is right."),
            Column("confused_with", TEXT, "The wrong name they were given most often; empty for "
                "none."),
            Column("confused", COUNT, "How many were given that name."),
        ),
    ),
    "peers": Table(
        "tables/peers.csv",
        "Other methods on the same worms, in pairs: a row per method of this study, other "
        "method and laboratory.",
        ("study", "classifier", "features", "method", "lab"),
        _columns(
            "study classifier features",
            Column("method", TEXT, "The other method, as named in the file of peers."),
            "lab",
            Column("worms", COUNT, "Worms that both were scored on."),
            Column("ours", FRACTION, "This study's `assigned`, mean over these worms."),
            Column("peer", FRACTION, "The other method's fraction of labels right, likewise."),
            Column("difference", FRACTION, "Mean difference, this study's minus the other's."),
            Column(
                "low", FRACTION, "Lower end of the difference's 95 % interval (bootstrap over "
                "worms)."
            ),
            Column("high", FRACTION, "Upper end of that interval."),
            Column("wins", COUNT, "Worms on which this study is better."),
            Column("ties", COUNT, "Worms on which both are equal to five digits."),
            Column("losses", COUNT, "Worms on which the other method is better."),
            Column("p", UNIT, "p value of Wilcoxon's signed-rank test, two-sided."),
        ),
    ),
    "anchors": Table(
        "tables/anchors.csv",
        "How anchors improve the names of other neurons: a row per number of anchors.",
        ("study", "features", "strategy", "anchors", "lab"),
        _columns(
            "study features",
            Column("strategy", TEXT, "How they were chosen: `random`, or `asked`: by the method."),
            Column("anchors", COUNT, "Neurons named by a person (simulated from their labels)."),
            "lab worms",
            Column("accuracy", FRACTION, "Fraction of the other labelled neurons named right."),
            "low high",
            Column("before", FRACTION, "The same neurons' fraction without any anchor."),
        ),
    ),
    "ablation": Table(
        "tables/ablation.csv",
        "What each part of the naming contributes: a row per question, setting and laboratory.",
        ("study", "question", "setting", "features", "lab"),
        _columns(
            "study",
            Column("question", TEXT, "The part that is changed."),
            Column("setting", TEXT, "What it is changed to; the first setting is the study's own."),
            Column("order", "", "Order of the settings; of `training worms` their number."),
            "features lab worms",
            Column("accuracy", FRACTION, "Fraction of labelled neurons named right; mean over "
                "worms."),
            "low high",
            Column("top5", FRACTION, "The same with the name among five."),
        ),
    ),
    "timings": Table(
        "tables/timings.csv",
        "When each job ran. Differs from run to run.",
        ("job",),
        _columns(
            Column("job", TEXT, "Path of its log below `logs/`."),
            Column("started", "s", "Seconds after the first job of the study."),
            Column("seconds", "s", "How long it ran."),
        ),
    ),
    "images": Table(
        "tables/images.csv",
        "Coloured test images against the true ones, as 8-bit files: a row per "
        "set, run and colorizer.",
        ("set", "run", "colorizer"),
        _columns(
            "set run colorizer",
            Column("train_pictures", COUNT, "Training images."),
            Column("pictures", COUNT, "Test images."),
            Column("sources", COUNT, "Photographs or worms that they were cut from."),
            Column("mse_rgb", "sRGB²", "Mean squared error of sRGB between 0 and 1."),
            Column("mse_ab", "CIELAB²", "Mean squared error of a and b of CIELAB (D65)."),
            Column(
                "psnr", "dB", "Peak signal to noise ratio, 10 log10(1 / mse_rgb) of each image, "
                "100 at most; mean."
            ),
            Column(
                "ssim", "-1 to 1", "Structural similarity (Wang et al. 2004, Gaussian window of "
                "sigma 1.5 pixels); mean."
            ),
            Column("delta_e", "ΔE", "Mean colour difference ΔE2000 (CIELAB, D65)."),
            Column(
                "delta_e_low", "ΔE", "Lower end of its 95 % interval (bootstrap over sources); "
                "empty for fewer than two."
            ),
            Column("delta_e_high", "ΔE", "Upper end of that interval."),
            Column(
                "colourfulness_ratio", RATIO, "Mean colourfulness (Hasler and Süsstrunk 2003) of "
                "the predicted images over that of the true ones."
            ),
            Column("parameters", COUNT, "Number of trained parameters."),
            _TRAINED_ON,
        ),
    ),
    "image_losses": Table(
        "tables/image_losses.csv",
        "Every training on images: a row per epoch.",
        ("set", "run", "colorizer", "epoch"),
        _columns("set run colorizer", _HISTORY),
    ),
    "image_sets": Table(
        "tables/image_sets.csv",
        "What the image sets hold: a row per set and split.",
        ("set", "split"),
        _columns(
            "set",
            Column("split", TEXT, "`train`, `validation` or `test`."),
            Column("pictures", COUNT, "Images of the split."),
            Column("sources", COUNT, "Photographs or worms that they were cut from."),
            Column("pixels", COUNT, "Pixels of all of them."),
            Column("height_least", "pixels", "Height of the lowest image."),
            Column("height_most", "pixels", "Height of the highest image."),
            Column("width_least", "pixels", "Width of the narrowest image."),
            Column("width_most", "pixels", "Width of the widest image."),
            Column("colourless", FRACTION, "Fraction of pixels with a CIELAB chroma below 5."),
            Column("chroma_mean", "CIELAB", "Mean chroma of all pixels (CIELAB, D65)."),
            Column(
                "near_duplicates", COUNT, "Images with a near-duplicate in a split before "
                "theirs, in the order train, validation, test."
            ),
            Column("exact_duplicates", COUNT, "Those of them that are equal, pixel by pixel."),
            Column("skipped", COUNT, "Files of the whole set that were skipped."),
        ),
    ),
    "named": Table(
        "named/{lab}/{worm}.csv",
        "Names of a test worm: a row per neuron, the least certain first.",
        ("neuron",),
        _columns(
            "lab worm",
            Column("neuron", "", "Number within the worm, from 0, used in files of anchors."),
            Column("row", "", "Number within the study's neurons, from 0."),
            _PLACE, "ID name",
            Column("anchor", TEXT, "The anchor stated for the neuron; empty for none."),
            _ANSWERS, _NAMED_RIGHT, "review",
        ),
    ),
    "new_neurons": Table(
        "named/{lab}/{worm}/neurons.csv",
        "Names and colours of a new worm (`snakemake apply`): a row per neuron, the least certain "
        "first.",
        ("neuron",),
        _columns(
            "lab worm",
            Column("neuron", "", "Number within the worm, from 0."),
            Column("row", "", "Row of the worm's own table, from 0."),
            _PLACE, "ID name",
            _ANSWERS, _NAMED_RIGHT, "review xr yr zr",
            " ".join((*RGB, *RGB_SD, *RGB_SHOWN)),
        ),
    ),
    "traces": Table(
        "named/{lab}/{worm}/traces.csv",
        "Calcium traces of a new worm's NWB file, matched to its neurons: a row per trace.",
        ("series", "trace"),
        _columns(
            Column("series", TEXT, "Series of traces, by its path below `processing`."),
            Column("trace", "", "Number of the trace in its series, from 0."),
            Column("neuron", "", "The neuron's number, as in `neurons.csv`."),
            "answer probability",
        ),
    ),
    "scope": Table(
        "scope.csv",
        "How new worms differ from all worms that the model was trained on: a row per difference.",
        ("lab", "worm", "question"),
        _columns(" ".join(SCOPE)),
    ),
}  # fmt: skip

OPENING = """\
# The tables

Every table that is written, its columns, their units and what they mean. A study's tables lie in
`results/{study}/`, those of new worms in `results/applied/{name}/`. Text is read as text (a
worm's name may be `007`). An empty cell means that the value does not apply. A fraction is a number
from 0 to 1.
(Generated from `src/chromapal/dictionary.py` by `make keys`.)
"""


def document() -> str:
    """Return the text of docs/tables.md."""
    parts = [OPENING]
    for table in TABLES.values():
        rows = [
            f"| `{column.name}` | {column.unit} | {column.meaning} |" for column in table.columns
        ]
        head = f"## {table.path}\n\n{table.meaning}\n\n| column | unit | meaning |\n|---|---|---|\n"
        parts.append(head + "\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(document(), end="")
