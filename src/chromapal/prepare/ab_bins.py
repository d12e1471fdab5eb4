"""The plane of a and b in bins, for colorizers that classify colours instead of averaging them.

After Zhang, Isola and Efros 2016, "Colorful image colorization", arXiv:1603.08511, section 2.
"""

from collections.abc import Iterable

import torch

from chromapal.prepare.lab import rgb_to_lab

WIDTH = 10.0  # of a bin, in units of a and b
NEIGHBOURS = 5  # bins among which a colour is divided
SIGMA = 5.0  # of their weights, and of the smoothing of the prior
SPAN = 128  # a and b of sRGB lie between -108 and 98
LEVELS = 64  # of each of red, green and blue, in the search for the gamut


def in_gamut() -> torch.Tensor:
    """Return the centres of all bins that contain a colour of sRGB.

    Returns
    -------
    Tensor, shape (Q, 2)
        a and b, in order of a, then of b: 261 bins, those of all colours of 8 bits. Finer
        shades just touch a corner of one more, (20, -80).

        The paper's 313 include bins without a colour: they are the corners of all squares
        between multiples of 10 that the convex hull of the gamut touches, these 261 and 52 more.
    """
    # numbers also where a network is only sketched, on a device without any
    level = torch.linspace(0, 1, LEVELS, device="cpu")
    rgb = torch.stack(torch.meshgrid(level, level, level, indexing="ij")).view(1, 3, 1, -1)
    ab = rgb_to_lab(rgb)[0, 1:, 0].T
    return torch.unique((ab / WIDTH).round(), dim=0) * WIDTH


def nearest(ab: torch.Tensor, bins: torch.Tensor) -> torch.Tensor:
    """Return the bin of each colour.

    Parameters
    ----------
    ab : Tensor, shape (n, 2)
    bins : Tensor, shape (Q, 2)

    Returns
    -------
    Tensor of int64, shape (n,)
    """
    return _distances(ab, bins).argmin(dim=1)


def soft_encode(ab: torch.Tensor, bins: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Divide each colour among the bins around it, by a Gaussian of its distance.

    Parameters
    ----------
    ab : Tensor, shape (n, 2)
    bins : Tensor, shape (Q, 2)

    Returns
    -------
    index : Tensor of int64, shape (n, k)
        The nearest bins, the nearest first.
    probability : Tensor, shape (n, k)
        Their probabilities; they sum to 1.
    """
    count = min(NEIGHBOURS, len(bins))
    distance, index = _distances(ab, bins).topk(count, dim=1, largest=False)
    # As a softmax, so that a colour far from all bins does not give 0 / 0.
    return index, torch.softmax(-distance.square() / (2 * SIGMA**2), dim=1)


def prior(pixels: Iterable[torch.Tensor], bins: torch.Tensor) -> torch.Tensor:
    """Estimate the frequency of colours in training pixels, smoothed over neighbouring bins.

    Parameters
    ----------
    pixels : iterable of Tensor, shape (n, 2)
        a and b of the training images, and of no others.
    bins : Tensor, shape (Q, 2)

    Returns
    -------
    Tensor of float64, shape (Q,)
        Probabilities; they sum to 1.
    """
    # counted on whole a and b first: a distance of every pixel to every bin would take hours
    side = torch.arange(-SPAN, SPAN)
    lattice = torch.cartesian_prod(side, side)
    pixel_counts = torch.zeros(len(lattice), dtype=torch.float64)
    for ab in pixels:
        a, b = ab.round().long().clamp(-SPAN, SPAN - 1).T + SPAN
        pixel_counts += torch.bincount(a * 2 * SPAN + b, minlength=len(lattice))
    index = nearest(lattice.to(bins.dtype), bins)
    counts = torch.zeros(len(bins), dtype=torch.float64).index_add_(0, index, pixel_counts)
    smoothing = torch.softmax(-_distances(bins, bins).double().square() / (2 * SIGMA**2), dim=1)
    return (counts / counts.sum()) @ smoothing


def rebalancing(prior: torch.Tensor, uniform: float) -> torch.Tensor:
    """Return class weights that are larger for rare colours.

    Parameters
    ----------
    prior : Tensor, shape (Q,)
        Probabilities of the bins among training pixels.
    uniform : float
        The paper's lambda: the fraction of the uniform distribution in the mixture of which
        weights are the inverse.

    Returns
    -------
    Tensor, shape (Q,)
        Weights, whose mean over training pixels is 1 (equation 4).
    """
    weights = 1 / ((1 - uniform) * prior + uniform / len(prior))
    return weights / (prior * weights).sum()


def annealed_mean(logits: torch.Tensor, bins: torch.Tensor, temperature: float) -> torch.Tensor:
    """Decode logits to colours, between the mode (0) and the mean (1) of a distribution.

    Parameters
    ----------
    logits : Tensor, shape (B, Q, H, W)
    bins : Tensor, shape (Q, 2)
    temperature : float
        T of equation 5, more than 0.

    Returns
    -------
    Tensor, shape (B, 2, H, W)
        a and b.
    """
    probability = torch.softmax(logits.float() / temperature, dim=1)
    return torch.einsum("bqhw,qc->bchw", probability, bins)


def _distances(ab: torch.Tensor, bins: torch.Tensor) -> torch.Tensor:
    return torch.cdist(ab, bins, compute_mode="donot_use_mm_for_euclid_dist")
