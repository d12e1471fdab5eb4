"""What all figures share: looks, words for variants, axes in micrometres, and reading tables."""

import os
from collections.abc import Callable, Sequence
from functools import wraps

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure

from chromapal.files import whole

DPI = 150
LOOKS = {
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
NEURON_UM = 3.2
VARIANTS = {
    "with_background": "unlabelled neurons kept",
    "no_background": "named neurons only",
    "no_background_smote": "named only, rare names boosted",
}
FEATURES = (
    "position",
    "position+weight",
    "position+gray",
    "predicted",
    "position+gray+predicted",
    "position+rgb",
    "position+weight+rgb",
)
# rows of a table that sum up all folds and laboratories
POOLED = {"fold": "all", "lab": "all"}
TEXT = frozenset(
    [
        *("study", "colorizer", "variant", "sample", "fold", "lab", "worm", "measure"),
        *("classifier", "features", "name", "class", "true_class", "predicted_class"),
        *("file", "stage", "reason", "table", "row", "column", "baseline_name"),
    ]
)


def read_csv(path: str | os.PathLike) -> pd.DataFrame:
    """Read one of the study's tables.

    Text stays text (a worm may be called ``1`` or ``NA``); an empty number is NaN.
    """
    table = pd.read_csv(path, dtype="str", keep_default_na=False, na_filter=False)
    numbers = [name for name in table.columns if name not in TEXT]
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


def pick(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Take the rows whose columns hold the given values."""
    mask = np.ones(len(table), dtype=bool)
    for column, value in values.items():
        mask &= (table[column] == value).to_numpy(dtype=bool)
    return table[mask]


def styled(draw: Callable) -> Callable:
    """Give everything a function draws the same looks."""

    @wraps(draw)
    def with_looks(*args, **kwargs):
        with mpl.rc_context(LOOKS):
            return draw(*args, **kwargs)

    return with_looks


def new(width: float, height: float, title: str = "") -> Figure:
    """Open a figure of the given size [inch] whose parts arrange themselves."""
    figure = Figure(figsize=(width, height), layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure


@styled
def message(text: str) -> Figure:
    """Say on an otherwise empty figure why there is nothing to see."""
    figure = new(7, 1.6)
    figure.text(0.5, 0.5, text, ha="center", va="center", color="0.35", wrap=True)
    return figure


def save(figure: Figure, out: str | os.PathLike):
    """Write a figure as PNG, whole or not at all, the same bytes every time."""
    with whole(out) as part:
        figure.savefig(part, dpi=DPI, metadata={"Software": None})


def text(value: object, longest: int = 32) -> str:
    """Make any text safe for a figure: dollar signs would start a formula, long names run over."""
    shown = str(value)
    if len(shown) > longest:
        shown = f"{shown[: longest - 1]}…"
    return shown.replace("$", r"\$")


def palette(count: int) -> list[tuple[float, float, float]]:
    """Give colours that stay apart for colour-blind readers."""
    return list(sns.color_palette("colorblind", max(count, 1)))


def variant_label(variant: str) -> str:
    """Say a variant in words."""
    return VARIANTS.get(variant, text(variant))


def ordered(values: pd.Series, order: Sequence[str]) -> list[str]:
    """List the distinct values, known ones in their usual order, others after them."""
    present = set(values)
    known = [value for value in order if value in present]
    return known + sorted(present - set(known))


def run_label(table: pd.DataFrame) -> pd.Series:
    """Name each row's colorizer, kind of sample and grid; baselines see no grid."""
    grid = table["grid"].map("{:.0f}".format)
    return table["colorizer"] + "\n" + table["sample"] + " samples, grid " + grid


def best(identity: pd.DataFrame, variant: str) -> tuple[str, str, str]:
    """Choose the classifier to show in detail.

    Parameters
    ----------
    identity : pandas.DataFrame
        The table `identity.csv`.
    variant : str
        Only this variant is looked at.

    Returns
    -------
    tuple of str
        Classifier, feature set and colorizer of the highest pooled accuracy, on predicted
        colour where that was scored, else on any feature set; the choice is made on the very
        animals shown, and captions say so.
    """
    pooled = pick(identity, variant=variant, **POOLED)
    predicted = pooled[pooled["features"] == "position+gray+predicted"]
    choice = (predicted if len(predicted) else pooled).sort_values(
        ["accuracy", "classifier"], ascending=[False, True], kind="stable"
    )
    return tuple(choice.iloc[0][["classifier", "features", "colorizer"]])


def shown_variant(table: pd.DataFrame) -> str:
    """Choose the variant to show in detail: named neurons only, where it was scored."""
    variants = ordered(table["variant"], ("no_background", *VARIANTS))
    return variants[0]


def discs(axes: Axes, x: np.ndarray, y: np.ndarray, um: float = NEURON_UM, **looks):
    """Draw neurons as discs of a true size.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw; its limits are fitted to the discs.
    x, y : array-like, shape (n,)
        Centres [um], bottom-most first.
    um : float
        Diameter [um].
    **looks
        Passed to the collection (``facecolors``, ``array``, ``cmap``, ...).
    """
    size = np.full(len(x), um)
    drawn = EllipseCollection(
        size, size, 0, units="xy", offsets=np.column_stack([x, y]),
        offset_transform=axes.transData, **looks,
    )  # fmt: skip
    axes.add_collection(drawn)
    axes.set_aspect("equal")
    margin = um
    axes.set_xlim(np.min(x) - margin, np.max(x) + margin)
    axes.set_ylim(np.max(y) + margin, np.min(y) - margin)
    return drawn


def scale_bar(axes: Axes, width: float, unit: float = 1.0, colour: str = "white"):
    """Draw a scale bar of a round length, about a fifth of the picture, in its lower left.

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


def picture_frame(axes: Axes):
    """Turn axes into a dark picture without ticks."""
    axes.set_facecolor(DARK)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
