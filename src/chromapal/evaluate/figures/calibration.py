"""How well a classifier's probabilities are calibrated, and precision against coverage."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.identity import feature_label, feature_order
from chromapal.evaluate.tables import read

MARKED = (0.5, 0.8)


def best(calibration: pd.DataFrame) -> str:
    """Choose the classifier that names most neurons right, all its rows taken together."""
    right = (calibration["accuracy"] * calibration["neurons"]).groupby(calibration["classifier"])
    fraction = right.sum() / calibration.groupby("classifier")["neurons"].sum()
    return fraction.sort_index().idxmax()


def spread_labels(heights: np.ndarray, gap: float) -> np.ndarray:
    """Move heights apart until neighbours are a gap away, as little as that takes.

    Parameters
    ----------
    heights : array-like, shape (n,)
        Where labels would stand.
    gap : float
        Least distance.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Where they may stand, in the same order from top to bottom.
    """
    heights = np.asarray(heights, dtype=float)
    order = np.argsort(heights, kind="stable")
    step = gap * np.arange(len(heights))
    # least squares under "each at least a gap above the one below": pool neighbours that clash
    pools: list[list[float]] = []
    for value in heights[order] - step:
        pools.append([value, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, count = pools.pop()
            below, more = pools[-1]
            pools[-1] = [(below * more + mean * count) / (more + count), more + count]
    moved = np.empty(len(heights))
    moved[order] = np.repeat([mean for mean, _ in pools], [n for _, n in pools]) + step
    return moved


@style.styled
def figure(calibration: pd.DataFrame, coverage: pd.DataFrame, classifier: str = "") -> Figure:
    """Draw accuracy against probability, and precision against the fraction of neurons named.

    Parameters
    ----------
    calibration : pandas.DataFrame
        The table `calibration.csv`; of both tables only the rows of all laboratories together
        are drawn.
    coverage : pandas.DataFrame
        The table `coverage.csv`.
    classifier : str
        Which classifier to show; without it the one that names most neurons right.
    """
    calibration = read.pick(calibration, lab="all")
    if classifier:
        calibration = read.pick(calibration, classifier=classifier)
    calibration = calibration[calibration["neurons"] > 0]
    if calibration.empty:
        return style.message("No classifier gave probabilities in this study: none to check.")
    variant = read.shown_variant(calibration)
    calibration = read.pick(calibration, variant=variant)
    classifier = classifier or best(calibration)
    calibration = read.pick(calibration, classifier=classifier)
    coverage = read.pick(coverage, variant=variant, classifier=classifier, lab="all")
    calibration = calibration.assign(set=feature_label(calibration))
    coverage = coverage.assign(set=feature_label(coverage))
    sets = feature_order(calibration["set"])
    shades = dict(zip(sets, style.palette(len(sets)), strict=True))
    drawn = style.new(
        10.5, 4.9 + 0.17 * len(sets),
        "Calibration of the probabilities"
        f" ({style.text(classifier.replace('_', ' '))}; {style.variant_label(variant)})",
    )  # fmt: skip
    reliability, precision = drawn.subplots(1, 2)
    _reliability(reliability, calibration, shades)
    _precision(precision, coverage, shades)
    drawn.legend(
        *reliability.get_legend_handles_labels(), loc="outside lower center",
        ncols=1 if len(sets) < 4 else 2,
    )  # fmt: skip
    return drawn


def _reliability(axes: Axes, calibration: pd.DataFrame, shades: dict[str, str]):
    largest = calibration["neurons"].max()
    axes.plot([0, 1], [0, 1], color="0.2", ls="--", lw=1, label="perfectly calibrated")
    for name, shade in shades.items():
        bins = calibration[calibration["set"] == name].sort_values("confidence")
        words = f"{style.text(name, 60)}: expected calibration error {bins['ece'].iloc[0]:.3f}"
        axes.plot(bins["confidence"], bins["accuracy"], color=shade, lw=1.2, label=words)
        axes.scatter(
            bins["confidence"], bins["accuracy"], s=8 + 130 * bins["neurons"] / largest,
            color=shade, alpha=0.75, lw=0,
        )  # fmt: skip
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_aspect("equal")
    axes.set_xlabel("probability of the answer, mean of its bin")
    axes.set_ylabel("fraction of the bin named right")
    axes.set_title(f"reliability (larger points: more neurons, up to {largest:.0f})")
    axes.grid(color="0.94")


def _precision(axes: Axes, coverage: pd.DataFrame, shades: dict[str, str]):
    curves = {
        name: coverage[coverage["set"] == name].sort_values("coverage")
        for name in shades
        if name in set(coverage["set"])
    }
    lowest = coverage["precision"].min() if curves else 0
    floor = max(0.0, np.floor(10 * lowest - 0.5) / 10)
    for name, curve in curves.items():
        axes.plot(curve["coverage"], curve["precision"], color=shades[name], lw=1.5)
    for at in MARKED:
        axes.axvline(at, color="0.6", ls=":", lw=1)
        heights = {
            name: np.interp(at, curve["coverage"], curve["precision"])
            for name, curve in curves.items()
            if curve["coverage"].min() <= at <= curve["coverage"].max()
        }
        label_heights = spread_labels(list(heights.values()), 0.045 * (1.02 - floor))
        for (name, height), label_height in zip(heights.items(), label_heights, strict=True):
            axes.plot(at, height, color=shades[name], marker="o", ms=5)
            axes.annotate(
                f"{height:.2f}", (at, height), xytext=(at + 0.035, label_height), textcoords="data",
                color=shades[name], fontsize=8, va="center", fontweight="bold",
                arrowprops={"arrowstyle": "-", "color": shades[name], "lw": 0.6, "shrinkA": 0},
                bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.75},
            )  # fmt: skip
    axes.set_xlim(0, 1.02)
    axes.set_ylim(floor, 1.02)
    axes.set_xlabel("coverage (fraction of neurons named, surest first)")
    axes.set_ylabel("precision (fraction of those named right, neurons pooled)")
    axes.set_title("the surest answers only (labels: at 50 % and 80 %)")
    axes.grid(color="0.94")


def draw(
    calibration: str | os.PathLike,
    coverage: str | os.PathLike,
    out: str | os.PathLike,
    classifier: str = "",
):
    """Draw `calibration.png` from `calibration.csv` and `coverage.csv`."""
    style.save(figure(read.read_csv(calibration), read.read_csv(coverage), classifier), out)
