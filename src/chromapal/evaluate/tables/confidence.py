"""Tables of how reliable probabilities are, and of accuracy by ganglion."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.metrics.identity import ALL
from chromapal.evaluate.tables.naming import RUN, answered
from chromapal.evaluate.tables.write import write_table
from chromapal.worms.ganglia import ganglion
from chromapal.worms.table import WORM

BINS = 10
COVERAGES = np.round(np.arange(0.05, 1.001, 0.05), 2)


def write_confidence(
    identities: Sequence[dict],
    out_calibration: str | os.PathLike,
    out_coverage: str | os.PathLike,
    out_ganglia: str | os.PathLike,
):
    """Write how reliable probabilities are, and accuracy by ganglion.

    Parameters
    ----------
    identities : sequence of dict
        See `answered`.
    out_calibration : path-like
        `calibration.csv`: per laboratory (and all of them) and tenth of probability, how many
        answers, their mean probability and the fraction that is right; ece is the expected
        calibration error of all bins together, the same on each: the mean over neurons of the
        distance between their bin's probability and its fraction that is right.
    out_coverage : path-like
        `coverage.csv`: precision of the most certain answers, by the fraction of neurons answered.
        precision counts every neuron once, so that worms with many names weigh more;
        precision_by_animal is the mean over worms of the precision of their answers among
        these, over worms with at least one such answer.
    out_ganglia : path-like
        `ganglia.csv`: fraction of neurons named right per ganglion and laboratory.
    """
    table = answered(identities)
    write_table("calibration", _calibration(table), out_calibration)
    write_table("coverage", _coverage(table), out_coverage)
    write_table("ganglia", _ganglia(table), out_ganglia)


def _calibration(table: pd.DataFrame) -> pd.DataFrame:
    bin_number = (table["probability"].astype(float) * BINS).clip(0, BINS - 1).astype(int)
    grouped = _with_all(table.assign(bin=bin_number)).groupby([*RUN, "lab", "bin"], sort=True)
    result = grouped.agg(
        neurons=("right", "size"), confidence=("probability", "mean"), accuracy=("right", "mean")
    ).reset_index()
    result["away"] = (result["confidence"] - result["accuracy"]).abs() * result["neurons"]
    sums = result.groupby([*RUN, "lab"])[["away", "neurons"]].transform("sum")
    return result.assign(
        low=result["bin"] / BINS,
        high=(result["bin"] + 1) / BINS,
        ece=sums["away"] / sums["neurons"],
    ).drop(columns=["bin", "away"])


def _coverage(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    # before the laboratories are pooled: two of them may have worms of the same name
    both = _with_all(table.assign(worm_number=table.groupby(WORM).ngroup()))
    for key, named in both.groupby([*RUN, "lab"], sort=True):
        named = named.sort_values(["probability", "row"], ascending=[False, True], kind="stable")
        right, probability = named["right"].to_numpy(dtype=float), named["probability"].to_numpy()
        worm = named["worm_number"].to_numpy()
        counts = np.maximum(np.round(COVERAGES * len(named)).astype(int), 1)
        mean = np.cumsum(right) / np.arange(1, len(named) + 1)
        rows += [
            (*key, fraction, count, probability[count - 1], mean[count - 1],
             _mean_over_worms(right[:count], worm[:count]))
            for fraction, count in zip(COVERAGES, counts, strict=True)
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=TABLES["coverage"].names)


def _mean_over_worms(right: np.ndarray, worm: np.ndarray) -> float:
    answers = np.bincount(worm)
    has_answers = answers > 0
    return float(np.mean(np.bincount(worm, weights=right)[has_answers] / answers[has_answers]))


def _with_all(table: pd.DataFrame) -> pd.DataFrame:
    """Repeat every row for all laboratories together."""
    return pd.concat([table, table.assign(lab=ALL)], ignore_index=True)


def _ganglia(table: pd.DataFrame) -> pd.DataFrame:
    both = _with_all(table)
    both["ganglion"] = ganglion(both["name"])
    result = both.groupby([*RUN, "ganglion", "lab"], sort=True).agg(
        neurons=("right", "size"),
        accuracy=("right", "mean"),
        class_accuracy=("right_class", "mean"),
    )
    return result.reset_index()
