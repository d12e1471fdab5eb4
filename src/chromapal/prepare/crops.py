"""Square crops of images, drawn anew in every epoch."""

from dataclasses import dataclass, field

import numpy as np

from chromapal.prepare.images import ImageSamples, resized

SCALE = 1.25  # a crop is enlarged by up to this, or shrunk
BRIGHTNESS = 1.2  # it is brightened by up to this, or darkened
DEEP = 65535  # counts of gray as it is kept


@dataclass
class CropSamples(ImageSamples):
    """Images, of which each is a square crop; all that were read stay in memory, in counts.

    Colours are kept in 8 bits and gray in 16: five bytes a pixel.

    Attributes
    ----------
    side : int
        Side of a crop [pixels].
    """

    side: int
    kept: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Read one whole image, from its file only once; see `ImageSamples.read`."""
        if index not in self.kept:
            rgb, gray = super().read(index)
            counts = np.rint(rgb * 255).astype(np.uint8), np.rint(gray * DEEP).astype(np.uint16)
            self.kept[index] = counts
        rgb, gray = self.kept[index]
        return rgb / np.float32(255), gray / np.float32(DEEP)

    def view(
        self, index: int, rng: np.random.Generator | None, augment: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return a crop of one image.

        Parameters
        ----------
        index : int
            Which image.
        rng : numpy.random.Generator or None
            Draws the crop's place; without it the place is the same every time, another in each
            image.
        augment : bool
            Whether the crop is also enlarged or shrunk by up to `SCALE`, mirrored left and right
            in half of the cases, and brightened (as far as nothing is overexposed) or darkened by
            up to `BRIGHTNESS`. Nothing is turned upside down, and hues stay.

        Returns
        -------
        rgb : numpy.ndarray of float32, shape (side, side, 3)
        gray : numpy.ndarray of float32, shape (side, side)
            Of an image with a smaller side, less, unless `augment` enlarges it.
        """
        rgb, gray = self.read(index)
        place = np.random.default_rng(index) if rng is None else rng
        if rng is None or not augment:
            return _cut(rgb, gray, min(self.side, *gray.shape), place)
        scale, brightness = SCALE ** rng.uniform(-1, 1), BRIGHTNESS ** rng.uniform(-1, 1)
        mirrored = rng.random() < 0.5
        rgb, gray = _cut(rgb, gray, min(round(self.side / scale), *gray.shape), place)
        if mirrored:
            rgb, gray = rgb[:, ::-1], gray[:, ::-1]
        rgb, gray = resized(rgb, gray, (self.side, self.side))
        brightest = np.float32(max(rgb.max(), gray.max(), 1e-6))
        factor = np.float32(min(brightness, 1 / brightest))
        return rgb * factor, gray * factor

    def contents(self):
        """Yield all content that affects training, to be hashed."""
        yield repr(self.side).encode()
        yield from super().contents()


def _cut(
    rgb: np.ndarray, gray: np.ndarray, side: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    top, left = (int(rng.integers(length - side + 1)) for length in gray.shape)
    window = slice(top, top + side), slice(left, left + side)
    return rgb[window], gray[window]
