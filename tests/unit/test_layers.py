"""Files for napari and NeuroPAL_ID, read back."""

import numpy as np
import pandas as pd
import pytest
import tifffile

from chromapal.evaluate import neuropal_id
from chromapal.worms import layers, table
from chromapal.worms.predicted_volume import FULL, MARGIN, painted
from chromapal.worms.render import SOMA_UM, draw


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


def test_the_command_names_files_scale_and_axes():
    line = layers.command(layers.Path("a b"), (0.5, 0.25, 2.0))
    assert line == (
        "napari 'a b/predicted_colour.ome.tif' 'a b/points.csv' --scale=2,0.25,0.5 "
        "--axis-labels=\"('z', 'y', 'x')\""
    )


def test_neuropal_id_counts_voxels_from_one(tmp_path):
    neuropal_id.write(three(), (0.5, 0.5, 2.0), tmp_path / "n.csv")
    lines = (tmp_path / "n.csv").read_text().splitlines()
    # rows above the head that its readers pass over
    assert lines[7].startswith("User ID,User Confidence,Auto ID,Auto Confidence,,Real X (um)")
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
