"""Tables about names given one to one neuron: confidence, ganglia, handedness, places, peers."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon

from chromapal.errors import InputError
from chromapal.evaluate import identity, read
from chromapal.evaluate.identity import ALL, ANIMAL
from chromapal.files import write_csv
from chromapal.prepare.features import BODY
from chromapal.prepare.variants import BACKGROUND
from chromapal.worms import partial_names
from chromapal.worms.ganglia import ganglion
from chromapal.worms.table import neuron_class

PROBABILITY = ["probability", *(f"probability{place}" for place in range(2, 6))]
RUN = ["study", "classifier", "colorizer", "variant", "features"]
BINS = 10
OURS = 0
DIGITS = 5  # accuracies that differ by less are the same one, written with fewer digits
COVERAGES = np.round(np.arange(0.05, 1.001, 0.05), 2)
CALIBRATION = [*RUN, "lab", "low", "high", "neurons", "confidence", "accuracy", "ece"]
COVERAGE = [
    *RUN, "lab", "coverage", "neurons", "threshold", "precision", "precision_by_animal",
]  # fmt: skip
GANGLIA = [*RUN, "ganglion", "lab", "neurons", "accuracy", "class_accuracy"]
HANDEDNESS = [
    "study", "features", "fold", "lab", "worm", "session", "neurons", "labels", "chosen", "source",
    "probability", "doubtful", "suspect", "laboratory_log_odds", "evidence_log_odds", "accuracy",
    "accuracy_mirrored",
]  # fmt: skip
PLACES = [
    "study", "classifier", "features", "name", *BODY, "tested", "right", "confused_with",
    "confused",
]  # fmt: skip
PEERS = [
    "study", "classifier", "features", "method", "lab", "worms", "ours", "peer", "difference",
    "low", "high", "wins", "ties", "losses", "p",
]  # fmt: skip


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


def write_confidence(
    identities: Sequence[dict],
    out_calibration: str | os.PathLike,
    out_coverage: str | os.PathLike,
    out_ganglia: str | os.PathLike,
):
    """Write what probabilities are worth, and accuracy by ganglion.

    Parameters
    ----------
    identities : sequence of dict
        See `answered`.
    out_calibration : path-like
        `calibration.csv`: per laboratory (and all of them) and tenth of probability, how many
        answers, their mean probability and the share that is right; ece is the expected
        calibration error of all bins together, the same on each: the mean over neurons of the
        distance between their bin's probability and its share that is right.
    out_coverage : path-like
        `coverage.csv`: precision of the most certain answers, by the share that is answered.
        precision counts every neuron once, so that animals with many names weigh more;
        precision_by_animal is the mean over animals of the precision of their answers among
        these, animals without one left out.
    out_ganglia : path-like
        `ganglia.csv`: share of neurons named right per ganglion and laboratory.
    """
    table = answered(identities)
    write_csv(_calibration(table), out_calibration)
    write_csv(_coverage(table), out_coverage)
    write_csv(_ganglia(table), out_ganglia)


def _calibration(table: pd.DataFrame) -> pd.DataFrame:
    bin_number = (table["probability"].astype(float) * BINS).clip(0, BINS - 1).astype(int)
    grouped = _with_all(table.assign(bin=bin_number)).groupby([*RUN, "lab", "bin"], sort=True)
    found = grouped.agg(
        neurons=("right", "size"), confidence=("probability", "mean"), accuracy=("right", "mean")
    ).reset_index()
    found["away"] = (found["confidence"] - found["accuracy"]).abs() * found["neurons"]
    sums = found.groupby([*RUN, "lab"])[["away", "neurons"]].transform("sum")
    return found.assign(
        low=found["bin"] / BINS, high=(found["bin"] + 1) / BINS, ece=sums["away"] / sums["neurons"]
    )[CALIBRATION]


def _coverage(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    # before all laboratories are called one: two of them may have a worm of one name
    both = _with_all(table.assign(animal=table.groupby(ANIMAL).ngroup()))
    for key, part in both.groupby([*RUN, "lab"], sort=True):
        part = part.sort_values(["probability", "row"], ascending=[False, True], kind="stable")
        right, probability = part["right"].to_numpy(dtype=float), part["probability"].to_numpy()
        animal = part["animal"].to_numpy()
        counts = np.maximum(np.round(COVERAGES * len(part)).astype(int), 1)
        mean = np.cumsum(right) / np.arange(1, len(part) + 1)
        rows += [
            (*key, share, count, probability[count - 1], mean[count - 1],
             _mean_over_animals(right[:count], animal[:count]))
            for share, count in zip(COVERAGES, counts, strict=True)
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=COVERAGE)


def _mean_over_animals(right: np.ndarray, animal: np.ndarray) -> float:
    answers = np.bincount(animal)
    some = answers > 0
    return float(np.mean(np.bincount(animal, weights=right)[some] / answers[some]))


def _with_all(table: pd.DataFrame) -> pd.DataFrame:
    """Repeat every row for all laboratories together."""
    return pd.concat([table, table.assign(lab=ALL)], ignore_index=True)


def _ganglia(table: pd.DataFrame) -> pd.DataFrame:
    both = _with_all(table)
    both["ganglion"] = ganglion(both["name"])
    found = both.groupby([*RUN, "ganglion", "lab"], sort=True).agg(
        neurons=("right", "size"),
        accuracy=("right", "mean"),
        class_accuracy=("right_class", "mean"),
    )
    return found.reset_index()[GANGLIA]


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
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=HANDEDNESS)
    write_csv(table[HANDEDNESS], out, sort_by=["features", "fold", *ANIMAL])


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
    write_csv(found[PLACES], out)


def write_peers(worms: str | os.PathLike, peers: str | os.PathLike, out: str | os.PathLike):
    """Write `peers.csv`: other methods on the same animals, in pairs.

    Parameters
    ----------
    worms : path-like
        The study's `worms.csv`.
    peers : path-like
        CSV with lab, worm, and a column per method: share of labelled neurons named right. "" for
        none: the table is empty then.
    out : path-like
        The table. difference is ours minus the peer's mean over animals, low and high its
        bootstrap interval; p is that of Wilcoxon's signed-rank test, two-sided.

    Raises
    ------
    InputError
        The file of peers cannot be read, lacks a column, has an animal twice or no shares.
    """
    rows = []
    if peers:
        table = read.read_csv(worms)
        theirs = read_peers(peers)
        ours = table[table["measure"].eq("identity") & table["variant"].eq("no_background")]
        ours = ours[ours["colorizer"].eq("")]
        for key, part in ours.groupby(["study", "classifier", "features"], sort=True):
            # a number is no column of a file
            pairs = part[[*ANIMAL, "assigned"]].rename(columns={"assigned": OURS})
            pairs = pairs.merge(theirs, on=ANIMAL)
            for method in theirs.columns.drop(ANIMAL):
                both = pairs.dropna(subset=[OURS, method])
                for lab, own in [*both.groupby("lab"), (ALL, both)]:
                    if len(own):
                        rows.append((*key, method, lab, *_paired(own[OURS], own[method])))
    write_csv(pd.DataFrame(rows, columns=PEERS), out)


def read_peers(path: str | os.PathLike) -> pd.DataFrame:
    """Read the accuracy of other methods, one row per animal."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        methods = table.columns.drop(ANIMAL, errors="ignore")
        table = table.assign(**{name: pd.to_numeric(table[name]) for name in methods})
    except (OSError, ValueError) as error:
        raise InputError(path, f"no readable CSV file ({error})", "accuracy of peers") from None
    if not set(ANIMAL) <= set(table.columns) or len(methods) == 0:
        raise InputError(
            path, f"columns {', '.join(map(str, table.columns))}", "lab, worm, and one per method"
        )
    twice = table[table.duplicated(ANIMAL)]
    if len(twice):
        lab, worm = twice[ANIMAL].iloc[0]
        raise InputError(path, f"worm {worm} of {lab} twice", "one line per animal")
    for name in methods:
        if not table[name].dropna().between(0, 1).all():
            raise InputError(path, f"{name} below 0 or above 1", "the share named right, 0 to 1")
    return table


def _paired(ours: pd.Series, theirs: pd.Series) -> tuple:
    difference = (ours - theirs).round(DIGITS).to_numpy()
    low, high = identity.interval(difference[None], seed=0)
    test = wilcoxon(difference).pvalue if np.any(difference != 0) else 1.0
    return (
        len(difference),
        ours.mean(),
        theirs.mean(),
        difference.mean(),
        low[0],
        high[0],
        int((difference > 0).sum()),
        int((difference == 0).sum()),
        int((difference < 0).sum()),
        test,
    )


def worm_answers(
    named: pd.DataFrame, neurons: pd.DataFrame, body: pd.DataFrame, doubtful: pd.Series
) -> pd.DataFrame:
    """Give the table that a person gets for each animal: names, certainty, a review queue.

    Parameters
    ----------
    named : pandas.DataFrame
        Answers of one classifier from one feature set: row, lab, worm, name, assigned1 to
        assigned5, probability (of the first), probability2 to probability5 where known, anchor
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
        lab, worm, neuron (number within the animal, which anchors go by), row, x, y, z, body
        axes, ID, anchor, answer, probability, second to fifth, right ("yes", "no", "" where
        nobody labelled the neuron) and review (1 = least certain). Where answer goes without its
        side, probability is the sum of both sides' as far as the five names tell.
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
    answers = table[identity.ASSIGNED].to_numpy(dtype=object)
    chances = table.reindex(columns=PROBABILITY, fill_value=0.0).to_numpy(dtype=float, copy=True)
    for spot in np.flatnonzero(unsure):
        # without a side, either of a pair is the same answer
        sideless = neuron_class(table[identity.ASSIGNED].iloc[spot])
        classes = sideless.unique().tolist()
        answers[spot] = classes + [""] * (len(identity.ASSIGNED) - len(classes))
        chances[spot, 0] = chances[spot, sideless.eq(classes[0])].sum()
    table["probability"] = chances[:, 0]
    ranks = ("answer", "second", "third", "fourth", "fifth")
    queue = table.groupby(ANIMAL, sort=False)["probability"].rank(method="first").astype(int)
    found = table.assign(
        **dict(zip(ranks, answers.T, strict=True)),
        right=np.where(label.eq(""), "", np.where(whole, "yes", "no")),
        review=queue,
    )
    return found[
        [
            *ANIMAL, "neuron", "row", "x", "y", "z", *BODY, "ID", "name", "anchor", "answer",
            "probability", "second", "third", "fourth", "fifth", "right", "review",
        ]
    ]  # fmt: skip
