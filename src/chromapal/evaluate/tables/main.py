"""The study's tables: one row per run and level, sorted, fixed floats, no time stamps."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.columns import SKIPPED, TRAINED_ON
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.metrics import colour, identity
from chromapal.evaluate.metrics.identity import METHOD
from chromapal.evaluate.tables.write import distinct, write_table
from chromapal.worms import skipped
from chromapal.worms.table import WORM, neuron_class

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
        folds = [(entry["fold"], _test_colours(entry["path"])) for entry in run]
        table = pd.concat([neurons.assign(fold=fold) for fold, neurons in folds], ignore_index=True)
        worms = pd.concat(
            [
                colour.per_worm_ssim(neurons, colour_scale).assign(fold=fold)
                for fold, neurons in folds
            ],
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
    loaded = [(entry, pd.read_parquet(entry["path"])) for entry in identities]
    names = _collected([_described(entry, identity.per_name(named)) for entry, named in loaded])
    worms = _collected([_described(entry, identity.per_worm(named)) for entry, named in loaded])
    scores = pd.DataFrame()
    if len(worms):
        scores = identity.score(worms, names).merge(_trained_on(loaded), on=METHOD)
    write_table("identity", scores, out_identity)
    write_table("names", _name_table(names), out_names, sort_by=[*NAMED, "name"])
    write_table("confusion", _confusion_table(names), out_confusion)


def _described(entry: dict, table: pd.DataFrame) -> pd.DataFrame:
    """Add the run a table comes from; sample and grid only where predicted colour was used."""
    uses_colour = table["colorizer"].ne("")
    return table.assign(
        **{key: entry[key] for key in ("study", "classifier", "variant", "fold", "seed")},
        **{key: np.where(uses_colour, str(entry[key]), "") for key in ("sample", "grid")},
    )


def _trained_on(loaded: list[tuple[dict, pd.DataFrame]]) -> pd.DataFrame:
    """Return what the networks of each method were trained with, over all folds."""
    each = [
        _described(entry, named.drop_duplicates(["features", "colorizer", *TRAINED_ON]))
        for entry, named in loaded
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
        examples=names["examples"] * names["count"],
    )
    table = counted.groupby([*NAMED, "name"], sort=True)[["tested", "right", "examples"]].sum()
    table = table.reset_index()
    table["class"] = neuron_class(table["name"])
    table["training_examples"] = table["examples"] / table["tested"]
    return table[[*NAMED, "name", "class", "training_examples", "tested", "right"]]


def _confusion_table(names: pd.DataFrame) -> pd.DataFrame:
    counted = names.assign(
        true_class=neuron_class(names["name"]), predicted_class=neuron_class(names["top1"])
    )
    keys = [*NAMED, "true_class", "predicted_class"]
    return counted.groupby(keys, sort=True)["count"].sum().reset_index()


def write_worms(colours: Sequence[dict], identities: Sequence[dict], out: str | os.PathLike):
    """Write `worms.csv`: each test worm's scores, `measure` is colour or identity.

    Parameters
    ----------
    colours, identities : sequence of dict
        As for `write_colour` and `write_identity`.
    out : path-like
        The table.
    """
    parts = []
    for entry in colours:
        table = _test_colours(entry["path"])
        labelled = table["name"].ne("").groupby([table["lab"], table["worm"]]).sum()
        parts.append(
            colour.per_worm(table)
            .merge(labelled.rename("labelled").reset_index(), on=WORM)
            .assign(measure="colour", **{key: entry[key] for key in [*RUN, "fold"]})
        )
    for entry in identities:
        worms = identity.with_scores(identity.per_worm(pd.read_parquet(entry["path"])))
        parts.append(_described(entry, worms).assign(measure="identity"))
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
    # what the table does not list are counts from which its scores are computed
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
        pd.read_csv(entry["path"]).assign(**{key: entry[key] for key in [*RUN, "fold", "seed"]})
        for entry in losses
    ]
    parts = [history for history in parts if len(history)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    write_table("losses", table, out, sort_by=[*RUN, "fold", "epoch", "step"])


def write_skipped(files: Sequence[str | os.PathLike], out: str | os.PathLike):
    """Write `skipped.csv`: what was skipped in source, colour or identity, each once.

    Parameters
    ----------
    files : sequence of path-like
        Lists written by `chromapal.worms.skipped.write`; the folds' lists repeat each other.
    out : path-like
        The table.
    """
    lists = [skipped.read(path) for path in files]
    table = pd.concat(lists, ignore_index=True) if lists else []
    skipped.write(pd.DataFrame(table, columns=list(SKIPPED)).drop_duplicates(), out)
