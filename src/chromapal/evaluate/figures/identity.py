"""Identity accuracy of every classifier and feature set, with intervals over worms."""

import os

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.columns import FEATURES, VARIANTS
from chromapal.evaluate.figures import style
from chromapal.evaluate.tables import read


def feature_label(table: pd.DataFrame) -> pd.Series:
    """Name each row's feature set, and the colorizer where predictions of several are compared."""
    named = table["colorizer"].where(table["features"].str.contains("predicted"), "")
    several = named[named != ""].nunique() > 1
    return table["features"].where((named == "") | (not several), table["features"] + ": " + named)


def feature_order(labels: pd.Series) -> list[str]:
    """Order feature sets from the least to the most that a classifier may look at."""
    known = {name: index for index, name in enumerate(FEATURES)}
    return sorted(labels.unique(), key=lambda name: (known.get(name.split(":")[0], 99), name))


@style.styled
def figure(identity: pd.DataFrame) -> Figure:
    """Draw a panel per variant: accuracy with its interval per classifier and feature set.

    Parameters
    ----------
    identity : pandas.DataFrame
        The table `identity.csv`; only its pooled rows are drawn.
    """
    pooled = read.pick(identity, **read.POOLED)
    if pooled.empty:
        return style.message("No classifier was run in this study: no names to score.")
    pooled = pooled.assign(set=feature_label(pooled))
    sets = feature_order(pooled["set"])
    classifiers = sorted(pooled["classifier"].unique())
    variants = read.ordered(pooled["variant"], VARIANTS)
    shades = dict(zip(sets, style.palette(len(sets)), strict=True))
    drawn = style.new(
        2.2 + 3.5 * len(variants),
        1.9 + (0.16 * len(sets) + 0.25) * len(classifiers),
        "Neurons named right, mean over test worms with 95 % interval over worms",
    )
    panels = drawn.subplots(1, len(variants), sharey=True, sharex=True, squeeze=False)[0]
    for variant, axes in zip(variants, panels, strict=True):
        subset = pooled[pooled["variant"] == variant]
        offsets = np.linspace(-0.34, 0.34, len(sets)) if len(sets) > 1 else np.zeros(1)
        for name, shift in zip(sets, offsets, strict=True):
            points = subset[subset["set"] == name]
            height = points["classifier"].map(classifiers.index).to_numpy() + shift
            away = np.abs(points[["low", "high"]].to_numpy().T - points["accuracy"].to_numpy())
            axes.errorbar(
                points["accuracy"], height, xerr=np.nan_to_num(away), fmt="o", ms=4,
                lw=1.2, capsize=2, color=shades[name],
            )  # fmt: skip
        axes.axvline(subset["majority"].mean(), color="0.2", ls="--", lw=1)
        axes.axvline(subset["chance"].mean(), color="0.2", ls=":", lw=1)
        axes.set_title(f"{style.variant_label(variant)}\n({subset['worms'].max():.0f} worms)")
        axes.set_xlabel("accuracy (fraction named right)")
        axes.grid(axis="x", color="0.93")
        ratios = _recovery(subset)
        for classifier, words in ratios.items():
            axes.annotate(
                words, (1, classifiers.index(classifier)), xycoords=("axes fraction", "data"),
                xytext=(-2, 0), textcoords="offset points", ha="right", va="center",
                fontsize=7, color="0.35",
            )  # fmt: skip
    panels[0].set_yticks(range(len(classifiers)), [name.replace("_", " ") for name in classifiers])
    panels[0].set_ylim(len(classifiers) - 0.5, -0.5)
    # room on the right for the recovery ratios
    panels[0].set_xlim(0, min(1.3, 1.3 * max(np.nanmax(pooled[["accuracy", "high"]]), 0.05)))
    handles = [
        Line2D([], [], color=shades[name], marker="o", ls="-", label=style.text(name, 60))
        for name in sets
    ]
    handles += [
        Line2D([], [], color="0.2", ls="--", label="always the commonest name (majority)"),
        Line2D([], [], color="0.2", ls=":", label="chance"),
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)))
    return drawn


def _recovery(subset: pd.DataFrame) -> dict[str, str]:
    """Write each classifier's colour recovery ratio, where there is one."""
    rows = subset[subset["features"] == "position+gray+predicted"]
    highest = rows.groupby("classifier")["recovery_ratio"].max()
    return {
        name: "recovery\nundefined" if np.isnan(ratio) else f"recovery\n{ratio:.2f}"
        for name, ratio in highest.items()
    }


def draw(identity: str | os.PathLike, out: str | os.PathLike):
    """Draw `identity.png` from `identity.csv`."""
    style.save(figure(read.read_csv(identity)), out)
