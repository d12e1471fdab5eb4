"""Tables of names given one to one, in studies of aligned worms."""

from chromapal.evaluate.dictionary.entries import COUNT, FRACTION, TEXT, UNIT, Column, Table
from chromapal.evaluate.dictionary.shared import NAMING_RUN, columns_of

TABLES = {
    "calibration": Table(
        "tables/calibration.csv",
        "What probabilities are worth: a row per tenth of probability that has an answer. Assigned "
        "names of labelled neurons.",
        ("study", "classifier", "colorizer", "variant", "features", "lab", "low"),
        columns_of(
            NAMING_RUN, "lab",
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
        columns_of(
            NAMING_RUN, "lab",
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
        columns_of(
            NAMING_RUN,
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
        columns_of(
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
        columns_of(
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
        columns_of(
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
        "What a simulated person's answers are worth: a row per number of answers. A person is "
        "asked about labelled neurons, each once.",
        ("study", "features", "strategy", "expert", "anchors", "lab"),
        columns_of(
            "study features",
            Column("strategy", TEXT, "How neurons were chosen: `random`, or `asked`: in the order "
                "of the pages of new worms."),
            Column("expert", TEXT, "Who answers: `sure` never errs, `errs` gives wrong names and "
                "declines questions."),
            Column("anchors", COUNT, "Answers, that is neurons named by the person."),
            "lab worms",
            Column("accuracy", FRACTION, "Fraction of the other labelled neurons named right."),
            "low high",
            Column("before", FRACTION, "The same neurons' fraction without any answer."),
            Column("wrong", FRACTION, "Fraction of the answers that are wrong."),
            Column("declined", "", "Questions declined on the way, mean over worms."),
            Column("all_accuracy", FRACTION, "Fraction of all labelled neurons that have the right "
                "name, those answered among them as the person named them."),
            Column("all_low", FRACTION, "Lower end of that accuracy's 95 % interval (bootstrap "
                "over worms)."),
            Column("all_high", FRACTION, "Upper end of that interval."),
        ),
    ),
    "ablation": Table(
        "tables/ablation.csv",
        "What each part of the naming contributes: a row per question, setting and laboratory.",
        ("study", "question", "setting", "features", "lab"),
        columns_of(
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
}  # fmt: skip
