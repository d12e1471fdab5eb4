"""What lies around a pixel, for colorizers that see so much and no more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from chromapal.prepare.pictures import PictureSamples

# Pixels of so many are mixed; more would only cost memory.
POOL = 1 << 18


def windows(gray: torch.Tensor, reach: int) -> torch.Tensor:
    """Give the square of gray values around every pixel.

    Parameters
    ----------
    gray : Tensor, shape (B, 1, H, W)
        Beyond its edges, they are repeated.
    reach : int
        Pixels on each side: w for a square of K = (2w + 1)^2.

    Returns
    -------
    Tensor, shape (B, K, H, W)
        Row by row, the pixel itself in the middle.
    """
    count, _, height, width = gray.shape
    side = 2 * reach + 1
    found = F.unfold(F.pad(gray, [reach] * 4, "replicate"), side)
    return found.view(count, side**2, height, width)


@dataclass
class WindowBatch:
    """Some pixels of any pictures.

    Attributes
    ----------
    window : torch.Tensor of float32, shape (m, K)
        The gray values around each.
    rgb : torch.Tensor of float32, shape (m, 3)
        Its sRGB colour, 0 to 1.
    """

    window: torch.Tensor
    rgb: torch.Tensor

    @property
    def inputs(self) -> tuple[torch.Tensor, ...]:
        """Give what a network is called with."""
        return (self.window,)


@dataclass
class WindowSamples:
    """Pictures, of which each pixel is a sample.

    Attributes
    ----------
    pictures : PictureSamples
        Where the pixels are from; only those of the pool are in memory.
    reach : int
        See `windows`.
    """

    pictures: PictureSamples
    reach: int

    def __len__(self) -> int:
        """Count the pictures; their pixels are known once they are read."""
        return len(self.pictures)

    def epoch(
        self, batch_size: int, seed: int | Sequence[int] | None = None, augment: bool = False
    ) -> Iterator[WindowBatch]:
        """Go once through all pixels; each is in exactly one batch.

        Parameters
        ----------
        batch_size : int
            Pixels in a batch; only the last batch may have fewer.
        seed : int or sequence of int, optional
            Without it: in order. With it: pictures are shuffled, and pixels within a pool of
            about `POOL`. The same seed gives the same batches.
        augment : bool
            Without effect: a picture's pixels are many and different already.

        Yields
        ------
        WindowBatch
            `batch_size` pixels.
        """
        rng = None if seed is None else np.random.default_rng(seed)
        order = range(len(self)) if rng is None else rng.permutation(len(self))
        held: list[WindowBatch] = []
        for index in order:
            held.append(self._pixels(int(index)))
            if sum(len(part.rgb) for part in held) >= POOL:
                *full, rest = _batches(held, batch_size, rng)
                yield from full
                held = [rest]
        yield from _batches(held, batch_size, rng)

    def contents(self) -> Iterator[bytes]:
        """Give all that decides what is learnt from these pixels."""
        yield repr(self.reach).encode()
        yield from self.pictures.contents()

    def _pixels(self, index: int) -> WindowBatch:
        rgb, gray = self.pictures.read(index)
        around = windows(torch.from_numpy(gray)[None, None], self.reach)
        return WindowBatch(around[0].flatten(1).T, torch.from_numpy(rgb).reshape(-1, 3))


def _batches(
    held: list[WindowBatch], size: int, rng: np.random.Generator | None
) -> list[WindowBatch]:
    window = torch.cat([part.window for part in held])
    rgb = torch.cat([part.rgb for part in held])
    if rng is not None:
        place = torch.from_numpy(rng.permutation(len(rgb)))
        window, rgb = window[place], rgb[place]
    return [WindowBatch(*parts) for parts in zip(window.split(size), rgb.split(size), strict=True)]
