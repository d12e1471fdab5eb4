"""Identity accuracy laboratory by laboratory, which a pooled mean would hide."""

import os

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from chromapal.columns import VARIANTS
from chromapal.evaluate.figures import style
from chromapal.evaluate.figures.identity import feature_label, feature_order
from chromapal.evaluate.tables import read


@style.styled
def figure(identity: pd.DataFrame) -> Figure:
    """Draw a panel per variant: bars per laboratory and feature set of one classifier.

    Parameters
    ----------
    identity : pandas.DataFrame
        The table `identity.csv`.
    """
    if read.pick(identity, **read.POOLED).empty:
        return style.message("No classifier was run in this study: no laboratories to compare.")
    variants = read.ordered(identity["variant"], VARIANTS)
    labels = feature_label(identity)
    sets = feature_order(labels)
    shades = dict(zip(sets, style.palette(len(sets)), strict=True))
    rows = identity.assign(set=labels)[identity["fold"] == "all"]
    labs = [*sorted(set(rows["lab"]) - {"all"}), "all"]
    drawn = style.new(
        max(9.5, 2 + len(labs) * (0.4 + 0.22 * len(sets))),
        1.2 + 2.3 * len(variants),
        "Neurons named right by laboratory (best classifier, chosen on these worms)",
    )
    panels = drawn.subplots(len(variants), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    width = 0.82 / len(sets)
    for variant, axes in zip(variants, panels, strict=True):
        classifier = read.best(identity, variant)[0]
        subset = read.pick(rows, variant=variant, classifier=classifier)
        for number, name in enumerate(sets):
            bars = subset[subset["set"] == name]
            at = bars["lab"].map(labs.index).to_numpy() - 0.41 + width * (number + 0.5)
            away = np.abs(bars[["low", "high"]].to_numpy().T - bars["accuracy"].to_numpy())
            axes.bar(
                at, bars["accuracy"], width * 0.92, yerr=np.nan_to_num(away), color=shades[name],
                error_kw={"lw": 0.9, "ecolor": "0.25"},
            )  # fmt: skip
        counts = subset.groupby("lab")[["worms", "majority"]].max()
        present = [lab for lab in labs if lab in counts.index]
        middle = np.array([labs.index(lab) for lab in present])
        axes.hlines(
            counts.loc[present, "majority"], middle - 0.45, middle + 0.45, color="black",
            ls="--", lw=1,
        )  # fmt: skip
        ticks = [f"{style.text(lab, 14)}\n{counts.loc[lab, 'worms']:.0f} worms"
                 for lab in present]  # fmt: skip
        axes.set_xticks(middle, ticks)
        axes.tick_params(labelbottom=True)
        axes.set_ylabel("accuracy")
        axes.set_title(f"{style.variant_label(variant)}: {classifier.replace('_', ' ')}")
        axes.grid(axis="y", color="0.93")
    handles = [Patch(color=shades[name], label=style.text(name, 60)) for name in sets]
    handles.append(Line2D([], [], color="black", ls="--", lw=1, label="majority"))
    drawn.legend(handles=handles, loc="outside lower center", ncols=min(3, len(handles)))
    return drawn


def draw(identity: str | os.PathLike, out: str | os.PathLike):
    """Draw `laboratories.png` from `identity.csv`."""
    style.save(figure(read.read_csv(identity)), out)
