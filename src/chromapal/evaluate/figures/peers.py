"""Other methods on the same worms: who names more neurons right."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.evaluate.figures import style
from chromapal.evaluate.tables.read import read_csv

OURS, THEIRS = "#0173b2", "#de8f05"
MARKERS = "osD^vP<>*X"


def best_features(peers: pd.DataFrame) -> pd.DataFrame:
    """Choose the rows to draw: one classifier, and two of its feature sets."""
    pooled = peers[peers["lab"] == "all"]
    best = (pooled if len(pooled) else peers).sort_values("ours", kind="stable").iloc[-1]
    sets = {"position", best["features"]}
    return peers[peers["features"].isin(sets) & peers["classifier"].eq(best["classifier"])]


@style.styled
def figure(peers: pd.DataFrame) -> Figure:
    """Draw ours and theirs per method, and their difference laboratory by laboratory.

    Parameters
    ----------
    peers : pandas.DataFrame
        The table `peers.csv`; low and high bound the difference. The strongest classifier is
        shown, from position alone and from the features it does best with: other rows of the
        table would bury them.
    """
    if peers.empty:
        return style.message("No other method was run on this study's worms: none to compare.")
    peers = best_features(peers)
    keys = ["method", "features", "classifier"]
    pooled = peers[peers["lab"] == "all"].sort_values("peer", ascending=False, kind="stable")
    rows = pd.MultiIndex.from_frame(pd.concat([pooled, peers])[keys].drop_duplicates())
    height = {key: index for index, key in enumerate(rows)}
    labs = sorted(set(peers["lab"]) - {"all"})
    drawn = style.new(
        12.5, 2.2 + (0.55 + 0.06 * len(labs)) * len(rows),
        "This method and others on the same worms, the same neurons scored",
    )  # fmt: skip
    drawn.get_layout_engine().set(wspace=0.06)
    left, right = drawn.subplots(1, 2, sharey=True, width_ratios=[1.25, 1])
    at = [height[key] for key in pooled[keys].itertuples(index=False, name=None)]
    _pairs(left, pooled, at)
    heights = [height[key] for key in peers[keys].itertuples(index=False, name=None)]
    _differences(right, peers.assign(height=heights), labs)
    words = [
        f"{style.text(method, 28)}\n{style.text(features, 34)}, "
        f"{style.text(classifier.replace('_', ' '), 22)}"
        for method, features, classifier in rows
    ]
    left.set_yticks(range(len(rows)), words)
    left.set_ylim(len(rows) - 0.5, -0.5)
    handles = [
        Line2D([], [], color=OURS, ls="", marker="o", ms=7, label="this method"),
        Line2D([], [], color=THEIRS, ls="", marker="D", ms=6, label="the other method"),
        *right.get_legend_handles_labels()[0],
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=min(6, len(handles)))
    return drawn


def _pairs(axes: Axes, pooled: pd.DataFrame, at: list[int]):
    axes.hlines(at, pooled["ours"], pooled["peer"], color="0.6", lw=2)
    axes.plot(pooled["ours"], at, "o", color=OURS, ms=8)
    axes.plot(pooled["peer"], at, "D", color=THEIRS, ms=7)
    values = pooled[["ours", "peer"]].to_numpy()
    for (_, row), height in zip(pooled.iterrows(), at, strict=True):
        axes.annotate(
            f"better on {row['wins']:.0f}, alike on {row['ties']:.0f}, worse on"
            f" {row['losses']:.0f} of {row['worms']:.0f} worms{_significance(row['p'])}",
            (np.nanmean([row["ours"], row["peer"]]), height), xytext=(0, -13),
            textcoords="offset points", ha="center", va="center", fontsize=7.5, color="0.25",
        )  # fmt: skip
    if len(pooled):
        # room for the words below the outermost pairs
        middle = values.mean(axis=1)
        reach = max(0.12, 1.25 * (values.max() - values.min()))
        axes.set_xlim(min(middle.min() - 0.6 * reach, values.min() - 0.03),
                      max(middle.max() + 0.6 * reach, values.max() + 0.03))  # fmt: skip
    axes.set_xlabel("accuracy (mean over worms)")
    axes.set_title("all laboratories together")
    axes.grid(axis="x", color="0.93")


def _significance(p: float) -> str:
    if np.isnan(p):
        return ""
    return ", p < 0.001" if p < 0.001 else f", p = {p:.3f}"


def _differences(axes: Axes, peers: pd.DataFrame, labs: list[str]):
    """Draw all laboratories on top of a method's row, then each in a line of its own."""
    shifts = np.linspace(-0.32, 0.36, len(labs) + 1)
    # the first two colours mean ours and theirs
    lab_styles = zip(
        ["all", *labs], shifts, ["black", *style.palette(len(labs) + 2)[2:]], strict=True
    )
    axes.axvline(0, color="0.3", lw=1)
    for number, (lab, shift, shade) in enumerate(lab_styles):
        rows = peers[peers["lab"] == lab]
        away = np.abs(rows[["low", "high"]].to_numpy().T - rows["difference"].to_numpy())
        axes.errorbar(
            rows["difference"], rows["height"] + shift, xerr=np.nan_to_num(away),
            fmt=MARKERS[number % len(MARKERS)], ms=7 if lab == "all" else 4.5,
            lw=2 if lab == "all" else 1, capsize=2, color=shade,
            label="all laboratories" if lab == "all" else style.text(lab, 20),
        )  # fmt: skip
    axes.set_xlabel("difference in accuracy (right of 0: this method is better)")
    axes.set_title("difference with 95 % interval, by laboratory")
    axes.grid(axis="x", color="0.93")
    axes.tick_params(labelleft=False)


def draw(peers: str | os.PathLike, out: str | os.PathLike):
    """Draw `peers.png` from `peers.csv`."""
    style.save(figure(read_csv(peers)), out)
