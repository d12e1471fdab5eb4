import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromapal.worms import table
from chromapal.worms.names import FULL, denoted, is_partial
from chromapal.worms.partial_names import right, right_class
from chromapal.worms.simulate import statistics

DENOTED = {
    "SIA?L": "SIADL SIAVL",
    "RMDD": "RMDDL RMDDR",
    "AVK": "AVKL AVKR",
    "IL1V": "IL1VL IL1VR",
    "I1": "I1L I1R",
    # the lateral pair bears the bare name
    "IL1": "IL1L IL1R",
    "IL2": "IL2L IL2R",
    "RMD": "RMDL RMDR",
    "GLR": "GLRL GLRR",
    # larger classes
    "RME": "RMED RMEL RMER RMEV",
    "SAB": "SABD SABVL SABVR",
    "SABV": "SABVL SABVR",
    "SIA": "SIADL SIADR SIAVL SIAVR",
    "OLQ": "OLQDL OLQDR OLQVL OLQVR",
    "CEP": "CEPDL CEPDR CEPVL CEPVR",
    "DD": "DD1 DD2 DD3 DD4 DD5 DD6",
    # one letter is open, and the side where it is missing
    "SIAD?": "SIADL SIADR",
    "S?AD": "SAADL SAADR SIADL SIADR",
    "IL?VL": "IL1VL IL2VL",
    "RM?V": "RMDVL RMDVR RMEV",
    "V?1": "VA1 VB1 VC1 VD1",
    "?VAL": "AVAL",
    "RM??L": "RMDDL RMDVL",
    # no partial name
    "AVL": "AVL",
    "RIR": "RIR",
    "AQR": "AQR",
    "SABD": "SABD",
    "RMEL": "RMEL",
    "IL1L": "IL1L",
    "VB2": "VB2",
    "AV": "AV",
    "background": "background",
    "": "",
    # nothing fits
    "XY?L": "",
}


@pytest.mark.parametrize("label", DENOTED)
def test_what_labels_denote(label):
    assert denoted(label, ()) == set(DENOTED[label].split())
    assert is_partial(label) == (denoted(label, ()) != {label} and label != "")


def test_a_trailing_question_mark_is_doubt_and_goes_before():
    cleaned = table.clean_name(pd.Series(["RMDD?", "AVAL?", "SIA?L?"]))
    assert [len(denoted(label, ())) for label in cleaned] == [2, 1, 2]


def test_names_of_the_training_worms_widen_the_set_unless_they_are_partial():
    assert denoted("SIA?L", ["SIAXL", "SIAXR", "SIA?L"]) == {"SIADL", "SIAVL", "SIAXL"}
    assert denoted("AVK", ["AVK"]) == {"AVKL", "AVKR"}
    assert denoted("VB", ["VB12"]) == {f"VB{number}" for number in range(1, 13)}


def test_no_full_name_is_partial_and_the_heads_names_are_full():
    assert not any(map(is_partial, FULL))
    assert set(statistics.read().names) <= FULL
    # 302 neurons, nine pairs of glia (AMSH AMSO CEPSHD CEPSHV PHSH PHSO GLR GLRD GLRV), and HMC
    assert len(FULL) == 302 + 2 * 9 + 1


@given(st.sampled_from(sorted(FULL)), st.lists(st.sampled_from([*sorted(FULL), "AVK", "X?"])))
def test_a_full_name_denotes_exactly_itself(name, names):
    assert denoted(name, names) == {name}


@given(st.text(alphabet="AVIL12DR?", max_size=5), st.lists(st.text(alphabet="AVL12?", max_size=5)))
def test_a_set_holds_full_names_only_and_more_names_only_add(label, names):
    known = denoted(label, names)
    assert denoted(label, ()) <= known <= FULL | {label, *names}
    assert not any(map(is_partial, known)) and "" not in known


ROWS = [
    # label, answer, right, right class
    ("AVAL", "AVAL", True, True),
    ("AVAL", "AVAR", False, True),
    ("AVAL", "AVBL", False, False),
    ("AVL", "AVL", True, True),
    ("SIA?L", "SIAVL", True, True),
    ("SIA?L", "SIAVR", False, True),
    ("SIA?L", "SIBVL", False, False),
    ("AVK", "AVKR", True, True),
    ("AVK", "AVK", False, True),
    ("RME", "RMEV", True, True),
    ("RMD", "RMDDL", False, False),
    ("AVKL", "AVK", False, True),
    ("XYZ", "XYZ", True, True),
    ("XYZ", "AVAL", False, False),
    ("", "AVAL", False, False),
    ("", "", False, False),
]


def test_right_answers():
    labels, answers, names, classes = (list(column) for column in zip(*ROWS, strict=True))
    # the rows count, whatever their index
    labels = pd.Series(labels, index=range(5, 5 + len(ROWS)), dtype="str")
    answers = pd.Series(answers, dtype="str")
    assert right(labels, answers).tolist() == names
    assert right_class(labels, answers).tolist() == classes


def test_no_rows_have_no_right_answers():
    none = pd.Series([], dtype="str")
    for found in (right(none, none), right_class(none, none)):
        assert found.dtype == bool and found.shape == (0,)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["AVAL", "AVA", "AV?L", "SIA", "S?AD", "RMED", "X", ""]),
            st.sampled_from(["AVAL", "AVAR", "AVBL", "SIADR", "SAADL", "RMED", "X", "AVA"]),
        ),
        min_size=1,
    )
)
def test_right_is_membership_and_no_right_answer_has_a_wrong_class(pairs):
    labels, answers = (pd.Series(column, dtype="str") for column in zip(*pairs, strict=True))
    found = right(labels, answers)
    names = answers.tolist()
    assert found.tolist() == [answer in denoted(label, names) for label, answer in pairs]
    assert np.all(right_class(labels, answers) >= found)
