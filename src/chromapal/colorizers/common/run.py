"""One training and one prediction of a study, from file to file."""

import logging
import os
import shutil
import time
from pathlib import Path

import pandas as pd

from chromapal import files, methods
from chromapal.errors import InputError
from chromapal.prepare.samples import Samples
from chromapal.prepare.variants import OVERSAMPLED, named, select, takes_part
from chromapal.training import layout

LOGGER = logging.getLogger("chromapal")
COLOURS = (
    *("lab", "worm", "row", "r", "g", "b", "gray", "luminance", "name", "u", "v", "w"),
    *("pred_r", "pred_g", "pred_b", "role", "scored"),
)
# Standard deviations of predicted colours, from methods that know them.
DEVIATIONS = ("sd_r", "sd_g", "sd_b")


def train(
    neurons_path: Path,
    colorizer: str,
    params: dict,
    variant: str,
    sample: str,
    grid: int,
    slab_um: float,
    seed: int,
    device: str,
    precision: str,
    threads: int,
    smote_neighbours: int,
    weight_cap: float,
    checkpoints: str | os.PathLike,
    out_folder: Path,
    out_history: Path,
):
    """Train one model.

    Rare names get more say in the variant `no_background_smote`: `neuron` samples are
    oversampled by SMOTE; `worm` samples, where a synthetic neuron would have no animal, are
    weighted in the loss by inverse training frequency.

    Parameters
    ----------
    neurons_path : Path
        Normalised neurons of one fold, with their roles.
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
    seed : int
        Of weights, shuffles and synthetic neurons.
    device, precision, threads
        See `chromapal.training.device.choose`.
    smote_neighbours : int
        Neighbours SMOTE interpolates between.
    weight_cap : float
        Greatest weight of a name in the loss, before the weights' mean is made 1.
    checkpoints : path-like
        Folder to go on from after a kill; removed once the model is written.
    out_folder : Path
        The model, whole or not at all.
    out_history : Path
        CSV of the losses, one row per epoch.
    """
    started = time.perf_counter()
    module = methods.module("colorizers", colorizer)
    neurons = with_colour(neurons_path)
    if not methods.whole_animals(module):
        neurons = select(neurons, variant)
    part = {role: neurons[neurons["role"] == role] for role in ("train", "validation")}
    for role, rows in part.items():
        if rows.empty:
            raise InputError(
                neurons_path,
                f"no {role} neuron in variant {variant} with the channels that colour needs",
                "at least one",
                "give more worms, or change config key 'gray_source' or 'folds'",
            )
    weights = None
    if variant == OVERSAMPLED:
        # Here, because its libraries take seconds to import and other variants do not need them.
        from chromapal.prepare.resample import inverse_frequency, smote

        if sample == "neuron":
            part["train"], _ = smote(part["train"], seed, smote_neighbours)
        else:
            weights = inverse_frequency(part["train"]["name"], weight_cap)
    model = module.build(methods.params("colorizers", colorizer, params), dense=sample == "worm")
    history = model.fit(
        Samples.from_neurons(part["train"], sample, grid, slab_um, weights),
        Samples.from_neurons(part["validation"], sample, grid, slab_um),
        seed=seed,
        device=device,
        threads=threads,
        checkpoint=Path(checkpoints),
        precision=precision,
    )
    files.write_csv(history, out_history)
    with files.whole(out_folder) as folder:
        model.save(folder)
    shutil.rmtree(checkpoints, ignore_errors=True)
    LOGGER.info("%s: %.1f s in total", out_folder, time.perf_counter() - started)


def with_colour(neurons_path: Path) -> pd.DataFrame:
    """Read the neurons of animals that have the channels colour is learnt from and judged by."""
    neurons = pd.read_parquet(neurons_path)
    return neurons[neurons["colour"]].reset_index(drop=True)


def load(folder: Path):
    """Give the trained colorizer of a model folder."""
    saved = layout.peek(folder)
    module = methods.module("colorizers", saved["colorizer"])
    return module.build(module.Params(**saved["params"]), saved["dense"]).load(folder)


def predict(
    neurons_path: Path,
    model_folder: Path,
    colorizer: str,
    variant: str,
    sample: str,
    grid: int,
    slab_um: float,
    threads: int,
    out: Path,
    device: str = "cpu",
):
    """Colour all test neurons of one fold, since nobody knows which of a new animal have names.

    Parameters
    ----------
    neurons_path : Path
        Normalised neurons of one fold, with their roles.
    model_folder : Path
        What `train` wrote.
    colorizer : str
        The method; the folder must hold it.
    variant, sample, grid, slab_um, threads, device
        As in `train`.
    out : Path
        Parquet of truth and prediction, columns `COLOURS` (and `DEVIATIONS`, of methods that
        know how uncertain they are), one row per test neuron. `scored` says which of them the
        variant is judged by.
    """
    neurons = with_colour(neurons_path)
    neurons = neurons[neurons["role"] == "test"].reset_index(drop=True)
    neurons["scored"] = takes_part(neurons, variant)
    neurons["name"] = named(neurons, variant)
    model = load(model_folder)
    found = layout.peek(model_folder)["colorizer"]
    if found != colorizer:
        raise InputError(model_folder, f"a model of {found}", f"one of {colorizer}")
    started = time.perf_counter()
    samples = Samples.from_neurons(neurons, sample, grid, slab_um)
    columns = list(COLOURS)
    if hasattr(model, "predict_with_deviation"):
        colours, deviation = model.predict_with_deviation(samples, threads=threads)
        neurons[list(DEVIATIONS)] = deviation
        columns += DEVIATIONS
    else:
        colours = model.predict(samples, device=device, threads=threads)
    neurons[["pred_r", "pred_g", "pred_b"]] = colours
    files.write_parquet(neurons[columns], out)
    LOGGER.info("%d neurons coloured in %.1f s", len(neurons), time.perf_counter() - started)
