"""One worm's neurons with the names they were given."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from chromapal.columns import BODY, RGB_SHOWN
from chromapal.evaluate.figures import style
from chromapal.evaluate.tables.read import read_csv

NUMBERS = (*"xyz", *BODY, "probability", "review")
# along, towards the viewer, up: left is drawn backwards, or the worm would be its mirror image
SPACE = ("posterior", "left", "dorsal")
# the axes of a view (along the body, across it), and from where the worm is seen
VIEWS = {
    ("posterior", "dorsal"): "seen from the worm's left side",
    ("posterior", "left"): "seen from the worm's back",
}
# answers in a named table's column `right`: what they mean, colour, marker
OUTCOMES = {
    "yes": ("right", "#0173b2", "o"),
    "no": ("wrong (answer → label)", "#de8f05", "D"),
    "": ("unlabelled (nobody named them)", "0.45", "o"),
}
NAME_POINTS = 6


def read_table(path: str | os.PathLike) -> pd.DataFrame:
    """Read one worm's named neurons, with predicted colours where the table has them."""
    named = read_csv(path, NUMBERS)
    return named.assign(**{name: pd.to_numeric(named[name]) for name in RGB_SHOWN if name in named})


def lacks_labels(named: pd.DataFrame) -> bool:
    """Whether no neuron has a label, but all have predicted colours to show instead."""
    return set(RGB_SHOWN) <= set(named) and named["right"].eq("").all()


def free_positions(
    points: np.ndarray, sizes: np.ndarray, taken: np.ndarray, near: float, reach: np.ndarray
) -> np.ndarray:
    """Find for each label a free position near its point.

    Parameters
    ----------
    points : array-like, shape (n, 2)
        What is labelled, the most important first.
    sizes : array-like, shape (n, 2)
        Width and height of the labels.
    taken : array-like, shape (m, 2)
        Points that no label may hide.
    near : float
        How far from any point a label's edge must lie.
    reach : array-like, shape (n,)
        How far from its own point a label's edge may lie.

    Returns
    -------
    numpy.ndarray, shape (n, 2)
        Centres of the labels, NaN where none is free.
    """
    angles = np.deg2rad([0, 180, 90, 270, 45, 135, 225, 315, 22, 158, 202, 338, 67, 113, 247, 293])
    around = np.column_stack([np.cos(angles), np.sin(angles)])
    taken_boxes = np.empty((0, 4))  # centre and half size
    centres = np.full((len(points), 2), np.nan)
    for index, (point, size, far) in enumerate(zip(points, sizes, reach, strict=True)):
        half = np.asarray(size) / 2
        away = np.linspace(1.01 * near, far, 10)[:, None, None]
        tried = (point + around * half + around * away).reshape(-1, 2)
        hides = (np.abs(tried[:, None] - taken) < half + 0.7 * near).all(axis=2).sum(axis=1)
        gaps = np.abs(tried[:, None] - taken_boxes[:, :2]) < half + taken_boxes[:, 2:]
        free = np.flatnonzero((hides == 0) & ~gaps.all(axis=2).any(axis=1))
        if len(free):
            centres[index] = tried[free[0]]
            taken_boxes = np.vstack([taken_boxes, [*centres[index], *half]])
    return centres


def label(neuron: pd.Series) -> str:
    """Write a neuron's answer, and the label it should have had where that is another."""
    if neuron["right"] == "no":
        return f"{style.text(neuron['answer'], 14)} → {style.text(neuron['name'], 14)}"
    return style.text(neuron["answer"], 14)


def title(named: pd.DataFrame) -> str:
    """Write the title: the worm, how many neurons are named right, and the handedness."""
    right, wrong = (int((named["right"] == answer).sum()) for answer in ("yes", "no"))
    first = named.iloc[0]
    words = f"{style.text(first['lab'])} {style.text(first['worm'], 60)}: "
    if right + wrong:
        fraction = right / (right + wrong)
        words += f"{right} of {right + wrong} labelled neurons named right ({fraction:.0%})"
    else:
        words += f"{len(named)} neurons, none of them labelled"
    if "handedness" in named:
        words += f"; {style.text(first['handedness'])}"
    return words


@style.styled
def figure(named: pd.DataFrame) -> Figure:
    """Draw a worm from its left, from its back and in space.

    Wrong names are all written; others where there is room.

    Parameters
    ----------
    named : pandas.DataFrame
        One worm: lab, worm, posterior, dorsal, left [um], name, answer, right ("yes", "no" or
        nothing where nobody labelled the neuron); handedness, if the table has that column, is
        given in the title.
    """
    neurons = named.dropna(subset=list(BODY))
    if neurons.empty:
        return style.message("No neuron of this worm has a position in the body.")
    drawn = style.new(13, 15, title(named))
    rows = drawn.add_gridspec(3, 1, height_ratios=[1, 1, 1.15])
    for row, ((across, up), words) in enumerate(VIEWS.items()):
        axes = drawn.add_subplot(rows[row])
        _scatter(axes, neurons, (across, up))
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.09, 0.06)
        if up == "left":
            # body axes are right-handed: with left above, this would be seen from the belly
            axes.invert_yaxis()
        axes.set(xlabel=f"{across} [µm]", ylabel=f"{up} [µm]", title=words)
        axes.grid(color="0.95")
        _names(axes, neurons, (across, up))
    space = drawn.add_subplot(rows[2], projection="3d", computed_zorder=False)
    _scatter(space, neurons, SPACE, depthshade=False, clip_on=False)
    spans = np.ptp(neurons[list(SPACE)].to_numpy(), axis=0)
    space.set_box_aspect(np.maximum(spans, max(spans.max() / 10, 1.0)), zoom=1.7)
    space.set(xlabel="posterior [µm]", ylabel="left [µm]", zlabel="dorsal [µm]")
    space.invert_yaxis()
    space.view_init(elev=22, azim=-75)
    for axis in (space.yaxis, space.zaxis):
        axis.set_major_locator(MaxNLocator(3))
    space.set_title("in space")
    counts = neurons["right"].value_counts()
    if lacks_labels(neurons):
        drawn.supxlabel("filled with predicted colour", fontsize="small")
        return drawn
    handles = [
        Line2D(
            [], [], ls="", marker=marker, color=shade, label=f"{words}: {counts.get(answer, 0)}",
            markerfacecolor=shade if answer else "none",
        )
        for answer, (words, shade, marker) in OUTCOMES.items()
    ]  # fmt: skip
    drawn.legend(handles=handles, loc="outside lower center", ncols=3)
    return drawn


def _scatter(axes: Axes, neurons: pd.DataFrame, columns: Sequence[str], **properties):
    for answer, (_, shade, marker) in reversed(OUTCOMES.items()):
        subset = neurons[neurons["right"] == answer]
        face = shade if answer else "none"
        if len(subset) and lacks_labels(neurons):
            face = subset[list(RGB_SHOWN)].to_numpy()
        axes.scatter(
            *(subset[column] for column in columns), s=22, marker=marker, linewidths=0.8,
            facecolors=face, edgecolors=shade, **properties,
        )  # fmt: skip


def _names(axes: Axes, neurons: pd.DataFrame, columns: Sequence[str]):
    """Write names: wrong ones first and in any case, then right ones, then guesses."""
    order = {"no": 0, "yes": 1, "": 2}
    rows = neurons.assign(order=neurons["right"].map(order)).sort_values("order", kind="stable")
    words = [label(neuron) for _, neuron in rows.iterrows()]
    points = rows[list(columns)].to_numpy()
    wrong = (rows["right"] == "no").to_numpy()
    # micrometres per letter height, as the wide panels come out; bold letters are wider
    letter = NAME_POINTS / 72 / (12.3 / max(1.18 * np.ptp(points[:, 0]), 1.0))
    wide = np.where(wrong, 0.76, 0.66) * [len(word) for word in words]
    sizes = np.column_stack([wide, np.full(len(words), 1.15)]) * letter
    reach = np.where(wrong, 14, 3) * letter
    centres = free_positions(points, sizes, points, 0.7 * letter, reach)
    lines = []
    for point, centre, size, word, outcome, must in zip(
        points, centres, sizes, words, rows["right"], wrong, strict=True
    ):
        if np.isnan(centre[0]) and not must:
            continue
        centre = point if np.isnan(centre[0]) else centre
        axes.text(
            *centre, word, ha="center", va="center", fontsize=NAME_POINTS,
            color="#8a4b00" if must else OUTCOMES[outcome][1],
            fontweight="bold" if must else "normal", style="normal" if outcome else "italic",
        )  # fmt: skip
        # from the edge of the word to its neuron, where that lies outside
        apart = point - centre
        edge = np.min(size / 2 / np.maximum(np.abs(apart), 1e-9))
        if edge < 1:
            lines.append((centre + edge * apart, point))
    # arrows of Matplotlib's annotations take ten times as long
    leaders = LineCollection(lines, colors="0.6", linewidths=0.4, zorder=0.9)
    axes.add_collection(leaders, autolim=False)


def draw(named: str | os.PathLike, out: str | os.PathLike):
    """Draw `worm.png` from one worm's named neurons."""
    style.save(figure(read_table(named)), out)
