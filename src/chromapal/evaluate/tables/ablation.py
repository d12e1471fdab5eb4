"""Tables of what improves naming: anchors, and each part of the method."""

import os
from collections.abc import Sequence

import pandas as pd

from chromapal.evaluate.metrics import identity, intervals
from chromapal.evaluate.metrics.identity import ALL
from chromapal.evaluate.tables.write import write_table
from chromapal.worms.table import WORM

CONTEXT = {"atlas_student": "alone (atlas)", "neuron_transformer": "in context (transformer)"}


def write_anchors(files: Sequence[dict], seed: int, out: str | os.PathLike):
    """Write `anchors.csv`: accuracy by the number of a person's answers.

    Of the neurons that were not answered, with and without the answers; and of all.

    Parameters
    ----------
    files : sequence of dict
        path of a fold's anchored worms, study and features.
    seed : int
        Of the bootstrap over worms.
    out : path-like
        The table.
    """
    table = _read(files)
    keys = ["study", "features", "strategy", "expert", "anchors"]
    # of none, no answer is wrong
    told = table.assign(wrong=table["wrong"] / table["anchors"].clip(lower=1))
    others = _over_worms(told, keys, seed, means=("wrong", "declined"))
    counts = ["labelled", "right"]
    whole = table.drop(columns=[*counts, "right_before"])
    whole = whole.rename(columns={f"all_{name}": name for name in counts})
    names = {"accuracy": "all_accuracy", "low": "all_low", "high": "all_high"}
    every = _over_worms(whole, keys, seed).rename(columns=names)
    # the same worms, and so the same rows
    both = pd.concat([others, every.filter(list(names.values()))], axis=1)
    write_table("anchors", both, out, sort_by=[*keys, "lab"])


def write_ablation(
    files: Sequence[dict], identities: Sequence[dict], seed: int, out: str | os.PathLike
):
    """Write `ablation.csv`: accuracy with one part of the naming changed at a time.

    Parameters
    ----------
    files : sequence of dict
        path of a fold's ablations, study and features.
    identities : sequence of dict
        Identities files, for the question what context is worth.
    seed : int
        Of the bootstrap over worms.
    out : path-like
        The table.
    """
    table = _read(files)
    feature_sets = set(table["features"])
    for entry in identities:
        if entry["classifier"] in CONTEXT and entry["variant"] == "no_background":
            named = pd.read_parquet(entry["path"])
            named = named[named["features"].isin(feature_sets) & named["colorizer"].eq("")]
            counted = identity.per_worm(named)
            order = list(CONTEXT).index(entry["classifier"])
            counted = counted[["features", *WORM, "labelled"]].assign(
                right=counted["right_assigned"], right5=counted["right_assigned5"],
                study=entry["study"], question="context", setting=CONTEXT[entry["classifier"]],
                order=order,
            )  # fmt: skip
            table = pd.concat([table, counted], ignore_index=True)
    # the full number of training worms differs from fold to fold
    by_number = table["question"].eq("training worms")
    order = table["order"].where(by_number)
    most = by_number & order.eq(order.groupby(table["path"]).transform("max"))
    full = round(order[most].mean()) if most.any() else 0
    full += full in set(order[by_number & ~most])
    table.loc[most, "setting"], table.loc[most, "order"] = str(full), full
    keys = ["study", "question", "setting", "order", "features"]
    order = ["study", "features", "question", "order", "lab"]
    write_table("ablation", _over_worms(table, keys, seed), out, sort_by=order)


def _read(files: Sequence[dict]) -> pd.DataFrame:
    tables = [
        pd.read_parquet(entry["path"]).assign(
            **{key: entry[key] for key in ("study", "features")}, path=str(entry["path"])
        )
        for entry in files
    ]
    return pd.concat(tables, ignore_index=True)


def _over_worms(
    table: pd.DataFrame, keys: list[str], seed: int, means: Sequence[str] = ()
) -> pd.DataFrame:
    """Average over worms, per laboratory and over all, with an interval; other columns without."""
    table = table[table["labelled"] > 0]
    table = table.assign(accuracy=table["right"] / table["labelled"])
    more = {"right5": "top5", "right_before": "before"}
    fractions = {name: fraction for name, fraction in more.items() if name in table}
    for name, fraction in fractions.items():
        table[fraction] = table[name] / table["labelled"]
    rows = []
    both = pd.concat([table, table.assign(lab=ALL)], ignore_index=True)
    for key, rows_of_key in both.groupby([*keys, "lab"], sort=True):
        low, high = intervals.over_worms(rows_of_key["accuracy"].to_numpy()[None], seed)
        rows.append(
            dict(zip([*keys, "lab"], key, strict=True))
            | {"worms": len(rows_of_key), "accuracy": rows_of_key["accuracy"].mean()}
            | {"low": low[0], "high": high[0]}
            | {name: rows_of_key[name].mean() for name in (*fractions.values(), *means)}
        )
    return pd.DataFrame(rows)
