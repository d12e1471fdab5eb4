"""Points and a predicted-colour volume of each new worm, as files for napari."""

import hashlib
import logging
import os
import shlex
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile

from chromapal.apply.predicted_volume import painted
from chromapal.files import read_json, whole, write_csv, write_json
from chromapal.worms import table
from chromapal.worms.slugs import worm_paths

LOGGER = logging.getLogger("chromapal")
POINTS, COLOURS, FACTS, OPEN = "points.csv", "predicted_colour.ome.tif", "layers.json", "open.py"
PROGRAM = Path(__file__).with_name("open_in_napari.py")


def write_layers(neurons: str | os.PathLike, facts: dict[str, str], out: str | os.PathLike):
    """Write a folder `{lab}/{worm}` of layers for every new worm, and log how to open it.

    Parameters
    ----------
    neurons : path-like
        Parquet of answers, as `chromapal.apply.write` writes it.
    facts : dict
        Files of facts about sources, by source; see `chromapal.apply.read.load`.
    out : path-like
        The folder, written whole or not at all.
    """
    neurons = pd.read_parquet(neurons)
    with whole(out) as folder:
        folder.mkdir()
        paths = worm_paths(neurons[table.WORM].itertuples(index=False, name=None))
        for (lab, worm), rows in neurons.groupby(table.WORM, sort=True):
            source = read_json(facts[rows["file"].iloc[0]])
            spacing = source.get("spacing") or table.voxel_size(rows)
            subfolder = paths[lab, worm]
            (folder / subfolder).mkdir(parents=True)
            write_csv(points(rows), folder / subfolder / POINTS)
            write_volume(painted(rows, source.get("shape"), spacing), spacing, folder / subfolder)
            write_json(layer_properties(f"{lab} {worm}", spacing), folder / subfolder / FACTS)
            shutil.copyfile(PROGRAM, folder / subfolder / OPEN)
            LOGGER.info(
                "%s %s: %s", lab, worm, shlex.join(["python", f"{Path(out) / subfolder / OPEN}"])
            )


def points(neurons: pd.DataFrame) -> pd.DataFrame:
    """Return neurons as napari's table of points: axes z, y, x in voxels, then names."""
    return pd.DataFrame(
        {
            "index": np.arange(len(neurons)),
            **{f"axis-{axis}": neurons[name].to_numpy() for axis, name in enumerate("zyx")},
            "name": neurons["answer"].to_numpy(),
            "probability": neurons["probability"].to_numpy(),
        }
    )


def write_volume(volume: np.ndarray, spacing: Sequence[float], folder: Path):
    """Write a volume as an OME-TIFF of axes Z, Y, X, colour; equal volumes give equal bytes."""
    data = np.ascontiguousarray((volume >> 8).astype(np.uint8).transpose(2, 1, 0, 3))
    sizes = {
        f"PhysicalSize{axis}": float(f"{s:.6g}") for axis, s in zip("XYZ", spacing, strict=True)
    }
    units = {f"PhysicalSize{axis}Unit": "µm" for axis in "XYZ"}
    with whole(folder / COLOURS) as part:
        tifffile.imwrite(
            part,
            data,
            ome=True,
            photometric="rgb",
            compression="zlib",
            metadata={
                "axes": "ZYXS",
                # by default derived from the clock
                "UUID": str(uuid.UUID(hashlib.sha256(data).hexdigest()[:32])),
                **sizes,
                **units,
            },
        )


def layer_properties(title: str, spacing: Sequence[float]) -> dict:
    """Return napari's properties of a worm's layers: axes z, y, x in micrometres."""
    scale = [float(f"{side:.6g}") for side in reversed(spacing)]
    return {"title": title, "scale": scale, "axis_labels": list("zyx"), "units": ["um"] * 3}
