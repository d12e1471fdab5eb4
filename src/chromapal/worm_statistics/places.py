"""Where neurons lie: their means, how far each strays, and how far neighbours stray together."""

from itertools import pairwise

import numpy as np
import pandas as pd

from chromapal.worm_statistics.seen import Seen, laboratory_share, pooled, positive
from chromapal.worms.ganglia import ganglion

PSEUDO_COUNTS = 8.0
LEAST_VARIANCE = 0.25  # um^2, as in `chromapal.identify.atlas`
BINS_UM = np.array([0.0, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 40, 60])
LENGTHS_UM = np.arange(3.0, 30.5, 0.5)
MOST = 0.9  # of the variance
FARTHEST = 4.0  # standard deviations; what lies farther is counted as lying there
LEAST_LABELS = 100  # of a worm, that tell its bend from neurons that stray together
PHARYNX = "pharynx"


def learn(seen: Seen) -> dict:
    """Learn where neurons lie.

    Every worm was registered by a similarity and a ridge affine map; what those took away comes
    back as `stretch`, what is left is first freed of a bend of the whole head, and then described
    by a covariance per neuron. Part of the scatter belongs to the surroundings: neighbours
    stray together. The pharynx moves by itself.

    Returns
    -------
    dict
        `mean` (K, 3) [um], `covariance` (K, 3, 3) [um^2], partners mirrored; `together` by part of
        the head: `share` of the variance that neighbours have in common and its `length_um`;
        `tail` (degrees of freedom of the rest); `laboratory_share` of the rest; `bend_per_um` and
        `stretch` (mean, covariance and laboratory's share of the logarithm's six numbers).
    """
    usual = np.nanmean(seen.place, axis=0)
    bends, bend = _bends(seen.place, usual)
    place = seen.place - bends[:, None, None] * _bent(usual)
    number = seen.given.sum(0)
    own = np.nanmean(place, axis=0)
    mean = pooled(number[:, None] * own, seen) / pooled(number.astype(float), seen)[:, None]
    mean[~seen.paired] = own[~seen.paired]
    off = place - own
    outer = np.nansum(off[..., :, None] * off[..., None, :], axis=0)
    free = pooled((number - 1.0).clip(min=0), seen)[:, None, None]
    alone = pooled(outer, seen) / free.clip(min=1)
    # a few neurons stray ten times as far as the others: the typical one is the median
    typical = np.diag(np.median(alone.diagonal(axis1=1, axis2=2), axis=0))
    covariance = (free * alone + PSEUDO_COUNTS * typical) / (free + PSEUDO_COUNTS)
    covariance = positive(covariance, LEAST_VARIANCE)
    unit = np.linalg.solve(np.linalg.cholesky(covariance), off[..., None])[..., 0]
    inside = in_pharynx(seen.names)
    rest, floor = _together(unit[:, ~inside], mean[~inside])
    pharynx, _ = _together(unit[:, inside], mean[inside], floor)
    excess = np.nanmean(unit**4, axis=(0, 1)) / np.nanmean(unit**2, axis=(0, 1)) ** 2 - 3
    return {
        "mean": mean,
        "covariance": covariance,
        "together": {PHARYNX: pharynx, "rest": rest},
        # a Student-t's excess of kurtosis is 6 / (freedom - 4); what neighbours share is Gaussian
        "tail": 4 + 6 * (1 - rest["share"]) ** 2 / float(excess.mean()),
        "laboratory_share": laboratory_share(unit, seen.labs),
        "bend_per_um": bend,
        "stretch": _stretch(seen.maps, seen.labs),
    }


def in_pharynx(names: np.ndarray) -> np.ndarray:
    """Return which neurons are the pharynx's, shape (K,)."""
    return ganglion(pd.Series(names)).eq(PHARYNX).to_numpy()


def _bent(usual: np.ndarray) -> np.ndarray:
    """Return how neurons move per unit of bend [um^2], shape (K, 3); see the simulator's `pose`."""
    along = usual[:, 0] - usual[:, 0].mean()
    return np.column_stack([-usual[:, 1] * along, along**2 / 2, np.zeros(len(usual))])


def _bends(place: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, float]:
    """Measure every worm's bend [1/um] beside an affine map, and its standard deviation.

    What a worm's labels cannot tell from chance is taken off: bends are shrunk to none.
    """
    found, error = np.zeros(len(place)), np.full(len(place), np.inf)
    for worm, points in enumerate(place):
        rows = ~np.isnan(points[:, 0])
        if rows.sum() < LEAST_LABELS:
            continue
        affine = np.column_stack([usual[rows], np.ones(rows.sum())])
        off = points[rows] - usual[rows]
        basis = _bent(usual)[rows]
        off, basis = (
            each - affine @ np.linalg.lstsq(affine, each, rcond=None)[0] for each in (off, basis)
        )
        weight = 1 / np.nanvar(off, axis=0)
        power = (weight * basis**2).sum()
        found[worm], error[worm] = (weight * basis * off).sum() / power, 1 / power
    known = np.isfinite(error)
    variance = max(float((found[known] ** 2 - error[known]).mean()), 1e-12)
    return found * variance / (variance + error), float(np.sqrt(variance))


def _together(
    unit: np.ndarray, mean: np.ndarray, floor: float | None = None
) -> tuple[dict[str, float], float]:
    """Fit share * exp(-distance^2 / (2 length^2)) to products of neighbours' scatter.

    A constant is fitted with it, or taken from `floor`, and returned: the affine map of every worm
    took away what all neurons share, and leaves those far apart a little opposed. The pharynx,
    which moves as a whole, cannot tell that constant from its own share.
    """
    unit = unit.clip(-FARTHEST, FARTHEST)
    distance = np.linalg.norm(mean[:, None] - mean[None], axis=2)
    known = (~np.isnan(unit[:, :, 0])).astype(float)
    both = known.T @ known
    filled = np.nan_to_num(unit)
    product = np.einsum("akd,ald->kl", filled, filled) / 3
    apart, value, weight = [], [], []
    np.fill_diagonal(both, 0)
    for low, high in pairwise(BINS_UM):
        chosen = (distance >= low) & (distance < high) & (both > 0)
        if chosen.any():
            apart.append((distance * both)[chosen].sum() / both[chosen].sum())
            value.append(product[chosen].sum() / both[chosen].sum())
            weight.append(both[chosen].sum())
    apart, value, weight = map(np.array, (apart, value, weight))
    # pairs of a worm are not independent: a bin counts by less than their number
    weight = weight**0.25
    best, least = {}, np.inf
    for length in LENGTHS_UM:
        design = np.column_stack([np.exp(-(apart**2) / (2 * length**2)), np.ones_like(apart)])
        known, rest = (design, value) if floor is None else (design[:, :1], value - floor)
        fit = np.linalg.lstsq(weight[:, None] * known, weight * rest, rcond=None)[0]
        loss = (weight**2 * (rest - known @ fit) ** 2).sum()
        if loss < least:
            best = {"share": float(fit[0]), "length_um": float(length)}
            least, found = loss, float(fit[-1]) if floor is None else floor
    variance = float(np.nanmean(unit**2))
    return best | {"share": min(best["share"] / variance, MOST)}, found


def _stretch(maps: np.ndarray, labs: np.ndarray) -> dict:
    """Describe how worms differ in length, breadth and shear.

    The map from body axes is a turn before a stretch along recorded axes (polar decomposition); the
    logarithm of the stretch has six numbers, in the order of `numpy.triu_indices(3)`.
    """
    axes, values, _ = np.linalg.svd(maps)
    log = axes * np.log(values)[:, None, :] @ np.swapaxes(axes, 1, 2)
    numbers = log[:, *np.triu_indices(3)]
    mean, covariance = numbers.mean(0), positive(np.cov(numbers.T), 1e-6)
    unit = (numbers - mean) / np.sqrt(covariance.diagonal())
    return {
        "mean": mean,
        "covariance": covariance,
        "laboratory_share": laboratory_share(unit[:, :, None], labs),
    }
