"""The study's tables: one row per run and level, sorted, fixed floats, no time stamps."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.columns import SKIPPED, TRAINED_ON
from chromapal.dictionary import TABLES
from chromapal.evaluate.metrics import colour, identity
from chromapal.evaluate.metrics.identity import METHOD
from chromapal.evaluate.tables.write import distinct, write_table
from chromapal.worms import skipped
from chromapal.worms.table import ANIMAL, neuron_class

RUN = ["study", "colorizer", "variant", "sample", "grid"]
NAMED = ["classifier", "colorizer", "variant", "features"]


def write_colour(colours: Sequence[dict], colour_scale: str, out: str | os.PathLike):
    """Write `colour.csv`: colour metrics per run, fold and laboratory, and over all of either.

    Parameters
    ----------
    colours : sequence of dict
        path of a colours file, and its study, colorizer, variant, sample, grid, fold, seed.
    colour_scale : str
        The study's scale.
    out : path-like
        The table.
    """
    rows = []
    for run in _runs(colours):
        parts = [(part["fold"], _test_colours(part["path"])) for part in run]
        table = pd.concat([part.assign(fold=fold) for fold, part in parts], ignore_index=True)
        worms = pd.concat(
            [colour.per_worm_ssim(part, colour_scale).assign(fold=fold) for fold, part in parts],
            ignore_index=True,
        )
        grouped = dict(list(identity.levels(worms).groupby(identity.LEVEL)))
        rows += [
            {
                **{key: run[0][key] for key in [*RUN, "seed"]},
                **dict(zip(identity.LEVEL, level, strict=True)),
                **colour.score(neurons, grouped[level], colour_scale),
                **{key: distinct(neurons[key].unique()) for key in TRAINED_ON},
            }
            for level, neurons in identity.levels(table).groupby(identity.LEVEL)
        ]
    write_table("colour", pd.DataFrame(rows), out, sort_by=[*RUN, "fold", "lab"])


def _runs(files: Sequence[dict]) -> list[list[dict]]:
    """Group files that differ in their fold only."""
    runs: dict[tuple, list[dict]] = {}
    for file in files:
        runs.setdefault(tuple(file[key] for key in RUN), []).append(file)
    return list(runs.values())


def _test_colours(path: str | os.PathLike) -> pd.DataFrame:
    table = pd.read_parquet(path)
    table = table[table["scored"]]
    return table[table["role"].eq("test")]


def write_identity(
    identities: Sequence[dict],
    out_identity: str | os.PathLike,
    out_names: str | os.PathLike,
    out_confusion: str | os.PathLike,
):
    """Write `identity.csv`, `names.csv` (per name) and `confusion.csv` (per class without side).

    Parameters
    ----------
    identities : sequence of dict
        path of an identities file, and its study, classifier, variant, fold, seed, and the sample
        and grid of the predicted colours it used ("" for none).
    out_identity, out_names, out_confusion : path-like
        The tables.
    """
    found = [(part, pd.read_parquet(part["path"])) for part in identities]
    names = _collected([_described(part, identity.per_name(named)) for part, named in found])
    worms = _collected([_described(part, identity.per_worm(named)) for part, named in found])
    scores = pd.DataFrame()
    if len(worms):
        scores = identity.score(worms, names).merge(_trained_on(found), on=METHOD)
    write_table("identity", scores, out_identity)
    write_table("names", _name_table(names), out_names, sort_by=[*NAMED, "name"])
    write_table("confusion", _confusion_table(names), out_confusion)


def _described(part: dict, table: pd.DataFrame) -> pd.DataFrame:
    """Say which run a table comes from; sample and grid only where predicted colour was used."""
    uses_colour = table["colorizer"].ne("")
    return table.assign(
        **{key: part[key] for key in ("study", "classifier", "variant", "fold", "seed")},
        **{key: np.where(uses_colour, str(part[key]), "") for key in ("sample", "grid")},
    )


def _trained_on(found: list[tuple[dict, pd.DataFrame]]) -> pd.DataFrame:
    """Say what the networks behind each method were trained with, over all folds."""
    each = [
        _described(part, named.drop_duplicates(["features", "colorizer", *TRAINED_ON]))
        for part, named in found
    ]
    together = pd.concat(each, ignore_index=True).groupby(METHOD, sort=True)
    return together[list(TRAINED_ON)].agg(distinct).reset_index()


def _collected(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = [*METHOD, "fold", "lab", "worm", "name", "top1", "examples", "count"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _name_table(names: pd.DataFrame) -> pd.DataFrame:
    """Count per name how often it was tested and right; examples are the mean over its tests."""
    counted = names.assign(
        tested=names["count"],
        right=names["count"].where(names["name"].eq(names["top1"]), 0),
        shown=names["examples"] * names["count"],
    )
    table = counted.groupby([*NAMED, "name"], sort=True)[["tested", "right", "shown"]].sum()
    table = table.reset_index()
    table["class"] = neuron_class(table["name"])
    table["training_examples"] = table["shown"] / table["tested"]
    return table[[*NAMED, "name", "class", "training_examples", "tested", "right"]]


def _confusion_table(names: pd.DataFrame) -> pd.DataFrame:
    counted = names.assign(
        true_class=neuron_class(names["name"]), predicted_class=neuron_class(names["top1"])
    )
    keys = [*NAMED, "true_class", "predicted_class"]
    return counted.groupby(keys, sort=True)["count"].sum().reset_index()


def write_worms(colours: Sequence[dict], identities: Sequence[dict], out: str | os.PathLike):
    """Write `worms.csv`: each test animal's scores, `measure` says of what.

    Parameters
    ----------
    colours, identities : sequence of dict
        As for `write_colour` and `write_identity`.
    out : path-like
        The table.
    """
    parts = []
    for part in colours:
        table = _test_colours(part["path"])
        labelled = table["name"].ne("").groupby([table["lab"], table["worm"]]).sum()
        parts.append(
            colour.per_worm(table)
            .merge(labelled.rename("labelled").reset_index(), on=ANIMAL)
            .assign(measure="colour", **{key: part[key] for key in [*RUN, "fold"]})
        )
    for part in identities:
        worms = identity.with_shares(identity.per_worm(pd.read_parquet(part["path"])))
        parts.append(_described(part, worms).assign(measure="identity"))
    table = _texted(parts, TABLES["worms"].names)
    if not (colours and identities):
        # a study that trains no colorizer, or names nothing, has no such scores
        table = table.reindex(columns=TABLES["worms"].names)
    order = ["measure", *RUN, "classifier", "features", "fold", "lab", "worm"]
    write_table("worms", table, out, sort_by=order)


def _texted(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Put tables with different columns together; the grid is text, for it may be empty."""
    parts = [part.assign(grid=part["grid"].astype(str)) for part in parts]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    text = {key: table[key].fillna("") for key in ("classifier", "features") if key in table}
    # what the table does not list are counts that its scores are shares of
    return table.assign(**text)[[name for name in columns if name in table]]


def write_losses(losses: Sequence[dict], out: str | os.PathLike):
    """Write `losses.csv`: every training's loss by epoch.

    Parameters
    ----------
    losses : sequence of dict
        path of a training's history (`chromapal.columns.HISTORY`), and its study, colorizer,
        variant, sample, grid, fold, seed.
    out : path-like
        The table.
    """
    parts = [
        pd.read_csv(part["path"]).assign(**{key: part[key] for key in [*RUN, "fold", "seed"]})
        for part in losses
    ]
    parts = [part for part in parts if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    write_table("losses", table, out, sort_by=[*RUN, "fold", "epoch", "step"])


def write_skipped(parts: Sequence[str | os.PathLike], out: str | os.PathLike):
    """Write `skipped.csv`: what was left out of source, colour or identity, each once.

    Parameters
    ----------
    parts : sequence of path-like
        Lists written by `chromapal.worms.skipped.write`; the folds' lists repeat each other.
    out : path-like
        The table.
    """
    lists = [skipped.read(path) for path in parts]
    table = pd.concat(lists, ignore_index=True) if lists else []
    skipped.write(pd.DataFrame(table, columns=list(SKIPPED)).drop_duplicates(), out)
