"""Files for napari and NeuroPAL_ID, read back."""

import runpy
import shlex
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from chromapal.apply import napari as layers
from chromapal.apply import neuropal_id
from chromapal.apply.predicted_volume import FULL, MARGIN, painted
from chromapal.files import write_json
from chromapal.worms import table
from chromapal.worms.simulate.render import SOMA_UM, draw


def three():
    return pd.DataFrame({
        "x": [4, 2, 0], "y": [1, 1, 3], "z": [0, 2, 2],
        "xr": [2.0, 1.0, 0.0], "yr": [0.5, 0.5, 1.5], "zr": [0.0, 4.0, 4.0],
        "answer": ["AVAL", "RIR", ""], "probability": [0.75, 0.5, 0.25],
        "red": [1.5, -1.0, 0.0], "green": [0.0, 0.5, 0.25], "blue": [0.0, 0.0, 1.0],
        "red_shown": [1.0, 0.5, 0.0], "green_shown": [0.0, 0.5, 0.0], "blue_shown": [0.0, 0.0, 1.0],
    })  # fmt: skip


def test_the_voxel_size_is_the_slope_of_micrometres():
    assert table.voxel_size(three()) == pytest.approx([0.5, 0.5, 2.0])
    flat = three().assign(z=1)
    assert table.voxel_size(flat)[2] == 1.0
    # what is left of a slope where all lie at one height is no voxel size
    level = pd.DataFrame({
        "x": [1, 2, 4], "y": [0, 5, 7], "z": [1, 2, 3],
        "xr": [1.0, 2.0, 4.0], "yr": [0.1 + 0.2, 0.3, 0.3], "zr": [1e-5, 2e-5, 3e-5],
    })  # fmt: skip
    assert table.voxel_size(level) == pytest.approx([1.0, 1.0, 1.0])


def test_points_have_napari_axes_z_y_x():
    found = layers.points(three())
    assert list(found)[:4] == ["index", "axis-0", "axis-1", "axis-2"]
    assert found.iloc[0].tolist() == [0, 0, 1, 4, "AVAL", 0.75]


def test_a_blob_is_brightest_at_its_neuron_and_cut_at_the_edge():
    volume = np.zeros((9, 9, 9, 1), np.uint16)
    draw(volume, np.array([[0, 4, 4]]), np.array([[1000.0]]), (1.0, 1.0, 1.0))
    assert volume[0, 4, 4, 0] == volume.max() == 1000
    assert volume[1, 4, 4, 0] == int(1000 * np.exp(-0.5 / SOMA_UM**2))
    # nothing of what is cut off comes out at another edge
    assert volume[4:].max() == 0 and volume[0, 0, 0, 0] == 0


def test_a_predicted_volume_has_the_colours_of_its_neurons():
    volume = painted(three(), (6, 5, 4), (5.0, 5.0, 5.0))
    assert volume.shape == (6, 5, 4, 3)
    assert volume[4, 1, 0].tolist() == [FULL, 0, 0] and volume[0, 3, 2].tolist() == [0, 0, FULL]
    assert painted(three(), None, (5.0, 5.0, 5.0)).shape == (5 + MARGIN, 4 + MARGIN, 3 + MARGIN, 3)


def test_an_ome_tiff_comes_back_with_axes_and_scale_and_the_same_bytes(tmp_path):
    volume = painted(three(), (6, 5, 4), (0.5, 0.5, 2.0))
    for part in ("a", "b"):
        (tmp_path / part).mkdir()
        layers.write_volume(volume, (0.5, 0.25, 2.0), tmp_path / part)
    first, second = (tmp_path / part / layers.COLOURS for part in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    with tifffile.TiffFile(first) as file:
        assert file.series[0].axes == "ZYXS" and file.series[0].shape == (4, 5, 6, 3)
        assert file.asarray()[0, 1, 4].tolist() == [255, 0, 0]
        for text in ('PhysicalSizeX="0.5"', 'PhysicalSizeY="0.25"', 'PhysicalSizeZ="2.0"'):
            assert text in file.ome_metadata


class Window:
    """Stands in for napari's viewer, of which it keeps what it was asked to show."""

    def __init__(self, **settings):
        self.settings, self.images, self.points = settings, [], []
        self.camera = types.SimpleNamespace()

    def add_image(self, data, **settings):
        self.images.append((data, settings))

    def add_points(self, data, **settings):
        self.points.append((data, settings))


def test_the_program_beside_the_layers_shows_them_in_micrometres(tmp_path, monkeypatch, caplog):
    neurons = three().assign(lab="a b", worm="1", file="f.tif")
    neurons.to_parquet(tmp_path / "answers.parquet")
    write_json({"spacing": [0.5, 0.25, 2.0], "shape": [6, 5, 4]}, tmp_path / "facts.json")
    with caplog.at_level("INFO"):
        facts = {"f.tif": tmp_path / "facts.json"}
        layers.write_layers(tmp_path / "answers.parquet", facts, tmp_path / "the layers")
    (line,) = [record.getMessage() for record in caplog.records]
    program, path = shlex.split(line.partition(": ")[2])
    assert program == "python"
    napari = types.ModuleType("napari")
    napari.Viewer, napari.run = Window, lambda: shown.append(napari)
    shown = []
    monkeypatch.setitem(sys.modules, "napari", napari)
    # as from its own folder, wherever that was moved to
    window = runpy.run_path(path)["show"](Path(path).parent)
    runpy.run_path(path, run_name="__main__")
    assert shown == [napari]
    assert window.settings == {"title": "a b 1", "ndisplay": 3}
    placed = {"scale": [2.0, 0.25, 0.5], "axis_labels": ["z", "y", "x"], "units": ["um"] * 3}
    volume = painted(neurons, (6, 5, 4), (0.5, 0.25, 2.0))
    for channel, (image, settings) in enumerate(window.images):
        assert settings.items() >= placed.items()
        assert np.array_equal(image, (volume[..., channel] >> 8).transpose(2, 1, 0))
    assert [settings["colormap"] for _, settings in window.images] == ["red", "green", "blue"]
    ((places, settings),) = window.points
    assert places.tolist() == [[0, 1, 4], [2, 1, 2], [2, 3, 0]]
    assert settings.items() >= placed.items()
    assert settings["features"]["name"].tolist() == ["AVAL", "RIR", ""]
    assert window.camera.center == (2, 0.5, 1) and window.camera.zoom == 500 / 4


def test_neuropal_id_counts_voxels_from_one(tmp_path):
    neuropal_id.write(three(), (0.5, 0.5, 2.0), tmp_path / "n.csv")
    lines = (tmp_path / "n.csv").read_text().splitlines()
    # rows above the head that its readers pass over
    assert lines[7] == (
        "User ID,User Confidence,Emphasized?,Auto ID,Auto Confidence,,Real X (um),Real Y (um),"
        "Real Z (um),,Internal X (px),Internal Y (px),Internal Z (slice),,Z-Scored Red,"
        "Z-Scored Green,Z-Scored Blue,Z-Scored White,,Estimated GFP,Max GFP,Normalized GFP,"
    )
    assert lines[8] == (
        ",,0,,0.250000,,0.500000,2.000000,6.000000,,1.000000,4.000000,3.000000,,"
        "0.000000,0.250000,1.000000,,,,,,"
    )
    for rows in (
        pd.read_csv(tmp_path / "n.csv", skiprows=6),
        pd.read_csv(tmp_path / "n.csv", header=5),
    ):
        assert rows["Real X (um)"].tolist() == [0.5, 1.5, 2.5]  # (0, 2, 4) + 1, times a half
        assert rows["Real Z (um)"].tolist() == [6.0, 6.0, 2.0]
        assert rows["Auto ID"].fillna("").tolist() == ["", "RIR", "AVAL"]
        assert rows["Auto Confidence"].tolist() == [0.25, 0.5, 0.75]
        assert rows["User ID"].isna().all() and rows["Z-Scored Red"].tolist() == [0.0, -1.0, 1.5]
        voxels = (
            rows[["Real X (um)", "Real Y (um)", "Real Z (um)"]].to_numpy() / (0.5, 0.5, 2.0) - 1
        )
        assert voxels.tolist() == [[0, 3, 2], [2, 1, 2], [4, 1, 0]]
