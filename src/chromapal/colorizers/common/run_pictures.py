"""One training on pictures and one colouring of a study, from file to file."""

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chromapal import files, methods
from chromapal.colorizers.common.run import load
from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.images.bundled import micrograph
from chromapal.images.export import save
from chromapal.images.sets import Part, listed, part
from chromapal.prepare.pictures import PictureSamples
from chromapal.training import layout
from chromapal.training.settings import Training

LOGGER = logging.getLogger("chromapal")
AT_ONCE = 64  # pictures in memory while colouring


@dataclass(frozen=True)
class Method:
    """One colorizer on pictures.

    Attributes
    ----------
    colorizer, params
        The method's name, and the study's changes to its `Params`.
    most : int, optional
        Training pictures at most; all of them without it.
    seed : int
        Draws these.
    """

    colorizer: str
    params: dict
    most: int | None = None
    seed: int = 0


def train(
    pictures: str | Path,
    options: dict,
    method: Method,
    training: Training,
    out_model: str | Path,
    out_losses: str | Path,
    out_facts: str | Path,
):
    """Train one model on a set's training pictures.

    Parameters
    ----------
    pictures, options
        The set's list, and its options; see `chromapal.images.sets.listed`.
    method : Method
        What is trained, and on how many pictures.
    training : Training
        Where and how, and where it goes on after a kill.
    out_model : path-like
        The model, whole or not at all.
    out_losses : path-like
        CSV of the losses, one row per epoch.
    out_facts : path-like
        JSON: pictures learnt from, parameters that were learnt, and what networks were trained
        with.

    Raises
    ------
    InputError
        No picture to validate on.
    """
    started = time.perf_counter()
    collection = listed(pictures, options, ["train", "validation"])
    learning = part(collection, "train", method.most, method.seed)
    validating = part(collection, "validation")
    if not len(validating):
        raise InputError(
            pictures, "no picture to validate on", "at least one",
            "give more sources, or a larger share with key 'validation'",
        )  # fmt: skip
    module = methods.module("colorizers", method.colorizer)
    model = module.build(methods.params("colorizers", method.colorizer, method.params))
    history = model.fit(
        PictureSamples(learning),
        PictureSamples(validating),
        seed=training.seed,
        device=training.device,
        threads=training.threads,
        checkpoint=training.folder,
        precision=training.precision,
    )
    files.write_csv(history, out_losses)
    with files.whole(out_model) as folder:
        model.save(folder)
    facts = {"train_pictures": len(learning), "parameters": learnt(model)}
    files.write_json(facts | layout.trained_on(out_model), out_facts)
    shutil.rmtree(training.checkpoints, ignore_errors=True)
    LOGGER.info("%s: %.1f s in total", out_model, time.perf_counter() - started)


def learnt(model: object) -> int:
    """Count the numbers that a model learns: of its network, where it has one."""
    network = getattr(model, "network", None)
    if network is not None:
        return sum(part.numel() for part in network.parameters() if part.requires_grad)
    return int(np.size(getattr(model, "colour", ())))


def colour(
    pictures: str | Path,
    options: dict,
    model: str | Path,
    micrographs: Sequence[str],
    threads: int,
    out: str | Path,
    device: str = "cpu",
):
    """Colour a set's test pictures, and micrographs that have no colours.

    Parameters
    ----------
    pictures, options
        The set's list, and its options; see `chromapal.images.sets.listed`.
    model : path-like
        What `train` wrote.
    micrographs : sequence of str
        Names of bundled micrographs.
    threads, device
        See `chromapal.training.device.choose`.
    out : path-like
        Folder of `NNN.png`, numbered as `chromapal.images.export.write_test_pictures` does, and of
        `micrograph_NAME.png`; 8 bit.
    """
    started = time.perf_counter()
    trained = load(Path(model))
    tested = part(listed(pictures, options, ["test"]), "test")
    grays = [micrograph(name) for name in micrographs]
    blank = [(np.full((*gray.shape, 3), np.nan, np.float32), gray) for gray in grays]
    with files.whole(out) as folder:
        folder.mkdir()
        for start in progress(range(0, len(tested), AT_ONCE), -(-len(tested) // AT_ONCE), "colour"):
            some = Part(tested.collection, tested.pictures[start : start + AT_ONCE])
            found = trained.predict(PictureSamples(some), device=device, threads=threads)
            for number, rgb in enumerate(found, start=start):
                save(rgb, folder / f"{number:03d}.png")
        extra = trained.predict(PictureSamples(blank), device=device, threads=threads)
        for name, rgb in zip(micrographs, extra, strict=True):
            save(rgb, folder / f"micrograph_{name}.png")
    LOGGER.info("%d pictures coloured in %.1f s", len(tested), time.perf_counter() - started)
