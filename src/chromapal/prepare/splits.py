"""Assignment of worms or rows to training, validation and test."""

import itertools
import logging
import os

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.files import write_parquet
from chromapal.prepare.normalise import usable_for_colour
from chromapal.worms.table import WORM

LOGGER = logging.getLogger(__name__)
KINDS = ("rows", "worm", "lab")


def pair(a: int, b: int) -> str:
    """Return the name of the model trained without two folds, smaller number first."""
    return f"fold{min(a, b)}-{max(a, b)}"


def fold_names(k: int, cross_fit: bool) -> list[str]:
    """List the model folds: `fold0` .. and, for cross-fitting, every pair `fold0-1` .."""
    folds = [f"fold{index}" for index in range(k)]
    return folds + [pair(a, b) for a, b in itertools.combinations(range(k), 2) if cross_fit]


def cross_fit_model(fold: int, inner: int, k: int) -> str:
    """Return the model that predicts a training worm of a test fold, but was trained without it.

    Parameters
    ----------
    fold : int
        The test fold.
    inner : int
        The fold in which the worm is held out (column `inner` of the splits).
    k : int
        Number of folds.

    Returns
    -------
    str
        The pair of both. An always-training worm may have the test fold itself as `inner`;
        every pair with it holds the worm out; the next fold completes the pair.
    """
    return pair(fold, inner if inner != fold else (fold + 1) % k)


def make_splits(
    neurons: pd.DataFrame,
    kind: str,
    folds: int,
    seed: int,
    validation: float = 0.15,
    test_fraction: float = 0.3,
    cross_fit: bool = False,
    gray_source: str = "luminance",
) -> pd.DataFrame:
    """Assign each row a role in every model fold, independently of labels and counts.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neurons of all worms.
    kind : {"rows", "worm", "lab"}
        `rows`: the original study's random rows, one fold (scikit-learn's `train_test_split`
        over all rows in table order, with the study's seed). `worm`: whole worms. If the fold
        column has numbers, they are used (folds in ascending order of their numbers; worms
        without a number are always training worms), else folds are drawn at random,
        stratified by laboratory. `lab`: one fold per laboratory, in sorted order.
    folds : int
        Number of folds.
    seed : int
        Seed of all random draws.
    validation : float
        Fraction of a model's training worms (rows with `rows`) used for validation: at least
        one, never all, spread over laboratories, and only worms that have colour.
    test_fraction : float
        Fraction of test rows; `rows` only.
    cross_fit : bool
        Also add the pairs of folds. A pair holds out the worms whose `inner` is either fold.
    gray_source : {"luminance", "white"}
        Determines which worms can validate; see
        `chromapal.prepare.normalise.usable_for_colour`.

    Returns
    -------
    pandas.DataFrame
        Rows as in `neurons`. String columns `fold0` .. (and pairs) of `train`, `validation`,
        `test`; int column `inner`: the fold in which the row's worm is held out for
        cross-fitting. That is its own fold, or an assigned one for worms always in training;
        -1 with `rows`.

    Raises
    ------
    InputError
        Too few worms, laboratories or training worms for the requested folds.
    """
    if kind not in KINDS:
        raise InputError("config key 'split'", repr(kind), f"one of {', '.join(KINDS)}")
    if not 0 < validation < 1:
        raise InputError("config key 'validation'", str(validation), "a fraction between 0 and 1")
    if kind == "rows":
        if cross_fit:
            raise InputError("config key 'runs.cross_fit'", "split 'rows'", "folds of whole worms")
        return _rows(len(neurons), seed, validation, test_fraction)
    # Sorted keys, so that the order of worms in the table does not matter.
    worms = neurons[[*WORM, "fold"]].drop_duplicates(WORM).sort_values(WORM, ignore_index=True)
    if len(worms) < 2:
        raise InputError("source of worms", f"{len(worms)} worm", "at least two worms")
    folds_of = _lab_folds if kind == "lab" else _worm_folds
    own = folds_of(worms, folds, seed)
    if cross_fit and folds < 3:
        raise InputError("config key 'folds'", str(folds), "at least 3 folds for cross-fitting")
    inner = own.copy()
    always = own < 0
    inner[always] = _deal(worms["lab"][always], folds, np.random.default_rng([seed, folds]))
    mask, _ = usable_for_colour(neurons, gray_source)
    known = pd.MultiIndex.from_frame(neurons.loc[mask, WORM].drop_duplicates())
    keys = pd.MultiIndex.from_frame(worms[WORM])
    usable = keys.isin(known)
    if not usable.any():  # a study of names only, in which any worm may validate
        usable = np.ones(len(worms), dtype=bool)
    roles = {"inner": inner}
    for name in fold_names(folds, cross_fit):
        numbers = [int(number) for number in name.removeprefix("fold").split("-")]
        tested = np.isin(inner if len(numbers) == 2 else own, numbers)
        chosen = _validation(name, worms["lab"], usable & ~tested, validation, seed)
        roles[name] = np.where(tested, "test", np.where(chosen, "validation", "train"))
    rows = keys.get_indexer(pd.MultiIndex.from_frame(neurons[WORM]))
    order = [*fold_names(folds, cross_fit), "inner"]
    return pd.DataFrame(roles)[order].iloc[rows].reset_index(drop=True)


def _rows(count: int, seed: int, validation: float, test_fraction: float) -> pd.DataFrame:
    # Imported here: it takes two seconds to import, and splits by worm do not need it.
    from sklearn.model_selection import train_test_split

    rest, test = train_test_split(np.arange(count), test_size=test_fraction, random_state=seed)
    _, chosen = train_test_split(rest, test_size=validation, random_state=seed)
    role = np.full(count, "train", dtype=object)
    role[test], role[chosen] = "test", "validation"
    return pd.DataFrame({"fold0": role, "inner": -1})


def _worm_folds(worms: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    """Return each worm's fold, -1 if it is always a training worm; shape (worms,)."""
    if folds < 2:
        raise InputError("config key 'folds'", str(folds), "at least 2")
    stated = worms["fold"].str.fullmatch("[0-9]{1,9}")
    if stated.any():
        numbers = worms["fold"][stated].astype(int)
        distinct = sorted(numbers.unique())
        if len(distinct) != folds:
            raise InputError(
                "config key 'folds'",
                f"{folds}, and worms of folds {', '.join(map(str, distinct))} in the tables",
                f"folds: {len(distinct)}",
                "or empty the tables' fold column to have folds drawn",
            )
        own = np.full(len(worms), -1)
        own[stated] = np.searchsorted(distinct, numbers)
        return own
    if len(worms) < folds:
        raise InputError(
            "config key 'folds'", f"{folds} folds for {len(worms)} worms", "at most one per worm"
        )
    return _deal(worms["lab"], folds, np.random.default_rng(seed))


def _lab_folds(worms: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    labs = sorted(worms["lab"].unique())
    if len(labs) < 2 or len(labs) != folds:
        raise InputError(
            "config key 'split'",
            f"'lab' with usable worms of {', '.join(labs)} for {folds} folds",
            "at least two laboratories, and a fold for each",
        )
    return np.searchsorted(labs, worms["lab"])


def _deal(labs: pd.Series, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Assign worms to folds in turn, one laboratory after the other; shape (worms,).

    Folds differ by at most one worm, within each laboratory and over all.
    """
    order = np.lexsort((rng.permutation(len(labs)), labs.to_numpy(dtype="U")))
    dealt = np.empty(len(labs), dtype=np.int64)
    dealt[order] = np.arange(len(labs)) % folds
    return dealt


def _validation(
    name: str, labs: pd.Series, candidates: np.ndarray, fraction: float, seed: int
) -> np.ndarray:
    """Draw validation worms in proportion to laboratories; shape (worms,) of bool."""
    count = int(candidates.sum())
    if count < 2:
        raise InputError(
            "config key 'folds'",
            f"{count} worm with colour to train {name}",
            "at least two, one of which validates",
            "give more worms, or choose other folds",
        )
    drawn = labs[candidates].to_frame()
    rng = np.random.default_rng([seed, *name.encode()])
    drawn["order"] = rng.permutation(count)
    worms = drawn.groupby("lab")["order"]
    # Relative rank of a worm in its laboratory: the lowest of all are spread evenly.
    drawn["rank"] = (worms.rank() - 0.5) / worms.transform("size")
    number = min(max(round(fraction * count), 1), count - 1)
    chosen = np.zeros(len(labs), dtype=bool)
    chosen[drawn.sort_values(["rank", "order"]).index[:number]] = True
    return chosen


def write_splits(
    neurons: str | os.PathLike,
    kind: str,
    folds: int,
    seed: int,
    validation: float,
    cross_fit: bool,
    out: str | os.PathLike,
    gray_source: str = "luminance",
):
    """Split the neurons of a study and write the roles as Parquet; see `make_splits`."""
    neurons = pd.read_parquet(neurons)
    splits = make_splits(
        neurons,
        kind,
        folds,
        seed,
        validation,
        cross_fit=cross_fit,
        gray_source=gray_source,
    )
    write_parquet(splits, out)
    for name in splits.columns.drop("inner"):
        counts = splits[name].value_counts().sort_index()
        LOGGER.info("%s: %s", name, ", ".join(f"{n} {role}" for role, n in counts.items()))
