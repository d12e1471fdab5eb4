"""Which names of a worm have changed since a person stated something about it."""

import pandas as pd

from chromapal.worms.table import neuron_class


def changed(before: pd.DataFrame, now: pd.DataFrame, sideless: bool) -> list[dict]:
    """List the neurons whose name is another one.

    Parameters
    ----------
    before, now : pandas.DataFrame
        One worm's table `new_neurons` of the column dictionary, without what a person stated and
        with it: neuron, answer; and `status`.
    sideless : bool
        Whether left and right are undecided in either: a name that gained its side, or lost it, is
        the same.

    Returns
    -------
    list of dict
        neuron; `before` and `now`, "" for no name; `stated`, whether a person said it. First what
        nobody stated, by the neurons' numbers.
    """
    both = now[["neuron", "answer", "status"]].merge(
        before[["neuron", "answer"]], on="neuron", suffixes=("_now", "_before")
    )
    names = both[["answer_before", "answer_now"]]
    compared = names.apply(neuron_class) if sideless else names
    other = both[compared["answer_before"].ne(compared["answer_now"])]
    rows = [
        {
            "neuron": int(row.neuron),
            "before": row.answer_before,
            "now": row.answer_now,
            "stated": row.status == "person",
        }
        for row in other.itertuples()
    ]
    return sorted(rows, key=lambda row: (row["stated"], row["neuron"]))
