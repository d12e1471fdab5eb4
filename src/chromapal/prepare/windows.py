"""The window of gray around each pixel, for colorizers that use nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from chromapal.prepare.images import ImageSamples

# Number of pixels shuffled together; more would only cost memory.
POOL = 1 << 18


def windows(gray: torch.Tensor, reach: int) -> torch.Tensor:
    """Return the square of gray values around every pixel.

    Parameters
    ----------
    gray : Tensor, shape (B, 1, H, W)
        Beyond the edges, the nearest pixel is repeated.
    reach : int
        Pixels on each side: w for a square of K = (2w + 1)^2.

    Returns
    -------
    Tensor, shape (B, K, H, W)
        Row by row, the pixel itself in the middle.
    """
    count, _, height, width = gray.shape
    side = 2 * reach + 1
    unfolded = F.unfold(F.pad(gray, [reach] * 4, "replicate"), side)
    return unfolded.view(count, side**2, height, width)


@dataclass
class WindowBatch:
    """A batch of pixels, from any images.

    Attributes
    ----------
    window : torch.Tensor of float32, shape (m, K)
        The gray values around each pixel.
    rgb : torch.Tensor of float32, shape (m, 3)
        Its sRGB colour, 0 to 1.
    """

    window: torch.Tensor
    rgb: torch.Tensor

    @property
    def inputs(self) -> tuple[torch.Tensor, ...]:
        """Inputs of a network."""
        return (self.window,)


@dataclass
class WindowSamples:
    """Images, of which each pixel is a sample.

    Attributes
    ----------
    images : ImageSamples
        The images of the pixels; only pixels of the pool are in memory.
    reach : int
        See `windows`.
    """

    images: ImageSamples
    reach: int

    def __len__(self) -> int:
        """Count the images; their numbers of pixels are known only once they are read."""
        return len(self.images)

    def epoch(
        self, batch_size: int, seed: int | Sequence[int] | None = None, augment: bool = False
    ) -> Iterator[WindowBatch]:
        """Iterate once over all pixels; each is in exactly one batch.

        Parameters
        ----------
        batch_size : int
            Pixels in a batch; only the last batch may have fewer.
        seed : int or sequence of int, optional
            Without a seed, pixels are in order. With a seed, images are shuffled, and pixels
            within a pool of about `POOL`. The same seed gives the same batches.
        augment : bool
            No effect: an image's pixels are numerous and varied enough. Crops are drawn anew.

        Yields
        ------
        WindowBatch
            `batch_size` pixels.
        """
        rng = None if seed is None else np.random.default_rng(seed)
        order = range(len(self)) if rng is None else rng.permutation(len(self))
        pool: list[WindowBatch] = []
        for index in order:
            pool.append(self._pixels(int(index), rng))
            if sum(len(pixels.rgb) for pixels in pool) >= POOL:
                *full, rest = _batches(pool, batch_size, rng)
                yield from full
                pool = [rest]
        yield from _batches(pool, batch_size, rng)

    def contents(self) -> Iterator[bytes]:
        """Yield all content that affects training, to be hashed."""
        yield repr(self.reach).encode()
        yield from self.images.contents()

    def _pixels(self, index: int, rng: np.random.Generator | None) -> WindowBatch:
        rgb, gray = map(np.ascontiguousarray, self.images.view(index, rng, augment=False))
        around = windows(torch.from_numpy(gray)[None, None], self.reach)
        return WindowBatch(around[0].flatten(1).T, torch.from_numpy(rgb).reshape(-1, 3))


def _batches(
    pool: list[WindowBatch], size: int, rng: np.random.Generator | None
) -> list[WindowBatch]:
    window = torch.cat([pixels.window for pixels in pool])
    rgb = torch.cat([pixels.rgb for pixels in pool])
    if rng is not None:
        order = torch.from_numpy(rng.permutation(len(rgb)))
        window, rgb = window[order], rgb[order]
    return [WindowBatch(*batch) for batch in zip(window.split(size), rgb.split(size), strict=True)]
