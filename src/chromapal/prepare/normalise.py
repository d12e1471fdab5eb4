"""Counts, weights and positions on common scales, fitted on training rows only."""

import dataclasses
import logging
import os
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from chromapal.errors import InputError
from chromapal.files import write_json, write_parquet
from chromapal.worms import skipped
from chromapal.worms.table import WORM

LOGGER = logging.getLogger(__name__)
COLOUR_SCALES = ("full_scale", "global_minmax", "per_worm", "rank_normal")
GRAY_SOURCES = ("luminance", "white")
LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma of red, green and blue
QUANTILES = (0.01, 0.99)
COLOURS = ["R", "G", "B"]
CHANNELS = [*COLOURS, "W"]


@dataclass(frozen=True)
class Normalisation:
    """A study's choice of scales; see `Normaliser`."""

    colour_scale: str
    gray_source: str


@dataclass(frozen=True)
class Normaliser:
    """Scales of a study, with parameters fitted on training rows.

    Attributes
    ----------
    colour_scale : {"full_scale", "global_minmax", "per_worm", "rank_normal"}
        How counts are converted to colours:
        `full_scale` counts / the laboratory's full scale;
        `global_minmax` (counts - low) / (high - low) per channel, fitted, not clipped;
        `per_worm` the same between the worm's own quantiles .01 and .99, clipped to 0..1;
        `rank_normal` Phi^-1((average rank - 1/2) / n) per worm and channel.
        A constant channel becomes 1, with `rank_normal` 0.
    gray_source : {"luminance", "white"}
        Gray is LUMINANCE . (R, G, B), or the white (panneuronal) channel on the colour scale.
    channels : dict of str to (float, float)
        Lowest and highest count per channel among training rows; `global_minmax` only.
    weight : (float, float)
        Lowest and highest weight among training rows.
    """

    colour_scale: str
    gray_source: str
    weight: tuple[float, float]
    channels: dict[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def fit(cls, train: pd.DataFrame, colour_scale: str, gray_source: str) -> "Normaliser":
        """Fit on training rows.

        Parameters
        ----------
        train : pandas.DataFrame
            Neuron table of training rows only.
        colour_scale, gray_source : str
            The study's choices.

        Raises
        ------
        InputError
            Unknown colour scale or gray source.
        """
        for key, value, choices in (
            ("colour_scale", colour_scale, COLOUR_SCALES),
            ("gray_source", gray_source, GRAY_SOURCES),
        ):
            if value not in choices:
                raise InputError(f"config key '{key}'", repr(value), f"one of {', '.join(choices)}")
        channels = {}
        if colour_scale == "global_minmax":
            present = [channel for channel in CHANNELS if train[channel].notna().any()]
            channels = {channel: _range(train[channel]) for channel in present}
        return cls(colour_scale, gray_source, _range(train["weight"]), channels)

    def transform(self, table: pd.DataFrame) -> pd.DataFrame:
        """Add normalised columns to a neuron table.

        Parameters
        ----------
        table : pandas.DataFrame
            Neuron table of whole worms.

        Returns
        -------
        pandas.DataFrame
            With `u, v, w` (xr, yr, zr between the worm's lowest, 0, and highest, 1; 0.5 where
            it is constant), `weight_n` (0..1 over training rows, 1 where they are constant), `r, g,
            b`, `luminance` and `white` on the colour scale (NaN if a channel is absent) and `gray`.
        """
        scaled = self._scale(table)
        if self.colour_scale == "rank_normal":
            luminance = _rank_normal(_luminance(table[COLOURS]), table)[0]
        else:
            luminance = _luminance(scaled[COLOURS])[0]
        axes = table.groupby(WORM)[["xr", "yr", "zr"]]
        low, high = axes.transform("min"), axes.transform("max")
        position = _between(table[["xr", "yr", "zr"]], low, high, constant=0.5)
        return table.assign(
            **dict(zip("uvw", position.T, strict=True)),
            weight_n=_between(table["weight"], *self.weight, constant=1.0),
            r=scaled["R"],
            g=scaled["G"],
            b=scaled["B"],
            luminance=luminance,
            white=scaled["W"],
            gray=luminance if self.gray_source == "luminance" else scaled["W"],
        )

    def _scale(self, table: pd.DataFrame) -> pd.DataFrame:
        """Scale the counts of the four channels, shape (n, 4)."""
        counts = table[CHANNELS]
        if self.colour_scale == "full_scale":
            return counts.div(table["full_scale"], axis=0)
        if self.colour_scale == "global_minmax":
            absent = (np.nan, np.nan)
            low, high = np.transpose([self.channels.get(name, absent) for name in CHANNELS])
            return _framed(_between(counts, low, high, constant=1.0), counts)
        if self.colour_scale == "per_worm":
            worms = table.groupby(WORM)[CHANNELS]
            low, high = (worms.transform("quantile", q) for q in QUANTILES)
            return _framed(_between(counts, low, high, constant=1.0).clip(0, 1), counts)
        return _rank_normal(counts, table)

    def to_json(self) -> dict:
        """Return the parameters as valid JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: dict) -> "Normaliser":
        """Make a normaliser from the result of `to_json`."""
        channels = {name: tuple(limits) for name, limits in content["channels"].items()}
        return cls(**{**content, "weight": tuple(content["weight"]), "channels": channels})


def _range(values: pd.Series) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _between(values: ArrayLike, low: ArrayLike, high: ArrayLike, constant: float) -> np.ndarray:
    """Map low..high to 0..1, and to `constant` where both are equal; NaN stays NaN."""
    values, low, high = (np.asarray(each, dtype=np.float64) for each in (values, low, high))
    flat = high == low
    scaled = (values - low) / np.where(flat, 1.0, high - low)
    return np.where(flat & ~np.isnan(values), constant, scaled)


def _luminance(colours: pd.DataFrame) -> pd.DataFrame:
    # Summed row by row, not as a matrix product: equal colours must be exactly equal for ranks.
    return pd.DataFrame((colours.to_numpy() * np.array(LUMINANCE)).sum(axis=1), colours.index)


def _rank_normal(values: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    from scipy.special import ndtri  # see `display`

    worms = values.groupby([table[name] for name in WORM])
    return _framed(ndtri((worms.rank() - 0.5) / worms.transform("count")), values)


def _framed(values: np.ndarray, like: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(values, like.index, like.columns)


def display(values: np.ndarray, colour_scale: str) -> np.ndarray:
    """Convert colours of any scale to 0..1, for figures and for metrics of images.

    Parameters
    ----------
    values : array-like
        Colours on the study's scale, any shape.
    colour_scale : str
        That scale. `rank_normal` is converted to ranks by the normal distribution function; the
        others are clipped.
    """
    values = np.asarray(values)
    if colour_scale != "rank_normal":
        return np.clip(values, 0, 1)
    # Imported here: most importers of this module do not need it.
    from scipy.special import ndtr

    return ndtr(values)


def usable_for_colour(neurons: pd.DataFrame, gray_source: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Find the worms that have the channels needed to learn colour from gray.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neuron table.
    gray_source : {"luminance", "white"}
        With `white` a worm also needs W.

    Returns
    -------
    mask : numpy.ndarray of bool, shape (n,)
        Rows of usable worms.
    reasons : pandas.DataFrame
        Columns lab, worm, reason; one row per skipped worm.
    """
    needed = CHANNELS if gray_source == "white" else COLOURS
    missing = neurons[needed].isna().groupby([neurons[name] for name in WORM]).any()
    incomplete = missing[missing.any(axis=1)]
    lacking = [", ".join(np.array(needed)[row]) for row in incomplete.to_numpy()]
    reasons = incomplete.index.to_frame(index=False).assign(
        reason=[
            f"found no counts of channel {channels}; expected {', '.join(needed)} "
            f"(gray source '{gray_source}'); skipped for colour"
            for channels in lacking
        ]
    )
    keys = pd.MultiIndex.from_frame(neurons[WORM])
    return ~keys.isin(incomplete.index), reasons


def prepare_fold(
    neurons: str | os.PathLike,
    splits: str | os.PathLike,
    fold: str,
    colour_scale: str,
    gray_source: str,
    out_neurons: str | os.PathLike,
    out_normaliser: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Normalise the neurons of one model fold.

    Parameters
    ----------
    neurons, splits : path-like
        Parquet tables of all neurons and of their roles, row by row.
    fold : str
        Column of the splits: `fold2`, or `fold2-4` for the model trained without both.
    colour_scale, gray_source : str
        See `Normaliser`.
    out_neurons : path-like
        Parquet: all neurons, with `role`, `inner`, `row` (number in `neurons`), `colour`
        (whether the worm has the channels that colour is trained on and scored by) and the
        normalised columns.
    out_normaliser, out_skipped : path-like
        JSON of the normaliser, and CSV list of the worms without the channels needed. They
        can still be named from their other data.
    """
    neurons, splits = pd.read_parquet(neurons), pd.read_parquet(splits)
    neurons = neurons.assign(
        role=splits[fold], inner=splits["inner"], row=np.arange(len(neurons), dtype=np.int64)
    )
    usable, reasons = usable_for_colour(neurons, gray_source)
    neurons["colour"] = usable
    for role in ("train", "validation", "test"):
        worms = neurons[neurons["role"] == role].drop_duplicates(WORM)
        LOGGER.info(
            "%s: %d worms to %s, %d of them with colour",
            fold, len(worms), role, worms["colour"].sum(),
        )  # fmt: skip
    normaliser = Normaliser.fit(neurons[neurons["role"] == "train"], colour_scale, gray_source)
    skipped.write(
        [
            skipped.entry("", lab, worm, reason, stage="colour")
            for lab, worm, reason in reasons.to_numpy()
        ],
        out_skipped,
    )
    write_json(normaliser.to_json(), out_normaliser)
    write_parquet(normaliser.transform(neurons), out_neurons)
