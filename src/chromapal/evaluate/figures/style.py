"""What all figures share: style, labels of variants, and axes in micrometres."""

import os
from collections.abc import Callable
from functools import wraps

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from chromapal.columns import VARIANTS
from chromapal.files import whole

DPI = 150
NARROWEST = 8.0
RC_PARAMS = {
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "figure.facecolor": "white",
    "figure.titlesize": 11,
    "font.size": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}
# Neurons glow on black under the microscope; colours are judged against something near it.
DARK = "#16161a"
# seaborn's "colorblind"; importing seaborn for it would double a figure's time
COLOURS = (
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"),
    *("#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
)
NEURON_UM = 3.2


def styled(draw: Callable) -> Callable:
    """Apply the common style to everything a function draws."""

    @wraps(draw)
    def with_looks(*args, **kwargs):
        with mpl.rc_context(RC_PARAMS):
            return draw(*args, **kwargs)

    return with_looks


def new(width: float, height: float, title: str = "") -> Figure:
    """Open a figure of a size [inch], wide enough for titles; its parts arrange themselves."""
    figure = Figure(figsize=(max(width, NARROWEST), height), layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure


@styled
def message(text: str) -> Figure:
    """Draw an otherwise empty figure that says why there is nothing to see."""
    figure = new(NARROWEST, 0.9)
    figure.text(0.5, 0.5, text, ha="center", va="center", color="0.35", wrap=True)
    return figure


def save(figure: Figure, out: str | os.PathLike):
    """Write a figure as PNG, whole or not at all, the same bytes every time."""
    with whole(out) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})


def text(value: object, longest: int = 32) -> str:
    """Make any text safe for a figure: dollar signs would start a formula, long names run over."""
    words = str(value)
    if len(words) > longest:
        words = f"{words[: longest - 1]}…"
    return words.replace("$", r"\$")


def palette(count: int) -> list[str]:
    """Return colours that stay apart for colour-blind readers; they repeat after ten."""
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


def variant_label(variant: str) -> str:
    """Describe a variant in words."""
    return VARIANTS.get(variant, text(variant))


def discs(axes: Axes, x: np.ndarray, y: np.ndarray, um: float = NEURON_UM, **properties):
    """Draw neurons as discs of a true size.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw; its limits are fitted to the discs.
    x, y : array-like, shape (n,)
        Centres [um], bottom-most first.
    um : float
        Diameter [um].
    **properties
        Passed to the collection (``facecolors``, ``array``, ``cmap``, ...).
    """
    size = np.full(len(x), um)
    # an edge, so that a black neuron shows on black
    properties = {"edgecolors": "0.4", "linewidths": 0.4} | properties
    drawn = EllipseCollection(
        size, size, 0, units="xy", offsets=np.column_stack([x, y]),
        offset_transform=axes.transData, **properties,
    )  # fmt: skip
    axes.add_collection(drawn)
    axes.set_aspect("equal")
    margin = um
    axes.set_xlim(np.min(x) - margin, np.max(x) + margin)
    axes.set_ylim(np.max(y) + margin, np.min(y) - margin)
    return drawn


def scale_bar(axes: Axes, width: float, unit: float = 1.0, colour: str = "white"):
    """Draw a scale bar of a round length, about a fifth of the image, in its lower left.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    width : float
        Width of what is shown [um].
    unit : float
        Micrometres per unit of the horizontal axis.
    colour : str
        Colour of bar and text.

    Returns
    -------
    float
        Length of the bar [um].
    """
    steps = np.array([1, 2, 5, 10, 20, 50, 100, 200])
    length = float(steps[np.argmin(np.abs(steps - width / 5))])
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    start = left + 0.03 * (right - left)
    height = bottom + 0.06 * (top - bottom)
    axes.plot([start, start + length / unit], [height, height], color=colour, lw=2.5)
    axes.annotate(
        f"{length:g} µm", (start, height), xytext=(0, 4), textcoords="offset points",
        color=colour, fontsize=8,
    )  # fmt: skip
    return length


def count_axis(axes: Axes, counted: np.ndarray, ticks: int = 9):
    """Return the horizontal axis whole numbers: ticks at some of them, and room at both ends.

    Left alone, an axis on which a single epoch lies would run from -0.055 to 0.055.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What counts epochs or steps along its horizontal axis.
    counted : array-like of int
        Numbers that lie on it.
    ticks : int
        Intervals between ticks, at most.
    """
    first, last = np.min(counted), np.max(counted)
    room = max(0.5, 0.04 * (last - first))
    axes.set_xlim(first - room, last + room)
    axes.xaxis.set_major_locator(
        MaxNLocator(ticks, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
    )


def marker(count: int) -> str:
    """Return a curve's marker: with few points, a line alone cannot be seen or says too much."""
    return "o" if count < 3 else ""


def image_frame(axes: Axes):
    """Turn axes into a dark image without ticks."""
    axes.set_facecolor(DARK)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
