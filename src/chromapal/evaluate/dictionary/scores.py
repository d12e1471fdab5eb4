"""Tables of scores, of what was skipped, and of when jobs ran."""

from chromapal.columns import SKIPPED
from chromapal.evaluate.dictionary.entries import COUNT, FRACTION, RATIO, TEXT, Column, Table
from chromapal.evaluate.dictionary.shared import (
    HISTORY_COLUMNS,
    OF_WORM,
    RUN,
    TRAINED_ON_COLUMNS,
    TRAINING_SEED,
    columns_of,
)

TABLES = {
    "colour": Table(
        "tables/colour.csv",
        "Predicted colours of test neurons against the true ones: a row per run, fold and "
        "laboratory, and for all of either.",
        ("study", "colorizer", "variant", "sample", "grid", "fold", "lab"),
        columns_of(
            RUN, "fold lab", TRAINING_SEED, "worms",
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
            TRAINED_ON_COLUMNS,
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
        columns_of(
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
            TRAINED_ON_COLUMNS,
        ),
    ),
    "worms": Table(
        "tables/worms.csv",
        "Scores of every test worm: of its colours or of its names, as `measure` says.",
        (
            "study", "lab", "worm", "fold", "measure", "colorizer", "variant", "sample", "grid",
            "classifier", "features",
        ),
        columns_of(
            "study lab worm fold", OF_WORM,
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
        columns_of(
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
        columns_of(
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
        columns_of(RUN, "fold", TRAINING_SEED, HISTORY_COLUMNS),
    ),
    "summary": Table(
        "tables/summary.csv",
        "The original study's three tables, ours beside the published figures.",
        ("table", "row", "column"),
        columns_of(
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
        columns_of(" ".join(SKIPPED)),
    ),
    "unknown_labels": Table(
        "tables/unknown_labels.csv",
        "Labels that are kept as names, but that no list of the neurons of the head, body, tail or "
        "male knows: a row per laboratory and label.",
        ("lab", "label"),
        columns_of(
            "lab",
            Column("label", TEXT, "The label, in the form in which names are compared."),
            Column("neurons", COUNT, "Neurons that bear it."),
            Column("worms", COUNT, "Their worms."),
        ),
    ),
    "timings": Table(
        "tables/timings.csv",
        "When each job ran. Differs from run to run.",
        ("job",),
        columns_of(
            Column("job", TEXT, "Path of its log below `logs/`."),
            Column("started", "s", "Seconds after the first job of the study."),
            Column("seconds", "s", "How long it ran."),
        ),
    ),
}  # fmt: skip
