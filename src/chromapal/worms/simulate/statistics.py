"""The numbers that simulated worms are drawn from; see `statistics.json` for where they are from.

They were learnt from all public worms (`chromapal.worm_statistics.learn`), those that studies test
on among them: nothing but the simulator may read them, and a test holds every module to it.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("statistics.json")
# Of the file's bytes: a digest of code covers no data, but this line.
SHA256 = "a154afa7723f2c2fcff308bf219aac912f0d4e2249f33a7e9093bd4f53e4a4ef"
CHANNELS = "RGBW"


@dataclass(frozen=True)
class Surroundings:
    """How neurons of one part of the head stray together.

    Attributes
    ----------
    members : numpy.ndarray of bool, shape (K,)
        Neurons of the part; the pharynx moves by itself.
    share : float
        Share of their variance that neighbours have in common.
    length_um : float
        Distance over which that fades: exp(-distance^2 / (2 length^2)) [um].
    """

    members: np.ndarray
    share: float
    length_um: float


@dataclass(frozen=True)
class Statistics:
    """What is known about the head's neurons.

    Attributes
    ----------
    about : dict of str to object
        Source, citation, licence, what was changed, and how many worms and neurons it is.
    names : numpy.ndarray of str, shape (K,)
        Sorted names.
    partner : numpy.ndarray of str, shape (K,)
        The neuron on the other side, "" of one without.
    seen : numpy.ndarray, shape (K,)
        Share of densely named worms that have the neuron.
    named : numpy.ndarray, shape (K,)
        Share of the other worms in which it bears its name.
    position, colour : numpy.ndarray, shapes (K, 3) and (K, 4)
        Means: posterior, dorsal, left [um]; red, green, blue, white (rank-normal within a worm).
    position_covariance, colour_covariance : numpy.ndarray, shapes (K, 3, 3) and (K, 4, 4)
        Covariances over worms.
    surroundings : tuple of Surroundings
        Parts of the head.
    tail : float
        Degrees of freedom of the part of a neuron's position that is its own.
    gradient_um : numpy.ndarray, shape (3,)
        Unit of the slopes of a worm's gradients of colour along body axes [um].
    gradient_covariance : numpy.ndarray, shape (16, 16)
        Covariance of gradients: per channel a constant and three slopes.
    bend_per_um : float
        Standard deviation of a head's bend [1/um].
    stretch, stretch_covariance : numpy.ndarray, shapes (6,) and (6, 6)
        Mean and covariance over worms of the logarithm of their stretch, its upper triangle.
    laboratory_share : dict of str to float
        Share of a variance that worms of a laboratory have in common: of `position`, `stretch`,
        `colour`, `gradient` and `labels`.
    fractions : numpy.ndarray, shape (q,)
        Fractions at which `levels` are quantiles.
    levels : dict of str to numpy.ndarray, shape (q, 4)
        By real laboratory with all four channels: quantiles of counts over full scale.
    full_scales : dict of str to float
        By real laboratory [counts].
    """

    about: dict
    names: np.ndarray
    partner: np.ndarray
    seen: np.ndarray
    named: np.ndarray
    position: np.ndarray
    position_covariance: np.ndarray
    colour: np.ndarray
    colour_covariance: np.ndarray
    surroundings: tuple[Surroundings, ...]
    tail: float
    gradient_um: np.ndarray
    gradient_covariance: np.ndarray
    bend_per_um: float
    stretch: np.ndarray
    stretch_covariance: np.ndarray
    laboratory_share: dict[str, float]
    fractions: np.ndarray
    levels: dict[str, np.ndarray]
    full_scales: dict[str, float]

    @property
    def first(self) -> np.ndarray:
        """The first name of each neuron's pair, its own where it has no partner, shape (K,)."""
        alone = self.partner == ""
        return np.where(alone | (self.names < self.partner), self.names, self.partner)


@cache
def read() -> Statistics:
    """Read the file of the package."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    position, colour = content["position"], content["colour"]

    def column(key: str) -> np.ndarray:
        return np.array([row[key] for row in content["neurons"]])

    names = column("name")
    inside = np.isin(names, content["pharynx"])
    together = position["together"]
    whole = {
        lab: facts
        for lab, facts in content["laboratories"].items()
        if all(facts["levels"][channel] for channel in CHANNELS)
    }
    return Statistics(
        about=content["about"],
        names=names,
        partner=column("partner"),
        seen=column("seen"),
        named=column("named"),
        position=column("position"),
        position_covariance=symmetric(column("position_covariance")),
        colour=column("colour"),
        colour_covariance=symmetric(column("colour_covariance")),
        surroundings=(
            Surroundings(inside, **together["pharynx"]),
            Surroundings(~inside, **together["rest"]),
        ),
        tail=position["tail"],
        gradient_um=np.array(colour["gradient_um"]),
        gradient_covariance=symmetric(np.array(colour["gradient_covariance"])),
        bend_per_um=position["bend_per_um"],
        stretch=np.array(position["stretch"]),
        stretch_covariance=symmetric(np.array(position["stretch_covariance"])),
        laboratory_share={
            "position": position["laboratory_share"],
            "stretch": position["stretch_laboratory_share"],
            "colour": colour["laboratory_share"],
            "gradient": colour["gradient_laboratory_share"],
            "labels": content["labels"]["laboratory_share"],
        },
        fractions=np.array(content["fractions"]),
        levels={
            lab: np.array([facts["levels"][channel] for channel in CHANNELS]).T
            for lab, facts in whole.items()
        },
        full_scales={lab: float(facts["full_scale"]) for lab, facts in whole.items()},
    )


def symmetric(upper: np.ndarray) -> np.ndarray:
    """Return symmetric matrices, shape (..., d, d), from their upper triangles row by row."""
    width = int(np.sqrt(2 * upper.shape[-1]))
    rows, columns = np.triu_indices(width)
    matrix = np.empty((*upper.shape[:-1], width, width))
    matrix[..., rows, columns] = matrix[..., columns, rows] = upper
    return matrix
