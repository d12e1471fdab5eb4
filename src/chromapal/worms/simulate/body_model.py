"""An invented head: the positions and colours of its neurons.

Names and ganglia are those of textbook anatomy; a class's position within its ganglion, its colour
and its scatter are drawn once, from a fixed seed. It contains no measurements of real worms.

Body axes are right-handed: posterior from the nose tip, dorsal, left.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

SEED = 302
CANDIDATES = 16
DYE_LEVELS = (0.03, 0.3, 0.85)
LUMINANCE = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Ganglion:
    """A box of cell bodies: centre and half extent [um] along posterior, dorsal, left.

    The left axis is that of a left member; the right one is its mirror image.
    """

    centre: tuple[float, float, float]
    extent: tuple[float, float, float]
    paired: str = ""
    single: str = ""


GANGLIA = {
    "anterior dorsal": Ganglion((54, 9, 6), (12, 3, 3), "IL1D IL2D OLQD URAD URYD", "RMED"),
    "anterior lateral": Ganglion((55, 0, 10), (13, 5, 2), "IL1 IL2 OLL URB BAG RIP RME"),
    "anterior ventral": Ganglion((56, -9, 6), (12, 3, 3), "IL1V IL2V OLQV URAV URYV CEPV", "RMEV"),
    "dorsal": Ganglion((70, 14, 4), (6, 2, 3), "URX CEPD", "ALA RID"),
    "lateral front": Ganglion(
        (82, 4, 12),
        (7, 8, 4),
        "ASK ADL ASH ASE AWC AWA AWB AFD ASG ASI ASJ ADF AUA RIA RMDD RMD RIV AVE RIB RIC",
    ),
    "lateral rear": Ganglion(
        (100, 1, 12),
        (9, 8, 4),
        "AIB AIN AIZ AVA AVB AVD AVH AVJ FLP RIM RMDV ADA SAAV SIBD RMG ADE SMDV",
    ),
    "ventral": Ganglion(
        (97, -12, 6),
        (13, 4, 4),
        "AIA AIM AIY AVK RMF RMH SAAD SIAD SIAV SIBV SMBD SMBV SMDD",
        "AVL RIH RIR RIS",
    ),
    "retrovesicular": Ganglion(
        (133, -15, 3),
        (14, 2, 1.5),
        "AVF RIF RIG SABV",
        "AVG SABD AS1 DA1 DB1 DB2 DD1 VA1 VB1 VB2 VD1 VD2",
    ),
    "anterior bulb": Ganglion((68, 0, 4), (7, 4, 1.5), "I1 I2 M3 MC NSM", "I3 M4 MI"),
    "terminal bulb": Ganglion((112, 0, 4), (7, 5, 1.5), "M2", "I4 I5 I6 M1 M5"),
    "excretory": Ganglion((126, 3, 5), (3, 3, 3), "", "AQR"),
}


@cache
def head() -> pd.DataFrame:
    """Return the head's neurons.

    Returns
    -------
    pandas.DataFrame
        One row per neuron, members of a pair next to each other: `name`, `neuron_class` (name
        without side), `posterior, dorsal, left` [um], `across, along` (standard deviation of its
        position from worm to worm, 1.2 to 2.5 um, and up to 9 um along the body), and the dyes
        `R, G, B` and the panneuronal `W` (0 to 1).
    """
    generator = np.random.default_rng(SEED)
    classes = [
        (neuron_class, ganglion, paired)
        for ganglion in GANGLIA.values()
        for names, paired in ((ganglion.paired, True), (ganglion.single, False))
        for neuron_class in names.split()
    ]
    positions = np.empty((0, 3))
    for _, ganglion, paired in classes:
        positions = np.vstack([positions, _draw_position(positions, ganglion, paired, generator)])
    count = len(classes)
    across = generator.uniform(1.2, 2.5, count)
    dyes = np.array([_dyes(generator) for _ in classes])
    # Every neuron shows the panneuronal dye, and its strength follows luminance only loosely.
    white = 0.15 + 0.25 * dyes @ LUMINANCE + 0.35 * generator.uniform(0, 1, count)
    table = pd.DataFrame(
        {
            "neuron_class": [neuron_class for neuron_class, _, _ in classes],
            **dict(zip(("posterior", "dorsal", "left"), positions.T, strict=True)),
            "across": across,
            "along": np.minimum(across * (1 + generator.exponential(0.8, count)), 9.0),
            **dict(zip("RGB", dyes.T, strict=True)),
            "W": white,
        }
    )
    paired = np.array([paired for _, _, paired in classes])
    table = table.loc[np.repeat(table.index, np.where(paired, 2, 1))]
    second = table.index.duplicated()
    table["left"] = np.where(second, -table["left"], table["left"])
    side = np.where(second, "R", np.where(paired[table.index], "L", ""))
    table.insert(0, "name", table["neuron_class"] + side)
    return table.reset_index(drop=True)


def _draw_position(
    positions: np.ndarray, ganglion: Ganglion, paired: bool, generator: np.random.Generator
) -> np.ndarray:
    """Choose the candidate farthest from the neurons so far: cell bodies do not overlap."""
    candidates = generator.uniform(-1, 1, (CANDIDATES, 3)) * ganglion.extent + ganglion.centre
    if not paired:
        candidates[:, 2] = 0.0
    if not len(positions):
        return candidates[:1]
    distance = np.linalg.norm(candidates[:, None] - positions[None], axis=2).min(axis=1)
    return candidates[[distance.argmax()]]


def _dyes(generator: np.random.Generator) -> np.ndarray:
    """Mix three dyes of three strengths; no neuron is without dye."""
    levels = generator.choice(DYE_LEVELS, 3, p=(0.4, 0.25, 0.35))
    if levels.max() == DYE_LEVELS[0]:
        levels[generator.integers(3)] = DYE_LEVELS[1]
    return levels * generator.uniform(0.85, 1.15, 3)
