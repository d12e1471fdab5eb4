"""What a label denotes: one neuron, or several where the annotator left the name open."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from chromapal.worms import table

# Neurons of the hermaphrodite that stand alone, and NeuroPAL files' head mesodermal cell.
_SINGLE = """
    ALA AQR AVG AVL AVM DVA DVB DVC HMC I3 I4 I5 I6 M1 M4 M5 MI PDA PDB PQR PVM PVR PVT RID RIH RIR
    RIS RMED RMEV SABD
    """
# Motor neurons of the ventral cord, numbered from the head.
_NUMBERED = {"AS": 11, "DA": 9, "DB": 7, "DD": 6, "VA": 12, "VB": 11, "VC": 6, "VD": 13}
# Classes of three, four or six members, whose name lacks dorsal or ventral besides the side. IL1,
# IL2, RMD and GLR are none of them: their lateral pair bears the bare name.
_QUARTETS = frozenset(
    ("CEP", "CEPSH", "OLQ", "RME", "SAA", "SAB", "SIA", "SIB", "SMB", "SMD", "URA", "URY")
)
_PARTIAL = table.PAIRS | _QUARTETS | _NUMBERED.keys()
FULL = frozenset(
    [stem + side for stem in table.PAIRS for side in "LR"]
    + _SINGLE.split()
    + [f"{stem}{number + 1}" for stem, count in _NUMBERED.items() for number in range(count)]
)


def is_partial(label: str) -> bool:
    """Return whether a cleaned label leaves open which neuron it names.

    Parameters
    ----------
    label : str
        A label after `table.clean_name`, where the `?` of `RMDD?` is gone and that of `SIA?L` is
        still there.

    Returns
    -------
    bool
        True for a `?` in place of a letter (`SIA?L`), the bare name of a left/right pair (`AVK`,
        `IL1V`, `RMDD`), of a larger class (`SIA`, `RME`) or of a numbered one (`VB`).
    """
    return "?" in label or label in _PARTIAL


def denoted(label: str, names: Sequence[str]) -> frozenset[str]:
    """Return the full names that a label can stand for.

    Parameters
    ----------
    label : str
        A cleaned label.
    names : sequence of str
        Names known in addition to those of the hermaphrodite's neurons; partial ones among them are
        ignored.

    Returns
    -------
    frozenset of str
        The label itself where it is no partial name, known or not; for a partial name all
        names it can stand for, perhaps none; nothing for "" (unlabelled).
    """
    if not is_partial(label):
        return frozenset([label] if label else [])
    fits = re.compile(_pattern(label)).fullmatch
    known = FULL.union(name for name in names if not is_partial(name))
    return frozenset(name for name in known if fits(name))


def right(labels: pd.Series, answers: pd.Series) -> np.ndarray:
    """Return which answers lie in the set that their label denotes.

    Parameters
    ----------
    labels, answers : pandas.Series of str
        Cleaned labels and the names given, row by row; the index is ignored.

    Returns
    -------
    numpy.ndarray of bool
        False where the label is "" (unlabelled).
    """
    return _matches(labels, answers, lambda names: names)


def right_class(labels: pd.Series, answers: pd.Series) -> np.ndarray:
    """Return which answers lie in the set that their label denotes, ignoring sides.

    Parameters
    ----------
    labels, answers : pandas.Series of str
        As in `right`.

    Returns
    -------
    numpy.ndarray of bool
        False where the label is "" (unlabelled).
    """
    return _matches(labels, answers, table.neuron_class)


def _matches(
    labels: pd.Series, answers: pd.Series, transform: Callable[[pd.Series], pd.Series]
) -> np.ndarray:
    label_values, answered = labels.to_numpy(), transform(answers).to_numpy()
    good = (transform(labels).to_numpy() == answered) & (label_values != "")
    names = answers.unique()
    # partial labels are rare and few of them distinct
    for label in filter(is_partial, labels.unique()):
        here = label_values == label
        members = pd.Series(sorted(denoted(label, names)), dtype="str")
        good[here] = np.isin(answered[here], transform(members).to_numpy())
    return good


def _pattern(label: str) -> str:
    if "?" in label:
        # the open part may include the side: S?AD is SIADL, SIADR
        return ".".join(map(re.escape, label.split("?"))) + "[LR]?"
    if label in _QUARTETS:
        return f"{label}[DV]?[LR]?"
    return f"{label}[0-9]+" if label in _NUMBERED else f"{label}[LR]"
