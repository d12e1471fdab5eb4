"""One training on pictures and one colouring of a study, from file to file."""

import logging
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chromapal import files, methods
from chromapal.colorizers.common.run import load
from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.images.bundled import micrograph
from chromapal.images.sets import Part, opened, part
from chromapal.images.shown import save
from chromapal.prepare.pictures import PictureSamples
from chromapal.training import layout

LOGGER = logging.getLogger("chromapal")
AT_ONCE = 64  # pictures in memory while colouring


def train(
    options: dict,
    colorizer: str,
    params: dict,
    pictures: int | None,
    seed: int,
    training_seed: int,
    device: str,
    precision: str,
    threads: int,
    checkpoint_dir: str | Path,
    out_folder: str | Path,
    out_history: str | Path,
    out_facts: str | Path,
):
    """Train one model on a set's training pictures.

    Parameters
    ----------
    options : dict
        The set; see `chromapal.images.sets.opened`.
    colorizer, params
        The method's name, and the study's changes to its `Params`.
    pictures : int, optional
        Training pictures at most; all of them without it.
    seed, training_seed : int
        Of the set, and of weights and shuffles.
    device, precision, threads
        See `chromapal.training.device.choose`.
    checkpoint_dir : path-like
        Folder to go on from after a kill; removed once the model is written.
    out_folder : path-like
        The model, whole or not at all.
    out_history : path-like
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
    collection = opened(options, seed)
    some = {"train": part(collection, "train", pictures, seed)}
    some["validation"] = part(collection, "validation")
    if not len(some["validation"]):
        raise InputError(
            collection.name, "no picture to validate on", "at least one",
            "give more sources, or a larger share with key 'validation'",
        )  # fmt: skip
    module = methods.module("colorizers", colorizer)
    model = module.build(methods.params("colorizers", colorizer, params))
    history = model.fit(
        *(PictureSamples(pictures) for pictures in some.values()),
        seed=training_seed,
        device=device,
        threads=threads,
        checkpoint=Path(checkpoint_dir),
        precision=precision,
    )
    files.write_csv(history, out_history)
    with files.whole(out_folder) as folder:
        model.save(folder)
    facts = {"train_pictures": len(some["train"]), "parameters": learnt(model)}
    files.write_json(facts | layout.trained_on(out_folder), out_facts)
    shutil.rmtree(checkpoint_dir, ignore_errors=True)
    LOGGER.info("%s: %.1f s in total", out_folder, time.perf_counter() - started)


def learnt(model: object) -> int:
    """Count the numbers that a model learns: of its network, where it has one."""
    network = getattr(model, "network", None)
    if network is not None:
        return sum(part.numel() for part in network.parameters() if part.requires_grad)
    return int(np.size(getattr(model, "colour", ())))


def colour(
    options: dict,
    model_folder: str | Path,
    micrographs: Sequence[str],
    seed: int,
    threads: int,
    out: str | Path,
    device: str = "cpu",
):
    """Colour a set's test pictures, and micrographs that have no colours.

    Parameters
    ----------
    options, seed
        The set; see `chromapal.images.sets.opened`.
    model_folder : path-like
        What `train` wrote.
    micrographs : sequence of str
        Names of bundled micrographs.
    threads, device
        As in `train`.
    out : path-like
        Folder of `NNN.png`, numbered as `chromapal.images.shown.show` does, and of
        `micrograph_NAME.png`; 8 bit.
    """
    started = time.perf_counter()
    model = load(Path(model_folder))
    tested = part(opened(options, seed), "test")
    grays = [micrograph(name) for name in micrographs]
    blank = [(np.full((*gray.shape, 3), np.nan, np.float32), gray) for gray in grays]
    with files.whole(out) as folder:
        folder.mkdir()
        for start in progress(range(0, len(tested), AT_ONCE), -(-len(tested) // AT_ONCE), "colour"):
            some = Part(tested.collection, tested.pictures[start : start + AT_ONCE])
            found = model.predict(PictureSamples(some), device=device, threads=threads)
            for number, rgb in enumerate(found, start=start):
                save(rgb, folder / f"{number:03d}.png")
        extra = model.predict(PictureSamples(blank), device=device, threads=threads)
        for name, rgb in zip(micrographs, extra, strict=True):
            save(rgb, folder / f"micrograph_{name}.png")
    LOGGER.info("%d pictures coloured in %.1f s", len(tested), time.perf_counter() - started)
