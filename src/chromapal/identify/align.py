"""Worms are brought into one body frame without their labels; the frame is learnt from others."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from chromapal.errors import InputError
from chromapal.files import read_json, write_json
from chromapal.identify import body_axes, pose, refine
from chromapal.identify.atlas import Atlas
from chromapal.identify.symmetry import Symmetry
from chromapal.identify.worms import Worm

LEVELS = ("pose", "nonrigid")
DEGREES_OF_FREEDOM = 6.0
REFITS = {"pose": 1, "nonrigid": 3}
PARTS = 4
SYMMETRIC, FACTS = "symmetric", "aligner.json"
Track = Callable[[Sequence], Iterable]


@dataclass(frozen=True)
class Aligned:
    """One worm in body axes, once for either handedness.

    Attributes
    ----------
    names : tuple of str, length K
        Names of the atlas that aligned it.
    position : dict of float to torch.Tensor, shape (n, 3)
        By mirror (1 right-handed axes, -1 mirrored): posterior, dorsal, left [um].
    log : dict of float to torch.Tensor, shape (n, K)
        By mirror: log score of every name of the atlas, position and channels together.
    score : dict of float to float
        By mirror: log likelihood of the worm.
    evidence : float
        Log likelihood of right-handed axes minus that of mirrored ones, from neurons without a
        partner (`Symmetry.evidence`); 0 where only one handedness was tried.
    """

    names: tuple[str, ...]
    position: dict[float, torch.Tensor]
    log: dict[float, torch.Tensor]
    score: dict[float, float]
    evidence: float


@dataclass(frozen=True)
class Aligner:
    """Brings worms into the body frame of its training worms.

    Attributes
    ----------
    atlas : Atlas
        What was learnt.
    symmetry : Symmetry
        The same with left and right made alike, to judge handedness by.
    level : {"pose", "nonrigid"}
        Similarity and affine map, or these and a smooth warp.
    device : str
        Where worms are aligned; what is learnt and found stays on the CPU.
    """

    atlas: Atlas
    symmetry: Symmetry
    level: str
    device: str = "cpu"

    def align(
        self,
        worm: Worm,
        mirrors: tuple[float, ...] = (1.0, -1.0),
        fixed: torch.Tensor | None = None,
    ) -> Aligned:
        """Align one worm by its positions and channels; its labels are not looked at.

        Parameters
        ----------
        worm : Worm
            The worm.
        mirrors : tuple of float
            Handedness to try.
        fixed : torch.Tensor, shape (n, K), optional
            Added to the log scores: what anchors forbid.
        """
        return self.refined(worm, self.search(worm, mirrors, fixed), fixed)

    def search(
        self, worm: Worm, mirrors: tuple[float, ...], fixed: torch.Tensor | None = None
    ) -> pose.Poses:
        """Find poses of one worm; see `chromapal.identify.pose.search`."""
        atlas = self.atlas.to(self.device)
        base = atlas.channel_log_ratio(worm.channels.to(self.device)) + atlas.prior()
        if fixed is not None:
            base = base + fixed.to(self.device)
        search = pose.search_stretched if worm.misshapen else pose.search
        return search(worm.position.to(self.device), base, atlas, mirrors)

    def refined(self, worm: Worm, poses: pose.Poses, fixed: torch.Tensor | None = None) -> Aligned:
        """Refine given poses, and keep the better one of either handedness."""
        found = refine.refine(
            worm.position.to(self.device),
            worm.channels.to(self.device),
            self.atlas.to(self.device),
            poses,
            self.level == "nonrigid",
            None if fixed is None else fixed.to(self.device),
        )
        best = {}
        for index, mirror in enumerate(found.mirror.tolist()):
            if mirror not in best or found.score[index] > found.score[best[mirror]]:
                best[mirror] = index
        position = {mirror: found.position[index].cpu() for mirror, index in best.items()}
        return Aligned(
            self.atlas.names,
            position,
            {mirror: found.log[index].cpu() for mirror, index in best.items()},
            {mirror: float(found.score[index]) for mirror, index in best.items()},
            self.symmetry.evidence(position, worm.channels) if len(position) == 2 else 0.0,
        )

    def save(self, folder: str | os.PathLike):
        """Write atlases and `aligner.json` into a folder."""
        folder = Path(folder)
        self.atlas.save(folder)
        self.symmetry.atlas.save(folder / SYMMETRIC)
        write_json({"level": self.level, "middle": self.symmetry.middle}, folder / FACTS)

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "Aligner":
        """Read what `save` wrote; it aligns on the CPU."""
        folder = Path(folder)
        facts = read_json(folder / FACTS)
        symmetry = Symmetry(Atlas.load(folder / SYMMETRIC), facts["middle"])
        return cls(Atlas.load(folder), symmetry, facts["level"])


def fit(
    training: Sequence[Worm],
    level: str,
    track: Track = iter,
    cross_fit: bool = True,
    device: str = "cpu",
    refits: int | None = None,
) -> tuple[Aligner, list[Aligned], np.ndarray]:
    """Learn the body frame from training worms.

    The first atlas comes from worms registered by their labels, the next ones from
    the same worms aligned without labels in the handedness that their labels gave, so that the
    atlas's covariances hold what alignment gets wrong. At last every training worm is aligned
    with the atlas of other worms (`PARTS` parts), as a new worm will be.

    Parameters
    ----------
    training : sequence of Worm
        Training worms with their labels.
    level : {"pose", "nonrigid"}
        How far alignment goes.
    track : callable, optional
        Wraps the longest loops, to show progress.
    cross_fit : bool
        Whether to align training worms at all, each with the atlas of others.
    device : str
        Where worms are aligned.
    refits : int, optional
        How often the atlas is learnt anew; `REFITS` of the level where it is not given.

    Returns
    -------
    aligner : Aligner
        For new worms.
    aligned : list of Aligned
        The training worms, in the order given, in either handedness; empty without `cross_fit`.
    mirror : numpy.ndarray, shape (worms,)
        Handedness by labels: 1, -1, or 0 where too few names decide.
    """
    labels = [worm.label for worm in training]
    named = np.zeros(0, dtype=np.int64)
    if max(((label != "").sum() for label in labels), default=0) >= body_axes.LEAST_SHARED:
        registered, mirror = body_axes.register([worm.position for worm in training], labels)
        mirror = mirror.numpy()
        named = np.flatnonzero(mirror != 0)
    if not len(named):
        raise InputError(
            "training worms",
            "none whose names lie apart in all three directions",
            f"one with {body_axes.LEAST_SHARED} names or more",
        )
    channels = [worm.channels for worm in training]

    def learn(indices: Sequence[int], degrees_of_freedom: float, level: str) -> Aligner:
        """Learn from some of the training worms, as they are laid over each other by now."""
        chosen = [[part[index] for index in indices] for part in (registered, channels, labels)]
        atlas, symmetry = (
            Atlas.fit(*chosen, degrees_of_freedom),
            Symmetry.fit(*chosen, degrees_of_freedom),
        )
        return Aligner(atlas, symmetry, level, device)

    aligner = learn(named, float("inf"), "pose")
    poses = {}
    for refit in range(REFITS[level] if refits is None else refits):
        for index in named if refit else track(named):
            worm, signs = training[index], (float(mirror[index]),)
            if refit == 0:
                poses[index] = aligner.search(worm, signs)
            registered[index] = aligner.refined(worm, poses[index]).position[signs[0]]
        aligner = learn(named, DEGREES_OF_FREEDOM, level)
    if not cross_fit:
        return aligner, [], mirror
    parts = min(PARTS, len(training))
    # where nobody else has names, a part's own have to do
    indices = [
        [index for index in named if index % parts != part] or named for part in range(parts)
    ]
    others = [learn(part, DEGREES_OF_FREEDOM, level) for part in indices]
    aligned = [
        others[index % parts].align(worm.without_labels())
        for index, worm in enumerate(track(training))
    ]
    return aligner, aligned, mirror
