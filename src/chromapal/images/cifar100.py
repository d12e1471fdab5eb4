"""CIFAR-100 (Krizhevsky 2009) from its binary version: photographs of 32 x 32 pixels."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from chromapal.errors import InputError
from chromapal.images import cifar100_archive
from chromapal.images.collection import Collection, Image

SIDE = 32
LABELS = 2  # coarse, then fine
RECORD = LABELS + 3 * SIDE * SIDE
CLASSES = 100
ADVICE = "--forcerun list_images unpacks it again"


class Cifar100(Collection):
    """Photographs of CIFAR-100, of some or all of its hundred fine classes.

    Training and validation images are drawn from the published training set, test images
    from its test set; each photograph is a source of its own.
    """

    @classmethod
    def find(
        cls,
        cache: str | os.PathLike,
        source: str | os.PathLike = cifar100_archive.URL,
        classes: Sequence[int] | None = None,
        counts: tuple[int | None, int, int | None] = (400, 100, 100),
        seed: int = 0,
        checksum: str = cifar100_archive.MD5,
    ) -> Self:
        """Download the archive if it is missing, and draw images from it.

        Parameters
        ----------
        source : path-like
            URL or path of `cifar-100-binary.tar.gz`, or the folder it unpacks to.
        cache : path-like
            Folder for downloaded and unpacked files; an archive put there is used.
        classes : sequence of int, optional
            Fine labels, 0..99, such as [52] for large forests' trees (oak); all by default.
        counts : tuple of int or None
            Images to train, validate and test, over all classes. None for the training images
            takes those that validation leaves, for the test images all.
        seed : int
            Seed of the draw.
        checksum : str
            Of the archive, `md5:` or `sha256:` and digits; not checked if empty.

        Raises
        ------
        InputError
            The archive is missing, different or damaged, or has fewer images than requested.
        """
        _require_classes(classes)
        folder = cifar100_archive.unpacked(source, cache, checksum)
        images = []
        for name, splits, numbers in (
            ("train", ("validation", "train"), (counts[1], counts[0])),
            ("test", ("test",), (counts[2],)),
        ):
            path = folder / f"{name}.bin"
            fine = _fine_labels(path)
            indices = (
                np.arange(len(fine)) if classes is None else np.flatnonzero(np.isin(fine, classes))
            )
            np.random.default_rng([seed, *name.encode()]).shuffle(indices)
            start = 0
            for split, number in zip(splits, numbers, strict=True):
                number = len(indices) - start if number is None else number
                if not 0 <= number <= len(indices) - start:
                    raise InputError(
                        "CIFAR-100",
                        f"{number} images for {split}",
                        f"0 to {len(indices) - start}, those of the classes left in {path.name}",
                    )
                for index in indices[start : start + number]:
                    key = f"{name} {index:05d} class {fine[index]:02d}"
                    images.append(Image(key, key, split, str(path), (int(index),)))
                start += number
        return cls.found("CIFAR-100", images)

    def load(self, image: Image) -> np.ndarray:
        """Read one record; float32 of shape (32, 32, 3), sRGB 0..1."""
        path, (index,) = Path(image.file), image.at
        try:
            with path.open("rb") as file:
                file.seek(index * RECORD + LABELS)
                data = file.read(RECORD - LABELS)
        except FileNotFoundError:
            raise InputError(path, "no such file", "the file as it was unpacked", ADVICE) from None
        if len(data) != RECORD - LABELS:
            raise InputError(path, f"an end within record {index}", "the file as it was unpacked")
        planes = np.frombuffer(data, np.uint8).reshape(3, SIDE, SIDE)
        return np.divide(np.moveaxis(planes, 0, 2), np.float32(255), dtype=np.float32)


def _fine_labels(path: Path) -> np.ndarray:
    size = path.stat().st_size
    if not size or size % RECORD:
        raise InputError(path, f"{size} bytes", f"whole records of {RECORD} bytes")
    fine = np.array(np.memmap(path, np.uint8, "r").reshape(-1, RECORD)[:, 1])
    if fine.max() >= CLASSES:
        raise InputError(path, f"a class {fine.max()}", f"classes 0 to {CLASSES - 1}")
    return fine


def _require_classes(classes: Sequence[int] | None):
    if classes is None:
        return
    wrong = [label for label in classes if not (isinstance(label, int) and 0 <= label < CLASSES)]
    if wrong or not classes:
        found = f"class {wrong[0]!r}" if wrong else "no class"
        raise InputError("CIFAR-100", found, f"class numbers 0 to {CLASSES - 1}")
