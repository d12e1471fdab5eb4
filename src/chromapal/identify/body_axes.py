"""Training worms are laid over each other by their labels, and turned into body axes."""

from collections.abc import Sequence

import numpy as np
import torch

from chromapal.worms.table import PAIRS

ROUNDS = 6
RIDGE = 10.0
LEAST_SHARED = 4
FLAT = 1e-9  # least variance over greatest of points that tell left from right-handed
# Which parts of the head lie in front, behind, on the back and on the belly (White et al. 1986):
# enough to say which way an atlas points, whatever the frame its worms were recorded in.
FRONT = ("IL1", "IL2", "OLL", "OLQ", "URA", "URY", "URB", "CEP", "RME", "BAG")
REAR = ("AVF", "RIF", "RIG", "SABV", "AVG", "VB", "DB", "VA", "DA", "VD", "DD", "AQR", "AVJ")
BACK = ("IL1D", "IL2D", "OLQD", "URAD", "URYD", "CEPD", "RMED", "RMDD", "SMDD", "ALA", "RID")
BELLY = ("IL1V", "IL2V", "OLQV", "URAV", "URYV", "CEPV", "RMEV", "RMDV", "SMDV", "AIA", "RIH")


def similarity(
    source: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, mirror: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Fit rotations, scales and shifts that bring points onto others, in the least-squares sense.

    Umeyama 1991, "Least-squares estimation of transformation parameters between two point
    patterns", with the determinant of the rotation given instead of free.

    Parameters
    ----------
    source, target : torch.Tensor, shape (..., n, 3)
        Points and where they should go.
    weight : torch.Tensor, shape (..., n)
        Weight of each pair.
    mirror : torch.Tensor, shape (...)
        Wanted sign of the determinant: 1 turns, -1 turns and mirrors.

    Returns
    -------
    turn : torch.Tensor, shape (..., 3, 3)
        Orthogonal matrices.
    scale : torch.Tensor, shape (...)
        Scales.
    shift : torch.Tensor, shape (..., 3)
        Shifts: target = scale * source @ turn.T + shift.
    """
    total = weight.sum(-1).clamp(min=1e-9)[..., None]
    source_mean = (weight[..., None] * source).sum(-2) / total
    target_mean = (weight[..., None] * target).sum(-2) / total
    off, wanted = source - source_mean[..., None, :], target - target_mean[..., None, :]
    return solve_similarity(
        torch.einsum("...n,...nd,...ne->...de", weight, wanted, off),
        (weight * off.square().sum(-1)).sum(-1),
        source_mean,
        target_mean,
        mirror,
    )


def solve_similarity(
    cross: torch.Tensor,
    power: torch.Tensor,
    source_mean: torch.Tensor,
    target_mean: torch.Tensor,
    mirror: torch.Tensor,
    determinant: torch.Tensor | float = 0.0,
    low: float = 0.0,
    high: float = float("inf"),
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Solve for the similarity from second moments; see `similarity`.

    `determinant` d is 0 for least squares of the moved points. Where d is their number times
    3 times the variance of a coordinate, the points' likelihood where they were recorded is
    greatest, at the scale s that solves s^2 power - s trace - d = 0.
    """
    left, values, right = torch.linalg.svd(cross)
    sign = torch.linalg.det(left @ right).sign() * mirror
    flip = torch.ones_like(values)
    flip[..., 2] = sign
    rotation = left @ (flip[..., None] * right)
    trace = (values * flip).sum(-1)
    root = (trace.square() + 4 * power * determinant).sqrt()
    scale = ((trace + root) / (2 * power.clamp(min=1e-9))).clamp(low, high)
    shift = target_mean - scale[..., None] * (rotation @ source_mean[..., None])[..., 0]
    return rotation, scale, shift


def register(
    positions: Sequence[torch.Tensor], labels: Sequence[np.ndarray]
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Lay named worms over each other, in body axes.

    `ROUNDS` rounds of a similarity (with the reflection that fits better) and, from the second
    one on, an affine map held near it, onto the median position of every name. The worm with most
    names comes first.

    Parameters
    ----------
    positions : sequence of torch.Tensor of float64, shape (n, 3)
        Neurons of each worm [um].
    labels : sequence of numpy.ndarray of str, shape (n,)
        Names, "" where unlabelled.

    Returns
    -------
    laid : list of torch.Tensor, shape (n, 3)
        All neurons of each worm in right-handed body axes: posterior, dorsal, left [um].
    mirror : torch.Tensor, shape (worms,)
        1 where a worm's axes are right-handed, -1 where its labels say they are mirrored;
        0 where too few names decide, or where all of them lie in one plane.
    """
    names = np.unique(np.concatenate([label[label != ""] for label in labels]).astype(str))
    count = len(labels)
    points = torch.zeros(count, len(names), 3, dtype=torch.float64)
    weight = torch.zeros(count, len(names), dtype=torch.float64)
    for worm, (position, label) in enumerate(zip(positions, labels, strict=True)):
        rows = np.flatnonzero(label != "")
        index = torch.from_numpy(np.searchsorted(names, label[rows]))
        points[worm, index] = position[rows].double()
        weight[worm, index] = 1.0
    solid = _solid(points, weight)
    first = int((weight.sum(1) * solid).argmax())
    median = torch.where(weight[first, :, None] > 0, points[first], torch.nan)
    for step in range(ROUNDS):
        known = weight * (~median[:, 0].isnan())
        target = median.nan_to_num().expand(count, -1, -1)
        registered, mirror, maps, _ = _fit(points, target, known, affine=step > 0)
        usable = solid & (known.sum(1) >= LEAST_SHARED)
        if not usable.any():
            break
        seen = torch.where((weight * usable[:, None])[..., None] > 0, registered, torch.nan)
        median = torch.nanmedian(seen, 0).values
        # the fit shrinks what it is uncertain of; a micrometre must stay one
        size = maps[usable].det().abs().pow(1 / 3).median()
        median = median / size
    known = weight * (~median[:, 0].isnan())
    target = median.nan_to_num().expand(count, -1, -1)
    _, mirror, maps, shifts = _fit(points, target, known, affine=True)
    usable = solid & (known.sum(1) >= LEAST_SHARED)
    axes, centre = body_axes(median, names)
    sign = torch.linalg.det(axes).sign()
    moved = [
        (position.double() @ maps[worm].T + shifts[worm] - centre) @ axes
        for worm, position in enumerate(positions)
    ]
    return moved, torch.where(usable, mirror * sign, 0.0)


def _solid(points, weight):
    """Return which worms' named points span space."""
    total = weight.sum(1).clamp(min=1)[:, None]
    off = points - ((weight[..., None] * points).sum(1) / total)[:, None]
    spread = torch.linalg.eigvalsh(torch.einsum("an,and,ane->ade", weight, off, off))
    return spread[:, 0] > FLAT * spread[:, 2]


def _fit(points, target, weight, affine):
    """Bring every worm's named points onto the target with the reflection that fits better.

    Returns
    -------
    laid, mirror, linear, shift : torch.Tensor
        Moved points (A, K, 3), signs (A,), maps (A, 3, 3) and shifts (A, 3).
    """
    found = []
    for sign in (1.0, -1.0):
        wanted = torch.full((len(points),), sign, dtype=points.dtype)
        rotation, scale, shift = similarity(points, target, weight, wanted)
        linear = scale[:, None, None] * rotation
        off = points @ linear.transpose(1, 2) + shift[:, None] - target
        error = (weight * off.square().sum(-1)).sum(1)
        found.append((linear, shift, error))
    mirrored = found[1][2] < found[0][2]
    linear = torch.where(mirrored[:, None, None], found[1][0], found[0][0])
    shift = torch.where(mirrored[:, None], found[1][1], found[0][1])
    if affine:
        linear, shift = _ridge(points, target, weight, linear, shift)
    registered = points @ linear.transpose(1, 2) + shift[:, None]
    mirror = torch.where(mirrored, -1.0, 1.0).to(points.dtype)
    return registered, mirror, linear, shift


def _ridge(points, target, weight, linear, shift):
    """Refine similarities to affine maps; `RIDGE` pseudo-neurons hold them to the similarity."""
    total = weight.sum(1).clamp(min=1e-9)[:, None]
    mean = (weight[..., None] * points).sum(1) / total
    off = points - mean[:, None]
    rest = target - (points @ linear.transpose(1, 2) + shift[:, None])
    rest_mean = (weight[..., None] * rest).sum(1) / total
    second = torch.einsum("an,and,ane->ade", weight, off, off)
    spread = second.diagonal(dim1=1, dim2=2).sum(1) / 3 / total[:, 0]
    ridge = RIDGE * spread[:, None, None] * torch.eye(3, dtype=points.dtype)
    cross = torch.einsum("an,and,ane->ade", weight, off, rest - rest_mean[:, None])
    step = torch.linalg.solve(second + ridge + 1e-9 * torch.eye(3), cross).transpose(1, 2)
    return linear + step, shift + rest_mean - (step @ mean[..., None])[..., 0]


def body_axes(position: torch.Tensor, names: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Find body axes from where named neurons lie.

    Left is the mean of left minus right members of pairs; posterior the direction of greatest
    spread across it, away from `FRONT`; dorsal completes them, on the side of `BACK`.

    Parameters
    ----------
    position : torch.Tensor, shape (K, 3)
        Places of names in any frame [um], NaN where unknown.
    names : numpy.ndarray of str, shape (K,)
        The names.

    Returns
    -------
    axes : torch.Tensor, shape (3, 3)
        Columns posterior, dorsal, left; the determinant is -1 where the frame is mirrored.
    centre : torch.Tensor, shape (3,)
        Their origin: the centre of all names.
    """
    position_of = {
        name: position[index]
        for index, name in enumerate(names)
        if not position[index].isnan().any()
    }
    known = torch.stack(list(position_of.values()))
    centre = known.mean(0)
    directions = torch.linalg.eigh(torch.cov(known.T))[1]
    sides = [
        position_of[f"{stem}L"] - position_of[f"{stem}R"]
        for stem in sorted(PAIRS)
        if f"{stem}L" in position_of and f"{stem}R" in position_of
    ]
    long = directions[:, 2]
    forth = _towards(position_of, REAR) - _towards(position_of, FRONT)
    if forth.isfinite().all() and forth @ long < 0:
        long = -long
    left = torch.stack(sides).mean(0) if sides else directions[:, 0]
    left = left - (left @ long) * long
    left = left / left.norm()
    dorsal = torch.linalg.cross(left, long)
    up = _towards(position_of, BACK) - _towards(position_of, BELLY)
    if up.isfinite().all() and up @ dorsal < 0:
        dorsal = -dorsal
    return torch.stack([long, dorsal, left], dim=1), centre


def _towards(position_of: dict[str, torch.Tensor], stems: Sequence[str]) -> torch.Tensor:
    found = [position for name, position in position_of.items() if name.startswith(tuple(stems))]
    return torch.stack(found).mean(0) if found else torch.full((3,), torch.nan)
