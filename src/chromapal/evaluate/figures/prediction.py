"""Predicted next to true colour, in worms the colorizer never saw."""

import os
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from chromapal import methods
from chromapal.columns import COLOUR, PREDICTED
from chromapal.evaluate.figures import coloured, style
from chromapal.evaluate.tables import read
from chromapal.prepare.normalise import display
from chromapal.worms.table import WORM

MOST_WORMS = 3
PANELS = ("gray input", "true colour", "predicted colour", "error")


def typical(test: pd.DataFrame, most: int = MOST_WORMS) -> list[tuple[str, str]]:
    """Choose typical test worms: those of median error in each laboratory.

    Parameters
    ----------
    test : pandas.DataFrame
        Test rows with columns lab, worm and squared (mean squared error of the row).
    most : int
        How many worms to choose.

    Returns
    -------
    list of (lab, worm)
        One worm per laboratory, by name; where there are fewer laboratories than `most`, the
        next worms in the order of distance from their laboratory's median.
    """
    errors = test.groupby(WORM)["squared"].mean().reset_index()
    # the lower median, so that it is an actual worm
    middle = errors.groupby("lab")["squared"].transform("quantile", 0.5, interpolation="lower")
    errors["away"] = (errors["squared"] - middle).abs()
    errors = errors.sort_values(["away", *WORM], kind="stable")
    errors["turn"] = errors.groupby("lab").cumcount()
    chosen = errors.sort_values(["turn", "lab"], kind="stable")[:most]
    return sorted(zip(chosen["lab"], chosen["worm"], strict=True))


def _against(worms: pd.DataFrame, key: tuple[str, str], run: dict) -> str:
    """Write the error of the first baseline on the same worm, where it was run."""
    lab, worm = key
    baseline = methods.baselines()[0]
    rows = read.pick(
        worms,
        measure="colour",
        colorizer=baseline,
        lab=lab,
        worm=worm,
        variant=run["variant"],
    )
    words = methods.words("colorizers", baseline)
    return f", {words} {rows['mse'].mean():.3f}" if len(rows) else ""


@style.styled
def figure(
    colours: pd.DataFrame, neurons: pd.DataFrame, worms: pd.DataFrame, colour_scale: str, run: dict
) -> Figure:
    """Draw three test worms: gray input, true colour, predicted colour, error.

    Parameters
    ----------
    colours : pandas.DataFrame
        Predicted colours of all folds; only rows whose role is `test` are used.
    neurons : pandas.DataFrame
        All neurons of the study (`neurons.parquet`), for positions [um].
    worms : pandas.DataFrame
        The table `worms.csv`, for the baseline's error.
    colour_scale : str
        Scale of the colours.
    run : dict
        The run that is drawn: colorizer, variant, sample and grid.
    """
    test = colours[colours["role"] == "test"].dropna(subset=["r", "g", "b"])
    if test.empty:
        return style.message("No colorizer was run in this study: no prediction to show.")
    truth, predicted = test[list(COLOUR)].to_numpy(), test[list(PREDICTED)].to_numpy()
    at = neurons.iloc[test["row"].to_numpy()]
    test = test.assign(
        squared=np.mean((truth - predicted) ** 2, axis=1),
        **{name: at[name].to_numpy() for name in ("xr", "yr", "zr")},
        error=np.linalg.norm(
            display(truth, colour_scale) - display(predicted, colour_scale), axis=1
        ),
    )
    keys = typical(test)
    subsets = [coloured.neurons_of(test, key) for key in keys]
    worst = max(subset["error"].max() for subset in subsets)
    scale = ScalarMappable(Normalize(0, max(worst, 1e-6)), mpl.colormaps["magma"])
    shapes = [np.ptp(subset[["yr", "xr"]].to_numpy(), axis=0) for subset in subsets]
    heights = [float(np.clip(high / max(wide, 1), 0.35, 1)) for high, wide in shapes]
    drawn = style.new(
        13, 0.5 + sum(2.85 * height + 0.5 for height in heights),
        f"{run['colorizer']}, {style.variant_label(run['variant'])}, {run['sample']} samples, "
        f"grid {run['grid']}: test worms of median error",
    )  # fmt: skip
    rows = drawn.subplots(
        len(subsets), len(PANELS), squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    for key, subset, row in zip(keys, subsets, rows, strict=True):
        brighter = coloured.gain(subset, colour_scale)
        panel_colours = (
            coloured.colours(subset, colour_scale, brighter, ("gray",) * 3),
            coloured.colours(subset, colour_scale, brighter),
            coloured.colours(subset, colour_scale, brighter, PREDICTED),
            scale.to_rgba(subset["error"]),
        )
        for name, shades, axes in zip(PANELS, panel_colours, row, strict=True):
            style.discs(axes, subset["xr"].to_numpy(), subset["yr"].to_numpy(), facecolors=shades)
            style.image_frame(axes)
            axes.set_title(name)
        style.scale_bar(row[0], float(np.ptp(subset["xr"])))
        lab, worm = key
        row[0].set_title(
            f"{style.text(lab)} {style.text(worm)}: mse {subset['squared'].mean():.3f}"
            f"{_against(worms, key, run)} ({len(subset)} neurons{coloured.brightened(brighter)})"
            f"\n{PANELS[0]}"
        )
    drawn.colorbar(
        scale, ax=rows[:, -1].tolist(), shrink=0.8, label="distance in displayed RGB (0 to √3)"
    )
    return drawn


def draw(
    colours: Sequence[str | os.PathLike],
    neurons: str | os.PathLike,
    worms: str | os.PathLike,
    colour_scale: str,
    run: dict,
    out: str | os.PathLike,
):
    """Draw `prediction.png` from one run's predicted colours, a Parquet file per fold."""
    if colours:
        predicted = pd.concat([pd.read_parquet(path) for path in colours], ignore_index=True)
        predicted = predicted[predicted["scored"]].reset_index(drop=True)
    else:
        predicted = pd.DataFrame(columns=["role", "r", "g", "b"])
    style.save(
        figure(predicted, pd.read_parquet(neurons), read.read_csv(worms), colour_scale, run), out
    )
