"""Calcium traces are read with the NeuroPAL neurons that they belong to."""

import numpy as np
import pytest

from chromapal.worms.nwb import contents, traces
from tests.nwb_files import add_traces, replace, write_nwb

pytestmark = [
    pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning"),
    pytest.mark.filterwarnings("ignore:Ignoring .*cached namespace:UserWarning"),
]
SERIES = "CalciumActivity/SignalRawFluor/SignalCalciumImResponseSeries"


LABELS = "processing/CalciumActivity/Segmentation/rois/ID_labels"


def read(path):
    with contents.opened(path) as content:
        return traces.read(content, path)


def joined(path):
    found = read(path)[["series", "trace", "row"]].drop_duplicates()
    return list(found.itertuples(index=False, name=None))


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


def test_values_and_times_are_those_of_the_file(tmp_path):
    values = np.array([[1, 10], [2, 20], [3, np.nan]])
    path = write_nwb(tmp_path / "w.nwb")
    clock, scale = {"rate": 4.0, "starting_time": 7.0}, {"conversion": 0.5, "offset": 1.0}
    add_traces(path, own=True, regions=(2, 0), data=values, unit="dF", **clock, **scale)
    found = read(path)
    assert list(found) == ["series", "trace", "row", "time", "value", "unit"]
    assert found["row"].tolist() == [2, 2, 2, 0, 0, 0]
    assert found["time"].tolist() == [7, 7.25, 7.5] * 2
    assert found["value"].tolist()[:5] == [1.5, 2, 2.5, 6, 11] and np.isnan(found["value"].iloc[5])
    assert set(found["unit"]) == {"dF"}


def test_stated_times_come_before_a_rate(tmp_path):
    path = write_nwb(tmp_path / "w.nwb")
    add_traces(
        path, own=True, regions=(1,), data=np.arange(3.0), rate=None, timestamps=[1.0, 1.5, 9.0]
    )
    found = read(path)
    assert found["time"].tolist() == [1, 1.5, 9] and found["value"].tolist() == [0, 1, 2]


@pytest.mark.filterwarnings("ignore:.*(Length|length|shape|rate).*:UserWarning")
@pytest.mark.parametrize(
    ("series", "line"),
    [
        ({"data": np.zeros((3, 5))}, "found values of shape (3, 5); expected 2 columns"),
        ({"rate": None, "timestamps": [0.0, 1.0]}, "found 2 timestamps; expected 5 numbers"),
        ({"rate": 0.0}, "found a rate of 0; expected values per second"),
    ],
)
def test_a_series_without_a_clock_or_of_another_shape_is_told(tmp_path, caplog, series, line):
    path = add_traces(write_nwb(tmp_path / "w.nwb"), own=True, regions=(2, 0), **series)
    assert read(path).empty
    assert line in caplog.text


@pytest.mark.filterwarnings("ignore:.*(Length|length|shape|rate).*:UserWarning")
def test_traces_in_rows_as_some_programs_write_them_are_turned(tmp_path, caplog):
    path = write_nwb(tmp_path / "w.nwb")
    add_traces(path, own=True, regions=(2, 0), data=np.array([[1.0, 2, 3], [4, 5, 6]]))
    found = read(path)
    assert found["value"].tolist() == [1, 2, 3, 4, 5, 6] and found["time"].tolist() == [0, 1, 2] * 2
    assert "found traces in rows" in caplog.text


def test_a_series_too_long_to_hold_is_told(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(traces, "MOST_VALUES", 9)
    assert read(add_traces(write_nwb(tmp_path / "w.nwb"), own=True, regions=(2, 0))).empty
    assert "found 10 values; expected at most 9e+00" in caplog.text
