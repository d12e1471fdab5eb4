"""Write names in the CSV format of NeuroPAL_ID."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from chromapal.files import whole
from chromapal.worms.table import voxel_size

# Rows above the head of its table: atlas, pixels and thresholds; the channels' means and
# deviations. Readers skip a fixed number of rows; blank cells mean unknown.
OPENING = (
    ("Atlas Version", "", "Pixel Type", "Max Pixel Value", "", "GFP Background",
     "GFP Background S.D.", "", "GFP Otsu Threshold", "GFP Otsu Score", "",
     "GFP Linear Change Point", "GFP Change Residual"),
    ("",) * 13,
    (),
    ("Z-Score Info", "", "Red Channel", "Green Channel", "Blue Channel", "White Channel", "",
     "GFP Channel"),
    ("Mean",),
    ("S.D.",),
    (),
)  # fmt: skip
HEAD = (
    "User ID", "User Confidence", "Auto ID", "Auto Confidence", "", "Real X (um)", "Real Y (um)",
    "Real Z (um)", "", "Z-Scored Red", "Z-Scored Green", "Z-Scored Blue", "Z-Scored White", "",
    "Max GFP", "Estimated GFP", "Normalized GFP",
)  # fmt: skip


def write(rows: pd.DataFrame, spacing: Sequence[float] | None, out: str | os.PathLike):
    """Write one worm's names.

    NeuroPAL_ID counts voxels from 1 and multiplies by the voxel size to give micrometres: voxel 0
    is at one voxel size. Nobody has checked these names, so they are written as automatic ones.

    Parameters
    ----------
    rows : pandas.DataFrame
        One worm: x, y, z [voxel, from 0], xr, yr, zr [um], answer, probability and predicted
        colour (on the study's scale, instead of z-scores).
    spacing : sequence of float or None
        Voxel size along x, y, z [um]; estimated from the positions where it is not known.
    out : path-like
        The CSV file, neurons in the order of their positions.
    """
    sides = np.asarray(spacing or voxel_size(rows))
    positions = (rows[list("xyz")].to_numpy() + 1) * sides
    table = pd.DataFrame("", index=range(len(rows)), columns=range(len(HEAD)), dtype=object)
    table[2], table[3] = (
        rows["answer"].to_numpy(),
        rows["probability"].map("{:.6f}".format).tolist(),
    )
    for column, values in zip((5, 6, 7), positions.T, strict=True):
        table[column] = [f"{value:.6f}" for value in values]
    for column, colour in zip((9, 10, 11), ("red", "green", "blue"), strict=True):
        table[column] = rows[colour].map("{:.6f}".format).tolist()
    table = table.iloc[np.lexsort(positions.T[::-1])]
    lines = [",".join(row) for row in (*OPENING, HEAD)]
    with whole(out) as part:
        text = table.to_csv(index=False, header=False, lineterminator="\n")
        part.write_text("\n".join(lines) + "\n" + text, encoding="utf-8")
