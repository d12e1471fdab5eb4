"""Worms as arrays: what alignment sees of each."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from chromapal.prepare.variants import BACKGROUND
from chromapal.worms.partial_names import is_partial
from chromapal.worms.table import WORM

MICROMETRE_AXES = ["xr", "yr", "zr"]
# A head is tens of micrometres long; positions in another unit are off by powers of a thousand.
LENGTH_UM = 80.0


@dataclass(frozen=True)
class Worm:
    """One worm.

    Attributes
    ----------
    lab, worm, session : str
        Laboratory, name, and day of the recording (ISO, "" where unknown).
    row : numpy.ndarray of int64, shape (n,)
        Rows in the study's neuron table.
    position : torch.Tensor of float64, shape (n, 3)
        Neurons as recorded [um].
    channels : torch.Tensor of float64, shape (n, c)
        Gray or colour on the study's scale; NaN throughout where the worm has none.
    label : numpy.ndarray of str, shape (n,)
        Names that may be learnt from, "" where there is none.
    handedness : int
        What the study states about its axes: 1 right-handed, -1 mirrored, 0 nothing.
    misshapen : bool
        Whether it may be flattened or stretched, so that its pose is searched more widely.
    """

    lab: str
    worm: str
    session: str
    row: np.ndarray
    position: torch.Tensor
    channels: torch.Tensor
    label: np.ndarray
    handedness: int = 0
    misshapen: bool = False

    def without_labels(self) -> "Worm":
        """Return the worm without its names, as a test worm has to be treated."""
        return dataclasses.replace(self, label=np.full(len(self.label), "", dtype=str))


def worms_of(neurons: pd.DataFrame, channels: Sequence[str]) -> list[Worm]:
    """Split a table of normalised neurons into worms.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Columns lab, worm, session, row, xr, yr, zr, name and the
        channels; handedness and misshapen where stated.
    channels : sequence of str
        Columns of gray or colour; none for position alone.

    Returns
    -------
    list of Worm
        In the table's order. A name that a worm gives twice is learnt from neither time, and
        a partial name says too little to be learnt from.
    """
    found = []
    for (lab, worm), rows in neurons.groupby(WORM, sort=False):
        names = rows["name"]
        good = names.ne("") & ~names.duplicated(keep=False) & ~names.map(is_partial)
        found.append(
            Worm(
                lab,
                worm,
                rows["session"].iloc[0],
                rows["row"].to_numpy(dtype=np.int64),
                in_micrometres(torch.from_numpy(np.array(rows[MICROMETRE_AXES], dtype=np.float64))),
                torch.from_numpy(
                    np.array(rows[list(channels)], dtype=np.float64).reshape(len(rows), -1)
                ),
                names.where(good, "").to_numpy(dtype=str),
                int(rows["handedness"].iloc[0]) if "handedness" in rows else 0,
                bool(rows["misshapen"].iloc[0]) if "misshapen" in rows else False,
            )
        )
    return found


def numbered(neurons: pd.DataFrame) -> pd.DataFrame:
    """Return rows numbered from 0, the name of background emptied, as it is none."""
    name = neurons["name"].mask(neurons["name"].eq(BACKGROUND), "")
    return neurons.assign(row=np.arange(len(neurons), dtype=np.int64), name=name)


def in_micrometres(position: torch.Tensor) -> torch.Tensor:
    """Undo a unit that is off by a power of a thousand (nm, mm), judged by a worm's length.

    Parameters
    ----------
    position : torch.Tensor, shape (n, 3)
        Positions, meant as micrometres.

    Returns
    -------
    torch.Tensor, shape (n, 3)
        The positions, times the power of 1000 that brings their largest extent within a factor
        of about thirty of `LENGTH_UM`.
    """
    length = torch.linalg.vector_norm(position.amax(0) - position.amin(0)) if len(position) else 0.0
    if length == 0:
        return position
    return position * 1000.0 ** round(float(np.log(LENGTH_UM / float(length)) / np.log(1000.0)))
