"""Images as batches for colorizers; one batch at a time is in memory."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from chromapal.errors import InputError

if TYPE_CHECKING:
    # Takes two seconds to import, and baselines use no batches.
    import torch

# A crop removes at most 1 / CROPPED of each side, so that objects stay recognisable.
CROPPED = 8


class Images(Protocol):
    """A collection that reads its images on access.

    It may have `fingerprint() -> bytes`, which identifies its content without reading the pixels.
    """

    def __len__(self) -> int:
        """Count the images."""

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return sRGB of float32, shape (H, W, 3), and gray of float32, shape (H, W), 0 to 1."""


@dataclass
class ImageBatch:
    """A batch of images, padded to the largest of them.

    Attributes
    ----------
    gray : torch.Tensor of float32, shape (B, 1, H, W)
        Input of the network, 0 to 1.
    rgb : torch.Tensor of float32, shape (B, 3, H, W)
        sRGB, 0 to 1; NaN where unknown.
    mask : torch.Tensor of float32, shape (B, 1, H, W)
        1 on the image and 0 on the padding, which repeats the image's edge.
    image : torch.Tensor of int64, shape (B,)
        Indices of the images in their `ImageSamples`.
    """

    gray: "torch.Tensor"
    rgb: "torch.Tensor"
    mask: "torch.Tensor"
    image: "torch.Tensor"

    @property
    def inputs(self) -> "tuple[torch.Tensor, ...]":
        """Inputs of a network."""
        return (self.gray,)


@dataclass
class ImageSamples:
    """The images of a training or prediction; the counterpart of `Samples`.

    Attributes
    ----------
    images : Images
        The collection, in the order of prediction.
    """

    images: Images

    def __len__(self) -> int:
        """Count the images."""
        return len(self.images)

    def epoch(
        self, batch_size: int, seed: int | Sequence[int] | None = None, augment: bool = False
    ) -> Iterator[ImageBatch]:
        """Iterate once over all images; each is in exactly one batch.

        Parameters
        ----------
        batch_size : int
            Largest number of images in a batch.
        seed : int or sequence of int, optional
            Without a seed, images are in order and only successive ones of the same size share
            a batch, so that no image is padded. With a seed, they are shuffled, whatever their
            sizes. The same seed gives the same batches.
        augment : bool
            With a seed, mirror left and right at random, and crop up to an eighth of both sides
            and enlarge the rest to the original size. Images are not turned upside down and
            colours do not change: the sky stays blue and above.

        Yields
        ------
        ImageBatch
            Up to `batch_size` images.
        """
        rng = None if seed is None else np.random.default_rng(seed)
        order = range(len(self)) if rng is None else rng.permutation(len(self))
        batch: list[tuple[int, np.ndarray, np.ndarray]] = []
        for index in order:
            rgb, gray = self.view(int(index), rng, augment)
            other_size = rng is None and batch and batch[0][2].shape != gray.shape
            if len(batch) == batch_size or other_size:
                yield _batch(batch)
                batch = []
            batch.append((int(index), rgb, gray))
        if batch:
            yield _batch(batch)

    def view(
        self, index: int, rng: np.random.Generator | None, augment: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return one image as an epoch has it: sRGB (H, W, 3) and gray (H, W)."""
        rgb, gray = self.read(index)
        return _augmented(rgb, gray, rng) if rng is not None and augment else (rgb, gray)

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Read one image: sRGB (H, W, 3) and gray (H, W).

        Raises
        ------
        InputError
            Wrong shapes, or no pixels.
        """
        rgb, gray = (np.asarray(values, np.float32) for values in self.images[index])
        if gray.ndim != 2 or not gray.size or rgb.shape != (*gray.shape, 3):
            raise InputError(
                f"image {index}", f"shapes {rgb.shape} and {gray.shape}", "(H, W, 3) and (H, W)"
            )
        return rgb, gray

    def contents(self) -> Iterator[bytes]:
        """Yield all content that affects training, to be hashed."""
        if hasattr(self.images, "fingerprint"):
            yield self.images.fingerprint()
            return
        for index in range(len(self)):
            for values in self.read(index):
                yield repr(values.shape).encode() + hashlib.sha256(values.tobytes()).digest()


def _augmented(
    rgb: np.ndarray, gray: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    fraction = rng.random() / CROPPED
    cropped = [side - round(fraction * side) for side in gray.shape]
    top, left = (
        int(rng.integers(side - size + 1)) for side, size in zip(gray.shape, cropped, strict=True)
    )
    size = gray.shape
    window = slice(top, top + cropped[0]), slice(left, left + cropped[1])
    rgb, gray = rgb[window], gray[window]
    if rng.random() < 0.5:
        rgb, gray = rgb[:, ::-1], gray[:, ::-1]
    # Back to the image's size: a network trained only on smaller images would not learn where the
    # edges of full-size ones are.
    return resized(rgb, gray, size)


def resized(
    rgb: np.ndarray, gray: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Resize an image, bilinear, antialiased where it gets smaller.

    Parameters
    ----------
    rgb, gray : numpy.ndarray of float32, shapes (H, W, 3) and (H, W)
        The image.
    size : tuple of int
        New height and width; as they are, nothing is copied.
    """
    import torch
    from torch.nn import functional as F

    if gray.shape == size:
        return rgb, gray
    channels = np.concatenate([rgb, gray[:, :, None]], axis=2).transpose(2, 0, 1)
    whole = F.interpolate(
        torch.from_numpy(channels.copy())[None],
        size=size,
        mode="bilinear",
        antialias=size[0] < gray.shape[0] or size[1] < gray.shape[1],
    )
    channels = whole[0].permute(1, 2, 0).numpy()
    return channels[:, :, :3], channels[:, :, 3]


def _batch(images: list[tuple[int, np.ndarray, np.ndarray]]) -> ImageBatch:
    import torch

    height, width = np.max([gray.shape for _, _, gray in images], axis=0)

    def stacked(arrays: list[np.ndarray], mode: str) -> "torch.Tensor":
        padded = [
            np.pad(values, [(0, height - len(values)), (0, width - values.shape[1]), (0, 0)], mode)
            for values in arrays
        ]
        return torch.from_numpy(np.stack(padded).transpose(0, 3, 1, 2))

    return ImageBatch(
        gray=stacked([gray[:, :, None] for _, _, gray in images], "edge"),
        rgb=stacked([rgb for _, rgb, _ in images], "edge"),
        mask=stacked([np.ones_like(gray[:, :, None]) for _, _, gray in images], "constant"),
        image=torch.tensor([index for index, _, _ in images]),
    )
