"""Training and prediction of one colorizer of images, from input files to output files."""

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chromapal import files, methods, provenance
from chromapal.colorizers.common.run import load
from chromapal.console import progress
from chromapal.errors import InputError
from chromapal.images.bundled import micrograph
from chromapal.images.export import save
from chromapal.images.sets import Part, listed, part
from chromapal.prepare.crops import CropSamples
from chromapal.prepare.images import ImageSamples
from chromapal.training import layout
from chromapal.training.settings import Training

LOGGER = logging.getLogger("chromapal")
IN_MEMORY = 64  # images, during prediction
MEASURED = 64  # training images that are measured where they are of many sizes


@dataclass(frozen=True)
class Method:
    """One colorizer on images.

    Attributes
    ----------
    colorizer, params
        The method's name, and the study's changes to its `Params`.
    most : int, optional
        Largest number of training images; all of them if None.
    seed : int
        Seed of the draw of training images.
    micrographs : sequence of str
        Names of bundled micrographs, which have no colours, to colour with the test images.
    """

    colorizer: str
    params: dict
    most: int | None = None
    seed: int = 0
    micrographs: Sequence[str] = ()


def train(
    images: str | Path,
    options: dict,
    method: Method,
    training: Training,
    out_model: str | Path,
    out_losses: str | Path,
    out_facts: str | Path,
    out_folder: str | Path,
):
    """Train one model on a set's training images, and colour its test images.

    Parameters
    ----------
    images, options
        The set's list, and its options; see `chromapal.images.sets.listed`.
    method : Method
        The colorizer, and the number of training images.
    training : Training
        Device, seed and folder of checkpoints.
    out_model : path-like
        Folder of the model, sealed with the facts that it is applied by.
    out_losses : path-like
        CSV of the losses, one row per epoch.
    out_facts : path-like
        JSON: numbers of training images and of trained parameters, and the device and precision
        of training.
    out_folder : path-like
        See `colour`.

    Raises
    ------
    InputError
        There is no image to validate on.
    """
    started = time.perf_counter()
    collection = listed(images, options, ["train", "validation"])
    training_images = part(collection, "train", method.most, method.seed)
    validation_images = part(collection, "validation")
    if not len(validation_images):
        raise InputError(
            images, "no image to validate on", "at least one",
            "give more sources, or a larger fraction with key 'validation'",
        )  # fmt: skip
    module = methods.module("colorizers", method.colorizer)
    model = module.build(methods.params("colorizers", method.colorizer, method.params))
    history = model.fit(
        samples_of(training_images),
        samples_of(validation_images),
        seed=training.seed,
        device=training.device,
        threads=training.threads,
        checkpoint=training.folder,
        precision=training.precision,
    )
    files.write_csv(history, out_losses)
    with files.whole(out_model) as folder:
        model.save(folder)
        layout.seal(folder, layout.FACTS, facts_of(method.colorizer, training_images))
    facts = {"train_pictures": len(training_images), "parameters": count_parameters(model)}
    files.write_json(facts | layout.trained_on(out_model), out_facts)
    colour(images, options, method, out_model, out_folder)
    # the last step: a job that is killed before has its training to go on from
    shutil.rmtree(training.checkpoints, ignore_errors=True)
    LOGGER.info("%s: %.1f s in total", out_model, time.perf_counter() - started)


def samples_of(images: Part) -> ImageSamples:
    """Return what training sees of images: crops, where the set has them cropped, or all."""
    crop = images.collection.crop
    return CropSamples(images, crop) if crop else ImageSamples(images)


def facts_of(colorizer: str, images: Part) -> dict:
    """Return what has to be known about a model to colour other images with it.

    Returns
    -------
    dict
        colorizer; version and lock_digest of the software; train_pictures, their number; and
        side, the median of their shorter sides [pixels]: things look as large as that to it.
    """
    side = images.collection.size
    if side is None:
        measured = np.unique(np.linspace(0, len(images) - 1, MEASURED).round().astype(int))
        side = int(np.median([min(images[index][1].shape) for index in measured.tolist()]))
    return {
        "colorizer": colorizer,
        "version": provenance.version(),
        "lock_digest": provenance.lock_digest(),
        "train_pictures": len(images),
        "side": side,
    }


def count_parameters(model: object) -> int:
    """Count the trained parameters of a model."""
    network = getattr(model, "network", None)
    if network is not None:
        return sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
    return int(np.size(getattr(model, "colour", ())))


def colour(images: str | Path, options: dict, method: Method, model: str | Path, out: str | Path):
    """Predict the colours of a set's test images, and of micrographs that have no colours.

    On the CPU by one thread, so that the last bits do not depend on how many cores a run was given.

    Parameters
    ----------
    images, options
        The set's list, and its options; see `chromapal.images.sets.listed`.
    method : Method
        The colorizer, and the micrographs.
    model : path-like
        Folder of the trained model.
    out : path-like
        Folder of `NNN.png`, numbered as `chromapal.images.export.write_test_images` does, and of
        `micrograph_NAME.png`; 8 bit.
    """
    started = time.perf_counter()
    trained = load(Path(model))
    tested = part(listed(images, options, ["test"]), "test")
    grays = [micrograph(name) for name in method.micrographs]
    blank = [(np.full((*gray.shape, 3), np.nan, np.float32), gray) for gray in grays]
    with files.whole(out) as folder:
        folder.mkdir()
        for start in progress(
            range(0, len(tested), IN_MEMORY), -(-len(tested) // IN_MEMORY), "colour"
        ):
            chunk = Part(tested.collection, tested.images[start : start + IN_MEMORY])
            predicted = trained.predict(ImageSamples(chunk), device="cpu", threads=1)
            for number, rgb in enumerate(predicted, start=start):
                save(rgb, folder / f"{number:03d}.png")
        extra = trained.predict(ImageSamples(blank), device="cpu", threads=1)
        for name, rgb in zip(method.micrographs, extra, strict=True):
            save(rgb, folder / f"micrograph_{name}.png")
    LOGGER.info(
        "predicted the colours of %d images in %.1f s", len(tested), time.perf_counter() - started
    )
