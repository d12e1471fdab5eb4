"""Whether each worm was seen right-handed or mirrored, how sure that is, and what hangs on it."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chromapal.evaluate.figures import style
from chromapal.evaluate.tables import read

OUTCOMES = {
    "right": ("agrees with the labels", "#0173b2"),
    "wrong": ("against the labels", "#de8f05"),
    "undecided": ("labels undecided", "0.6"),
}
# What decided: word of column `source`, words of the legend, marker.
SOURCES = {
    "stated": ("stated in the study's config", "^"),
    "laboratory": ("decided by the laboratory's habit", "s"),
    "evidence": ("decided by evidence from neurons", "o"),
    "labels": ("taken from its labels", "D"),
}
BINS = 40


def best(handedness: pd.DataFrame) -> str:
    """Choose the feature set with the highest mean accuracy."""
    accuracy = handedness.groupby("features")["accuracy"].mean().fillna(0)
    return accuracy.sort_index().idxmax()


def outcome(handedness: pd.DataFrame) -> np.ndarray:
    """Compare each worm's chosen handedness with that of its labels."""
    agree = np.where(handedness["chosen"] == handedness["labels"], "right", "wrong")
    return np.where(handedness["labels"] == 0, "undecided", agree)


def stack(values: np.ndarray) -> np.ndarray:
    """Move worms of nearly the same probability apart.

    Parameters
    ----------
    values : array-like, shape (n,)
        Probabilities, 0.5 to 1.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Heights, -0.38 to 0.38 at most, in turns above and below the middle.
    """
    bins = pd.Series(np.clip(((np.asarray(values) - 0.5) * 2 * BINS).round(), 0, BINS))
    turn = bins.groupby(bins).cumcount().to_numpy()
    height = np.where(turn % 2, 1, -1) * ((turn + 1) // 2)
    most = max(np.abs(height).max(initial=0), 1)
    return height * min(0.09, 0.38 / most)


@style.styled
def figure(handedness: pd.DataFrame, features: str = "") -> Figure:
    """Draw a strip of worms per laboratory, and accuracy as chosen against mirrored.

    Parameters
    ----------
    handedness : pandas.DataFrame
        The table `handedness.csv`.
    features : str
        Which feature set to show; without it the one with the highest accuracy.
    """
    if features:
        handedness = read.pick(handedness, features=features)
    if handedness.empty:
        return style.message("No worm's handedness was judged in this study.")
    features = features or best(handedness)
    worms = read.pick(handedness, features=features)
    worms = worms.assign(outcome=outcome(worms)).sort_values(
        ["lab", "probability", "worm"], ascending=[True, False, True], kind="stable"
    )
    labs = sorted(worms["lab"].unique())
    right, wrong, undecided = ((worms["outcome"] == name).sum() for name in OUTCOMES)
    drawn = style.new(
        12, max(4.9, 1.7 + 0.95 * len(labs)),
        f"Handedness of {len(worms)} worms: {right} as in their labels, {wrong} against them, "
        f"{undecided} undecided ({style.text(features, 40)})",
    )  # fmt: skip
    strips, mirrored = drawn.subplots(1, 2, width_ratios=[1.5, 1])
    for height, lab in enumerate(labs):
        rows = worms[worms["lab"] == lab]
        _worms(strips, rows, rows["probability"], height + stack(rows["probability"]))
    strips.set_yticks(range(len(labs)), [_lab_words(worms[worms["lab"] == lab]) for lab in labs])
    strips.set_ylim(len(labs) - 0.5, -0.5)
    strips.set_xlim(0.485, 1.02)
    strips.axvline(0.5, color="0.3", ls=":", lw=1)
    strips.set_xlabel("probability of the chosen handedness (0.5: a coin toss)")
    strips.set_title("each worm")
    strips.grid(axis="x", color="0.93")
    scored = worms.dropna(subset=["accuracy", "accuracy_mirrored"])
    mirrored.plot([0, 1], [0, 1], color="0.3", ls="--", lw=1)
    _worms(mirrored, scored, scored["accuracy_mirrored"], scored["accuracy"])
    mirrored.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    mirrored.set_xlabel("accuracy if it were mirrored")
    mirrored.set_ylabel("accuracy as chosen")
    mirrored.set_title("below the line: better mirrored")
    mirrored.grid(color="0.94")
    drawn.legend(handles=_handles(worms), loc="outside lower center", ncols=4)
    return drawn


def _worms(axes: Axes, rows: pd.DataFrame, x: pd.Series, y: pd.Series | np.ndarray):
    """Draw worms: colour is the outcome, shape the source of the decision, a ring marks doubt."""
    x, y = np.asarray(x), np.asarray(y)
    for source in read.ordered(rows["source"], tuple(SOURCES)):
        for name, (_, shade) in OUTCOMES.items():
            mask = ((rows["source"] == source) & (rows["outcome"] == name)).to_numpy()
            axes.scatter(
                x[mask], y[mask], marker=SOURCES.get(source, ("", "P"))[1], color=shade, lw=0,
                alpha=0.85, s=34 if name == "wrong" else 20, zorder=3 if name == "wrong" else 2,
            )  # fmt: skip
    doubtful = (rows["doubtful"] == 1).to_numpy()
    axes.scatter(
        x[doubtful], y[doubtful], s=85, facecolors="none", edgecolors="black", lw=1, zorder=4
    )


def _lab_words(rows: pd.DataFrame) -> str:
    wrong = (rows["outcome"] == "wrong").sum()
    suspect = (rows["suspect"] == 1).sum()
    return (
        f"{style.text(rows['lab'].iloc[0], 20)}\n{len(rows)} worms"
        + f"\n{wrong} wrong, {suspect} suspect"
    )


def _handles(worms: pd.DataFrame) -> list[Line2D]:
    dots = [
        Line2D([], [], ls="", marker="o", color=shade, label=words)
        for words, shade in OUTCOMES.values()
    ]
    ring = Line2D(
        [], [], ls="", marker="o", ms=9, markerfacecolor="none", color="black", label="doubtful"
    )
    shapes = [
        Line2D(
            [], [], ls="", color="0.3", marker=SOURCES.get(source, ("", "P"))[1],
            label=SOURCES.get(source, (style.text(source), ""))[0],
        )
        for source in read.ordered(worms["source"], tuple(SOURCES))
    ]  # fmt: skip
    return [*dots, ring, *shapes]


def draw(handedness: str | os.PathLike, out: str | os.PathLike, features: str = ""):
    """Draw `handedness.png` from `handedness.csv`."""
    style.save(figure(read.read_csv(handedness), features), out)
