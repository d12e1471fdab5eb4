"""List the files of a folder of images, and the splits given by its sub-folders."""

import os
from collections.abc import Iterator
from pathlib import Path

from chromapal.errors import InputError
from chromapal.images.collection import SPLITS
from chromapal.images.split import split_sources

NAMES = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
Entries = list[tuple[str, str]]


def assign(
    folder: Path, seed: int, validation: float, test: float
) -> tuple[dict[str, list[str]], Entries]:
    """List a folder's files by split.

    Sub-folders of `NAMES`, in upper or lower case, are splits; a split without a sub-folder is
    drawn from `train`. Without any such sub-folder all files are split by the seed.

    Parameters
    ----------
    folder : Path
        Where to look, at any depth, links followed. Hidden files are ignored.
    seed : int
        Seed of the draw.
    validation, test : float
        Fractions of the files drawn from.

    Returns
    -------
    files : dict of str to list of str
        Paths relative to the folder per split, sorted.
    skipped : list of (str, str)
        What is not a regular file or belongs to no split, and why.

    Raises
    ------
    InputError
        No such folder, or splits without `train`.
    """
    if not folder.is_dir():
        raise InputError("folder of images", f"no folder {str(folder)!r}", "a folder with images")
    given = _sub_folders(folder)
    if given and "train" not in given.values():
        raise InputError(folder, f"{', '.join(sorted(given))} without train", "a sub-folder train")
    files: dict[str, list[str]] = {split: [] for split in SPLITS}
    skipped, drawn = [], []
    for name in sorted(_walk(folder)):
        split = given.get(Path(name).parts[0])
        if not (folder / name).is_file():
            skipped.append((name, "not a regular file"))
        elif split in (None, "train"):
            if given and split is None:
                skipped.append((name, f"outside {', '.join(sorted(given))}"))
            else:
                drawn.append(name)
        else:
            files[split].append(name)
    if "validation" in given.values():
        validation = 0
    if "test" in given.values():
        test = 0
    roles = split_sources(drawn, seed, validation, test)
    for name in drawn:
        files[roles[name]].append(name)
    return files, skipped


def _sub_folders(folder: Path) -> dict[str, str]:
    return {
        entry.name: NAMES[entry.name.lower()]
        for entry in os.scandir(folder)
        if entry.name.lower() in NAMES and entry.is_dir()
    }


def _walk(folder: Path) -> Iterator[str]:
    """Return the paths of all files relative to the folder; a linked folder is entered once."""
    entered = {os.path.realpath(folder)}
    for directory, folders, names in os.walk(folder, followlinks=True):
        entered_here = []
        for name in sorted(folders):
            real = os.path.realpath(os.path.join(directory, name))
            if not name.startswith(".") and real not in entered:
                entered.add(real)
                entered_here.append(name)
        folders[:] = entered_here
        for name in names:
            if not name.startswith("."):
                yield os.path.relpath(os.path.join(directory, name), folder)
