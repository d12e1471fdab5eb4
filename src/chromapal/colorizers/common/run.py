"""Training and prediction of one colorizer, from input files to output files."""

import dataclasses
import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal import files, methods
from chromapal.columns import PREDICTED, TRAINED_ON
from chromapal.errors import InputError
from chromapal.prepare.frame import BodyFrame, with_colour
from chromapal.prepare.samples import Samples
from chromapal.prepare.variants import OVERSAMPLED, Smote, named, select, takes_part
from chromapal.training import layout
from chromapal.training.settings import Training

LOGGER = logging.getLogger("chromapal")
FRAME = "frame.json"  # of a model folder: the ranges of its grids in body axes
COLOURS = (
    *("lab", "worm", "row", "r", "g", "b", "gray", "luminance", "name", "u", "v", "w"),
    *(*PREDICTED, "role", "scored", *TRAINED_ON),
)
# Standard deviations of predicted colours, from methods that know them.
DEVIATIONS = ("sd_r", "sd_g", "sd_b")


@dataclass(frozen=True)
class Run:
    """One colorizer on one kind of samples.

    Attributes
    ----------
    colorizer, params
        The method's name, and the study's changes to its `Params`.
    variant : {"with_background", "no_background", "no_background_smote"}
        Which neurons to train on. Methods that need `whole_worms` train on all of them.
    sample : {"neuron", "worm"}
        Kind of sample.
    grid : int
        Cells along each side.
    slab_um : float
        Thickness of a slab [um]; `worm` samples only.
    """

    colorizer: str
    params: dict
    variant: str
    sample: str
    grid: int
    slab_um: float


def train(
    neurons: Path,
    aligned: Path | None,
    run: Run,
    smote: Smote,
    training: Training,
    out_model: Path,
    out_losses: Path,
    out_colours: Path,
):
    """Train one model, and predict the colours of the fold's test worms.

    The variant `no_background_smote` gives rare names more weight: `neuron` samples are
    oversampled by SMOTE; `worm` samples, where a synthetic neuron would have no worm, are
    weighted in the loss by inverse training frequency.

    Parameters
    ----------
    neurons : Path
        Normalised neurons of one fold, with their roles.
    aligned : Path, optional
        The same neurons in body axes (`chromapal.identify.run.align_fold`), by which they are then
        put on grids; without it, by the axes that they were recorded in.
    run : Run
        The colorizer and its samples.
    smote : Smote
        How much weight rare names get.
    training : Training
        Device, seed and folder of checkpoints.
    out_model : Path
        Folder of the model.
    out_losses : Path
        CSV of the losses, one row per epoch.
    out_colours : Path
        See `predict`.
    """
    started = time.perf_counter()
    module = methods.module("colorizers", run.colorizer)
    table = with_colour(neurons, aligned)
    frame = BodyFrame.fit(table[table["role"] == "train"]) if aligned else None
    table = frame.place(table) if frame else table
    if not methods.declared("colorizers", run.colorizer, "whole_worms"):
        table = select(table, run.variant)
    by_role = {role: table[table["role"] == role] for role in ("train", "validation")}
    for role, rows in by_role.items():
        if rows.empty:
            raise InputError(
                neurons,
                f"no {role} neuron in variant {run.variant} with the channels that colour needs",
                "at least one",
                "give more worms, or change config key 'gray_source' or 'folds'",
            )
    weights = None
    if run.variant == OVERSAMPLED:
        # Imported here: its libraries take seconds to import and other variants do not need them.
        from chromapal.prepare import resample

        if run.sample == "neuron":
            by_role["train"], _ = resample.smote(by_role["train"], training.seed, smote.neighbours)
        else:
            weights = resample.inverse_frequency(by_role["train"]["name"], smote.weight_cap)
    params = methods.params("colorizers", run.colorizer, run.params)
    if hasattr(params, "body"):
        params = dataclasses.replace(params, body=frame is not None)
    model = module.build(params, dense=run.sample == "worm")
    history = model.fit(
        samples_of(by_role["train"], run, frame, weights),
        samples_of(by_role["validation"], run, frame),
        seed=training.seed,
        device=training.device,
        threads=training.threads,
        checkpoint=training.folder,
        precision=training.precision,
    )
    files.write_csv(history, out_losses)
    with files.whole(out_model) as folder:
        model.save(folder)
        if frame:
            files.write_json(frame.to_json(), folder / FRAME)
    predict(neurons, aligned, out_model, run, out_colours)
    # the last step: a job that is killed before has its training to go on from
    shutil.rmtree(training.checkpoints, ignore_errors=True)
    LOGGER.info("%s: %.1f s in total", out_model, time.perf_counter() - started)


def samples_of(
    neurons: pd.DataFrame, run: Run, frame: BodyFrame | None, weights: np.ndarray | None = None
) -> Samples:
    """Make the samples of a run."""
    extent = frame.extent_um if frame else None
    return Samples.from_neurons(neurons, run.sample, run.grid, run.slab_um, weights, extent)


def load(folder: Path):
    """Load the trained colorizer of a model folder."""
    saved = layout.read_header(folder)
    module = methods.module("colorizers", saved["colorizer"])
    return module.build(module.Params(**saved["params"]), saved["dense"]).load(folder)


def predict(neurons: Path, aligned: Path | None, model: Path, run: Run, out: Path):
    """Predict the colours of all test neurons of one fold, named or not, as for a new worm.

    On the CPU by one thread, so that the last bits do not depend on how many cores a run was given.

    Parameters
    ----------
    neurons, aligned : Path
        As for `train`.
    model : Path
        Folder of the trained model.
    run : Run
        The colorizer and its samples; the model must be of this colorizer.
    out : Path
        Parquet of truth and prediction, columns `COLOURS` (and `DEVIATIONS` of methods that
        estimate their uncertainty), one row per test neuron. `scored` marks the neurons that
        the variant is scored on.
    """
    methods.module("colorizers", run.colorizer)
    table = with_colour(neurons, aligned)
    table = table[table["role"] == "test"].reset_index(drop=True)
    frame = BodyFrame.from_json(files.read_json(Path(model) / FRAME)) if aligned else None
    table = frame.place(table) if frame else table
    table["scored"] = takes_part(table, run.variant)
    table["name"] = named(table, run.variant)
    trained = load(model)
    colorizer = layout.read_header(model)["colorizer"]
    if colorizer != run.colorizer:
        raise InputError(model, f"a model of {colorizer}", f"one of {run.colorizer}")
    started = time.perf_counter()
    samples = samples_of(table, run, frame)
    columns = list(COLOURS)
    if hasattr(trained, "predict_with_deviation"):
        colours, deviation = trained.predict_with_deviation(samples, threads=1)
        table[list(DEVIATIONS)] = deviation
        columns += DEVIATIONS
    else:
        colours = trained.predict(samples, device="cpu", threads=1)
    table[list(PREDICTED)] = colours
    table = table.assign(**layout.trained_on(model))
    files.write_parquet(table[columns], out)
    LOGGER.info(
        "predicted the colours of %d neurons in %.1f s", len(table), time.perf_counter() - started
    )
