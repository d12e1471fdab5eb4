"""Training worms in body axes moved a little, as alignment might have put them."""

from collections.abc import Sequence

import numpy as np

# How far a worm is moved: turned about each axis, stretched along each, shifted, and every neuron
# by itself; standard deviations.
TURN_RAD, STRETCH, SHIFT_UM, JITTER_UM = 0.025, 0.015, 0.6, 0.3


def moved_worms(
    position: np.ndarray, index: np.ndarray, extent_um: Sequence[float], rng: np.random.Generator
) -> np.ndarray:
    """Move worms about the middle of the grid's ranges.

    Parameters
    ----------
    position : numpy.ndarray, shape (n, 3)
        u, v, w, each 0 to 1.
    index : numpy.ndarray of int, shape (n,)
        What moves together: which worm each neuron is of, or the neuron itself.
    extent_um : sequence of float
        Lengths of the grid's ranges along u, v, w [um].
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 3)
        u, v, w, not beyond 0 and 1.
    """
    worms = int(index.max(initial=-1)) + 1
    turn = rng.normal(0, TURN_RAD, (worms, 3))
    a, b, c = turn.T
    none = np.zeros(worms)
    # of small angles: a rotation but for terms of their square
    rows = [[none, -c, b], [c, none, -a], [-b, a, none]]
    linear = np.eye(3) + np.moveaxis(np.array(rows), 2, 0)
    linear *= 1 + rng.normal(0, STRETCH, (worms, 1, 3))
    shift = rng.normal(0, SHIFT_UM, (worms, 3))[index]
    extent = np.array(extent_um)
    um = (position - 0.5) * extent
    um = np.einsum("nij,nj->ni", linear[index], um) + shift
    um += rng.normal(0, JITTER_UM, um.shape)
    return (um / extent + 0.5).clip(0, 1).astype(np.float32)
