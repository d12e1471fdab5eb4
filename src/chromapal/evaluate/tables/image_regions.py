"""How far predicted colours are from the truth, hue by hue and in smooth and detailed regions."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chromapal.evaluate.metrics import intervals
from chromapal.evaluate.metrics.regions import ALL, BINS, DETAILS, HUES
from chromapal.evaluate.tables.images import RUN
from chromapal.evaluate.tables.write import write_table


@dataclass(frozen=True)
class Measure:
    """What is computed from sums over images.

    Attributes
    ----------
    sums : tuple of str
        Columns of `chromapal.evaluate.metrics.regions.measure`.
    value : callable
        Takes these sums.
    needs : str
        The sum that is above 0 in images in which there is something to measure.
    """

    sums: tuple[str, ...]
    value: Callable = np.divide
    needs: str = "pixels"

    def of(self, rows: pd.DataFrame, seed: int) -> tuple[float, float, float]:
        """Return the value over all images of some rows, and its 95 % interval over sources."""
        rows = rows[rows[self.needs] > 0]
        if rows.empty:
            return np.nan, np.nan, np.nan
        sums = rows[list(self.sums)]
        bounds = intervals.of_sums(sums, rows["source"], self.value, seed)
        return float(self.value(*sums.sum())), *bounds


def _degrees(across: np.ndarray, along: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(across, along))


MEASURES = {
    "hue_found": Measure(("found", "weight")),
    "hue_right": Measure(("hits", "predicted"), needs="predicted"),
    "mse_ab": Measure(("squared", "weight")),
    "mse_ab_over_gray": Measure(("squared", "squared_gray"), needs="squared_gray"),
    "chroma_ratio": Measure(("chroma", "chroma_true"), needs="chroma_true"),
    "hue_shift": Measure(("across", "along"), _degrees, "both"),
    "b_shift": Measure(("blue", "weight")),
}
OF_DETAILS = ("mse_ab", "mse_ab_over_gray", "chroma_ratio")


def write_hues(regions: Sequence[dict], out: str | os.PathLike, seed: int):
    """Write `image_hues.csv`: errors by the hue of the truth.

    Parameters
    ----------
    regions : sequence of dict
        path of a model's sums (`chromapal.evaluate.tables.scored_images.write_scores`), and its
        set, run, colorizer.
    out : path-like
        The table, a row per model and hue (`chromapal.evaluate.metrics.regions.HUES`).
    seed : int
        Of the bootstrap; all models of a set use the same resamples of its sources.
    """
    rows = []
    for names, kinds in _models(regions):
        of_hues = kinds["hue"]
        everything = of_hues[of_hues["region"] == ALL]
        for hue in HUES:
            part = of_hues[of_hues["region"] == hue]
            fractions = {
                f"share_{name}": _share(part[column], everything["pixels"])
                for name, column in (("true", "pixels"), ("predicted", "predicted"))
            }
            rows.append({**names, "hue": hue, "pictures": (part["pixels"] > 0).sum(), **fractions,
                         **_measured(part, MEASURES, seed)})  # fmt: skip
    write_table("image_hues", pd.DataFrame(rows), out)


def write_details(regions: Sequence[dict], out: str | os.PathLike, seed: int):
    """Write `image_details.csv`: errors where the truth is smooth, and where it has fine detail.

    Parameters
    ----------
    regions, seed
        See `write_hues`.
    out : path-like
        The table, a row per model and third of the images' pixels.
    """
    rows = []
    for names, kinds in _models(regions):
        parts = {name: part.set_index("key") for name, part in kinds["detail"].groupby("region")}
        smooth = parts.get(DETAILS[0])
        for detail in DETAILS if parts else ():
            part = parts[detail]
            other = smooth[["squared", "pixels"]].add_suffix("_smooth")
            pairs = part.join(other).query("pixels > 0")
            against = {"against_smooth": Measure(
                ("squared", "pixels", "squared_smooth", "pixels_smooth"),
                lambda one, count, two, of: one / count - two / of,
            )}  # fmt: skip
            rows.append(
                {
                    **names, "detail": detail, "pictures": len(pairs),
                    "share": _share(part["pixels"], sum(p["pixels"].sum() for p in parts.values())),
                    **_measured(part, {name: MEASURES[name] for name in OF_DETAILS}, seed),
                    **_measured(pairs, against, seed),
                }
            )  # fmt: skip
    write_table("image_details", pd.DataFrame(rows), out)


def write_colours(regions: Sequence[dict], out: str | os.PathLike):
    """Write `image_colours.csv`: histograms of hue and chroma, of the truth and as predicted.

    Parameters
    ----------
    regions
        See `write_hues`.
    out : path-like
        The table, a row per model, quantity and bin.
    """
    rows = []
    for names, kinds in _models(regions):
        everything = kinds["hue"].query("region == @ALL")["pixels"]
        for quantity, (top, bins) in BINS.items():
            counts = kinds[f"{quantity}_bin"].groupby("region")[["pixels", "predicted"]].sum()
            for number in range(bins):
                true, predicted = counts.loc[str(number)] if len(counts) else (np.nan, np.nan)
                rows.append(
                    {
                        **names, "quantity": quantity, "low": number * top / bins,
                        "high": (number + 1) * top / bins,
                        "share_true": _share(true, everything),
                        "share_predicted": _share(predicted, everything),
                    }
                )  # fmt: skip
    write_table("image_colours", pd.DataFrame(rows), out)


def _models(regions: Sequence[dict]) -> Iterator[tuple[dict, dict[str, pd.DataFrame]]]:
    """Yield each model's names, and its sums by kind of region; none without test images."""
    for entry in sorted(regions, key=lambda entry: [entry[key] for key in RUN]):
        table = pd.read_parquet(entry["path"])
        if len(table):
            yield {key: entry[key] for key in RUN}, dict(list(table.groupby("kind")))


def _share(part, whole) -> float:
    return float(np.sum(part) / np.sum(whole))


def _measured(rows: pd.DataFrame, measures: dict[str, Measure], seed: int) -> dict[str, float]:
    found = {}
    for name, measure in measures.items():
        found |= zip((name, f"{name}_low", f"{name}_high"), measure.of(rows, seed), strict=True)
    return found
