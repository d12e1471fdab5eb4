"""Seeded splits of whole sources."""

from collections.abc import Iterable

import numpy as np

from chromapal.errors import InputError


def split_sources(
    sources: Iterable[str], seed: int, validation: float = 0.2, test: float = 0.2
) -> dict[str, str]:
    """Return each source its split, whole.

    Parameters
    ----------
    sources : iterable of str
        In any order, repeats allowed: neither plays a part.
    seed : int
        Seed of the draw.
    validation, test : float
        Fractions of the sources, each at least 0, less than 1 together. A fraction above 0 gets
        at least one source if there are enough: one source trains, of two one tests, of three
        one validates.

    Returns
    -------
    dict of str to {"train", "validation", "test"}

    Raises
    ------
    InputError
        The fractions are not valid.
    """
    if not (validation >= 0 and test >= 0 and validation + test < 1):
        raise InputError(
            "split of images",
            f"validation {validation}, test {test}",
            "two fractions of at least 0 that add up to less than 1",
        )
    names = sorted(set(sources))
    tested = _split_size(test, len(names), len(names))
    validating = _split_size(validation, len(names), len(names) - tested)
    order = np.random.default_rng(seed).permutation(len(names))
    roles = {names[index]: "train" for index in order}
    roles |= {names[index]: "test" for index in order[:tested]}
    return roles | {names[index]: "validation" for index in order[tested : tested + validating]}


def _split_size(share: float, count: int, left: int) -> int:
    return min(max(round(share * count), 1), left - 1) if share and left > 1 else 0
