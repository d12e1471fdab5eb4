"""From a pose to names: affine and non-rigid refinement with the atlas's own covariances."""

from dataclasses import dataclass

import torch

from chromapal.identify.atlas import Atlas
from chromapal.identify.pose import Poses

STEPS = 14
VARIANCES = (16.0, 0.5)  # um^2, first and last, added to every name's covariance
SINKHORN = 3
RIDGE = 2.0  # pseudo-neurons that hold an affine map to its similarity
SHIFT_PRIOR = 4.0  # pseudo-neurons that hold a channel's shift to zero
WARP_STEPS = 5
WARP_AMPLITUDE_UM = 1.4
WARP_LENGTHS_UM = (18.0, 8.0)


@dataclass(frozen=True)
class Refined:
    """What refinement gives, for every pose of one worm.

    Attributes
    ----------
    position : torch.Tensor, shape (P, n, 3)
        Neurons in body axes [um].
    log : torch.Tensor, shape (P, n, K)
        Log density of each neuron's position and channels under each name, with its presence.
    score : torch.Tensor, shape (P,)
        Log likelihood of the worm's neurons where they were recorded.
    mirror : torch.Tensor, shape (P,)
        Reflection of the pose.
    """

    position: torch.Tensor
    log: torch.Tensor
    score: torch.Tensor
    mirror: torch.Tensor


def probabilities(
    log: torch.Tensor, nobody: float | torch.Tensor, passes: int = SINKHORN
) -> torch.Tensor:
    """Share neurons out among names and nobody, no name to more than one neuron.

    Sinkhorn's scaling with slack: rows, nobody included, add up to one and columns to one at most.

    Parameters
    ----------
    log : torch.Tensor, shape (..., n, K)
        Log scores.
    nobody : float or torch.Tensor
        Log score of being nobody.
    passes : int
        Passes over rows and columns.

    Returns
    -------
    torch.Tensor, shape (..., n, K)
        Shares; what is missing from a row's one is nobody's.
    """
    nobody = torch.as_tensor(nobody, dtype=log.dtype, device=log.device)
    most = torch.maximum(log.amax(-1, keepdim=True), nobody)
    weight, nobody = (log - most).exp(), (nobody - most).exp()
    # the scalings alone change from pass to pass: two products of a matrix and a vector each
    scale = weight.new_ones(*weight.shape[:-2], weight.shape[-1], 1)
    for _ in range(passes):
        free = weight @ scale + nobody
        scale = scale / torch.maximum(scale * (weight.mT @ (1 / free)), scale.new_ones(()))
    scaled = weight * scale.mT
    return scaled / (scaled.sum(-1, keepdim=True) + nobody)


def refine(
    position: torch.Tensor,
    channels: torch.Tensor,
    atlas: Atlas,
    poses: Poses,
    warp: bool,
    fixed: torch.Tensor | None = None,
) -> Refined:
    """Refine poses of one worm.

    `STEPS` of expectation-maximisation of an affine map, held near the pose, with full
    covariances and falling extra variance, and of one shift per channel; then, with `warp`,
    `WARP_STEPS` of a Gaussian process on what is left (Rasmussen and Williams 2006, ch. 2).

    The likelihood is that of the neurons where they were recorded, so that a map that shrinks
    pays for it with the logarithm of its determinant. Without it every round of alignment would
    shrink worms towards the densest part of the atlas, and the next atlas with them.

    Parameters
    ----------
    position : torch.Tensor of float64, shape (n, 3)
        Neurons [um].
    channels : torch.Tensor of float64, shape (n, c)
        Gray or colour; NaN counts for nothing.
    atlas : Atlas
        The atlas.
    poses : Poses
        Starts.
    warp : bool
        Whether to warp.
    fixed : torch.Tensor, shape (n, K), optional
        Added to all log scores: 0, or large and negative where an anchor forbids a name.

    Returns
    -------
    Refined
        One entry per pose.
    """
    usable = bool(channels.shape[1]) and not bool(channels.isnan().any())
    prior = atlas.prior()
    if fixed is not None:
        prior = prior + fixed
    moved_channels = (channels if usable else channels[:, :0]).expand(len(poses.linear), -1, -1)
    channel_shift = torch.zeros_like(moved_channels[:, :1])
    linear, shift = poses.linear.clone(), poses.shift.clone()
    recorded = _Recorded.of(position, torch.cat([linear, shift[:, :, None]], dim=2))
    first_step, last_step = VARIANCES
    moved = position @ linear.transpose(1, 2) + shift[:, None]
    for step in range(STEPS + 1):
        extra = first_step * (last_step / first_step) ** (min(step, STEPS - 1) / (STEPS - 1))
        log, nobody = _score(moved, moved_channels + channel_shift, usable, atlas, prior, extra)
        if step == STEPS:
            break
        responsibility = probabilities(log, nobody)
        inverse, pulled, _ = atlas.position.precision(extra)
        weighted_responsibility = responsibility * atlas.position.pull(moved, extra)
        linear, shift = _affine(
            recorded, linear, responsibility, weighted_responsibility, inverse, pulled
        )
        moved = position @ linear.transpose(1, 2) + shift[:, None]
        if usable:
            channel_shift = _channel_shift(moved_channels, responsibility, atlas)
    if warp:
        moved, log, nobody = _warp(
            moved, moved_channels + channel_shift, usable, atlas, prior, last_step
        )
    # densities are of moved neurons; the likelihood is of recorded ones
    growth = torch.linalg.slogdet(linear)[1][:, None]
    score = torch.logaddexp(torch.logsumexp(log, -1) + growth, nobody).sum(-1)
    return Refined(moved, log, score, poses.mirror)


def _score(moved, channels, usable, atlas, prior, extra):
    """Return log scores of names, and that of being nobody: typical density far from any name."""
    log = atlas.position.log_density(moved, extra) + prior
    return log + atlas.channel_log_ratio(channels) if usable else log, atlas.nobody(extra)


@dataclass(frozen=True)
class _Recorded:
    """What every step of a fit starts from: neurons as recorded, and the first maps.

    Attributes
    ----------
    centred : torch.Tensor, shape (n, 3)
        Neurons [um], about their mean.
    mean : torch.Tensor, shape (3,)
        Their mean [um].
    size : torch.Tensor, scalar
        Their variance along an axis, on average [um^2].
    maps : torch.Tensor, shape (poses, 3, 4)
        The maps that those fitted are held near.
    """

    centred: torch.Tensor
    mean: torch.Tensor
    size: torch.Tensor
    maps: torch.Tensor

    @classmethod
    def of(cls, position: torch.Tensor, maps: torch.Tensor) -> "_Recorded":
        """Measure neurons, (n, 3)."""
        mean = position.mean(0)
        centred = position - mean
        return cls(centred, mean, centred.square().sum(0).mean() / len(position), maps)


def _affine(recorded: _Recorded, linear, responsibility, weighted_responsibility, inverse, pulled):
    """Solve the affine map of every pose at once: weighted least squares and its determinant."""
    off, mean, first = recorded.centred, recorded.mean, recorded.maps
    precision = (weighted_responsibility @ inverse.flatten(1)).unflatten(-1, (3, 3))
    wanted = weighted_responsibility @ pulled
    # unknowns: (3, 4) row-wise, about the centre so that the ridge does not see the origin
    centred = torch.cat([off, torch.ones_like(off[:, :1])], dim=1)
    normal = torch.einsum("ni,nj,pnde->pdiej", centred, centred, precision)
    right = torch.einsum("ni,pnd->pdi", centred, wanted)
    typical = precision.mean(1).diagonal(dim1=1, dim2=2).mean(1)
    hold = torch.zeros(3, 4, dtype=off.dtype, device=off.device)
    hold[:, :3] = RIDGE * recorded.size
    hold = hold.flatten() * typical[:, None] + 1e-6
    start = first.clone()
    start[:, :, 3] = first[:, :, 3] + first[:, :, :3] @ mean
    matrix = normal.reshape(-1, 12, 12) + torch.diag_embed(hold)
    # the gradient of count * log |det|, at the map so far
    growth = torch.zeros_like(start)
    growth[:, :, :3] = responsibility.sum((1, 2))[:, None, None] * torch.linalg.inv(linear).mT
    vector = right.flatten(1) + hold * start.flatten(1) + growth.flatten(1)
    solved = torch.linalg.solve(matrix, vector).view(-1, 3, 4)
    return solved[:, :, :3], solved[:, :, 3] - solved[:, :, :3] @ mean


def _channel_shift(channels, responsibility, atlas):
    """Fit one shift per channel, held near zero."""
    precision = torch.linalg.inv(atlas.channels.covariance).diagonal(dim1=1, dim2=2)
    weight = responsibility @ precision
    rest = responsibility @ (precision * atlas.channels.mean) - weight * channels
    held = SHIFT_PRIOR * precision.mean(0)
    return rest.sum(-2, keepdim=True) / (weight.sum(-2, keepdim=True) + held)


def _warp(moved, channels, usable, atlas, prior, extra):
    """Bend space smoothly towards the names: a Gaussian process on posterior-mean residuals."""
    start = moved
    distance = torch.cdist(start, start).square()
    kernel = sum((-distance / (2 * length**2)).exp() for length in WARP_LENGTHS_UM)
    kernel = kernel * WARP_AMPLITUDE_UM**2 / len(WARP_LENGTHS_UM)
    inverse, pulled, _ = atlas.position.precision(extra)
    log, nobody = _score(moved, channels, usable, atlas, prior, extra)
    for _ in range(WARP_STEPS):
        responsibility = probabilities(log, nobody) * atlas.position.pull(moved, extra)
        precision = (responsibility @ inverse.flatten(1)).unflatten(-1, (3, 3))
        held = precision + 1e-6 * torch.eye(3, dtype=moved.dtype, device=moved.device)
        target = torch.linalg.solve(held, responsibility @ pulled)
        noise = 3 / held.diagonal(dim1=-2, dim2=-1).sum(-1)
        rest = target - start
        factor = torch.linalg.cholesky(kernel + torch.diag_embed(noise))
        moved = start + kernel @ torch.cholesky_solve(rest, factor)
        log, nobody = _score(moved, channels, usable, atlas, prior, extra)
    return moved, log, nobody
