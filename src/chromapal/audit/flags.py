"""What contradicts the rest: thresholds from animals of other folds, flags and ranks."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import poisson

from chromapal.audit import labels
from chromapal.audit.questions import AGREEMENT, CHANNELS, STRETCH
from chromapal.columns import FEATURES
from chromapal.errors import InputError
from chromapal.worms.table import WORM

BUDGET = 0.05  # of names of other folds that are flagged, at most
RARE = 0.02  # of animals whose labels are right that have too many flagged names, at most
FENCE = 1.5  # interquartile ranges beyond the quartiles (Tukey 1977), which few faulty animals move
LEAST_STRETCH = 0.5  # factors of two: an axis nearer to twice or half as long than to usual
NAMES = "single names"  # a question that flags answer: does an animal have more than by chance?
# Margins stand in one column for each of what a name can be judged from.
KINDS = {"position": "position", "position+rgb": "colour"}
GRAY = "gray"


def thresholds(
    values: pd.Series, fold: pd.Series, limit: Callable[[np.ndarray], float]
) -> dict[str, float]:
    """Return the limit of the values of all other folds, by fold.

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
        found[one] = limit(others.to_numpy())
    return found


def budget(values: np.ndarray) -> float:
    """Return the value that no more than `BUDGET` of the values exceed."""
    return float(np.quantile(values, 1 - BUDGET, method="inverted_cdf"))


def fence(values: np.ndarray, above: bool) -> float:
    """Return the value above (else below) which a value is an outlier; see `FENCE`."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high + FENCE * (high - low) if above else low - FENCE * (high - low))


def flag_animals(animals: pd.DataFrame) -> pd.DataFrame:
    """Decide which answers about whole animals contradict the rest.

    Labels shifted, sides, channels and double centres are found where another explanation is the
    likelier one; stretches and colours where they are outliers among animals of other folds.

    Parameters
    ----------
    animals : pandas.DataFrame
        Rows of `chromapal.audit.questions.animal_rows`, with features and fold.

    Returns
    -------
    pandas.DataFrame
        With threshold and flagged (0, 1).
    """
    animals = animals.assign(threshold=0.0)
    for question, above, least in ((STRETCH, True, LEAST_STRETCH), (AGREEMENT, False, -1.0)):
        for _, rows in animals[animals["question"].eq(question)].groupby("features"):
            if rows["gain"].notna().any():
                limit = thresholds(rows["gain"], rows["fold"], partial(fence, above=above))
                animals.loc[rows.index, "threshold"] = rows["fold"].map(limit).clip(lower=least)
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
        limit = same["fold"].map(thresholds(same["margin"], same["fold"], budget))
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
