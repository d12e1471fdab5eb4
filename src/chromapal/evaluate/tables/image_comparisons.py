"""What one change does to the scores of images, image by image, with an interval."""

import os
from collections.abc import Iterator, Sequence

import pandas as pd

from chromapal import methods
from chromapal.evaluate.metrics import intervals
from chromapal.evaluate.tables.write import write_table

MEASURES = ("mse_ab", "delta_e", "scielab", "psnr", "ssim", "colourfulness")
BASELINE = "network against baseline"


def write(scores: Sequence[dict], comparisons: Sequence[dict], out: str | os.PathLike, seed: int):
    """Write `image_comparisons.csv`: differences of scores over the same test images.

    Every network is compared with the baselines of its set and run; and, for each of the study's
    comparisons, every run with the first one.

    Parameters
    ----------
    scores : sequence of dict
        path of the scored images of a model, and its set, run, colorizer; see
        `chromapal.evaluate.tables.images.write_images`.
    comparisons : sequence of dict
        title, runs and colorizers, as in the config.
    out : path-like
        The table: difference is the mean over test images, low and high its 95 % interval
        (bootstrap over sources, of each image's own difference; empty for fewer than two).
    seed : int
        Of the bootstrap.

    Raises
    ------
    ValueError
        Two models of one set were scored on different images.
    """
    paths = {(each["set"], each["run"], each["colorizer"]): each["path"] for each in scores}
    tables = {model: pd.read_parquet(path).set_index("key") for model, path in paths.items()}
    rows = []
    for title, model, other in pairs(tables, comparisons):
        one, two = tables[model], tables[other]
        if sorted(one.index) != sorted(two.index):
            raise ValueError(f"{paths[model]}: other test images than {paths[other]}")
        names = dict(
            zip(("set", "run", "colorizer"), model, strict=True),
            comparison=title, against_run=other[1], against_colorizer=other[2],
        )  # fmt: skip
        for measure in MEASURES:
            difference = one[measure] - two[measure].reindex(one.index)
            low, high = intervals.over_sources(difference, one["source"], seed)
            mean = difference.mean(skipna=False)
            rows.append({**names, "measure": measure, "pictures": len(one), "difference": mean,
                         "low": low, "high": high})  # fmt: skip
    write_table("image_comparisons", pd.DataFrame(rows), out)


def pairs(models: Sequence[tuple], comparisons: Sequence[dict]) -> Iterator[tuple]:
    """Yield what is compared: why, a model (set, run, colorizer), and what it is held against."""
    baselines = methods.baselines()
    for name, run, colorizer in models:
        if colorizer not in baselines:
            for baseline in baselines:
                if (name, run, baseline) in models:
                    yield BASELINE, (name, run, colorizer), (name, run, baseline)
    for comparison in comparisons:
        first, *others = comparison["runs"]
        for name in dict.fromkeys(model[0] for model in models):
            for colorizer in comparison["colorizers"]:
                for run in others:
                    pair = (name, run, colorizer), (name, first, colorizer)
                    if all(model in models for model in pair):
                        yield comparison["title"], *pair
