"""Tables of names given one to one: handedness, positions of names."""

import os
from collections.abc import Sequence

import pandas as pd

from chromapal.columns import BODY
from chromapal.evaluate.tables.write import write_table
from chromapal.prepare.variants import BACKGROUND
from chromapal.worms import partial_names
from chromapal.worms.table import WORM

RUN = ["study", "classifier", "colorizer", "variant", "features"]


def answered(identities: Sequence[dict]) -> pd.DataFrame:
    """Collect test neurons with a full name and the name each was given, one to one.

    Parameters
    ----------
    identities : sequence of dict
        path of an identities file, and its study, classifier, variant, fold, seed.

    Returns
    -------
    pandas.DataFrame
        RUN, fold, seed, lab, worm, row, name, answer, probability, right, right_class.
    """
    parts = []
    for entry in identities:
        named = pd.read_parquet(entry["path"])
        full = named["name"].ne(BACKGROUND) & ~named["name"].map(partial_names.is_partial)
        named = named[named["name"].ne("") & full]
        table = named[["features", "colorizer", *WORM, "row", "name", "probability"]].assign(
            answer=named["assigned1"],
            right=partial_names.right(named["name"], named["assigned1"]),
            right_class=partial_names.right_class(named["name"], named["assigned1"]),
        )
        run = {key: entry[key] for key in ("study", "classifier", "variant", "fold", "seed")}
        parts.append(table.assign(**run))
    columns = [*RUN, "fold", "seed", *WORM, "row", "name", "answer", "probability", "right"]
    blank = pd.DataFrame(columns=[*columns, "right_class"])
    return pd.concat(parts, ignore_index=True) if parts else blank


def write_handedness(files: Sequence[dict], out: str | os.PathLike):
    """Write `handedness.csv`: the handedness of each test worm, accuracy either way.

    Parameters
    ----------
    files : sequence of dict
        path of an alignment's table of worms, and its study, features and fold.
    out : path-like
        The table.
    """
    tables = [
        pd.read_parquet(entry["path"]).assign(
            **{key: entry[key] for key in ("study", "features", "fold")}
        )
        for entry in files
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    write_table("handedness", table, out, sort_by=["features", "fold", *WORM])


def write_places(
    identities: Sequence[dict], aligned: dict[tuple[str, str], str], out: str | os.PathLike
):
    """Write `places.csv`: position of each name, and the name most often given instead.

    Parameters
    ----------
    identities : sequence of dict
        See `answered`.
    aligned : dict
        Files of aligned neurons by "features fold"; other feature sets are skipped.
    out : path-like
        The table; positions are medians over test worms [um].
    """
    table = answered(identities)
    # with predicted colour one name would be counted once per colorizer
    table = table[table["variant"].eq("no_background") & table["colorizer"].eq("")]
    parts = []
    for key, path in aligned.items():
        features, fold = key.split(" ")
        rows = table[table["features"].eq(features) & table["fold"].eq(fold)]
        parts.append(rows.merge(pd.read_parquet(path, columns=["row", *BODY]), on="row"))
    joined = pd.concat(parts, ignore_index=True) if parts else table.assign(**dict.fromkeys(BODY))
    keys = ["study", "classifier", "features", "name"]
    places = joined.groupby(keys, sort=True).agg(
        **{axis: (axis, "median") for axis in BODY},
        tested=("right", "size"),
        right=("right", "sum"),
    )
    wrong = joined[~joined["right"].astype(bool)]
    taken = wrong.groupby([*keys, "answer"], sort=True).size().rename("confused").reset_index()
    taken = taken.sort_values([*keys, "confused"], ascending=[True] * 4 + [False], kind="stable")
    taken = taken.drop_duplicates(keys).rename(columns={"answer": "confused_with"})
    result = places.reset_index().merge(taken, on=keys, how="left")
    result["confused_with"] = result["confused_with"].fillna("")
    result["confused"] = result["confused"].fillna(0).astype(int)
    write_table("places", result, out)
