"""Tables about what helps: anchors from a person, and each part of the naming."""

import os
from collections.abc import Sequence

import pandas as pd

from chromapal.evaluate.metrics import identity
from chromapal.evaluate.metrics.identity import ALL
from chromapal.evaluate.tables.write import write_table
from chromapal.worms.table import ANIMAL

CONTEXT = {"atlas_student": "alone (atlas)", "neuron_transformer": "in context (transformer)"}


def write_anchors(parts: Sequence[dict], seed: int, out: str | os.PathLike):
    """Write `anchors.csv`: accuracy over neurons that were not anchored, and theirs before.

    Parameters
    ----------
    parts : sequence of dict
        path of a fold's anchored animals, study and features.
    seed : int
        Of the bootstrap over animals.
    out : path-like
        The table.
    """
    table = _read(parts)
    keys = ["study", "features", "strategy", "anchors"]
    write_table("anchors", _over_animals(table, keys, seed), out, sort_by=[*keys, "lab"])


def write_ablation(
    parts: Sequence[dict], identities: Sequence[dict], seed: int, out: str | os.PathLike
):
    """Write `ablation.csv`: accuracy with one part of the naming changed at a time.

    Parameters
    ----------
    parts : sequence of dict
        path of a fold's ablations, study and features.
    identities : sequence of dict
        Identities files, for the question what context is worth.
    seed : int
        Of the bootstrap over animals.
    out : path-like
        The table.
    """
    table = _read(parts)
    shown = set(table["features"])
    for part in identities:
        if part["classifier"] in CONTEXT and part["variant"] == "no_background":
            named = pd.read_parquet(part["path"])
            named = named[named["features"].isin(shown) & named["colorizer"].eq("")]
            counted = identity.per_worm(named)
            order = list(CONTEXT).index(part["classifier"])
            counted = counted[["features", *ANIMAL, "labelled"]].assign(
                right=counted["right_assigned"], right5=counted["right_assigned5"],
                study=part["study"], question="context", setting=CONTEXT[part["classifier"]],
                order=order,
            )  # fmt: skip
            table = pd.concat([table, counted], ignore_index=True)
    # the full number of training animals differs from fold to fold
    asked = table["question"].eq("training worms")
    order = table["order"].where(asked)
    most = asked & order.eq(order.groupby(table["path"]).transform("max"))
    full = round(order[most].mean()) if most.any() else 0
    full += full in set(order[asked & ~most])
    table.loc[most, "setting"], table.loc[most, "order"] = str(full), full
    keys = ["study", "question", "setting", "order", "features"]
    order = ["study", "features", "question", "order", "lab"]
    write_table("ablation", _over_animals(table, keys, seed), out, sort_by=order)


def _read(parts: Sequence[dict]) -> pd.DataFrame:
    tables = [
        pd.read_parquet(part["path"]).assign(
            **{key: part[key] for key in ("study", "features")}, path=str(part["path"])
        )
        for part in parts
    ]
    return pd.concat(tables, ignore_index=True)


def _over_animals(table: pd.DataFrame, keys: list[str], seed: int) -> pd.DataFrame:
    """Average over animals, per laboratory and over all, with an interval."""
    table = table[table["labelled"] > 0]
    table = table.assign(accuracy=table["right"] / table["labelled"])
    more = {"right5": "top5", "right_before": "before"}
    shares = {name: share for name, share in more.items() if name in table}
    for name, share in shares.items():
        table[share] = table[name] / table["labelled"]
    rows = []
    both = pd.concat([table, table.assign(lab=ALL)], ignore_index=True)
    for key, part in both.groupby([*keys, "lab"], sort=True):
        low, high = identity.interval(part["accuracy"].to_numpy()[None], seed)
        rows.append(
            dict(zip([*keys, "lab"], key, strict=True))
            | {"worms": len(part), "accuracy": part["accuracy"].mean()}
            | {"low": low[0], "high": high[0]}
            | {share: part[share].mean() for share in shares.values()}
        )
    return pd.DataFrame(rows)
