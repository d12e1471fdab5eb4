"""Tables of single worms, and questions about worms."""

from chromapal.columns import RGB, RGB_SD, RGB_SHOWN, SCOPE
from chromapal.evaluate.dictionary.entries import TEXT, Column, Table
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
            ANSWERS, NAMED_RIGHT, "review xr yr zr",
            " ".join((*RGB, *RGB_SD, *RGB_SHOWN)),
        ),
    ),
    "traces": Table(
        "named/{lab}/{worm}/traces.csv",
        "Calcium traces of a new worm's NWB file, matched to its neurons: a row per trace.",
        ("series", "trace"),
        columns_of(
            Column("series", TEXT, "Series of traces, by its path below `processing`."),
            Column("trace", "", "Number of the trace in its series, from 0."),
            Column("neuron", "", "The neuron's number, as in `neurons.csv`."),
            "answer probability",
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
