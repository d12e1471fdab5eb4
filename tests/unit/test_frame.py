"""Body axes on a common scale: ranges come from training worms only."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromapal.columns import BODY
from chromapal.prepare.frame import BodyFrame


def body(*rows):
    return pd.DataFrame(rows, columns=list(BODY), dtype=float)


def test_ranges_by_hand():
    # of 1001 evenly spaced values the quantiles .002 and .998 are the third and the third last
    line = np.linspace(0, 1000, 1001)
    frame = BodyFrame.fit(pd.DataFrame({"posterior": line, "dorsal": line / 10, "left": -line}))
    assert frame.low == pytest.approx((0.0, -1.8, -1000.0))
    assert frame.high == pytest.approx((1000.0, 101.8, 0.0))
    assert frame.extent_um == pytest.approx((1000.0, 103.6, 1000.0))


def test_positions_by_hand_and_what_is_outside_is_put_on_the_border(caplog):
    frame = BodyFrame((-10.0, 0.0, -5.0), (10.0, 4.0, 5.0))
    placed = frame.place(body((0, 1, 5), (-30, 4, 0), (10, 9, -5)))
    assert placed[["u", "v", "w"]].to_numpy().tolist() == [[0.5, 0.25, 1], [0, 1, 0.5], [1, 1, 0]]
    with caplog.at_level("INFO", "chromapal"):
        frame.place(body((0, 1, 5), (-30, 4, 0), (10, 9, -5)))
    assert "2 of 3 neurons lie outside" in caplog.text


@given(st.lists(st.tuples(*[st.floats(-200, 200)] * 3), min_size=2, max_size=20))
def test_training_neurons_are_inside_but_for_the_outermost_and_json_keeps_all(rows):
    train = body(*rows)
    frame = BodyFrame.fit(train)
    placed = frame.place(train)[["u", "v", "w"]].to_numpy()
    assert ((placed >= 0) & (placed <= 1)).all()
    assert BodyFrame.from_json(frame.to_json()) == frame
