"""NWB files as tools other than the WormID convention's write them."""

import h5py
import numpy as np
import pytest
from hdmf.common import DynamicTable, VectorData
from pynwb import NWBHDF5IO

from chromapal.errors import InputError
from chromapal.worms.nwb import reader
from chromapal.worms.nwb.type_map import one_type_map
from tests.nwb_files import NAMES, NEURONS, ONE_VOXEL, SHAPE, ramp, replace, write_nwb

pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
EVERYBODY = ["AVAL", "", "VB02?"]
SPACE = "general/optophysiology/NeuroPALImVol"
VOLUME = "acquisition/NeuroPALImageRaw"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "EY" / "w.nwb"


def annotate(path, names, table="NeuronAnnotations", column="neuron_name"):
    """Add a table of names beside the segmentation."""
    with one_type_map(), NWBHDF5IO(str(path), "a", load_namespaces=True) as io:
        content = io.read()
        data = VectorData(name=column, description="n", data=list(names))
        content.processing["NeuroPAL"].add(
            DynamicTable(name=table, description="names", columns=[data])
        )
        io.write(content)
    return path


@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize(
    "column", ["ID_labels", "neuron_ids", "Neuron_IDs", "labels", "neuron_names", "cell_labels"]
)
def test_names_are_found_by_the_column_that_a_tool_writes(path, column, ragged):
    write_nwb(path, name_column=column, ragged=ragged)
    assert reader.read(path)["ID"].tolist() == EVERYBODY


def test_the_conventions_column_goes_before_others_and_numbers_are_no_names(path):
    write_nwb(path)
    for column, values in (("neuron_ids", [7, 8, 9]), ("names", ["X", "Y", "Z"])):
        add_column(path, column, values)
    assert reader.read(path)["ID"].tolist() == EVERYBODY
    write_nwb(path, names=None)
    add_column(path, "neuron_ids", [7, 8, 9])
    assert reader.read(path)["ID"].tolist() == ["", "", ""]


def add_column(path, column, values):
    with one_type_map(), NWBHDF5IO(str(path), "a", load_namespaces=True) as io:
        content = io.read()
        holder = content.processing["NeuroPAL"]["NeuroPALSegmentation"]
        holder["NeuroPALNeurons"].add_column(name=column, description="n", data=values)
        io.write(content)


@pytest.mark.parametrize("table", ["NeuronAnnotations", "NeuroAnnotations", "NeuronProperties"])
def test_names_may_lie_in_a_table_of_annotations(path, table):
    annotate(write_nwb(path, names=None), NAMES, table)
    assert reader.read(path)["ID"].tolist() == EVERYBODY


def test_annotations_of_fewer_neurons_name_nobody_silently(path):
    annotate(write_nwb(path, names=None), NAMES[:2])
    with pytest.raises(InputError, match=r"found 2 labels .*expected 3, one per neuron"):
        reader.read(path)


def test_two_tables_of_names_are_not_guessed_between(path):
    annotate(write_nwb(path, names=None), NAMES)
    annotate(path, NAMES, "OtherAnnotations")
    with pytest.raises(InputError, match=r"several tables of names .NeuronAnnotations, Other"):
        reader.read(path)


@pytest.mark.parametrize("kind", ["plane", "volume"])
def test_one_region_of_all_neurons_is_refused(path, kind):
    voxels = tuple(voxel for mask in ONE_VOXEL for voxel in mask)
    write_nwb(path, kind=kind, masks=(voxels,), names=None)
    with pytest.raises(InputError, match=r"found one region of 3 voxels apart .*each neuron as a"):
        reader.read(path)


def test_one_region_of_one_neuron_is_read(path):
    corner = tuple((x, y, z, 1.0) for x in (1, 2) for y in (3, 4) for z in (5, 6) if x + y < 6)
    write_nwb(path, masks=(corner,), names=("AVAL",))
    (row,) = reader.read(path).to_dict("records")
    assert (row["ID"], row["weight"]) == ("AVAL", 6.0)


@pytest.mark.parametrize("turned", [lambda v: v[:, None], lambda v: v[None, :]])
@pytest.mark.parametrize(
    "name",
    [
        f"{SPACE}/grid_spacing", f"{VOLUME}/RGBW_channels", f"{NEURONS}/voxel_mask",
        f"{NEURONS}/voxel_mask_index", f"{NEURONS}/ID_labels", f"{NEURONS}/ID_labels_index",
    ],
)  # fmt: skip
def test_rows_and_columns_of_a_matrix_are_vectors(path, name, turned):
    expected = reader.read(write_nwb(path))
    with h5py.File(path) as file:
        values = file[name][:]
        if values.dtype == object:
            values = values.astype("S1")
    replace(path, name, turned(values))
    with h5py.File(path, "r+") as file:
        rows = file[NEURONS]
        for column in ("voxel_mask", "ID_labels"):
            rows[f"{column}_index"].attrs["target"] = rows[column].ref
    assert reader.read(path).equals(expected)


@pytest.mark.parametrize("turned", [(3, 2, 1, 0), (3, 0, 1, 2)])
def test_a_channel_axis_in_front_is_told(path, turned):
    write_nwb(path, data=ramp().transpose(turned), chunks=None)
    shape = tuple(np.array((*SHAPE, 4))[list(turned)].tolist())
    with pytest.raises(InputError) as caught:
        reader.read(path)
    assert f"found a volume of shape {shape}, its channels on the first axis" in str(caught.value)
    assert "expected axes in the order X, Y, Z, channel" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "shape", "told"),
    [
        (f"{NEURONS}/voxel_mask", (10**12,), r"voxel_mask of 1e\+12 values .*at most 2000000"),
        (f"{NEURONS}/voxel_mask", (3 * 10**6,), r"voxel_mask of 3e\+06 values"),
        (f"{NEURONS}/ID_labels", (10**9,), r"ID_labels of 1e\+09 values"),
        (f"{NEURONS}/ID_labels_index", (10**9,), "3 voxel_mask but 1000000000 ID_labels"),
        (f"{NEURONS}/id", (10**9,), "Must provide same number of ids"),
        (f"{VOLUME}/data", (10**5, 10**5, 10**5, 4), r"volume of shape \(100000, 100000, 100000"),
    ],
)
def test_lengths_are_bounded_before_anything_is_read(path, name, shape, told):
    write_nwb(path)
    with h5py.File(path, "r+") as file:
        attributes, dtype = dict(file[name].attrs), file[name].dtype
        del file[name]
        chunks = tuple(min(side, 64) for side in shape)
        file.create_dataset(name, shape, dtype, chunks=chunks, compression="gzip")
        file[name].attrs.update(attributes)
        rows = file[NEURONS]
        for column in ("voxel_mask", "ID_labels"):
            rows[f"{column}_index"].attrs["target"] = rows[column].ref
    with pytest.raises(InputError, match=told):
        reader.read(path)
