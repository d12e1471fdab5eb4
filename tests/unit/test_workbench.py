"""What the page of a new worm is given: probabilities in few bytes, directions, names, traces."""

import base64
import dataclasses
import html
import json
import re

import numpy as np
import pandas as pd
import pytest

from chromapal.evaluate.pages import packing, workbench
from chromapal.evaluate.pages.policy import sources
from chromapal.evaluate.pages.workbench import NewWorm
from tests.new_worm import new_worm

HOSTILE = "</script><img src=x onerror=alert(1)><!--content-->"


def unpacked(chances, shape):
    lengths, columns, values = (
        np.frombuffer(base64.b64decode(chances[name]), kind)
        for name, kind in (("lengths", "<u2"), ("columns", "<u2"), ("values", "<f4"))
    )
    found = np.zeros(shape)
    found[np.repeat(np.arange(len(lengths)), lengths), columns] = values
    return found


def test_probabilities_are_packed_above_a_floor():
    probabilities = np.array([[0.5, 0.0, 1e-8], [0.0, 0.0, 0.0], [0.25, 0.5, 0.125]])
    found = unpacked(packing.packed(probabilities), (3, 3))
    assert found.tolist() == [[0.5, 0, 0], [0, 0, 0], [0.25, 0.5, 0.125]]
    real = new_worm().probabilities.to_numpy(float)
    again = unpacked(packing.packed(real), real.shape)
    assert np.abs(again - real).max() <= packing.FLOOR


def test_directions_are_those_of_the_recording():
    rng = np.random.default_rng(1)
    body = rng.normal(0, [40, 12, 10], (60, 3))
    # recorded upside down, turned by a quarter, and mirrored in depth
    recorded = np.column_stack([body[:, 1], body[:, 0], -body[:, 2]]) * 0.9 + 100
    found = workbench.directions(body, recorded)
    np.testing.assert_allclose(found, [[0, 1, 0], [1, 0, 0], [0, 0, -1]], atol=1e-9)
    flat = workbench.directions(body * [1, 1, 0], recorded)
    assert np.isfinite(flat).all() and np.linalg.norm(flat[2]) == 0


def test_a_partial_name_stands_for_the_columns_of_its_members():
    known = ["AVAL", "AVAR", "RMEL", "RMER", "RMED", "VB1", "XYZ"]
    found = workbench.partial_columns(known)
    assert found["AVA"] == [0, 1] and found["RME"] == [2, 3, 4] and found["VB"] == [5]
    assert "RIA" not in found and "AVAL" not in found


def test_traces_are_levels_between_their_extremes():
    time = np.arange(6.0)
    traces = pd.DataFrame(
        {
            "series": ["p/a"] * 12 + ["p/b"] * 6, "trace": [0] * 6 + [1] * 6 + [0] * 6,
            "row": [4] * 6 + [5] * 6 + [4] * 6, "time": [*time] * 3, "unit": "F",
            "value": [1, 2, 3, np.nan, 1, 3, *[np.nan] * 6, *[9] * 6],
        }
    )  # fmt: skip
    found = packing.levels(traces)
    assert list(found) == ["4"]
    assert {key: found["4"][key] for key in ("series", "start", "end", "low", "high")} == {
        "series": "a", "start": 0, "end": 5, "low": 1, "high": 3,
    }  # fmt: skip
    assert [*base64.b64decode(found["4"]["levels"])] == [1, 128, 255, 0, 1, 255]
    long = pd.concat([traces.iloc[:3]] * 5000, ignore_index=True)
    assert len(base64.b64decode(packing.levels(long)["4"]["levels"])) == packing.POINTS


def test_landmarks_are_those_of_the_model():
    worm = new_worm()
    named = workbench.content(worm)["names"]
    assert {each["name"] for each in named if each["landmark"]} == {"I1L", "I1R", "MI", "AVAL"}
    gray = dataclasses.replace(worm, measured=None)
    assert "measured" not in workbench.content(gray)


def test_a_page_loads_nothing_and_keeps_hostile_names_inert():
    worm = new_worm(name=HOSTILE)
    page, plain = workbench.page(worm), workbench.page(new_worm())
    for tag in ("<script", "</script", "<img", "<!--"):
        assert page.count(tag) == plain.count(tag), tag
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert sources(page, "script") in policy and "unsafe" not in policy and "http" not in policy
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", page)
    assert f"<title>EY {html.escape(HOSTILE)}</title>" in page
    held = json.loads(re.search('id="content">(.*?)</script>', page)[1])
    assert held["worm"] == HOSTILE and held["labels"][:3] == worm.named["name"].tolist()[:3]


def test_the_same_worm_gives_the_same_bytes_and_few_of_them(tmp_path):
    for name in ("one", "two"):
        workbench.write(new_worm(), tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("one", "two"))
    assert first == second and len(first) < 500_000


@pytest.mark.parametrize("count", [1, 4])
def test_small_and_bare_worms_have_a_page(count):
    worm = new_worm(count)
    page = workbench.page(NewWorm(worm.named, worm.probabilities, worm.axes))
    held = json.loads(re.search('id="content">(.*?)</script>', page)[1])
    assert held["count"] == count and held["names"][0]["place"] is None
    assert not {"traces", "stack", "measured"} & set(held)
