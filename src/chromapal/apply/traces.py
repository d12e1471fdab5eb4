"""Write the calcium traces of a new worm under the names of its neurons."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from chromapal.evaluate.figures import traces as figure
from chromapal.evaluate.tables.write import write_table
from chromapal.files import inert, write_csv
from chromapal.worms.table import WORM

KEYS = ["series", "time"]


@dataclass(frozen=True)
class TraceSettings:
    """Which traces bear a name.

    Attributes
    ----------
    least_probability : float
        Least probability of a name [0 to 1].
    merge_sides : bool
        Whether the wide table and the heat map hold the mean of left and right, named by the class.
    """

    least_probability: float
    merge_sides: bool


def named(traces: pd.DataFrame, neurons: pd.DataFrame, least_probability: float) -> pd.DataFrame:
    """Return one worm's traces with the names of their neurons, a row per point in time.

    Parameters
    ----------
    traces : pandas.DataFrame
        See `chromapal.worms.nwb.traces.read`.
    neurons : pandas.DataFrame
        The worm's answers: lab, worm, neuron, answer, probability.
    least_probability : float
        Below it an answer is no name: `name` is empty, and `status` none instead of model.

    Returns
    -------
    pandas.DataFrame
        The columns of the table `traces` in `chromapal.evaluate.dictionary`, without neurons that
        have no trace.
    """
    sure = neurons["answer"].ne("") & neurons["probability"].ge(least_probability)
    given = neurons[[*WORM, "neuron", "answer", "probability"]].assign(
        name=neurons["answer"].where(sure, ""),
        status=sure.map({True: "model", False: "none"}),
    )
    return traces.rename(columns={"row": "neuron"}).merge(given, on="neuron")


def wide(traces: pd.DataFrame, neurons: pd.DataFrame, settings: TraceSettings) -> pd.DataFrame:
    """Return one worm's named traces side by side.

    Parameters
    ----------
    traces : pandas.DataFrame
        See `chromapal.worms.nwb.traces.read`.
    neurons : pandas.DataFrame
        The worm's answers: neuron, answer, probability, class, class_probability.
    settings : TraceSettings
        Which traces bear a name.

    Returns
    -------
    pandas.DataFrame
        A row per series and point in time: series, time [s], and a column per name, sorted, that is
        at least as probable as stated. Two neurons of one name, as there are where sides are
        undecided, have their number behind it. With `merge_sides` a column per class, the
        mean of its neurons.
    """
    key = "class" if settings.merge_sides else "answer"
    chance = "class_probability" if settings.merge_sides else "probability"
    sure = neurons[neurons[key].ne("") & neurons[chance].ge(settings.least_probability)]
    label = sure[key]
    unclear = label.isin(KEYS) | (label.duplicated(keep=False) & (not settings.merge_sides))
    label = label.mask(unclear, label + " (neuron " + sure["neuron"].astype(str) + ")")
    labelled = traces.merge(sure[["neuron"]].assign(label=label), left_on="row", right_on="neuron")
    means = labelled.groupby([*KEYS, "label"])["value"].mean()
    return means.unstack("label").rename_axis(columns=None).reset_index()


def write(traces: pd.DataFrame, neurons: pd.DataFrame, settings: TraceSettings, folder: Path):
    """Write `traces.csv`, `traces_wide.csv` and `traces.png` of one worm.

    Parameters
    ----------
    traces, neurons, settings
        See `wide`.
    folder : Path
        The worm's folder.
    """
    each = named(traces, neurons, settings.least_probability)
    each = with_milliseconds(each)
    # a million rows hold few different texts, each of which is then looked at once
    each = each.astype({name: "category" for name in each if each[name].dtype.kind == "O"})
    write_table("traces", each, folder / "traces.csv", ["series", "trace"])
    beside = wide(traces, neurons, settings)
    table = folder / "traces_wide.csv"
    write_csv(with_milliseconds(beside).rename(columns=inert), table, sort_by=None)
    lab, worm = neurons[WORM].iloc[0]
    whose = "classes, means of left and right," if settings.merge_sides else "neurons"
    title = f"{lab} {worm}: traces of {whose} named with probability at least"
    figure.draw(table, f"{title} {settings.least_probability:g}", folder / "traces.png")


def with_milliseconds(traces: pd.DataFrame) -> pd.DataFrame:
    """Write times to the millisecond, as the six digits of other numbers end at 1000 s."""
    texts = {time: f"{time:.3f}" for time in traces["time"].unique()}
    return traces.assign(time=traces["time"].map(texts))
