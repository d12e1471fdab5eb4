"""Traces of new worms bear names where these are sure enough, and are drawn by name."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from chromapal.apply import traces
from chromapal.apply.traces import TraceSettings
from chromapal.evaluate.dictionary.tables import TABLES
from chromapal.evaluate.figures import traces as figure

# number, answer, probability, class, class probability
NEURONS = (
    (0, "AVAL", 0.9, "AVA", 0.95),
    (1, "AVAR", 0.5, "AVA", 0.9),
    (2, "RID", 0.79, "RID", 0.79),
    (3, "AIYL", 0.99, "AIY", 0.99),  # without a trace
    (4, "", 0.0, "", 0.0),
)
SURE = TraceSettings(0.8, False)


def neurons(rows=NEURONS):
    columns = ["neuron", "answer", "probability", "class", "class_probability"]
    return pd.DataFrame(rows, columns=columns).assign(lab="EY", worm="w")


def series(values, name="a", start=0.0):
    """Return a trace for each neuron (a row of values), at 2 Hz."""
    parts = [
        pd.DataFrame({"series": name, "trace": trace, "row": row, "value": each, "unit": "dF"})
        for trace, (row, each) in enumerate(values.items())
    ]
    time = start + np.arange(len(next(iter(values.values())))) / 2
    return pd.concat([part.assign(time=time) for part in parts], ignore_index=True)


TRACES = series({2: [5.0, 6, 7], 1: [3.0, 4, np.nan], 0: [1.0, 2, 3], 4: [0.0, 0, 0]})


def test_a_trace_bears_a_name_that_is_as_probable_as_asked():
    found = traces.named(TRACES, neurons(), 0.79)
    assert sorted(found) == sorted(TABLES["traces"].names)
    assert len(found) == 12 and set(found["lab"] + found["worm"]) == {"EYw"}
    each = found.drop_duplicates("neuron").set_index("neuron")
    assert each["name"].to_dict() == {2: "RID", 1: "", 0: "AVAL", 4: ""}
    assert each["status"].to_dict() == {2: "model", 1: "none", 0: "model", 4: "none"}
    assert each["answer"].to_dict() == {2: "RID", 1: "AVAR", 0: "AVAL", 4: ""}
    assert found.loc[found["neuron"].eq(2), "value"].tolist() == [5, 6, 7]


def test_the_wide_table_holds_named_traces_by_time():
    found = traces.wide(TRACES, neurons(), TraceSettings(0.5, False))
    assert list(found) == ["series", "time", "AVAL", "AVAR", "RID"]
    assert found["time"].tolist() == [0, 0.5, 1]
    assert found["AVAR"].tolist()[:2] == [3, 4] and np.isnan(found["AVAR"].iloc[2])
    assert list(traces.wide(TRACES, neurons(), SURE)) == ["series", "time", "AVAL"]


def test_left_and_right_are_merged_on_request_only():
    found = traces.wide(TRACES, neurons(), TraceSettings(0.8, True))
    assert list(found) == ["series", "time", "AVA"]
    # the means of 1 and 3, 2 and 4; the right one has no last value
    assert found["AVA"].tolist() == [2, 3, 3]


def test_two_neurons_of_one_name_stay_apart():
    rows = neurons([(0, "AVA", 0.9, "AVA", 0.9), (1, "AVA", 0.9, "AVA", 0.9)])
    found = traces.wide(TRACES, rows, SURE)
    assert list(found) == ["series", "time", "AVA (neuron 0)", "AVA (neuron 1)"]
    odd = neurons([(0, "time", 0.9, "time", 0.9)])
    assert list(traces.wide(TRACES, odd, SURE)) == ["series", "time", "time (neuron 0)"]


def test_series_keep_their_own_times():
    both = pd.concat([TRACES, series({0: [7.0, 8]}, name="b", start=0.25)])
    found = traces.wide(both, neurons(), SURE)
    assert found["series"].tolist() == ["a"] * 3 + ["b"] * 2
    assert found["time"].tolist() == [0, 0.5, 1, 0.25, 0.75]
    assert found["AVAL"].tolist() == [1, 2, 3, 7, 8]


def test_the_files_of_a_worm(tmp_path):
    late = TRACES.assign(time=TRACES["time"] + 123456)
    traces.write(late, neurons(), SURE, tmp_path)
    head, first = (tmp_path / "traces.csv").read_text().splitlines()[:2]
    assert head.split(",") == TABLES["traces"].names
    assert first == "EY,w,a,0,2,RID,0.79,,none,123456.000,5,dF"
    wide = (tmp_path / "traces_wide.csv").read_text()
    assert wide == "series,time,AVAL\na,123456.000,1\na,123456.500,2\na,123457.000,3\n"
    assert imread(tmp_path / "traces.png").shape[1] > 1000
    sides = TABLES["traces_wide"].names
    assert sides == ["series", "time", "{name}"]


def test_a_worm_without_a_sure_name_has_a_figure_that_says_so(tmp_path):
    traces.write(TRACES, neurons(), TraceSettings(1.0, False), tmp_path)
    assert (tmp_path / "traces_wide.csv").read_text() == "series,time\n"
    texts = figure.figure(pd.DataFrame({"series": [], "time": []}), "EY w").texts
    assert [text.get_text() for text in texts] == ["EY w: there is none."]


def test_traces_are_standardised_by_hand():
    found = figure.standardised(pd.DataFrame({"a": [1.0, 3, np.nan], "b": [4.0, 4, 4]}))
    assert found["a"].tolist()[:2] == [-1, 1] and np.isnan(found["a"].iloc[2])
    assert found["b"].tolist() == [0, 0, 0]


@pytest.mark.filterwarnings("error")
def test_the_heat_map_has_named_rows_seconds_and_a_bar(tmp_path):
    count = 150
    names = [f"N{number:03d}" for number in range(count)]
    values = np.random.default_rng(1).normal(size=(40, count))
    wide = pd.DataFrame(values, columns=names)
    wide.insert(0, "time", np.r_[np.arange(39.0), 60])
    wide.insert(0, "series", "$a$")
    wide.loc[3, "N001"] = np.nan
    wide.to_csv(tmp_path / "w.csv", index=False)
    figure.draw(tmp_path / "w.csv", "<b>EY $w$", tmp_path / "w.png")
    drawn = figure.figure(wide, "EY w")
    panel, bar = drawn.axes
    assert [label.get_text() for label in panel.get_yticklabels()] == names
    assert panel.get_xlabel() == "time [s]" and bar.get_ylabel().endswith("[s.d.]")
    # the first name stands on top
    bottom, top = panel.get_ylim()
    assert bottom > top and panel.get_xlim()[1] > 60
    assert drawn.get_size_inches()[1] > 0.1 * count
