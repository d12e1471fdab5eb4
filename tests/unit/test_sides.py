"""Which names were forced, and both complete lists of names where sides are undecided."""

import numpy as np
import pandas as pd

from chromapal.apply.answers import sides, status

WORMS = pd.DataFrame(
    {"lab": ["EY", "EY"], "worm": ["sure", "unsure"], "doubtful": [0, 1], "middle": [0.0, 5.0]}
)
NEURONS = pd.DataFrame({"lab": "EY", "worm": ["sure", "sure", "unsure", "unsure"]})


def test_a_name_below_its_runner_up_was_forced_and_a_tie_was_not():
    chance = np.array(
        [[0.9, 0.1, 0, 0, 0], [0.2, 0.7, 0, 0, 0], [0.4, 0.4, 0.1, 0, 0], [0.0, 0, 0, 0, 0]]
    )
    names = np.array(["AVAL", "AVAR", "RIH", ""], dtype=object)
    nothing = np.full(4, "")
    assert status(chance, names, nothing).tolist() == ["model", "forced", "model", "none"]
    # a name that a person gave, what is no neuron, and what is said of a place, not of a name
    said = np.array(["left", "AVAR", "", "-"])
    assert status(chance, names, said).tolist() == ["model", "person", "model", "person"]


def test_sides_are_of_the_body_and_two_lists_are_given_where_they_are_undecided():
    position = np.zeros((4, 3))
    position[:, 2] = [1.0, -1.0, 6.0, 4.0]
    names = np.array(["AVAL", "AVAR", "AVAL", "RIH"], dtype=object)
    mirrored = np.array(["", "", "AVAR", "RIH"], dtype=object)
    found = sides(NEURONS, position, WORMS, names, mirrored)
    assert found["frame_side"].tolist() == ["left", "right", "left", "right"]
    assert found["name_as_decided"].tolist() == ["", "", "AVAL", "RIH"]
    assert found["name_mirrored"].tolist() == ["", "", "AVAR", "RIH"]
