"""Draw one worm's head in body axes: which neurons, where they lie, how they look."""

from dataclasses import dataclass

import numpy as np

from chromapal.worms.simulate.statistics import Statistics, symmetric

RADIUS_UM = (1.0, 1.9)  # of cell bodies, which push each other apart
PUSHES = 30
LEAST_SHARE = 0.02  # of worms in which a neuron is taken to be seen or named at least


@dataclass(frozen=True)
class Chance:
    """What one worm is drawn by.

    Attributes
    ----------
    laboratory : numpy.random.Generator
        Gives every worm of a laboratory the same numbers.
    own : numpy.random.Generator
        The worm's own.
    """

    laboratory: np.random.Generator
    own: np.random.Generator

    def normal(self, share: float, shape: tuple[int, ...]) -> np.ndarray:
        """Draw standard normal numbers that laboratories have a share of in common."""
        laboratory, own = self.laboratory.normal(size=shape), self.own.normal(size=shape)
        return np.sqrt(share) * laboratory + np.sqrt(1 - share) * own


def chosen(share: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Choose some neurons, each about as often as its share says.

    Parameters
    ----------
    share : numpy.ndarray, shape (n,)
        Share of worms that have each neuron.
    count : int
        How many to choose.
    generator : numpy.random.Generator
        Draws.

    Returns
    -------
    numpy.ndarray of int, shape (count,)
        Sorted numbers.
    """
    return np.sort(ranked(share, generator.logistic(size=len(share)))[:count])


def ranked(share: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Order neurons from the one to be taken first, by log odds of their share plus chance."""
    share = share.clip(LEAST_SHARE, 1 - LEAST_SHARE)
    return np.argsort(-(np.log(share / (1 - share)) + chance), kind="stable")


def positions(statistics: Statistics, scatter: float, chance: Chance) -> np.ndarray:
    """Draw where all neurons lie: (K, 3), posterior, dorsal, left [um].

    Neighbours stray together, the pharynx by itself; what is a neuron's own has the heavy tail of
    a Student-t. The scatter was measured after an affine map of every worm, so that it holds none;
    worms differ in that by their stretch and pose.
    """
    mean = statistics.position
    unit = chance.normal(statistics.laboratory_share["position"], mean.shape)
    freedom = statistics.tail
    # of variance 1 whatever the degrees of freedom
    unit *= np.sqrt((freedom - 2) / chance.own.chisquare(freedom, len(mean)))[:, None]
    for part in statistics.surroundings:
        at = mean[part.members]
        apart = ((at[:, None] - at[None]) ** 2).sum(2)
        kernel = np.exp(-apart / (2 * part.length_um**2)) + 1e-6 * np.eye(len(at))
        together = np.linalg.cholesky(kernel) @ chance.own.normal(size=at.shape)
        unit[part.members] = (
            np.sqrt(part.share) * together + np.sqrt(1 - part.share) * unit[part.members]
        )
    root = np.linalg.cholesky(statistics.position_covariance)
    off = (root @ unit[..., None])[..., 0]
    affine = np.column_stack([mean, np.ones(len(mean))])
    off -= affine @ np.linalg.lstsq(affine, off, rcond=None)[0]
    return mean + scatter * off


def pushed_apart(positions: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Push cell bodies apart that would lie in each other.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n, 3)
        Neurons [um].
    generator : numpy.random.Generator
        Draws the radii of their cell bodies.

    Returns
    -------
    numpy.ndarray, shape (n, 3)
        The same, all but a few no nearer to each other than their radii.
    """
    positions, radius = positions.copy(), generator.uniform(*RADIUS_UM, len(positions))
    least = radius[:, None] + radius
    np.fill_diagonal(least, 0)
    for _ in range(PUSHES):
        away = positions[:, None] - positions[None]
        distance = np.linalg.norm(away, axis=2)
        gap = np.maximum(least - distance, 0)
        if not gap.any():
            break
        positions += (away * (gap / 2 / distance.clip(min=1e-9))[..., None]).sum(1)
    return positions


def colours(
    statistics: Statistics, place: np.ndarray, scatter: float, chance: Chance
) -> np.ndarray:
    """Draw how all neurons look: (K, 4), red, green, blue, white on a normal scale.

    Parameters
    ----------
    statistics : Statistics
        What is known.
    place : numpy.ndarray, shape (K, 3)
        Where they lie [um]: a worm is brighter on one side.
    scatter : float
        How much of the real scatter they have.
    chance : Chance
        Draws.
    """
    mean, shares = statistics.colour, statistics.laboratory_share
    root = np.linalg.cholesky(statistics.gradient_covariance)
    gradient = root @ chance.normal(shares["gradient"], (len(root),))
    basis = np.column_stack([np.ones(len(place)), place / statistics.gradient_um])
    unit = chance.normal(shares["colour"], mean.shape)
    rest = (np.linalg.cholesky(statistics.colour_covariance) @ unit[..., None])[..., 0]
    return mean + scatter * (basis @ gradient.reshape(mean.shape[1], -1).T + rest)


def levels(statistics: Statistics, lab: str, colour: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Turn colours into levels of a camera.

    Parameters
    ----------
    statistics : Statistics
        What is known.
    lab : str
        Real laboratory whose counts the levels are like.
    colour : numpy.ndarray, shape (n, 4)
        On any scale: ranks are what counts.
    gain : numpy.ndarray, shape (4,)
        Of the channels.

    Returns
    -------
    numpy.ndarray, shape (n, 4)
        Fractions of full scale, in the order of the colours.
    """
    fraction = (colour.argsort(axis=0).argsort(axis=0) + 0.5) / len(colour)
    found = np.empty_like(colour)
    for channel, knots in enumerate(statistics.levels[lab].T):
        log = np.interp(fraction[:, channel], statistics.fractions, np.log(knots))
        # what saturates stays saturated
        found[:, channel] = np.where(log >= -1e-6, 1.0, np.exp(log) * gain[channel])
    return found.clip(0, 1)


def stretch(statistics: Statistics, chance: Chance) -> np.ndarray:
    """Draw a worm's stretch along recorded axes: (3, 3), symmetric and positive definite."""
    root = np.linalg.cholesky(statistics.stretch_covariance)
    numbers = statistics.stretch + root @ chance.normal(
        statistics.laboratory_share["stretch"], (len(root),)
    )
    values, vectors = np.linalg.eigh(symmetric(numbers))
    return (vectors * np.exp(values)) @ vectors.T
