"""Tables about names given one to one neuron: answers, handedness, places, one animal's names."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.columns import ASSIGNED, BODY, PROBABILITY
from chromapal.dictionary import TABLES
from chromapal.evaluate.tables.write import write_table
from chromapal.prepare.variants import BACKGROUND
from chromapal.worms import partial_names
from chromapal.worms.table import ANIMAL, neuron_class

RUN = ["study", "classifier", "colorizer", "variant", "features"]


def answered(identities: Sequence[dict]) -> pd.DataFrame:
    """Collect test neurons with a full name and what they were called, one to one.

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
    for part in identities:
        named = pd.read_parquet(part["path"])
        full = named["name"].ne(BACKGROUND) & ~named["name"].map(partial_names.is_partial)
        named = named[named["name"].ne("") & full]
        table = named[["features", "colorizer", *ANIMAL, "row", "name", "probability"]].assign(
            answer=named["assigned1"],
            right=partial_names.right(named["name"], named["assigned1"]),
            right_class=partial_names.right_class(named["name"], named["assigned1"]),
        )
        told = {key: part[key] for key in ("study", "classifier", "variant", "fold", "seed")}
        parts.append(table.assign(**told))
    columns = [*RUN, "fold", "seed", *ANIMAL, "row", "name", "answer", "probability", "right"]
    blank = pd.DataFrame(columns=[*columns, "right_class"])
    return pd.concat(parts, ignore_index=True) if parts else blank


def write_handedness(parts: Sequence[dict], out: str | os.PathLike):
    """Write `handedness.csv`: what was decided about each test animal's axes, and how it went.

    Parameters
    ----------
    parts : sequence of dict
        path of an alignment's table of worms, and its study, features and fold.
    out : path-like
        The table.
    """
    tables = [
        pd.read_parquet(part["path"]).assign(
            **{key: part[key] for key in ("study", "features", "fold")}
        )
        for part in parts
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    write_table("handedness", table, out, sort_by=["features", "fold", *ANIMAL])


def write_places(
    identities: Sequence[dict], aligned: dict[tuple[str, str], str], out: str | os.PathLike
):
    """Write `places.csv`: where each name lies in the body, and what it is taken for most.

    Parameters
    ----------
    identities : sequence of dict
        See `answered`.
    aligned : dict
        Files of aligned neurons by "features fold"; feature sets without one are left out.
    out : path-like
        The table; positions are medians over test animals [um].
    """
    table = answered(identities)
    # with predicted colour one name would be counted once per colorizer
    table = table[table["variant"].eq("no_background") & table["colorizer"].eq("")]
    parts = []
    for key, path in aligned.items():
        features, fold = key.split(" ")
        part = table[table["features"].eq(features) & table["fold"].eq(fold)]
        parts.append(part.merge(pd.read_parquet(path, columns=["row", *BODY]), on="row"))
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
    found = places.reset_index().merge(taken, on=keys, how="left")
    found["confused_with"] = found["confused_with"].fillna("")
    found["confused"] = found["confused"].fillna(0).astype(int)
    write_table("places", found, out)


def worm_answers(
    named: pd.DataFrame, neurons: pd.DataFrame, body: pd.DataFrame, doubtful: pd.Series
) -> pd.DataFrame:
    """Give the table that a person gets for each animal: names, certainty, a review queue.

    Parameters
    ----------
    named : pandas.DataFrame
        Answers of one classifier from one feature set: row, lab, worm, name, assigned1 to
        assigned5, probability (of the first), probability2 to probability5, anchor
        (what a person stated, "" otherwise).
    neurons : pandas.DataFrame
        The study's neurons: row, x, y, z, ID.
    body : pandas.DataFrame
        row and body axes [um]; empty where nothing was aligned.
    doubtful : pandas.Series of bool
        By (lab, worm): whether handedness is undecided. There names go without their side.

    Returns
    -------
    pandas.DataFrame
        The columns of the table `named` in `chromapal.dictionary`. Where answers go without
        their side, probabilities are sums of both sides' as far as the five names tell.
    """
    table = named.merge(neurons[["row", "x", "y", "z", "ID"]], on="row").merge(
        body[["row", *BODY]], on="row", how="left"
    )
    table = table.sort_values("row", ignore_index=True)
    table["neuron"] = table.groupby(ANIMAL, sort=False).cumcount()
    unsure = doubtful.reindex(pd.MultiIndex.from_frame(table[ANIMAL])).fillna(False).to_numpy(bool)
    label = table["name"].mask(table["name"].eq(BACKGROUND), "")
    whole = np.where(
        unsure,
        partial_names.right_class(label, table["assigned1"]),
        partial_names.right(label, table["assigned1"]),
    )
    answers = table[ASSIGNED].to_numpy(dtype=object)
    chances = table[PROBABILITY].to_numpy(dtype=float, copy=True)
    for spot in np.flatnonzero(unsure):
        # without a side, either of a pair is the same answer
        sideless = neuron_class(table[ASSIGNED].iloc[spot])
        classes = sideless.unique().tolist()
        answers[spot] = classes + [""] * (len(ASSIGNED) - len(classes))
        sums = [np.nansum(chances[spot, sideless.eq(name)]) for name in classes]
        chances[spot] = sums + [0.0] * (len(ASSIGNED) - len(classes))
    table[PROBABILITY] = chances
    ranks = ("answer", "second", "third", "fourth", "fifth")
    queue = table.groupby(ANIMAL, sort=False)["probability"].rank(method="first").astype(int)
    found = table.assign(
        **dict(zip(ranks, answers.T, strict=True)),
        right=np.where(label.eq(""), "", np.where(whole, "yes", "no")),
        review=queue,
    )
    return found[TABLES["named"].names]
