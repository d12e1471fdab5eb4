"""Neuron table from a 400 MB NWB volume: chunks that hold neurons, against the whole volume.

The peer does what public readers of these files do: read the whole volume, copy its colour
channels, and look up one row after another. Both read from the page cache.
"""

import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks._measure import in_own_process, peak_memory_mb

# Voxel size and channels of a laboratory whose files these are; 403 MB of counts.
SHAPE = (1000, 550, 61)
SPACING_UM = (0.3208, 0.3208, 0.75)
CHANNELS = (
    "mNeptune2.5", "TagRFP-T", "CyOFP1", "GFP-GCaMP", "mTagBFP2", "mNeptune2.5-far-red",
)  # fmt: skip
RGBW = (0, 2, 4, 1)
REPEATS = 5


def run() -> list[dict]:
    """Measure time and peak memory, each side in processes of its own, medians of several."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "LAB" / "sub-large_ophys.nwb")
        in_own_process("benchmarks.neuron_table", "make", path)
        ours, peer = ([_measure(side, path) for _ in range(REPEATS)] for side in ("ours", "peer"))
    if ours[0]["digest"] != peer[0]["digest"]:
        raise RuntimeError("the two readers disagree about the neurons")
    rows = []
    for measure, key, goal in (("seconds", "seconds", 10), ("peak memory, MB", "memory", 3)):
        value, baseline = (
            statistics.median(result[key] for result in results) for results in (ours, peer)
        )
        rows.append(
            {
                "benchmark": "neuron table from a 400 MB volume",
                "measure": measure,
                "value": value,
                "baseline": baseline,
                "ratio": baseline / value,
                "goal": f"ratio >= {goal}",
            }
        )
    return rows


def _measure(side: str, path: str) -> dict:
    return in_own_process("benchmarks.neuron_table", side, path)


def make(path: str) -> dict:
    """Write the file, rendering it block by block."""
    import numpy as np

    from chromapal.worms.nwb.writer import Volume, write_nwb
    from chromapal.worms.simulate.worms import SimulationParams, simulate_worm

    neurons, _ = simulate_worm(SimulationParams(), 0, 0)
    position = neurons[["xr", "yr", "zr"]].to_numpy()
    position = position - (position.max(axis=0) + position.min(axis=0)) / 2
    voxels = np.round(position / SPACING_UM + np.array(SHAPE) / 2).astype(int).clip(0, None)
    voxels = voxels.clip(max=np.array(SHAPE) - 1)
    neurons[["x", "y", "z"]] = voxels
    neurons = neurons.drop_duplicates(["x", "y", "z"])
    voxels = neurons[["x", "y", "z"]].to_numpy()
    generator = np.random.default_rng(0)

    def render(block: tuple[slice, ...]) -> np.ndarray:
        sizes = [side.stop - side.start for side in block]
        counts = generator.integers(96, 160, sizes, dtype=np.uint16)
        start = [side.start for side in block[:3]]
        inside = ((voxels >= start) & (voxels < np.add(start, sizes[:3]))).all(axis=1)
        at = tuple((voxels[inside] - start).T)
        for channel, colour in zip(RGBW, "RGBW", strict=True):
            if block[3].start <= channel < block[3].stop:
                counts[(*at, channel - block[3].start)] = neurons.loc[inside, colour]
        return counts

    write_nwb(
        path, neurons, Volume(render, SHAPE, SPACING_UM, CHANNELS, RGBW),
        datetime(2024, 1, 1, tzinfo=UTC), "benchmark",
    )  # fmt: skip
    return {"bytes": Path(path).stat().st_size}


def ours(path: str) -> dict:
    """Read with this package."""
    from chromapal.worms.nwb import reader

    started = time.perf_counter()
    # in this process, as its memory is measured
    neurons = reader.read_here(path)
    return _result(neurons, time.perf_counter() - started)


def peer(path: str) -> dict:
    """Read the whole volume and loop over rows."""
    import ndx_multichannel_volume  # noqa: F401
    import pandas as pd
    from pynwb import NWBHDF5IO

    started = time.perf_counter()
    with NWBHDF5IO(path, mode="r", load_namespaces=True) as io:
        content = io.read()
        segmentation = content.processing["NeuroPAL"]["NeuroPALSegmentation"]["NeuroPALNeurons"]
        masks = segmentation.voxel_mask[:]
        labels = segmentation["ID_labels"][:]
        channels = content.acquisition["NeuroPALImageRaw"].RGBW_channels[:]
        image = content.acquisition["NeuroPALImageRaw"].data[:]
        spacing = content.imaging_planes["NeuroPALImVol"].grid_spacing[:]
    neurons = pd.DataFrame.from_records(masks)
    neurons["ID"] = ["".join(label) for label in labels]
    colours = image[:, :, :, channels]
    neurons[list("RGBW")] = [
        colours[int(row["x"]), int(row["y"]), int(row["z"])] for _, row in neurons.iterrows()
    ]
    neurons[["xr", "yr", "zr"]] = [
        [row[axis] * side for axis, side in zip("xyz", spacing, strict=True)]
        for _, row in neurons.iterrows()
    ]
    return _result(neurons, time.perf_counter() - started)


def _result(neurons, seconds: float) -> dict:
    memory = peak_memory_mb()
    table = neurons[[*"xyz", *"RGBW"]].astype("int64").assign(ID=neurons["ID"])
    return {"seconds": seconds, "memory": memory, "digest": table.to_csv(index=False)}


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(json.dumps(run(), indent=2))
    else:
        print(json.dumps({"make": make, "ours": ours, "peer": peer}[sys.argv[1]](sys.argv[2])))
