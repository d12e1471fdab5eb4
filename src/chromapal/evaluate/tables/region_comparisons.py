"""What one change does to colours of one hue, or in fine detail, with an interval."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.evaluate.metrics.regions import DETAILS, HUES
from chromapal.evaluate.tables.image_comparisons import pairs
from chromapal.evaluate.tables.image_regions import MEASURES, Measure
from chromapal.evaluate.tables.images import RUN
from chromapal.evaluate.tables.write import write_table

OF_HUES = ("hue_found", "mse_ab", "chroma_ratio", "b_shift")
OF_DETAILS = ("mse_ab", "chroma_ratio")
REGIONS = {"hue": (HUES, OF_HUES), "detail": (DETAILS, OF_DETAILS)}


def write(regions: Sequence[dict], comparisons: Sequence[dict], out: str | os.PathLike, seed: int):
    """Write `image_region_comparisons.csv`: differences by hue and detail on the same test images.

    What is compared is what `image_comparisons.csv` compares.

    Parameters
    ----------
    regions : sequence of dict
        As for `chromapal.evaluate.tables.image_regions.write_hues`.
    comparisons : sequence of dict
        title, runs and colorizers, as in the config.
    out : path-like
        The table: difference is that of the two models' values over all test images, low and high
        its 95 % interval (bootstrap over sources, both models on the same draws).
    seed : int
        Of the bootstrap.

    Raises
    ------
    ValueError
        Two models of one set were scored on different images.
    """
    tables = {tuple(each[key] for key in RUN): _sums(each["path"]) for each in regions}
    rows = []
    for title, model, other in pairs(tables, comparisons):
        one, two = tables[model], tables[other]
        if not one.index.equals(two.index):
            raise ValueError(f"{model}: other test images than {other}")
        if one.empty:
            continue
        both = one.join(two.drop(columns="source").add_suffix("_other")).reset_index()
        names = dict(
            zip(RUN, model, strict=True),
            comparison=title, against_run=other[1], against_colorizer=other[2],
        )  # fmt: skip
        for kind, (names_of_kind, measures) in REGIONS.items():
            of_kind = both[both["kind"] == kind]
            for region in names_of_kind:
                part = of_kind[of_kind["region"] == region]
                for name in measures:
                    difference, low, high = _difference(MEASURES[name]).of(part, seed)
                    rows.append(
                        {
                            **names, "region": region, "measure": name,
                            "pictures": (part["pixels"] > 0).sum(), "difference": difference,
                            "low": low, "high": high,
                        }
                    )  # fmt: skip
    write_table("image_region_comparisons", pd.DataFrame(rows), out)


def _sums(path: str | os.PathLike) -> pd.DataFrame:
    """Read the sums of regions in a fixed order; none where there is no test image."""
    table = pd.read_parquet(path)
    if table.empty:
        return table
    return table[table["kind"].isin(REGIONS)].set_index(["kind", "region", "key"]).sort_index()


def _difference(measure: Measure) -> Measure:
    """Return what measures a model against another one, whose sums have `_other` in their names."""
    count = len(measure.sums)

    def value(*sums: np.ndarray) -> np.ndarray:
        return measure.value(*sums[:count]) - measure.value(*sums[count:])

    others = tuple(f"{name}_other" for name in measure.sums)
    return Measure((*measure.sums, *others), value, measure.needs)
