"""Which neuron classes are taken for which."""

import os

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from chromapal.evaluate.figures import style
from chromapal.evaluate.tables import read

CLASSES = 25
OTHER = "any other"
UNNAMED = ("", "background")


def most_confused(confusion: pd.DataFrame, classes: int = CLASSES) -> pd.DataFrame:
    """Count true against predicted class for the classes with most wrongly named neurons.

    Parameters
    ----------
    confusion : pandas.DataFrame
        Columns true_class, predicted_class, count; unlabelled neurons are not counted.
    classes : int
        How many classes to keep.

    Returns
    -------
    pandas.DataFrame, shape (classes, classes + 1)
        Counts; the last column holds predictions outside the classes shown.
    """
    confusion = confusion[~confusion["true_class"].isin(UNNAMED)]
    wrong = confusion[confusion["true_class"] != confusion["predicted_class"]]
    tested = confusion.groupby("true_class")["count"].sum()
    errors = wrong.groupby("true_class")["count"].sum().reindex(tested.index, fill_value=0)
    ranking = pd.DataFrame({"errors": errors, "tested": tested}).sort_values(
        ["errors", "tested"], ascending=False, kind="stable"
    )
    classes_shown = sorted(ranking.index[:classes])
    rows = confusion[confusion["true_class"].isin(classes_shown)]
    column = rows["predicted_class"].where(rows["predicted_class"].isin(classes_shown), OTHER)
    return (
        rows.assign(predicted_class=column)
        .pivot_table(
            index="true_class",
            columns="predicted_class",
            values="count",
            aggfunc="sum",
            fill_value=0,
        )
        .reindex(index=classes_shown, columns=[*classes_shown, OTHER], fill_value=0)
    )


@style.styled
def figure(confusion: pd.DataFrame, identity: pd.DataFrame) -> Figure:
    """Draw the row-normalised confusion of the best classifier, with counts in the cells.

    Parameters
    ----------
    confusion : pandas.DataFrame
        The table `confusion.csv`.
    identity : pandas.DataFrame
        The table `identity.csv`, from which the best classifier is taken.
    """
    if confusion.empty or read.pick(identity, **read.POOLED).empty:
        return style.message("No classifier was run in this study: no classes to confuse.")
    variant = read.shown_variant(identity)
    classifier, features, colorizer = read.best(identity, variant)
    counts = most_confused(
        read.pick(
            confusion,
            variant=variant,
            classifier=classifier,
            features=features,
            colorizer=colorizer,
        )
    )
    if counts.empty:
        return style.message(f"No neuron was tested with {classifier} on {features}.")
    total = counts.sum(axis=1)
    fraction = counts.div(total, axis=0)
    drawn = style.new(
        3.2 + 0.36 * counts.shape[1],
        2.3 + 0.32 * counts.shape[0],
        f"Neuron classes taken for one another: {classifier.replace('_', ' ')} on {features}\n"
        f"({style.variant_label(variant)}; the {len(counts)} classes with most mistakes)",
    )
    axes = drawn.subplots()
    sns.heatmap(
        fraction, annot=counts.astype(str).where(counts > 0, ""), fmt="", cmap="mako_r", vmin=0,
        vmax=1, linewidths=0.4, linecolor="0.9", mask=counts == 0, ax=axes,
        annot_kws={"fontsize": 7},
        cbar_kws={"label": "fraction of the true class", "shrink": 0.6}, xticklabels=True,
        yticklabels=[f"{style.text(name)}  (n = {n:.0f})" for name, n in total.items()],
    )  # fmt: skip
    axes.set_xlabel("named as (class, side ignored)")
    axes.set_ylabel("true class (neurons tested)")
    right = np.diag(counts.to_numpy()[:, : len(counts)]).sum()
    axes.set_title(f"{right:.0f} of these {total.sum():.0f} neurons have the right class")
    return drawn


def draw(confusion: str | os.PathLike, identity: str | os.PathLike, out: str | os.PathLike):
    """Draw `confusion.png` from `confusion.csv` and `identity.csv`."""
    style.save(figure(read.read_csv(confusion), read.read_csv(identity)), out)
