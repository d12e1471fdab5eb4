"""Tables of the audit of labels and axes."""

from chromapal.evaluate.dictionary.entries import COUNT, TEXT, UNIT, Column, Table
from chromapal.evaluate.dictionary.shared import columns_of

RANK = Column("rank", "rank", "1 for what most traces hang on among what is flagged.")
FEATURES = Column(
    "features", TEXT, "What the models judged from: the richest set that the animal has; "
    "`position` where its colours do not go with its labels."
)  # fmt: skip
TABLES = {
    "audit_names": Table(
        "audit/names.csv",
        "Labels, judged by models that have not seen the animal: a row per label that the models "
        "know.",
        ("study", "lab", "worm", "neuron"),
        columns_of(
            RANK, "study fold lab worm",
            Column("neuron", "number", "Neuron within the animal, from 0, in the order of "
                "its file."),
            Column("label", TEXT, "The label, in the form in which names are compared."),
            Column("better", TEXT, "The likeliest other name."),
            Column("probability", UNIT, "Calibrated probability of the label, one name to one "
                "neuron, before anybody's label was looked at."),
            Column("better_probability", UNIT, "The same of the other name."),
            Column("margin", "nat", "Log of the latter over the former."),
            Column("threshold", "nat", "Margin that at most 5 % of the labels in other folds "
                "exceed."),
            Column("flagged", "0, 1", "Whether the margin exceeds it."),
            Column("chance", UNIT, "How probably the neuron would be flagged if its label were "
                "right: the probabilities of all names that exceed the threshold were they the "
                "label. Added up over neurons it is the number of false flags to be expected."),
            Column("exchange_neuron", "number", "Neuron with whose label this one is best "
                "exchanged; -1 where there is none."),
            Column("exchange_gain", "nat", "Log likelihood that the exchange adds; above 0 it "
                "explains both labels better."),
            Column("traces", COUNT, "Traces that would be renamed: 2 with an exchange, else 1."),
            Column("margin_position", "nat", "The margin from position alone; empty where the "
                "study has no such features."),
            Column("margin_gray", "nat", "The same from position and gray."),
            Column("margin_colour", "nat", "The same from position and colour."),
            FEATURES,
        ),
    ),
    "audit_animals": Table(
        "audit/animals.csv",
        "What is asked about whole animals: a row per animal and question.",
        ("study", "lab", "worm", "question"),
        columns_of(
            RANK, "study fold lab worm",
            Column("question", TEXT, "`labels shifted` by one row; `left and right` exchanged, in "
                "the whole animal or half of it; `axis stretched`; `channels exchanged`; "
                "`colours`; `one neuron twice`; `single names`."),
            Column("finding", TEXT, "What would explain the labels better."),
            Column("gain", "nat, factors of two, correlation or count", "What was measured: log "
                "likelihood per name that the other explanation adds (shifted, left and right, "
                "channels); factors of two by which an axis is longer or shorter than usual "
                "in its laboratory (stretched); correlation of measured colours with those "
                "expected from labels (colours); pairs of centres (twice); flagged names (single "
                "names)."),
            Column("threshold", "as gain", "Beyond which it is flagged: above, and for `colours` "
                "below."),
            Column("flagged", "0, 1", "Whether it is."),
            Column("traces", COUNT, "Labels that would change or are in doubt."),
            Column("chance", UNIT, "How probably an animal as it should be is flagged; empty where "
                "that is not known."),
            FEATURES,
        ),
    ),
}  # fmt: skip
