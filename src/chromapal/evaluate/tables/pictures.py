"""Tables of the image track: how well pictures are coloured, losses, and what the sets hold."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.evaluate.metrics.identity import CONFIDENCE, RESAMPLES
from chromapal.files import write_csv

RUN = ["set", "run", "colorizer"]
MEANS = ["mse_rgb", "mse_ab", "psnr", "ssim", "delta_e"]
# What a table holds besides text.
IMAGE_NUMBERS = [
    "train_pictures", "pictures", "sources", *MEANS, "delta_e_low", "delta_e_high",
    "colourfulness_ratio", "parameters",
]  # fmt: skip
LOSS_NUMBERS = ["epoch", "step", "train_loss", "validation_loss", "learning_rate"]
SPLIT_NUMBERS = [
    "pictures", "sources", "pixels", "height_least", "height_most", "width_least", "width_most",
    "colourless", "chroma_mean",
]  # fmt: skip
SET_NUMBERS = [*SPLIT_NUMBERS, "near_duplicates", "exact_duplicates", "skipped"]
IMAGES = [*RUN, *IMAGE_NUMBERS]
LOSSES = [*RUN, *LOSS_NUMBERS]
SETS = ["set", "split", *SET_NUMBERS]
# Written in full: a float would lose the last digits of many parameters.
COUNTS = ["train_pictures", "parameters"]


def write_images(entries: Sequence[dict], out: str | os.PathLike, seed: int = 0):
    """Write `images.csv`: scores of every set, run and colorizer, over its test pictures.

    Parameters
    ----------
    entries : sequence of dict
        path of the scored pictures (key, source, the scores of
        `chromapal.evaluate.metrics.pictures`,
        train_pictures, parameters), and their set, run, colorizer.
    out : path-like
        The table, sorted by set, run and colorizer: train_pictures (learnt from), pictures and
        sources tested, mse_rgb, mse_ab, psnr, ssim and delta_e (means over test pictures),
        delta_e_low and delta_e_high (95 % bootstrap interval over sources, empty for fewer than
        two), colourfulness_ratio (mean of the predictions / mean of the truths, empty where all
        truths are gray), parameters (learnt numbers). A score that is not a number makes its
        mean empty; without test pictures all but the counts is.
    seed : int
        Of the bootstrap; all methods of a set share their resamples.

    Raises
    ------
    ValueError
        Methods of one set and run were scored on different pictures: they do not compare.
    """
    rows, tested = [], {}
    for entry in entries:
        table = pd.read_parquet(entry["path"])
        same = tested.setdefault((entry["set"], entry["run"]), sorted(table["key"]))
        if same != sorted(table["key"]):
            raise ValueError(f"{entry['path']}: other test pictures than the set's other methods")
        rows.append({**{key: entry[key] for key in RUN}, **_score(table, seed)})
    table = pd.DataFrame(rows, columns=IMAGES).astype(dict.fromkeys(COUNTS, "Int64"))
    write_csv(table, out, sort_by=RUN)


def _score(table: pd.DataFrame, seed: int) -> dict[str, float]:
    """Score one run of one colorizer."""
    counts = {"pictures": len(table), "sources": table["source"].nunique()}
    if table.empty:
        return counts
    # numpy's mean, which a missing score makes missing; that of pandas would pass over it
    means = {name: table[name].to_numpy().mean() for name in MEANS}
    vivid, true = (
        table[name].to_numpy().mean() for name in ("colourfulness", "colourfulness_true")
    )
    low, high = interval(table["delta_e"], table["source"], seed)
    return {
        **counts,
        **means,
        **{name: table[name].iloc[0] for name in COUNTS},
        "delta_e_low": low,
        "delta_e_high": high,
        "colourfulness_ratio": vivid / true if true > 0 else np.nan,
    }


def interval(values: pd.Series, sources: pd.Series, seed: int) -> tuple[float, float]:
    """Give a percentile bootstrap interval of the mean over pictures.

    Whole sources are drawn, each with all its pictures: patches of one photograph resemble each
    other and are no independent witnesses.

    Parameters
    ----------
    values, sources : pandas.Series
        One value per picture, and what the picture was cut from.
    seed : int
        Seed of the resamples.

    Returns
    -------
    low, high : float
        NaN for fewer than two sources, or where a value is missing.
    """
    grouped = values.groupby(sources.to_numpy(), sort=True)
    sums, counts = grouped.sum().to_numpy(), grouped.size().to_numpy()
    if len(sums) < 2 or values.isna().any():
        return np.nan, np.nan
    # Here, because it takes a second to import, and figures only name this table's columns.
    from scipy.stats import bootstrap

    found = bootstrap(
        (sums, counts),
        lambda total, count, axis: total.sum(axis=axis) / count.sum(axis=axis),
        paired=True,
        n_resamples=RESAMPLES,
        batch=200,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def write_image_losses(entries: Sequence[dict], out: str | os.PathLike):
    """Write `image_losses.csv`: every training's loss by epoch.

    Parameters
    ----------
    entries : sequence of dict
        path of a training's history (epoch, step, train_loss, validation_loss, learning_rate),
        without rows for a method that does not iterate, and its set, run, colorizer.
    out : path-like
        The table.
    """
    parts = [
        pd.read_csv(entry["path"]).assign(**{key: entry[key] for key in RUN}) for entry in entries
    ]
    parts = [part for part in parts if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=LOSSES)
    write_csv(table[LOSSES], out, sort_by=[*RUN, "epoch", "step"])


def write_image_sets(entries: Sequence[dict], out: str | os.PathLike):
    """Write `image_sets.csv`: what every set holds, split by split.

    Parameters
    ----------
    entries : sequence of dict
        path of the folder of a set's card, and the set.
    out : path-like
        The table: set and split, what the card's `splits.csv` says, near_duplicates (pictures of
        the split with a twin on a side before it: validation is held against train, test against
        both), exact_duplicates (those of them with a twin of equal pixels) and skipped (files
        left out of the whole set).
    """
    parts = [_set_rows(Path(entry["path"])).assign(set=entry["set"]) for entry in entries]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=SETS)
    write_csv(table[SETS], out, sort_by=["set"])


def _set_rows(card: Path) -> pd.DataFrame:
    splits, twins, skipped = (
        # read as text, which writing gives back as it was
        pd.read_csv(card / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("splits", "duplicates", "skipped")
    )
    exact = twins[twins["exact"] == "True"]
    return splits.assign(
        near_duplicates=_pictures_of(twins, splits["split"]),
        exact_duplicates=_pictures_of(exact, splits["split"]),
        skipped=len(skipped),
    )


def _pictures_of(twins: pd.DataFrame, splits: pd.Series) -> pd.Series:
    """Count each split's pictures; one with twins on two sides counts once."""
    counts = twins.groupby("split")["picture"].nunique()
    return splits.map(counts).fillna(0).astype(int)
