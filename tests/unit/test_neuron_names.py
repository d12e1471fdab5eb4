"""What is a neuron's name, and what says that nobody named the neuron."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chromapal.worms import names

NOBODY = (
    "None", "NA", "N/A", "#N/A", "#REF!", "null", "<NA>", "nan", "unknown", "Unlabelled", "-", "--",
    ".", "*", "[]", "()", "b''", "array([], dtype=object)", " ", "", "not_identified", "unknown?",
)  # fmt: skip
SAME = {
    "avaL": "AVAL", "AVAl": "AVAL", "AVA L": "AVAL", "I1_L": "I1L", "I1-L": "I1L", "vb 02": "VB2",
    "VB02?": "VB2", "avar ?": "AVAR", "sia?l": "SIA?L", "ava": "AVA", "b'AVAL'": "AVAL",
    'b"RID"': "RID", "['A', 'V', 'A', 'L']": "AVAL", "['C' 'E' 'P' 'V' 'R']": "CEPVR",
    "[b'R', b'I', b'D']": "RID", "['AVAL']": "AVAL", "cemdl": "CEMDL", "R1AL": "R1AL", "pdb": "PDB",
    "array(['A', 'V', 'L'], dtype='<U1')": "AVL", "\uff21VAL": "AVAL", "\xa0AVAL\xa0": "AVAL",
}  # fmt: skip
UNKNOWN = (
    "AVAL-alt", "AVAL*", "(AVAL)", "AVAL/AVDL", "MUTATION", "Q/H", "AS12", "17", "?AVAL",
    "['AVAL', 'AVAR']", "my cell",
)  # fmt: skip


@pytest.mark.parametrize("text", NOBODY)
def test_a_word_for_nobody_is_no_label(text):
    assert names.label(text) == names.name(text) == ""


@pytest.mark.parametrize("text", SAME)
def test_a_name_written_differently_is_that_name(text):
    assert names.name(text) == SAME[text] and names.is_known(SAME[text])


@pytest.mark.parametrize("text", UNKNOWN)
def test_another_word_stays_and_is_not_known(text):
    assert names.name(text) == text and not names.is_known(text)


@given(st.sampled_from(sorted(names.KNOWN)), st.sampled_from("_- ."), st.integers(1, 3))
def test_every_known_name_stays_and_bears_another_case_and_a_separator(name, separator, place):
    assert names.name(name) == names.label(name) == name
    written = f"{name[:place]}{separator}{name[place:]}".lower()
    # MC L may be in pieces, and "n.a" is nobody's
    assert names.name(written) in (name, "")
    assert names.name(written) == name or names.label(written) == ""


@given(st.text(alphabet="AVaR0124?_-. b'[],", max_size=9))
@example("??_")
@example("AVAL?_")
def test_naming_twice_changes_nothing(text):
    once = names.name(text)
    assert names.name(once) == once


PARTS = {
    "AVAL": ("left", ""), "AVAR": ("right", ""), "AVA": ("", ""), "AVL": ("", ""), "AQR": ("", ""),
    "RMDDL": ("left", "dorsal"), "RMDVR": ("right", "ventral"), "RMDL": ("left", ""),
    "RMED": ("", "dorsal"), "RMEV": ("", "ventral"), "RMEL": ("left", ""), "SABD": ("", "dorsal"),
    "SABVL": ("left", "ventral"), "IL1DR": ("right", "dorsal"), "IL1L": ("left", ""),
    "CEPSHVL": ("left", "ventral"), "SMDD": ("", "dorsal"), "AVDL": ("left", ""), "RID": ("", ""),
    "RIVL": ("left", ""), "PVDR": ("right", ""), "ADEL": ("left", ""), "SIA?L": ("", ""),
    "SIA": ("", ""), "VD2": ("", ""), "": ("", ""), "L": ("", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_what_a_name_states_beside_its_class(name):
    assert (names.side(name), names.dorsal_ventral(name)) == PARTS[name]
