"""How neurons look: means and covariances of colours, gradients over a worm, counts."""

import numpy as np
import pandas as pd

from chromapal.worm_statistics.seen import CHANNELS, Seen, laboratory_share, pooled, positive

PSEUDO_COUNTS = 8.0
LEAST_VARIANCE = 0.02
GRADIENT_UM = (40.0, 6.0, 6.0)  # unit of a gradient's three slopes: about a head's own spread
RIDGE = 2.0  # pseudo-neurons that hold a gradient to none
LEAST_LABELS = 20
ROUNDS = 3
FRACTIONS = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
DARK = 1e-4  # least level, as a fraction of full scale
COUNTS = "RGBW"


def learn(seen: Seen) -> dict:
    """Learn how neurons look, on a scale of ranks within the worm (rank-normal).

    A neuron's colour is its mean, a gradient of the worm (a constant and three slopes per channel:
    the side that faces the lens is brighter), and scatter of its own.

    Returns
    -------
    dict
        `mean` (K, 4), `covariance` (K, 4, 4), partners alike; `gradient` (16, 16), the covariance
        of a worm's gradients, channel by channel; `laboratory_share` of the scatter and
        `gradient_laboratory_share`.
    """
    places = np.nan_to_num(seen.place) / GRADIENT_UM
    basis = np.concatenate([np.ones((*places.shape[:2], 1)), places], axis=2)
    known = ~np.isnan(seen.colour)
    number = pooled(known.sum(0).astype(float), seen)
    gradient = np.zeros((len(basis), len(CHANNELS), 4))
    for _ in range(ROUNDS):
        rest = seen.colour - np.einsum("akf,acf->akc", basis, np.nan_to_num(gradient))
        # a name whose worms lack a channel is like any neuron in it
        mean = pooled(np.nansum(rest, axis=0), seen) / number.clip(min=1)
        gradient, error = _gradients(seen.colour - mean, basis)
    off = seen.colour - mean - np.einsum("akf,acf->akc", basis, np.nan_to_num(gradient))
    filled = np.nan_to_num(off)
    outer = pooled(np.einsum("akc,akd->kcd", filled, filled), seen)
    both = pooled(np.einsum("akc,akd->kcd", *[known.astype(float)] * 2), seen)
    typical = outer.sum(0) / both.sum(0)
    covariance = (outer + PSEUDO_COUNTS * typical) / (both + PSEUDO_COUNTS)
    covariance = positive(covariance, LEAST_VARIANCE)
    flat = gradient.reshape(len(gradient), -1)
    spread = pd.DataFrame(flat).cov().to_numpy() - error
    # a worm lies on either side: slopes to the left go with nothing else
    side = np.tile([1.0, 1, 1, -1], len(CHANNELS))
    spread = (spread + side[:, None] * spread * side) / 2
    unit = (flat - np.nanmean(flat, axis=0)) / np.nanstd(flat, axis=0)
    return {
        "mean": mean,
        "covariance": covariance,
        "gradient": positive(spread, 1e-4),
        "laboratory_share": laboratory_share(
            off / np.sqrt(covariance.diagonal(axis1=1, axis2=2)), seen.labs
        ),
        "gradient_laboratory_share": laboratory_share(unit[:, :, None], seen.labs),
    }


def _gradients(off: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit a worm's gradients, shape (A, 4, 4), NaN where labels are few; and their mean error."""
    gradient = np.full((len(off), len(CHANNELS), 4), np.nan)
    errors = []
    for worm in range(len(off)):
        error = np.full((len(CHANNELS),) * 2 + (4, 4), np.nan)
        for channel in range(len(CHANNELS)):
            rows = ~np.isnan(off[worm, :, channel])
            if rows.sum() < LEAST_LABELS:
                continue
            design, values = basis[worm, rows], off[worm, rows, channel]
            inverse = np.linalg.inv(design.T @ design + RIDGE * np.eye(4))
            gradient[worm, channel] = inverse @ design.T @ values
            rest = values - design @ gradient[worm, channel]
            error[channel, channel] = rest.var() * inverse @ design.T @ design @ inverse
        errors.append(error)
    # worms are measured channel by channel: between channels errors are not looked at
    found = np.zeros_like(errors[0])
    for channel in range(len(CHANNELS)):
        found[channel, channel] = np.nanmean([each[channel, channel] for each in errors], axis=0)
    found = found.transpose(0, 2, 1, 3).reshape(4 * len(CHANNELS), -1)
    return gradient, found


def counts(neurons: pd.DataFrame) -> dict[str, dict]:
    """Describe the counts of each laboratory.

    Returns
    -------
    dict of str to dict
        By laboratory: `full_scale` [counts]; `levels` by channel, quantiles `FRACTIONS` of a worm's
        counts over full scale, averaged over worms as logarithms, None without the channel;
        `gain`, the standard deviation of the logarithm of a worm's typical level, by channel.
    """
    found = {}
    for lab, rows in neurons.groupby("lab"):
        full_scale = int(rows["full_scale"].iloc[0])
        levels, gains = {}, {}
        for channel in COUNTS:
            if rows[channel].isna().all():
                levels[channel] = gains[channel] = None
                continue
            worms = rows.groupby("worm")[channel]
            level = worms.quantile(list(FRACTIONS)).unstack().to_numpy() / full_scale
            log = np.log(level.clip(DARK, 1))
            levels[channel] = np.exp(log.mean(0))
            gains[channel] = float(log[:, len(FRACTIONS) // 2].std(ddof=1))
        found[lab] = {"full_scale": full_scale, "levels": levels, "gain": gains}
    return found
