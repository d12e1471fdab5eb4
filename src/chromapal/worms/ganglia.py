"""In which ganglion of the head a neuron's cell body lies."""

from functools import cache

import pandas as pd

from chromapal.worms import table
from chromapal.worms.names import denoted

# Classes by ganglion (White et al. 1986; WormAtlas). ADE and AQR lie at the rear edge of the
# lateral ganglia and are assigned to them; the ventral cord starts behind VB2 and VD2.
_CLASSES = {
    "anterior": """
        BAG CEPV IL1 IL1D IL1V IL2 IL2D IL2V OLL OLQD OLQV RIP RME RMED RMEV URAD URAV URB URYD
        URYV
        """,
    "dorsal": "ALA CEPD RID URX",
    "lateral": """
        ADA ADE ADF ADL AFD AIB AIN AIZ AQR ASE ASG ASH ASI ASJ ASK AUA AVA AVB AVD AVE AVH AVJ
        AWA AWB AWC FLP RIA RIB RIC RIM RIV RMD RMDV RMG SAAV SIBD SMDV
        """,
    "ventral": """
        AIA AIM AIY AVK AVL RIH RIR RIS RMDD RMF RMH SAAD SIAD SIAV SIBV SMBD SMBV SMDD
        """,
    "retrovesicular": "AS1 AVF AVG DA1 DB1 DB2 DD1 RIF RIG SABD SABV VA1 VB1 VB2 VD1 VD2",
    "pharynx": "I1 I2 I3 I4 I5 I6 M1 M2 M3 M4 M5 MC MI NSM",
}
OTHER = "other"
GANGLIA = (*_CLASSES, OTHER)
# How surely a person who sees a neuron can say which it is: best where few neurons lie, each in a
# place of its own, worst where many lie close together, and in other places from worm to worm.
SURELY = {
    "pharynx": 1.0, "anterior": 0.9, "dorsal": 0.8, "lateral": 0.8, "ventral": 0.5,
    "retrovesicular": 0.4, OTHER: 0.6,
}  # fmt: skip
LAST = ("ventral", "retrovesicular")  # a person is asked about them when nothing else is left
_GANGLION = {
    neuron_class: name for name, classes in _CLASSES.items() for neuron_class in classes.split()
}


def ganglion(names: pd.Series) -> pd.Series:
    """Return the textbook ganglion of neurons, ignoring sides.

    Parameters
    ----------
    names : pandas.Series of str
        Cleaned names or classes; a partial name counts if all its neurons are in one ganglion
        (`SIA?L` is ventral).

    Returns
    -------
    pandas.Series of str
        One of `GANGLIA`, index as in `names`. "other" for glia, for cells of the body and the
        tail, for unknown names and for "".
    """
    return names.map({name: _of(name) for name in names.unique()}).astype("str")


@cache
def _of(name: str) -> str:
    classes = table.neuron_class(pd.Series(sorted(denoted(name, ())), dtype="str"))
    found = {_GANGLION.get(neuron_class, OTHER) for neuron_class in classes}
    return found.pop() if len(found) == 1 else OTHER
