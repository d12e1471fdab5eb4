"""Write names in the CSV format of NeuroPAL_ID."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.files import inert, whole
from chromapal.worms.neuropal_id import INTERNAL, NAME, OPENS_WITH, REAL
from chromapal.worms.table import voxel_size

# Rows above the head of its table: atlas, pixels and thresholds; the channels' means and
# deviations. Readers skip a fixed number of rows; blank cells mean unknown.
OPENING = (
    (OPENS_WITH, "", "Pixel Type", "Max Pixel Value", "", "GFP Background",
     "GFP Background S.D.", "", "GFP Otsu Threshold (Estimated)", "GFP Otsu Score (Estimated)", "",
     "GFP Linear Change Point (Estimated)", "GFP Change Residual (Estimated)"),
    ("",) * 13,
    (),
    ("Z-Score Info", "", "Red Channel", "Green Channel", "Blue Channel", "White Channel", "",
     "GFP Channel"),
    ("Mean", *("",) * 7),
    ("S.D.", *("",) * 7),
    (),
)  # fmt: skip
COLOURS = ("Z-Scored Red", "Z-Scored Green", "Z-Scored Blue")
HEAD = (
    *(NAME, "User Confidence", "Emphasized?", "Auto ID", "Auto Confidence", ""),
    *(*REAL, "", *INTERNAL, ""),
    *(*COLOURS, "Z-Scored White", ""),
    # the last cell is empty: NeuroPAL_ID ends each of these lines with a comma
    *("Estimated GFP", "Max GFP", "Normalized GFP", ""),
)


def write(rows: pd.DataFrame, spacing: Sequence[float] | None, out: str | os.PathLike):
    """Write one worm's names; see `table`.

    Parameters
    ----------
    rows, spacing
        As for `table`.
    out : path-like
        The CSV file.
    """
    text = table(rows, spacing).to_csv(index=False, header=False, lineterminator="\n")
    with whole(out) as part:
        part.write_text(f"{opening()}{','.join(HEAD)}\n{text}", encoding="utf-8")


def opening() -> str:
    """Return the lines above the head of the table."""
    return "".join(",".join(row) + "\n" for row in OPENING)


def table(rows: pd.DataFrame, spacing: Sequence[float] | None) -> pd.DataFrame:
    """Return one worm's names as NeuroPAL_ID's table, all cells texts.

    NeuroPAL_ID counts voxels from 1 and multiplies by the voxel size to give micrometres: voxel 0
    is at one voxel size. Nobody has checked these names, so they are written as automatic ones.

    Parameters
    ----------
    rows : pandas.DataFrame
        One worm: x, y, z [voxel, from 0], xr, yr, zr [um], answer, probability and predicted
        colour (on the study's scale, instead of z-scores).
    spacing : sequence of float or None
        Voxel size along x, y, z [um]; estimated from the positions where it is not known.

    Returns
    -------
    pandas.DataFrame
        Columns `HEAD`; neurons in the order of their positions, with the index of `rows`.
    """
    sides = np.asarray(spacing or voxel_size(rows))
    voxels = rows[list("xyz")].to_numpy() + 1.0
    cells = pd.DataFrame("", index=rows.index, columns=list(range(len(HEAD))), dtype=object)
    cells.columns = HEAD
    cells["Emphasized?"] = "0"
    cells["Auto ID"] = rows["answer"].map(inert).to_numpy()
    numbers = {
        "Auto Confidence": rows["probability"],
        **dict(zip(REAL, (voxels * sides).T, strict=True)),
        **dict(zip(INTERNAL, voxels.T, strict=True)),
        **{name: rows[name.split()[-1].lower()] for name in COLOURS},
    }
    for column, values in numbers.items():
        cells[column] = [f"{value:.6f}" for value in values]
    return cells.iloc[np.lexsort((voxels * sides).T[::-1])]


def page_table(rows: pd.DataFrame, spacing: Sequence[float] | None) -> dict:
    """Return the file for a page that fills in a person's names.

    Parameters
    ----------
    rows, spacing
        As for `table`; `rows` with the column `neuron`.

    Returns
    -------
    dict
        opening (text above the table), head (names of columns) and rows: the neuron's number, then
        its cells.
    """
    cells = table(rows, spacing)
    numbers = rows.loc[cells.index, "neuron"].tolist()
    listed = [[neuron, *row] for neuron, row in zip(numbers, cells.values.tolist(), strict=True)]
    return {"opening": opening(), "head": list(HEAD), "rows": listed}
