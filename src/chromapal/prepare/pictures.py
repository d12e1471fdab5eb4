"""Pictures as batches for colorizers; one batch at a time is read, and none is kept."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from chromapal.errors import InputError

if TYPE_CHECKING:
    # Takes two seconds to import, and baselines look at no batch.
    import torch

# A crop leaves out up to one part in so many of both sides: what is shown stays what it is.
CROPPED = 8


class Pictures(Protocol):
    """A collection that reads its pictures when they are asked for.

    One that can say more cheaply than by its pixels what it holds has `fingerprint() -> bytes`.
    """

    def __len__(self) -> int:
        """Count the pictures."""

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Give sRGB of float32, shape (H, W, 3), and gray of float32, shape (H, W), 0 to 1."""


@dataclass
class PictureBatch:
    """Some pictures, padded to the largest of them.

    Attributes
    ----------
    gray : torch.Tensor of float32, shape (B, 1, H, W)
        What a network sees, 0 to 1.
    rgb : torch.Tensor of float32, shape (B, 3, H, W)
        sRGB, 0 to 1; NaN where unknown.
    mask : torch.Tensor of float32, shape (B, 1, H, W)
        1 on the picture and 0 on the padding, which repeats the picture's edge.
    picture : torch.Tensor of int64, shape (B,)
        Positions of the pictures in the `PictureSamples` they come from.
    """

    gray: "torch.Tensor"
    rgb: "torch.Tensor"
    mask: "torch.Tensor"
    picture: "torch.Tensor"

    @property
    def inputs(self) -> "tuple[torch.Tensor, ...]":
        """Give what a network is called with."""
        return (self.gray,)


@dataclass
class PictureSamples:
    """The pictures a colorizer learns from or colours; the counterpart of `Samples`.

    Attributes
    ----------
    pictures : Pictures
        The collection, in the order in which pictures are coloured.
    """

    pictures: Pictures

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.pictures)

    def epoch(
        self, batch_size: int, seed: int | Sequence[int] | None = None, augment: bool = False
    ) -> Iterator[PictureBatch]:
        """Go once through all pictures; each is in exactly one batch.

        Parameters
        ----------
        batch_size : int
            Pictures in a batch, at most.
        seed : int or sequence of int, optional
            Without it: in order, and only neighbours of one size share a batch, so that a
            picture is never padded. With it: shuffled, whatever their sizes. The same seed gives
            the same batches.
        augment : bool
            With a seed, mirror left and right by chance, and cut off up to an eighth of both
            sides and enlarge the rest to the size before. No mirroring of up and down, and no
            change of colour: the sky stays blue and above.

        Yields
        ------
        PictureBatch
            Up to `batch_size` pictures.
        """
        rng = None if seed is None else np.random.default_rng(seed)
        order = range(len(self)) if rng is None else rng.permutation(len(self))
        waiting: list[tuple[int, np.ndarray, np.ndarray]] = []
        for index in order:
            rgb, gray = self.read(int(index))
            if rng is not None and augment:
                rgb, gray = _augmented(rgb, gray, rng)
            other_size = rng is None and waiting and waiting[0][2].shape != gray.shape
            if len(waiting) == batch_size or other_size:
                yield _batch(waiting)
                waiting = []
            waiting.append((int(index), rgb, gray))
        if waiting:
            yield _batch(waiting)

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Read one picture: sRGB (H, W, 3) and gray (H, W).

        Raises
        ------
        InputError
            Other shapes, or no pixel.
        """
        rgb, gray = (np.asarray(part, np.float32) for part in self.pictures[index])
        if gray.ndim != 2 or not gray.size or rgb.shape != (*gray.shape, 3):
            raise InputError(
                f"picture {index}", f"shapes {rgb.shape} and {gray.shape}", "(H, W, 3) and (H, W)"
            )
        return rgb, gray

    def contents(self) -> Iterator[bytes]:
        """Give all that decides what is learnt from these pictures."""
        if hasattr(self.pictures, "fingerprint"):
            yield self.pictures.fingerprint()
            return
        for index in range(len(self)):
            for part in self.read(index):
                yield repr(part.shape).encode() + hashlib.sha256(part.tobytes()).digest()


def _augmented(
    rgb: np.ndarray, gray: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    import torch
    from torch.nn import functional as F

    channels = np.concatenate([rgb, gray[:, :, None]], axis=2)
    share = rng.random() / CROPPED
    kept = [side - round(share * side) for side in gray.shape]
    top, left = (
        int(rng.integers(side - part + 1)) for side, part in zip(gray.shape, kept, strict=True)
    )
    channels = channels[top : top + kept[0], left : left + kept[1]]
    if rng.random() < 0.5:
        channels = channels[:, ::-1]
    if channels.shape[:2] != gray.shape:
        # Back to the picture's size: a network that only saw smaller ones in training would
        # learn nothing about where the edges of whole ones are.
        first = torch.from_numpy(channels.transpose(2, 0, 1).copy())[None]
        whole = F.interpolate(first, size=gray.shape, mode="bilinear")
        channels = whole[0].permute(1, 2, 0).numpy()
    return channels[:, :, :3], channels[:, :, 3]


def _batch(pictures: list[tuple[int, np.ndarray, np.ndarray]]) -> PictureBatch:
    import torch

    height, width = np.max([gray.shape for _, _, gray in pictures], axis=0)

    def stacked(parts: list[np.ndarray], mode: str) -> "torch.Tensor":
        padded = [
            np.pad(part, [(0, height - len(part)), (0, width - part.shape[1]), (0, 0)], mode)
            for part in parts
        ]
        return torch.from_numpy(np.stack(padded).transpose(0, 3, 1, 2))

    return PictureBatch(
        gray=stacked([gray[:, :, None] for _, _, gray in pictures], "edge"),
        rgb=stacked([rgb for _, rgb, _ in pictures], "edge"),
        mask=stacked([np.ones_like(gray[:, :, None]) for _, _, gray in pictures], "constant"),
        picture=torch.tensor([index for index, _, _ in pictures]),
    )
