"""What is odd about worms that are kept: labels that name no neuron, and neurons told twice."""

import pandas as pd

from chromapal.columns import UNKNOWN_LABELS
from chromapal.worms import names, table

REPEATED = 0.5  # fraction of a worm's neurons; in real files a few are segmented twice
_SHOWN = 8  # labels in a line
_SAME = [*table.VOXELS, *table.MICROMETRES, *table.CHANNELS]


def unknown_labels(neurons: pd.DataFrame) -> pd.DataFrame:
    """Count the labels that no list of neurons of the head, body, tail or male knows.

    They are kept as names like others: a list may lack a cell, and a laboratory may have words of
    its own.

    Parameters
    ----------
    neurons : pandas.DataFrame
        A neuron table.

    Returns
    -------
    pandas.DataFrame
        `UNKNOWN_LABELS`: laboratory, label in the form in which names are compared, how many
        neurons of how many worms bear it; the most frequent first.
    """
    labelled = neurons.assign(label=table.clean_name(neurons["ID"]))
    known = {label: label == "" or names.is_known(label) for label in labelled["label"].unique()}
    odd = labelled[~labelled["label"].map(known).astype(bool)]
    counted = odd.groupby(["lab", "label"], as_index=False).agg(
        neurons=("worm", "size"), worms=("worm", "nunique")
    )
    counted = counted.sort_values(
        ["lab", "neurons", "label"], ascending=[True, False, True], kind="stable"
    )
    return counted[list(UNKNOWN_LABELS)].reset_index(drop=True)


def repeated(neurons: pd.DataFrame) -> list[tuple[str, str, int, int]]:
    """List worms of which most neurons are told more than once.

    Parameters
    ----------
    neurons : pandas.DataFrame
        A neuron table.

    Returns
    -------
    list of (str, str, int, int)
        Laboratory, worm, rows whose position and counts another row of the worm has too, and all
        its rows; for worms of which they are more than `REPEATED`.
    """
    twice = neurons.duplicated([*table.WORM, *_SAME], keep=False)
    counted = twice.groupby([neurons["lab"], neurons["worm"]]).agg(["sum", "size"])
    found = counted[counted["sum"] > REPEATED * counted["size"]]
    return [(lab, worm, int(same), int(rows)) for (lab, worm), same, rows in found.itertuples()]


def lines(neurons: pd.DataFrame) -> list[str]:
    """Say what is odd about the neurons of one file, a line each."""
    told = []
    labels = unknown_labels(neurons).groupby("label")["neurons"].sum()
    labels = labels.sort_values(ascending=False, kind="stable")
    if len(labels):
        first = ", ".join(f"{label[:20]!r} {count}" for label, count in labels[:_SHOWN].items())
        more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
        told.append(
            f"{labels.sum()} neurons bear {len(labels)} labels that no list of neurons knows "
            f"({first}{more}); they count as names"
        )
    twice = repeated(neurons)
    if twice:
        lab, worm, same, rows = twice[0]
        more = f", and {len(twice) - 1} more worms alike" if len(twice) > 1 else ""
        told.append(
            f"{same} of {rows} neurons of worm {worm!r} of laboratory {lab!r} stand in more than "
            f"one row, with the same position and counts{more}; remove the copies"
        )
    return told
