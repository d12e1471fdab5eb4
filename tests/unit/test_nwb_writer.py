import warnings
from datetime import UTC, datetime

import h5py
import numpy as np
import pandas as pd
import pynwb
import pytest

from chromapal.errors import InputError
from chromapal.worms.nwb import reader
from chromapal.worms.nwb.writer import Volume, write_nwb
from chromapal.worms.simulate.file_names import worm_files
from chromapal.worms.simulate.worms import SimulationParams, simulate, simulate_worm
from chromapal.worms.table import SUBJECT

PARAMS = SimulationParams(worms=3, neurons=40)
CHANNELS = ["mNeptune2.5", "GFP-GCaMP", "CyOFP1", "mTagBFP2", "TagRFP-T"]
SESSION = datetime(2024, 5, 6, tzinfo=UTC)
SHAPE = (70, 9, 20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worms")
    simulate(folder, PARAMS, 5)
    return folder


def small_worm(labels=("AVAL", "", "M4?")):
    return pd.DataFrame(
        {
            "worm": "w1",
            "x": [3, 69, 0],
            "y": [0, 8, 4],
            "z": [19, 17, 1],
            "weight": [1.0, 1.0, 1.0],
            "ID": list(labels),
        }
    )


def small_volume():
    size = (*SHAPE, len(CHANNELS))
    return np.random.default_rng(0).integers(0, 4096, size).astype(np.uint16)


def write_small(path, table, volume):
    written = Volume(volume, SHAPE, (0.3, 0.3, 0.75), CHANNELS, (0, 2, 3, 4))
    write_nwb(path, table, written, SESSION, "lab")


def test_simulated_files_are_where_they_are_announced(folder):
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert found == sorted(worm_files(PARAMS.worms, PARAMS.laboratories))


@pytest.mark.parametrize("index", range(PARAMS.worms))
def test_a_simulated_worm_reads_back_as_its_table(folder, index):
    table, truth = simulate_worm(PARAMS, 5, index)
    path = folder / worm_files(PARAMS.worms, PARAMS.laboratories)[index]
    back = reader.read(path, truth["lab"], {truth["lab"]: truth["full_scale"]})
    pd.testing.assert_frame_equal(back[table.columns], table, check_dtype=False)
    (subject,) = back[list(SUBJECT)].drop_duplicates().itertuples(index=False, name=None)
    assert subject == ("OH16230", "O", "YA", "head")


@pytest.mark.parametrize("index", range(PARAMS.worms))
def test_centre_voxels_hold_the_tables_counts(folder, index):
    table, truth = simulate_worm(PARAMS, 5, index)
    path = folder / worm_files(PARAMS.worms, PARAMS.laboratories)[index]
    with h5py.File(path) as file:
        data = file["acquisition/NeuroPALImageRaw/data"]
        order = file["acquisition/NeuroPALImageRaw/RGBW_channels"][:]
        at = data[:][tuple(table[["x", "y", "z"]].to_numpy().T)][:, order]
        assert data.shape[:3] == truth["shape"]
    np.testing.assert_array_equal(at, table[list("RGBW")])


def test_file_validates_against_its_schema(folder):
    path = folder / worm_files(1, 1)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        errors, status = pynwb.validate(paths=[str(path)])
    assert (errors, status) == ([], 0)


def test_layout_is_that_of_wormid(tmp_path):
    path = tmp_path / "a.nwb"
    volume = small_volume()
    write_small(path, small_worm(), volume)
    with h5py.File(path) as file:
        data = file["acquisition/NeuroPALImageRaw/data"]
        assert (data.chunks, data.compression, data.shuffle) == ((64, 9, 16, 1), "gzip", True)
        np.testing.assert_array_equal(data[:], volume)
        space = file["general/optophysiology/NeuroPALImVol"]
        assert space["grid_spacing"][:].tolist() == [0.3, 0.3, 0.75]
        assert [name.decode() for name in space["order_optical_channels/channels"]] == CHANNELS
        neurons = file["processing/NeuroPAL/NeuroPALSegmentation/NeuroPALNeurons"]
        assert neurons["voxel_mask"][:].tolist() == [(3, 0, 19, 1), (69, 8, 17, 1), (0, 4, 1, 1)]
        assert b"".join(neurons["ID_labels"][:]) == b"AVALM4?"
        assert neurons["ID_labels_index"][:].tolist() == [4, 4, 7]
        assert file["identifier"][()] == b"w1"


def test_a_volume_that_is_a_function_gives_the_same_file(tmp_path):
    volume = small_volume()
    asked = []

    def block(selection):
        asked.append(selection)
        return volume[selection]

    write_small(tmp_path / "array.nwb", small_worm(), volume)
    write_small(tmp_path / "function.nwb", small_worm(), block)
    assert asked
    assert (tmp_path / "array.nwb").read_bytes() == (tmp_path / "function.nwb").read_bytes()


def test_same_worm_same_bytes(folder, tmp_path):
    simulate(tmp_path, SimulationParams(worms=3, neurons=40), 5)
    for name in worm_files(3, 3):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_worm_without_any_name_is_written(tmp_path):
    path = tmp_path / "a.nwb"
    write_small(path, small_worm(("", "", "")), small_volume())
    assert reader.read(path)["ID"].tolist() == ["", "", ""]


def test_nothing_is_left_when_writing_fails(tmp_path):
    def broken(selection):
        raise RuntimeError("no such block")

    with pytest.raises(RuntimeError):
        write_small(tmp_path / "a.nwb", small_worm(), broken)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [({"x": [3, 70, 0]}, "outside"), ({"z": [-1, 0, 0]}, "outside"), ({"worm": list("abc")}, "3")],
)
def test_unusable_tables_are_refused(tmp_path, change, found):
    with pytest.raises(InputError, match=found):
        write_small(tmp_path / "a.nwb", small_worm().assign(**change), small_volume())
