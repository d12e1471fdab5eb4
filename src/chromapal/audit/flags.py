"""What contradicts the rest: thresholds from animals of other folds, flags and ranks."""

import numpy as np
import pandas as pd
from scipy.stats import poisson

from chromapal.audit import labels
from chromapal.audit.questions import AGREEMENT, CHANNELS, STRETCH
from chromapal.columns import FEATURES
from chromapal.errors import InputError
from chromapal.worms.table import WORM

BUDGET = 0.05  # of names of other folds that are flagged, at most
RARE = 0.02  # of animals of other folds that are found stretched, or whose colours do not agree
NAMES = "single names"  # a question that flags answer: does an animal have more than by chance?
# Margins stand in one column for each of what a name can be judged from.
KINDS = {"position": "position", "position+rgb": "colour"}
GRAY = "gray"


def thresholds(values: pd.Series, fold: pd.Series, quantile: float) -> dict[str, float]:
    """Return a quantile of the values of all other folds, by fold.

    Raises
    ------
    InputError
        There is one fold only.
    """
    found = {}
    for one in sorted(fold.unique()):
        others = values[fold.ne(one)].dropna()
        if others.empty:
            raise InputError(
                "audit",
                f"judged animals of {one} only",
                "those of two folds or more, of which one says what is usual in the other",
            )
        # a value of the sample, so that no more than the budget lie above it
        found[one] = float(np.quantile(others, quantile, method="inverted_cdf"))
    return found


def flag_animals(animals: pd.DataFrame) -> pd.DataFrame:
    """Decide which answers about whole animals contradict the rest.

    Labels shifted, sides, channels and double centres are found where another explanation is the
    likelier one; stretches and colours beside those of animals of other folds.

    Parameters
    ----------
    animals : pandas.DataFrame
        Rows of `chromapal.audit.questions.animal_rows`, with features and fold.

    Returns
    -------
    pandas.DataFrame
        With threshold, flagged (0, 1) and chance filled in.
    """
    animals = animals.assign(threshold=0.0)
    for question, quantile in ((STRETCH, 1 - RARE), (AGREEMENT, RARE)):
        for _, rows in animals[animals["question"].eq(question)].groupby("features"):
            if rows["gain"].notna().any():
                limit = thresholds(rows["gain"], rows["fold"], quantile)
                animals.loc[rows.index, "threshold"] = rows["fold"].map(limit)
                animals.loc[rows.index, "chance"] = RARE
    above = animals["gain"] > animals["threshold"]
    below = animals["gain"] < animals["threshold"]
    flagged = np.where(animals["question"].eq(AGREEMENT), below, above)
    return animals.assign(flagged=flagged.astype(int))


def judged_from(animals: pd.DataFrame) -> pd.Series:
    """Choose the feature set that an animal is judged from.

    The richest that it has; but where its colours do not go with its labels, or other channels
    would, the poorest: models that believe these colours would contradict every name.

    Returns
    -------
    pandas.Series of str
        By (lab, worm).
    """
    order = {name: number for number, name in enumerate(FEATURES)}
    number = animals["features"].map(order).groupby([animals[key] for key in WORM])
    colours = animals["question"].isin([AGREEMENT, CHANNELS]) & animals["flagged"].eq(1)
    wrong = colours.groupby([animals[key] for key in WORM]).any()
    return number.max().where(~wrong, number.min()).map(dict(enumerate(FEATURES)))


def flag_labels(rows: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Decide which labels contradict the rest.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of `chromapal.audit.questions.label_rows`, with features and fold.
    chosen : pandas.Series
        See `judged_from`.

    Returns
    -------
    pandas.DataFrame
        The rows of each animal's feature set, with threshold, flagged (0, 1), chance (how probably
        a right label would be flagged), traces, and margins from position, gray and colour.
    """
    parts = []
    for _, same in rows.groupby("features"):
        limit = same["fold"].map(thresholds(same["margin"], same["fold"], 1 - BUDGET))
        flagged = (same["margin"] > limit).astype(int)
        chance = [
            labels.chance(np.asarray(log, dtype=float)[None], threshold)[0]
            for log, threshold in zip(same["log"], limit, strict=True)
        ]
        # an exchange renames two neurons
        traces = 1 + (same["exchange"] > 0).astype(int)
        parts.append(same.assign(threshold=limit, flagged=flagged, chance=chance, traces=traces))
    judged = pd.concat(parts, ignore_index=True).drop(columns="log")
    kind = judged["features"].map(KINDS).fillna(GRAY)
    keys = [*WORM, "neuron"]
    by_kind = judged.assign(kind=kind).pivot(index=keys, columns="kind", values="margin")
    by_kind = by_kind.reindex(columns=[*KINDS.values(), GRAY]).add_prefix("margin_")
    own = judged["features"].to_numpy() == chosen.loc[pd.MultiIndex.from_frame(judged[WORM])]
    return judged[own.to_numpy()].merge(by_kind.reset_index(), on=keys)


def ask_names(flagged: pd.DataFrame) -> pd.DataFrame:
    """Ask of every animal whether more of its names are flagged than by chance.

    Parameters
    ----------
    flagged : pandas.DataFrame
        See `flag_labels`.

    Returns
    -------
    pandas.DataFrame
        Rows as of `flag_animals`: gain is the number of flagged names, threshold the number that
        an animal whose labels are right exceeds with a probability of `RARE` at most.
    """
    grouped = flagged.groupby(["features", "fold", *WORM])
    count, expected, names = (
        grouped["flagged"].sum(), grouped["chance"].sum(), grouped["flagged"].size(),
    )  # fmt: skip
    threshold = poisson.ppf(1 - RARE, expected)
    words = [f"{few} of {all_} names" for few, all_ in zip(count, names, strict=True)]
    table = pd.DataFrame({"gain": count, "traces": count, "finding": words})
    table = table.assign(threshold=threshold, chance=RARE, question=NAMES)
    return table.assign(flagged=(count > threshold).astype(int)).reset_index()


def own_rows(animals: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Keep each animal's answers from its feature set; those about colours from where they are."""
    own = animals["features"].to_numpy() == chosen.loc[pd.MultiIndex.from_frame(animals[WORM])]
    return animals[own.to_numpy() | animals["question"].isin([AGREEMENT, CHANNELS])]


def ranked(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Put first what is flagged, and of that what most traces hang on.

    Parameters
    ----------
    table : pandas.DataFrame
        lab, worm, flagged, traces and the column `by`.
    by : str
        What decides between equals, greatest first.
    """
    keys = ["flagged", "traces", by, *WORM]
    ordered = table.sort_values(keys, ascending=[False] * 3 + [True] * 2, kind="stable")
    return ordered.assign(rank=np.arange(1, len(table) + 1))
