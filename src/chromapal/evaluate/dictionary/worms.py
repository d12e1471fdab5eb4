"""Tables of single worms, and questions about worms."""

from chromapal.columns import RGB, RGB_MEASURED, RGB_SD, RGB_SHOWN, SCOPE
from chromapal.evaluate.dictionary.entries import COUNT, FRACTION, TEXT, UNIT, Column, Table
from chromapal.evaluate.dictionary.shared import ANSWERS, NAMED_RIGHT, PLACE, columns_of

TABLES = {
    "named": Table(
        "named/{lab}/{worm}.csv",
        "Names of a test worm: a row per neuron, the least certain first.",
        ("neuron",),
        columns_of(
            "lab worm",
            Column("neuron", "", "Number within the worm, from 0, used in files of anchors."),
            Column("row", "", "Number within the study's neurons, from 0."),
            PLACE, "ID name",
            Column("anchor", TEXT, "The anchor stated for the neuron; empty for none."),
            ANSWERS, NAMED_RIGHT, "review",
        ),
    ),
    "new_neurons": Table(
        "named/{lab}/{worm}/neurons.csv",
        "Names and colours of a new worm (`snakemake apply`): a row per neuron, the least certain "
        "first.",
        ("neuron",),
        columns_of(
            "lab worm",
            Column("neuron", "", "Number within the worm, from 0."),
            Column("row", "", "Row of the worm's own table, from 0."),
            PLACE, "ID name",
            Column("anchor", TEXT, "What a person stated about the neuron; empty for nothing."),
            ANSWERS, NAMED_RIGHT, "review xr yr zr",
            " ".join((*RGB, *RGB_SD, *RGB_SHOWN)),
            *(
                Column(name, "scale", f"Measured {name.removesuffix('_measured')} on the study's "
                    "colour scale; empty where the worm has none.")
                for name in RGB_MEASURED
            ),
            Column("channels_used", TEXT, "What the worm was named by beside position: "
                "`position` (nothing else), `gray`, `colour`, or `all` (colour and white)."),
            Column("spurious_probability", UNIT, "Probability that the centre is no neuron (glia, "
                "a granule, half of a cell); 0 where the model has not learnt it."),
            Column("status", TEXT, "How the neuron came by its name: `person`; `model`; `forced`, "
                "where another name is likelier, which another neuron of the worm has; `none`, "
                "where no name is possible, or the centre is likelier spurious."),
            Column("frame_side", TEXT, "On which side of the body the neuron lies: `left` or "
                "`right`, in the handedness that is likelier."),
            Column("name_as_decided", TEXT, "Where sides are undecided: the complete name in the "
                "handedness that is likelier; otherwise empty."),
            Column("name_mirrored", TEXT, "Where sides are undecided: the complete name if left "
                "and right are the other way round; otherwise empty."),
            "class",
            Column("side", TEXT, "`left` or `right`, as `answer` states it; empty for neurons that "
                "stand alone and where sides are undecided."),
            Column("dorsal_ventral", TEXT, "`dorsal` or `ventral`, where `answer` tells members of "
                "a class apart by it (RMDDL, RMEV); otherwise empty."),
            Column("ganglion", TEXT, "Ganglion in which a neuron of this name lies; empty where "
                "there is no answer."),
            Column("class_probability", UNIT, "Probability of the class: sum over all its names, "
                "also those that are not among the five."),
        ),
    ),
    "traces": Table(
        "named/{lab}/{worm}/traces.csv",
        "Calcium traces of a new worm's NWB file, matched to its neurons: a row per trace and "
        "point in time.",
        ("series", "trace", "time"),
        columns_of(
            "lab worm series",
            Column("trace", "", "Number of the trace in its series, from 0."),
            Column("neuron", "", "The neuron's number, as in `neurons.csv`."),
            "answer probability",
            Column("name", TEXT, "`answer`, where it is at least as probable as the config key "
                "`least_probability` asks; empty otherwise."),
            Column("status", TEXT, "Who gave `name`: `model`, or `none` where it is empty."),
            "time",
            Column("value", "as `unit` says", "Value of the trace; empty where the file has none."),
            Column("unit", TEXT, "Unit of `value`, as the file states it."),
        ),
    ),
    "traces_wide": Table(
        "named/{lab}/{worm}/traces_wide.csv",
        "The named ones of these traces side by side: a row per point in time.",
        ("series", "time"),
        columns_of(
            "series time",
            Column("{name}", "as in `traces.csv`", "A column per name, sorted: the trace of the "
                "neuron; with the config key `merge_sides` the mean trace of a class."),
        ),
    ),
    "classes": Table(
        "classes.csv",
        "Classes of neurons over all new worms of a run: a row per class that the model knows.",
        ("class",),
        columns_of(
            "class",
            Column("ganglion", TEXT, "Ganglion in which neurons of this class lie."),
            Column("worms", COUNT, "Worms of the run."),
            Column("named", COUNT, "Those of them in which a neuron was given a name of the "
                "class."),
            Column("found", COUNT, "Those of them in which that is at least as probable, as a "
                "class, as the config key `least_probability` asks."),
            Column("left", COUNT, "Those of the latter in which the left one was found; empty for "
                "classes without sides."),
            Column("right", COUNT, "The same of the right one."),
            Column("neurons", COUNT, "Neurons that were given a name of the class."),
            Column("probability", UNIT, "Their mean class probability; empty for none."),
        ),
    ),
    "accuracy": Table(
        "accuracy.csv",
        "How many labelled neurons of new worms are named right: a row per worm, and one for all. "
        "Labels have no influence on names.",
        ("lab", "worm"),
        columns_of(
            "lab worm",
            Column("neurons", COUNT, "Neurons of the worm."),
            Column("labelled", COUNT, "Those of them that a person labelled; nothing is counted of "
                "the others."),
            Column("unknown", COUNT, "Labels that can stand for no name that the model knows; none "
                "of them can be right."),
            Column("right", COUNT, "Labelled neurons whose answer is their label, or one that an "
                "incomplete label (AVA, SIA?L) can stand for."),
            Column("right_without_side", COUNT, "Further ones whose answer is right but for the "
                "side, which it leaves open as the worm's sides are undecided."),
            Column("accuracy", FRACTION, "`right` over `labelled`; empty where nothing is "
                "labelled."),
            Column("class_accuracy", FRACTION, "The same with left and right of a pair counted as "
                "one name, whatever side was given."),
        ),
    ),
    "scope": Table(
        "tables/scope.csv, scope.csv",
        "Questions about worms that were used all the same: unusual positions or counts of a "
        "study's worms and laboratories, or how new worms differ from all worms that the model was "
        "trained on. A row per question.",
        ("lab", "worm", "question"),
        columns_of(" ".join(SCOPE)),
    ),
}  # fmt: skip
