"""What a run gives as a whole: classes found, labels named right, and what it is of."""

import logging
import os

import pandas as pd

from chromapal.evaluate.tables.write import write_table
from chromapal.files import write_json
from chromapal.worms import ganglia, names, partial_names
from chromapal.worms.table import WORM, neuron_class

LOGGER = logging.getLogger("chromapal")
ALL = "all"


def write_summary(
    neurons: str | os.PathLike,
    probabilities: str | os.PathLike,
    least_probability: float,
    applied: dict[str, str],
    out_classes: str | os.PathLike,
    out_accuracy: str | os.PathLike,
    out_applied: str | os.PathLike,
):
    """Write `classes.csv` and `accuracy.csv`, and log how many labelled neurons are named right.

    Parameters
    ----------
    neurons, probabilities : path-like
        What `chromapal.apply.name.name_all` wrote.
    least_probability : float
        Probability [0 to 1] from which on a class counts as found.
    applied : dict of str to str
        The paths of the model and the worms; see `chromapal.apply.plan.applied`.
    out_classes, out_accuracy : path-like
        The tables.
    out_applied : path-like
        JSON of `applied`.
    """
    answers = pd.read_parquet(neurons)
    known = pd.read_parquet(probabilities).columns
    write_table("classes", classes(answers, known, least_probability), out_classes)
    scores = accuracy(answers, known)
    write_table("accuracy", scores, out_accuracy)
    for score in scores.to_dict("records"):
        if score["labelled"]:
            LOGGER.info("%s", describe(score))
    write_json(applied, out_applied)


def classes(answers: pd.DataFrame, known: pd.Index, least_probability: float) -> pd.DataFrame:
    """Count in how many worms each class was found.

    Parameters
    ----------
    answers : pandas.DataFrame
        Neurons of all worms: lab, worm, answer, class, side, class_probability.
    known : pandas.Index
        All names that the model knows.
    least_probability : float
        Class probability from which on a neuron counts as found.

    Returns
    -------
    pandas.DataFrame
        The table `classes` in `chromapal.evaluate.dictionary`, a row per class, sorted; those that
        no neuron was named after have no probability.
    """
    listed = neuron_class(pd.Series(known, dtype="str")).drop_duplicates().sort_values()
    named = answers[answers["answer"].ne("")]
    found = named[named["class_probability"].ge(least_probability)]

    def worms(rows: pd.DataFrame) -> pd.Series:
        return rows.drop_duplicates([*WORM, "class"])["class"].value_counts()

    counts = {
        "named": worms(named),
        "found": worms(found),
        "left": worms(found[found["side"].eq("left")]),
        "right": worms(found[found["side"].eq("right")]),
        "neurons": named["class"].value_counts(),
    }
    table = pd.DataFrame(counts).reindex(listed).fillna(0).astype(int)
    single = ~table.index.isin(names.PAIRS)
    return (
        table.astype({"left": "Int64", "right": "Int64"})
        .assign(
            left=lambda rows: rows["left"].mask(single),
            right=lambda rows: rows["right"].mask(single),
            worms=len(answers[WORM].drop_duplicates()),
            probability=named.groupby("class")["class_probability"].mean(),
            ganglion=ganglia.ganglion(listed).to_numpy(),
        )
        .rename_axis("class")
        .reset_index()
    )


def accuracy(answers: pd.DataFrame, known: pd.Index) -> pd.DataFrame:
    """Count the labelled neurons that are named right, per worm and in all.

    Parameters
    ----------
    answers : pandas.DataFrame
        Neurons of all worms: lab, worm, name (the label), answer, right.
    known : pandas.Index
        All names that the model knows.

    Returns
    -------
    pandas.DataFrame
        The table `accuracy` in `chromapal.evaluate.dictionary`; the last row is of all worms.
    """
    labelled = answers["name"].ne("")
    yes = answers["right"].eq("yes")
    # where sides are undecided, `right` counts an answer that leaves the side open
    whole = yes & partial_names.right(answers["name"], answers["answer"])
    labels = answers["name"].unique()
    strange = {label: names.denoted(label, known).isdisjoint(known) for label in labels}
    of_class = partial_names.right_class(answers["name"], answers["answer"])
    counted = answers[WORM].assign(
        neurons=1,
        labelled=labelled.astype(int),
        unknown=(labelled & answers["name"].map(strange)).astype(int),
        right=whole.astype(int),
        right_without_side=(yes & ~whole).astype(int),
        of_class=of_class.astype(int),
    )
    table = counted.groupby(WORM, as_index=False).sum()
    total = table.drop(columns=WORM).sum().to_frame().T.assign(lab=ALL, worm=ALL)
    table = pd.concat([table, total], ignore_index=True)
    share = table["labelled"].where(table["labelled"] > 0).astype(float)
    return table.assign(
        accuracy=table["right"] / share,
        class_accuracy=table.pop("of_class") / share,
    )


def describe(score: dict) -> str:
    """Describe one row of `accuracy` in one line."""
    whole = score["lab"] == score["worm"] == ALL
    who = "all worms" if whole else f"{score['lab']} {score['worm']}"
    parts = [f"{score['right']} of {score['labelled']} labelled neurons named right"]
    if score["right_without_side"]:
        parts.append(f"right without a side, as sides are undecided: {score['right_without_side']}")
    if score["unknown"]:
        parts.append(f"labels that are no name the model knows: {score['unknown']}")
    parts.append(f"neurons without label: {score['neurons'] - score['labelled']}")
    return f"{who}: {'; '.join(parts)}"
