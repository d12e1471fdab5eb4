"""Tables of the image track: how well images are coloured, losses, and what the sets hold."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.columns import TRAINED_ON
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.metrics import intervals
from chromapal.evaluate.tables.write import write_table
from chromapal.files import live

RUN = ["set", "run", "colorizer"]
# Written in full: a float would lose the last digits of many parameters.
COUNTS = ["train_pictures", "parameters"]
# The same for all images of a run.
FACTS = [*COUNTS, *TRAINED_ON]


def write_images(scores: Sequence[dict], out: str | os.PathLike, seed: int = 0):
    """Write `images.csv`: scores of every set, run and colorizer, over its test images.

    Parameters
    ----------
    scores : sequence of dict
        path of the scored images (key, source, the scores of
        `chromapal.evaluate.metrics.images`,
        train_pictures, parameters, `TRAINED_ON`), and their set, run, colorizer.
    out : path-like
        The table, sorted by set, run and colorizer: train_pictures (trained on), images and
        sources tested, mse_rgb, mse_ab, psnr, ssim, delta_e and scielab (means over test images),
        delta_e_low and delta_e_high (95 % bootstrap interval over sources, empty for fewer than
        two), colourfulness_ratio (mean of the predictions / mean of the truths, empty where all
        truths are gray), parameters (trained numbers). A score that is not a number makes its
        mean empty; without test images all but the counts is.
    seed : int
        Of the bootstrap; all methods of a set use the same resamples.

    Raises
    ------
    ValueError
        Methods of one set and run were scored on different images: they do not compare.
    """
    rows, tested = [], {}
    for entry in scores:
        table = pd.read_parquet(entry["path"])
        same = tested.setdefault((entry["set"], entry["run"]), sorted(table["key"]))
        if same != sorted(table["key"]):
            raise ValueError(f"{entry['path']}: other test images than the set's other methods")
        rows.append({**_score(table, seed), **{key: entry[key] for key in RUN}})
    table = pd.DataFrame(rows, columns=None if rows else TABLES["images"].names)
    write_table("images", table.astype(dict.fromkeys(COUNTS, "Int64")), out, sort_by=RUN)


def _score(table: pd.DataFrame, seed: int) -> dict[str, float]:
    """Score one run of one colorizer."""
    counts = {"pictures": len(table), "sources": table["source"].nunique()}
    listed = TABLES["images"].names
    if table.empty:
        return dict.fromkeys(listed, np.nan) | counts
    # numpy's mean, which a missing score makes missing; that of pandas would pass over it
    means = {
        name: table[name].to_numpy().mean()
        for name in listed
        if name in table and name not in FACTS
    }
    vivid, true = (
        table[name].to_numpy().mean() for name in ("colourfulness", "colourfulness_true")
    )
    low, high = intervals.over_sources(table["delta_e"], table["source"], seed)
    return {
        **means,
        **counts,
        **{name: table[name].iloc[0] for name in FACTS},
        "delta_e_low": low,
        "delta_e_high": high,
        "colourfulness_ratio": vivid / true if true > 0 else np.nan,
    }


def write_image_losses(losses: Sequence[dict], out: str | os.PathLike):
    """Write `image_losses.csv`: every training's loss by epoch.

    Parameters
    ----------
    losses : sequence of dict
        path of a training's history (`chromapal.columns.HISTORY`), without rows for a method
        that does not iterate, and its set, run, colorizer.
    out : path-like
        The table.
    """
    parts = [
        pd.read_csv(entry["path"]).assign(**{key: entry[key] for key in RUN}) for entry in losses
    ]
    parts = [part for part in parts if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    write_table("image_losses", table, out, sort_by=[*RUN, "epoch", "step"])


def write_image_sets(cards: Sequence[dict], out: str | os.PathLike):
    """Write `image_sets.csv`: what every set holds, split by split.

    Parameters
    ----------
    cards : sequence of dict
        path of the folder of a set's card, and the set.
    out : path-like
        The table: set, split, the columns of the card's `splits.csv`, near_duplicates (images of
        the split with a twin on a side before it: validation is held against train, test against
        both), exact_duplicates (those of them with a twin of equal pixels) and skipped (files
        skipped in the whole set).
    """
    parts = [_set_rows(Path(entry["path"])).assign(set=entry["set"]) for entry in cards]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    write_table("image_sets", table, out, sort_by=["set"])


def _set_rows(card: Path) -> pd.DataFrame:
    splits, twins, skipped = (
        # read as text, which writing gives back as it was
        pd.read_csv(card / f"{name}.csv", dtype=str, keep_default_na=False).map(live)
        for name in ("splits", "duplicates", "skipped")
    )
    exact = twins[twins["exact"] == "True"]
    return splits.assign(
        near_duplicates=_images_of(twins, splits["split"]),
        exact_duplicates=_images_of(exact, splits["split"]),
        skipped=len(skipped),
    )


def _images_of(twins: pd.DataFrame, splits: pd.Series) -> pd.Series:
    """Count each split's images; one with twins on two sides counts once."""
    counts = twins.groupby("split")["picture"].nunique()
    return splits.map(counts).fillna(0).astype(int)
