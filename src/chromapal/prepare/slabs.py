"""Worms cut into slabs, each of which a network sees at once."""

import numpy as np


def slabs(
    worm_index: np.ndarray,
    height: np.ndarray,
    span: np.ndarray,
    offset: np.ndarray,
    slab_um: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut worms into slabs that begin some way below the lowest neuron.

    Slabs without neurons are skipped; the others are numbered by worm, then by height.

    Parameters
    ----------
    worm_index : numpy.ndarray of int, shape (n,)
        Which worm.
    height, span : numpy.ndarray, shape (n,)
        Height of each neuron above its worm's lowest one, and that worm's greatest height [um].
    offset : numpy.ndarray, shape (worms,)
        How far below the lowest neuron slabs begin [um].
    slab_um : float
        Thickness of a slab [um].

    Returns
    -------
    z : numpy.ndarray, shape (slabs,)
        Height of each slab's middle as a share of the worm's, 0 to 1; 0.5 in flat worms.
    sample : numpy.ndarray of int64, shape (n,)
        The slab of each neuron.
    """
    begin = offset[worm_index]
    level = np.floor((height + begin) / slab_um).astype(np.int64)
    key = worm_index * (level.max(initial=0) + 1) + level
    _, first, sample = np.unique(key, return_index=True, return_inverse=True)
    centre = (level[first] + 0.5) * slab_um - begin[first]
    flat = span[first] == 0
    z = np.where(flat, 0.5, np.clip(centre / np.where(flat, 1, span[first]), 0, 1))
    return z, sample
