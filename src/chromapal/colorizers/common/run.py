"""One training and one prediction of a study, from file to file."""

import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from chromapal import files, methods
from chromapal.columns import PREDICTED, TRAINED_ON
from chromapal.errors import InputError
from chromapal.prepare.samples import Samples
from chromapal.prepare.variants import OVERSAMPLED, Smote, named, select, takes_part
from chromapal.training import layout
from chromapal.training.settings import Training

LOGGER = logging.getLogger("chromapal")
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
        Which neurons are learnt from. Methods that see `whole_animals` learn from all of them.
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
    run: Run,
    smote: Smote,
    training: Training,
    out_model: Path,
    out_losses: Path,
):
    """Train one model.

    Rare names get more say in the variant `no_background_smote`: `neuron` samples are
    oversampled by SMOTE; `worm` samples, where a synthetic neuron would have no animal, are
    weighted in the loss by inverse training frequency.

    Parameters
    ----------
    neurons : Path
        Normalised neurons of one fold, with their roles.
    run : Run
        What is trained, and on which samples.
    smote : Smote
        How much say rare names get.
    training : Training
        Where and how, and where it goes on after a kill.
    out_model : Path
        The model, whole or not at all.
    out_losses : Path
        CSV of the losses, one row per epoch.
    """
    started = time.perf_counter()
    module = methods.module("colorizers", run.colorizer)
    table = with_colour(neurons)
    if not methods.declared("colorizers", run.colorizer, "whole_animals"):
        table = select(table, run.variant)
    part = {role: table[table["role"] == role] for role in ("train", "validation")}
    for role, rows in part.items():
        if rows.empty:
            raise InputError(
                neurons,
                f"no {role} neuron in variant {run.variant} with the channels that colour needs",
                "at least one",
                "give more worms, or change config key 'gray_source' or 'folds'",
            )
    weights = None
    if run.variant == OVERSAMPLED:
        # Here, because its libraries take seconds to import and other variants do not need them.
        from chromapal.prepare import resample

        if run.sample == "neuron":
            part["train"], _ = resample.smote(part["train"], training.seed, smote.neighbours)
        else:
            weights = resample.inverse_frequency(part["train"]["name"], smote.weight_cap)
    params = methods.params("colorizers", run.colorizer, run.params)
    model = module.build(params, dense=run.sample == "worm")
    history = model.fit(
        Samples.from_neurons(part["train"], run.sample, run.grid, run.slab_um, weights),
        Samples.from_neurons(part["validation"], run.sample, run.grid, run.slab_um),
        seed=training.seed,
        device=training.device,
        threads=training.threads,
        checkpoint=training.folder,
        precision=training.precision,
    )
    files.write_csv(history, out_losses)
    with files.whole(out_model) as folder:
        model.save(folder)
    shutil.rmtree(training.checkpoints, ignore_errors=True)
    LOGGER.info("%s: %.1f s in total", out_model, time.perf_counter() - started)


def with_colour(neurons_path: Path) -> pd.DataFrame:
    """Read the neurons of animals that have the channels colour is learnt from and judged by."""
    neurons = pd.read_parquet(neurons_path)
    return neurons[neurons["colour"]].reset_index(drop=True)


def load(folder: Path):
    """Give the trained colorizer of a model folder."""
    saved = layout.peek(folder)
    module = methods.module("colorizers", saved["colorizer"])
    return module.build(module.Params(**saved["params"]), saved["dense"]).load(folder)


def predict(neurons: Path, model: Path, run: Run, threads: int, out: Path, device: str = "cpu"):
    """Colour all test neurons of one fold, since nobody knows which of a new animal have names.

    Parameters
    ----------
    neurons : Path
        Normalised neurons of one fold, with their roles.
    model : Path
        What `train` wrote.
    run : Run
        What was trained; the folder must hold it.
    threads, device
        See `chromapal.training.device.choose`.
    out : Path
        Parquet of truth and prediction, columns `COLOURS` (and `DEVIATIONS`, of methods that
        know how uncertain they are), one row per test neuron. `scored` says which of them the
        variant is judged by.
    """
    methods.module("colorizers", run.colorizer)
    table = with_colour(neurons)
    table = table[table["role"] == "test"].reset_index(drop=True)
    table["scored"] = takes_part(table, run.variant)
    table["name"] = named(table, run.variant)
    trained = load(model)
    found = layout.peek(model)["colorizer"]
    if found != run.colorizer:
        raise InputError(model, f"a model of {found}", f"one of {run.colorizer}")
    started = time.perf_counter()
    samples = Samples.from_neurons(table, run.sample, run.grid, run.slab_um)
    columns = list(COLOURS)
    if hasattr(trained, "predict_with_deviation"):
        colours, deviation = trained.predict_with_deviation(samples, threads=threads)
        table[list(DEVIATIONS)] = deviation
        columns += DEVIATIONS
    else:
        colours = trained.predict(samples, device=device, threads=threads)
    table[list(PREDICTED)] = colours
    table = table.assign(**layout.trained_on(model))
    files.write_parquet(table[columns], out)
    LOGGER.info("%d neurons coloured in %.1f s", len(table), time.perf_counter() - started)
