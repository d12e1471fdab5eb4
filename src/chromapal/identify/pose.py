"""Where the worm's body axes point, found without labels: many starts, one batched search."""

import dataclasses
import math
from dataclasses import dataclass

import torch

from chromapal.identify.atlas import Atlas
from chromapal.identify.body_axes import solve_similarity

ROLLS = 12
OFFSETS_UM = (-14.0, 0.0, 14.0)
VARIANCES = (90.0, 75.0, 62.0, 50.0, 42.0, 35.0, 30.0, 26.0, 23.0, 20.0, 18.0, 16.0)  # um^2
PRUNED_AFTER = 5
KEPT = 20  # starts per mirror that go on
TOGETHER = 24  # starts that are fitted at once: their numbers stay in a processor's cache
BEST = 2  # poses per mirror that are handed over
SCALE = (0.85, 1.2)  # of a worm over the atlas
# Factors along a worm's principal axes, the longest first, with which one of odd shape is searched:
# with the last four, training worms that were stretched by 0.4 to 1.4 along one of their axes have
# .62 of their names right instead of .58, nearly as many as they have unstretched.
STRETCHES = (
    (1.0, 1.0, 1.0), (1.0, 1.0, 1.3), (1.0, 1.0, 1.7), (1.0, 1.3, 1.0), (1.0, 0.75, 1.0),
)  # fmt: skip
# Processors take ten times as long for numbers that are nearly too small to be written, and these
# add nothing: e^-80 is 1e-35.
LEAST_LOG = -80.0
OUTLIER_SIGMAS = 3.0  # where a neuron is as likely nobody's as a name's


@dataclass(frozen=True)
class Poses:
    """Maps into body axes: body = position @ linear.T + shift.

    Attributes
    ----------
    linear : torch.Tensor, shape (P, 3, 3)
        Linear parts.
    shift : torch.Tensor, shape (P, 3)
        Shifts [um].
    mirror : torch.Tensor, shape (P,)
        1 where the worm's axes are taken as right-handed, -1 where as mirrored.
    score : torch.Tensor, shape (P,)
        Log likelihood of the moved neurons at the search's last variance.
    """

    linear: torch.Tensor
    shift: torch.Tensor
    mirror: torch.Tensor
    score: torch.Tensor


def search(
    position: torch.Tensor,
    base: torch.Tensor,
    atlas: Atlas,
    mirrors: tuple[float, ...] = (1.0, -1.0),
) -> Poses:
    """Find the likeliest poses of one worm.

    From principal axes x 2 head-tail signs x `ROLLS` rotations about the long axis x `OFFSETS_UM`
    along it x mirrors, expectation-maximisation of a similarity with isotropic variances falling
    along `VARIANCES`; the best `KEPT` starts per mirror go on after `PRUNED_AFTER` steps.

    Parameters
    ----------
    position : torch.Tensor, shape (n, 3)
        Neurons [um], any pose.
    base : torch.Tensor, shape (n, K)
        What is known of names before position: channels and presence, as logarithms.
    atlas : Atlas
        The atlas.
    mirrors : tuple of float
        Reflections to try.

    Returns
    -------
    Poses
        The best `BEST` per mirror, best first within a mirror.
    """
    kind = torch.float32
    centre = position.mean(0)
    points = (position - centre).to(kind)
    target, base = atlas.position.mean.to(kind), base.to(kind)
    starts = _starts(points, target, mirrors)
    together = TOGETHER if points.device.type == "cpu" else len(starts[0])
    rounds = (VARIANCES[:PRUNED_AFTER], KEPT), (VARIANCES[PRUNED_AFTER:], BEST)
    for variances, count in rounds:
        parts = zip(*(each.split(together) for each in starts), strict=True)
        climbed = [_climb(*part, points, target, base, variances) for part in parts]
        linear, shift, mirror, score = (torch.cat(each) for each in zip(*climbed, strict=True))
        kept = _best(score, mirror, mirrors, count)
        starts = linear[kept], shift[kept], mirror[kept]
    linear, shift, mirror = (each.to(position.dtype) for each in starts)
    return Poses(linear, shift - linear @ centre, mirror, score[kept].to(position.dtype))


def search_stretched(
    position: torch.Tensor,
    base: torch.Tensor,
    atlas: Atlas,
    mirrors: tuple[float, ...] = (1.0, -1.0),
) -> Poses:
    """Find poses of a worm that may be flattened or stretched: `search`, with each of `STRETCHES`.

    Parameters and poses are those of `search`; there are as many more.
    """
    centred = position - position.mean(0)
    axes = torch.linalg.eigh(centred.T @ centred)[1].flip(1)
    parts = []
    for factors in STRETCHES:
        stretch = (axes * axes.new_tensor(factors)) @ axes.T
        found = search(position @ stretch, base, atlas, mirrors)
        parts.append(dataclasses.replace(found, linear=found.linear @ stretch))
    each = zip(*(vars(part).values() for part in parts), strict=True)
    return Poses(*map(torch.cat, each))


def _starts(points, target, mirrors):
    """Return first rotations, shifts and their mirrors; the set is the same for any input pose."""
    axes = torch.linalg.eigh(points.double().T @ points.double())[1].flip(1).to(points.dtype)
    if torch.linalg.det(axes) < 0:
        axes = axes * axes.new_tensor([1.0, 1.0, -1.0])
    angles = torch.arange(ROLLS, dtype=points.dtype, device=points.device) * (2 * math.pi / ROLLS)
    zero, one = torch.zeros_like(angles), torch.ones_like(angles)
    cosine, sine = angles.cos(), angles.sin()
    rolls = torch.stack([one, zero, zero, zero, cosine, -sine, zero, sine, cosine], dim=1).view(
        -1, 3, 3
    )
    turns, shifts, signs = [], [], []
    middle = target.mean(0)
    for mirror in mirrors:
        for head in (1.0, -1.0):
            # a half turn about the dorsal axis swaps head and tail, and left and right with them
            flip = torch.diag(points.new_tensor([head, 1.0, head * mirror]))
            rotation = rolls @ flip @ axes.T
            for offset in OFFSETS_UM:
                turns.append(rotation)
                shifts.append((middle + middle.new_tensor([offset, 0, 0])).expand(ROLLS, 3))
                signs.append(torch.full((ROLLS,), mirror, dtype=points.dtype, device=points.device))
    return torch.cat(turns), torch.cat(shifts), torch.cat(signs)


def _climb(linear, shift, mirror, points, target, base, variances):
    """Fit similarities by expectation-maximisation from given ones, and score what was found."""
    for variance in variances:
        responsibility, _ = _expect(points, linear, shift, target, base, variance)
        rotation, scale, shift = _maximise(points, responsibility, target, mirror, variance)
        linear = scale[:, None, None] * rotation
    _, score = _expect(points, linear, shift, target, base, variances[-1])
    return linear, shift, mirror, score


def _expect(points, linear, shift, target, base, variance):
    """Share every neuron out among names; columns add up to one at most.

    Returns
    -------
    responsibility : torch.Tensor, shape (S, n, K)
        Responsibilities.
    score : torch.Tensor, shape (S,)
        Log likelihood of the moved neurons. Starts are ranked by it without their determinants,
        which at variances this wide favours the largest scale rather than the best fit.
    """
    moved = points @ linear.transpose(1, 2) + shift[:, None]
    far = torch.baddbmm(
        target.square().sum(1).expand(len(linear), 1, -1),
        moved,
        target.T.expand(len(linear), -1, -1),
        alpha=-2.0,
    )
    log = (far + moved.square().sum(-1, keepdim=True)).mul_(-0.5 / variance).add_(base)
    nobody = -0.5 * OUTLIER_SIGMAS**2
    most = log.amax(-1, keepdim=True).clamp(min=nobody)
    responsibility = log.sub_(most).clamp_(min=LEAST_LOG).exp_()
    total = responsibility.sum(-1, keepdim=True) + (nobody - most).exp()
    responsibility = responsibility.div_(total)
    score = (total.log() + most).sum((1, 2))
    column = responsibility.sum(1, keepdim=True).clamp(min=1)
    return responsibility.div_(column), score


def _maximise(points, responsibility, target, mirror, variance):
    """Fit the similarity of every start; a small scale pays for its determinant."""
    weight = responsibility.sum(-1)
    total = weight.sum(1, keepdim=True).clamp(min=1e-6)
    pulled = responsibility @ target
    target_mean = pulled.sum(1) / total
    source_mean = torch.einsum("sn,nd->sd", weight, points) / total
    cross = torch.einsum("snd,ne->sde", pulled, points)
    cross = cross - total[..., None] * target_mean[:, :, None] * source_mean[:, None, :]
    power = (weight * points.square().sum(1)).sum(1) - total[:, 0] * source_mean.square().sum(1)
    determinant = 3 * variance * total[:, 0]
    return solve_similarity(cross, power, source_mean, target_mean, mirror, determinant, *SCALE)


def _best(score, mirror, mirrors, count):
    """Return the best starts of each mirror, best first."""
    found = []
    for sign in mirrors:
        mine = torch.nonzero(mirror == sign)[:, 0]
        order = torch.argsort(score[mine], descending=True, stable=True)
        found.append(mine[order[:count]])
    return torch.cat(found)
