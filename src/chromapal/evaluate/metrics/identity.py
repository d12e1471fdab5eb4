"""How often neurons are named right, per worm, with intervals, and what guessing gives."""

import numpy as np
import pandas as pd

from chromapal.columns import ASSIGNED, TOP
from chromapal.evaluate.metrics import intervals
from chromapal.prepare.variants import BACKGROUND
from chromapal.worms import partial_names
from chromapal.worms.table import WORM

# What identifies one run of a classifier; sample and grid are those of the predicted colours.
METHOD = ["study", "classifier", "colorizer", "variant", "sample", "grid", "features", "seed"]
LEVEL = ["fold", "lab"]
ALL = "all"
# Scores of one worm: which count of `per_worm` is divided by which.
SCORES = {
    "accuracy": ("right", "labelled"),
    "top5": ("right5", "labelled"),
    "assigned": ("right_assigned", "labelled"),
    "assigned_top5": ("right_assigned5", "labelled"),
    "class_accuracy": ("right_class", "labelled"),
    "partial_accuracy": ("right_partial", "partial"),
    "majority": ("guessed", "labelled"),
    "accuracy_all": ("right_all", "neurons"),
    "majority_all": ("guessed_all", "neurons"),
}
GRAY, PREDICTED, TRUE = "position+gray", "position+gray+predicted", "position+rgb"


def per_worm(named: pd.DataFrame) -> pd.DataFrame:
    """Count each worm's neurons that were named right.

    Parameters
    ----------
    named : pandas.DataFrame
        Named test neurons: features, colorizer, lab, worm, name, top1 to top5, assigned1 to
        assigned5, majority, majority_labelled, training_names.

    Returns
    -------
    pandas.DataFrame
        features, colorizer, lab, worm and counts: neurons; labelled (with a full name); of the
        labelled ones right and right5 (each neuron for itself: the best name, one of the five
        best), right_assigned and right_assigned5 (one name to one neuron), right_class (assigned,
        side ignored) and guessed (the labelled training neurons' most frequent name); partial
        (labels that denote several names) and of them right_partial (assigned); of all neurons
        right_all and guessed_all (background is a name); training_names. A name that training
        never saw counts as wrong. Neurons without a name, "", are not counted at all.
    """
    named = scored(named)
    name = named["name"]
    partial = name.map(partial_names.is_partial).astype(bool)
    labelled = name.ne(BACKGROUND) & ~partial
    correct = {column: partial_names.right(name, named[column]) for column in (*TOP, *ASSIGNED)}
    counts = named[["features", "colorizer", *WORM]].assign(
        neurons=1,
        labelled=labelled,
        right=correct["top1"] & labelled,
        right5=np.logical_or.reduce([correct[top] for top in TOP]) & labelled,
        right_assigned=correct["assigned1"] & labelled,
        right_assigned5=np.logical_or.reduce([correct[top] for top in ASSIGNED]) & labelled,
        right_class=partial_names.right_class(name, named["assigned1"]) & labelled,
        guessed=named["majority_labelled"].eq(name) & labelled,
        partial=partial,
        right_partial=correct["assigned1"] & partial,
        right_all=correct["top1"],
        guessed_all=named["majority"].eq(name),
    )
    keys = ["features", "colorizer", *WORM]
    sums = counts.groupby(keys, sort=True).sum()
    first = named.groupby(keys, sort=True)["training_names"].first()
    return sums.assign(training_names=first).reset_index()


def scored(named: pd.DataFrame) -> pd.DataFrame:
    """Drop the neurons that were named only because they compete for names."""
    return named[named["name"].ne("")]


def with_scores(worms: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of `SHARES`; NaN for a worm whose labelled neurons are not among these."""
    return worms.assign(
        **{name: worms[right] / worms[among] for name, (right, among) in SCORES.items()}
    )


def per_name(named: pd.DataFrame) -> pd.DataFrame:
    """Count which names the neurons of each name were given.

    Returns
    -------
    pandas.DataFrame
        features, colorizer, lab, name, top1, examples (of the name in training), count.
    """
    keys = ["features", "colorizer", "lab", "name", "top1", "examples"]
    return scored(named).groupby(keys, sort=True).size().rename("count").reset_index()


def recovery_ratio(
    gray: np.ndarray, predicted: np.ndarray, true: np.ndarray, seed: int
) -> np.ndarray:
    """Return the fraction of what true colour adds that predicted colour recovers.

    Parameters
    ----------
    gray, predicted, true : numpy.ndarray
        Accuracy per worm with position and gray, with predicted colour added, and with
        position and true colour, shape (methods, worms).
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    numpy.ndarray
        (mean predicted - mean gray) / (mean true - mean gray), shape (methods,); NaN where the
        interval of the denominator, bootstrapped over worms in pairs, includes 0.
    """
    worth = true - gray
    low, high = intervals.over_worms(worth, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (predicted - gray).mean(axis=1) / worth.mean(axis=1)
    return np.where((low > 0) | (high < 0), ratio, np.nan)


def levels(table: pd.DataFrame) -> pd.DataFrame:
    """Repeat rows for every level: their own fold and laboratory, and all of either."""
    return pd.concat(
        [
            table.assign(**pooled)
            for pooled in ({}, {"fold": ALL}, {"lab": ALL}, {"fold": ALL, "lab": ALL})
        ],
        ignore_index=True,
    )


def score(worms: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Score every run, per fold and laboratory and over all of either.

    Parameters
    ----------
    worms : pandas.DataFrame
        What `per_worm` gave, with the columns of `METHOD` and `fold`; a fold `all` pools folds.
    names : pandas.DataFrame
        What `per_name` gave, with the same columns.

    Returns
    -------
    pandas.DataFrame
        METHOD, fold, lab; worms and neurons (labelled) scored; accuracy (mean over worms, of
        their labelled neurons), low and high (bootstrap over worms), top5, majority (guessing
        the most frequent labelled name) and chance (one over the names known) likewise; the same
        with one name to one neuron: assigned, assigned_low, assigned_high, assigned_top5 and
        class_accuracy (side ignored); partial labels, counted apart, and partial_accuracy;
        accuracy_all and majority_all, where all neurons count and background is a name;
        accuracy_rows and majority_rows, the same pooled over neurons as the original study did;
        balanced_accuracy and macro_f1 over the names of labelled neurons; recovery_ratio.
    """
    # before levels rename laboratories: two of them may have a worm of one name
    worms = with_scores(worms).assign(
        worm_number=worms.groupby(WORM, sort=True).ngroup(), chance=1 / worms["training_names"]
    )
    worms["worm_set"] = _worm_sets(worms)
    parts = [
        _score_level(rows)
        for _, rows in levels(worms).groupby(["study", "variant", "worm_set", *LEVEL], sort=True)
    ]
    keys = [*METHOD, *LEVEL]
    table = pd.concat(parts, ignore_index=True).merge(_name_scores(names), on=keys, how="left")
    return table.sort_values(keys, kind="stable", ignore_index=True)


def _worm_sets(worms: pd.DataFrame) -> pd.Series:
    """Return each set of worms that feature sets could be scored on a number.

    A worm that lacks a channel is not scored on the feature sets that need it. All methods
    are scored on the same worms of a feature set.
    """
    tested = worms.groupby(METHOD, sort=True)["worm_number"].agg(
        lambda rows: tuple(sorted(set(rows)))
    )
    by_features = tested.groupby(["study", "variant", "features"]).agg(set)
    if by_features.map(len).gt(1).any():
        raise ValueError("every method must be scored on the same worms")
    number = pd.Series(pd.factorize(tested, sort=True)[0], tested.index)
    return pd.Series(number.loc[pd.MultiIndex.from_frame(worms[METHOD])].to_numpy(), worms.index)


def _score_level(rows: pd.DataFrame) -> pd.DataFrame:
    """Score the methods of one variant on the same worms."""
    keys = [*METHOD, *LEVEL]
    seed = int(rows["seed"].iloc[0])
    counted = ["neurons", "labelled", "partial", "right_all", "guessed_all"]
    sums = rows.groupby(keys, sort=True)[counted].sum()
    # split by rows, a worm's labelled neurons may all be in training
    with_labels = rows[rows["labelled"] > 0]
    means = with_labels.groupby(keys, sort=True)[[*SCORES, "chance"]].mean().reindex(sums.index)
    accuracy, assigned = (
        with_labels.pivot(index=keys, columns="worm_number", values=metric)
        .reindex(sums.index)
        .to_numpy()
        for metric in ("accuracy", "assigned")
    )
    low, high = intervals.over_worms(accuracy, seed)
    assigned_low, assigned_high = intervals.over_worms(assigned, seed)
    table = means.assign(
        worms=accuracy.shape[1],
        neurons=sums["labelled"],
        partial=sums["partial"],
        low=low,
        high=high,
        assigned_low=assigned_low,
        assigned_high=assigned_high,
        accuracy_rows=sums["right_all"] / sums["neurons"],
        majority_rows=sums["guessed_all"] / sums["neurons"],
    ).reset_index()
    return table.assign(recovery_ratio=_recovered(table, accuracy, seed))


def _recovered(table: pd.DataFrame, accuracy: np.ndarray, seed: int) -> np.ndarray:
    """Return the recovery ratio of methods that add predicted colour, NaN elsewhere."""
    ratio = np.full(len(table), np.nan)
    kinds = list(zip(table["classifier"], table["features"], strict=True))
    index_of = {kind: index for index, kind in enumerate(kinds)}
    indices = [
        (index_of[name, GRAY], index, index_of[name, TRUE])
        for index, (name, features) in enumerate(kinds)
        if features == PREDICTED and {(name, GRAY), (name, TRUE)} <= index_of.keys()
    ]
    if indices and accuracy.shape[1] > 1:
        gray, predicted, true = np.transpose(indices)
        ratio[predicted] = recovery_ratio(accuracy[gray], accuracy[predicted], accuracy[true], seed)
    return ratio


def _name_scores(names: pd.DataFrame) -> pd.DataFrame:
    """Return balanced accuracy and macro F1 per method and level, over labelled neurons.

    Balanced accuracy is the mean recall, macro F1 the mean of 2 right / (true + answered), both
    over the names that labelled neurons of the level have.
    """
    keys = [*METHOD, *LEVEL]
    labelled = names[names["name"].ne(BACKGROUND)]
    spelled = pd.Index(pd.unique(pd.concat([labelled["name"], labelled["top1"]])))
    coded = labelled[[*keys, "count"]].assign(
        name=spelled.get_indexer(labelled["name"]), answer=spelled.get_indexer(labelled["top1"])
    )
    # whole groups as one number each: text keys of some hundred thousand rows are slow
    coded["method"] = coded.groupby(METHOD, sort=True).ngroup()
    methods = coded[["method", *METHOD]].drop_duplicates()
    long = levels(coded[["method", *LEVEL, "name", "answer", "count"]])
    long["right"] = long["count"].where(long["name"].eq(long["answer"]), 0)
    level = ["method", *LEVEL]
    true = long.groupby([*level, "name"], sort=True)[["count", "right"]].sum()
    answered = (
        long.groupby([*level, "answer"], sort=True)["count"].sum().rename_axis([*level, "name"])
    )
    answered = answered.reindex(true.index, fill_value=0)
    scores = pd.DataFrame(
        {
            "balanced_accuracy": true["right"] / true["count"],
            "macro_f1": 2 * true["right"] / (true["count"] + answered),
        }
    )
    return (
        scores.groupby(level, sort=True)
        .mean()
        .reset_index()
        .merge(methods, on="method")
        .drop(columns="method")
    )
