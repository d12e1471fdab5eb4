import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromapal.worms import table
from chromapal.worms.ganglia import GANGLIA, OTHER, ganglion
from chromapal.worms.names import FULL
from chromapal.worms.simulate import statistics

MEMBERS = {
    "anterior": ["IL1DL", "IL2R", "OLQVL", "RMED", "RMEL", "URAVR", "BAGL", "CEPVL", "RIPR", "RME"],
    "dorsal": ["CEPDL", "URXR", "ALA", "RID"],
    "lateral": ["AVAL", "ASER", "AIBL", "RIMR", "FLPL", "AQR", "SMDVL", "SAAVR", "RMDL", "AWC"],
    "ventral": ["AIYL", "RIH", "AVL", "SIADL", "SIA?L", "SIA", "SMDDR", "RMDD", "RMDDL", "AVK"],
    "retrovesicular": ["AVG", "RIFL", "SABD", "SABVR", "SAB", "DD1", "VB2", "AS1"],
    "pharynx": ["I1L", "I3", "M1", "M3R", "MCL", "MI", "NSMR", "I6"],
    "other": ["AMSOL", "CEPSHDL", "HMC", "VB3", "DD6", "PVCL", "ALML", "VB", "SAA", "X", ""],
}


@pytest.mark.parametrize("name", MEMBERS)
def test_members(name):
    assert set(ganglion(pd.Series(MEMBERS[name]))) == {name}


def test_ganglia_have_their_number_of_neurons():
    counts = ganglion(pd.Series(sorted(FULL))).value_counts()
    # pairs and single neurons: 18 + 2, 2 + 2, 36 + 1, 14 + 4, 4 + 12; the pharynx has 20 neurons
    assert counts.drop(OTHER).to_dict() == {
        "anterior": 38, "dorsal": 6, "lateral": 73, "ventral": 32, "retrovesicular": 20,
        "pharynx": 20,
    }  # fmt: skip
    assert list(MEMBERS) == list(GANGLIA)


def test_every_neuron_that_is_simulated_has_a_ganglion_but_glia_and_the_cord():
    names = pd.Series(statistics.read().names)
    without = set(names[ganglion(names) == OTHER])
    assert without == {"AMSOL", "AMSOR", "HMC", "VA2", "VB3"}


@given(st.lists(st.sampled_from(sorted(FULL)), min_size=1, unique=True))
def test_the_side_does_not_matter_and_the_index_stays(names):
    given_names = pd.Series(names, index=[f"row {name}" for name in names])
    found = ganglion(given_names)
    assert found.index.equals(given_names.index) and set(found) <= set(GANGLIA)
    assert found.equals(ganglion(table.neuron_class(given_names)))
