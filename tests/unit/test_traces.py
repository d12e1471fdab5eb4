"""Calcium traces are joined to the NeuroPAL neurons that they belong to."""

import numpy as np
import pytest
from pynwb import NWBHDF5IO
from pynwb.ophys import Fluorescence, ImageSegmentation, PlaneSegmentation, RoiResponseSeries

from chromapal.worms.nwb import contents
from chromapal.worms.nwb.traces import list_traces
from chromapal.worms.nwb.type_map import one_type_map
from tests.nwb_files import replace, write_nwb

pytestmark = [
    pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning"),
    pytest.mark.filterwarnings("ignore:Ignoring .*cached namespace:UserWarning"),
]
SERIES = "CalciumActivity/SignalRawFluor/SignalCalciumImResponseSeries"


LABELS = "processing/CalciumActivity/Segmentation/rois/ID_labels"


def add_traces(path, labels=None, regions=(), own=False, numbers=None):
    """Add a series of traces of some regions, of a table of their own or of the neurons'."""
    with one_type_map(), NWBHDF5IO(path, "a", load_namespaces=True) as io:
        file = io.read()
        neurons = file.processing["NeuroPAL"]["NeuroPALSegmentation"]["NeuroPALNeurons"]
        module = file.create_processing_module("CalciumActivity", "traces")
        table = neurons
        if numbers is not None:
            neurons.add_column(name="ROI_IDs", description="regions", data=list(numbers))
        if not own:
            table = PlaneSegmentation(
                name="rois", description="d", imaging_plane=neurons.imaging_plane
            )
            for index in range(4):
                table.add_roi(voxel_mask=[(index, 0, 0, 1.0)], id=10 + index)
            if labels is not None:
                ragged = {} if isinstance(labels[0], str) else {"index": True}
                table.add_column(name="ID_labels", description="names", data=list(labels), **ragged)
            module.add(ImageSegmentation(name="Segmentation", plane_segmentations=[table]))
        rois = table.create_roi_table_region(description="d", region=list(regions))
        series = RoiResponseSeries(
            name="SignalCalciumImResponseSeries", data=np.zeros((5, len(regions))), unit="n.a.",
            rois=rois, rate=1.0,
        )  # fmt: skip
        module.add(Fluorescence(name="SignalRawFluor", roi_response_series=series))
        io.write(file)
    return path


def joined(path):
    with contents.opened(path) as content:
        return [(part["series"], part["trace"], part["row"]) for part in list_traces(content, path)]


def test_a_file_without_traces_has_none(tmp_path):
    assert joined(write_nwb(tmp_path / "w.nwb")) == []


def test_a_series_that_points_at_the_neurons_says_whose_its_traces_are(tmp_path):
    path = add_traces(write_nwb(tmp_path / "w.nwb"), own=True, regions=(2, 0))
    assert joined(path) == [(SERIES, 0, 2), (SERIES, 1, 0)]


def test_equal_labels_join_where_only_one_on_each_side_bears_them(tmp_path):
    path = write_nwb(tmp_path / "w.nwb", names=("AVAL", "RIR", "RIR"))
    add_traces(path, labels=("RIR", "AVAL", "", "AVAR"), regions=(0, 1, 2, 3))
    assert joined(path) == [(SERIES, 1, 0)]


def test_stated_numbers_of_regions_come_before_labels(tmp_path):
    path = write_nwb(tmp_path / "w.nwb", names=("AVAL", "RIR", "AIYL"))
    add_traces(path, ("AVAL", "RIR", "", ""), regions=(3, 0), numbers=(13, 11, 10))
    assert joined(path) == [(SERIES, 0, 0), (SERIES, 1, 2)]


def test_nothing_is_joined_where_nothing_tells(tmp_path):
    assert joined(add_traces(write_nwb(tmp_path / "w.nwb"), regions=(0, 1))) == []


def test_the_text_nan_is_no_label_that_joins(tmp_path):
    path = write_nwb(tmp_path / "w.nwb", names=("AVAL", "nan", "RIR"))
    add_traces(path, labels=("NaN", "RIR", "nan ", ""), regions=(0, 1, 2))
    assert joined(path) == [(SERIES, 1, 2)]


def broken_labels(path):
    """Return the traces a table of labels whose index runs backwards."""
    add_traces(path, labels=[list("AVAL"), list("RIR"), ["x"], ["y"]], regions=(0, 1))
    return replace(path, f"{LABELS}_index", np.array([4, 7, 9, 8], dtype="u1"))


def test_a_series_that_cannot_be_read_is_left_out_and_the_worm_is_kept(tmp_path, caplog):
    path = broken_labels(write_nwb(tmp_path / "w.nwb"))
    assert joined(path) == []
    (line,) = caplog.messages
    assert line.startswith(f"{path}: no traces of processing/{SERIES} ({path}: found an index of ")
    assert "ID_labels in rois that does not fit its 9 values" in line
