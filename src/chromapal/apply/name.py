"""New worms are named and coloured by the model that a study kept."""

import logging
import os

import numpy as np
import pandas as pd
import torch

from chromapal.apply import scale, scope
from chromapal.apply.model import load
from chromapal.columns import ASSIGNED, BODY, PROBABILITY, RGB, RGB_SD, RGB_SHOWN, SCOPE, SKIPPED
from chromapal.errors import InputError
from chromapal.files import write_csv, write_parquet
from chromapal.identify.assign import answer
from chromapal.prepare.normalise import display
from chromapal.worms import skipped, table

LOGGER = logging.getLogger("chromapal")


def name_all(
    model: str | os.PathLike,
    neurons: str | os.PathLike,
    skipped_sources: str | os.PathLike,
    out_neurons: str | os.PathLike,
    out_worms: str | os.PathLike,
    out_scope: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Name all new worms; those of one laboratory are turned the same way together.

    Parameters
    ----------
    model : path-like
        Folder of the kept model.
    neurons, skipped_sources : path-like
        What `chromapal.apply.read.collect` wrote.
    out_neurons : path-like
        Parquet, a row per neuron: those of the neuron table; row (number in `neurons`); body
        axes; assigned1 to assigned5 and their probabilities; predicted colour and deviation
        on the study's scale, and the colour brought to 0..1.
    out_worms : path-like
        Parquet: what was decided about each worm's axes.
    out_scope, out_skipped : path-like
        CSV of `chromapal.columns.SCOPE`, and of everything left out.

    Raises
    ------
    InputError
        The model cannot be used, or no worm can; the log tells of each why it was left out.
    """
    # PyTorch adds up in another order with more threads, which must change no result
    torch.set_num_threads(1)
    trained, facts = load(model)
    neurons = table.read(neurons)
    neurons = neurons.assign(row=np.arange(len(neurons), dtype=np.int64))
    asked = [
        question
        for _, rows in neurons.groupby(table.ANIMAL)
        for question in scope.questions(rows, facts)
    ]
    neurons, left_out = scale.usable(neurons, facts)
    unnamed = pd.DataFrame(left_out, columns=list(SKIPPED))
    listed = pd.concat([skipped.read(skipped_sources), unnamed])
    if neurons.empty:
        reasons = skipped.told(listed)
        raise InputError("config key 'worms'", "no usable worm", "one at least", reasons)
    skipped.told(unnamed)
    skipped.write(listed, out_skipped)
    here = set(neurons[table.ANIMAL].itertuples(index=False, name=None))
    asked = [question for question in asked if (question["lab"], question["worm"]) in here]
    for question in asked:
        LOGGER.warning("%s", scope.sentence(question))
    named, worms = _named(trained, facts, neurons)
    write_parquet(named, out_neurons)
    write_parquet(worms, out_worms)
    write_csv(pd.DataFrame(asked, columns=list(SCOPE)), out_scope)
    LOGGER.info("%d worms named, %d neurons", len(worms), len(named))


def _named(trained, facts: dict, neurons: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    probabilities, position, worms = trained.identifier.probabilities(neurons)
    colour, deviation = trained.coloured(neurons, probabilities, position)
    known = np.array([*trained.identifier.transformer.classes_, ""])
    names = np.full((len(neurons), len(ASSIGNED)), "", dtype=object)
    chances = np.zeros(names.shape)
    for rows in neurons.groupby(table.ANIMAL).indices.values():
        answers = answer(probabilities[rows])
        names[rows], chances[rows] = known[answers.best], answers.probability
    shown = display(colour, facts["normaliser"]["colour_scale"])
    columns = [*table.COLUMNS, "file", "row", "name"]
    return neurons[columns].assign(
        **dict(zip(BODY, position.T, strict=True)),
        **dict(zip(ASSIGNED, names.T, strict=True)),
        **dict(zip(PROBABILITY, chances.T, strict=True)),
        **dict(zip(RGB, colour.T, strict=True)),
        **dict(zip(RGB_SD, deviation.T, strict=True)),
        **dict(zip(RGB_SHOWN, shown.T, strict=True)),
    ), worms
