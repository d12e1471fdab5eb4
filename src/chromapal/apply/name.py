"""Name and colour new worms with a study's trained model."""

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

# what linear algebra raises over one worm, which must not stop the others
FAILURES = (ArithmeticError, ValueError, RuntimeError, IndexError)
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
    """Name all new worms; worms of one laboratory are assigned the same handedness.

    Parameters
    ----------
    model : path-like
        Folder of the trained model.
    neurons, skipped_sources : path-like
        What `chromapal.apply.read.collect` wrote.
    out_neurons : path-like
        Parquet, a row per neuron: columns of the neuron table; row (number in `neurons`); body
        axes; assigned1 to assigned5 and their probabilities; predicted colour and deviation
        on the study's scale, and the colour scaled to 0..1.
    out_worms : path-like
        Parquet: what was decided about each worm's axes.
    out_scope, out_skipped : path-like
        CSV of `chromapal.columns.SCOPE`, and of everything skipped.

    Raises
    ------
    InputError
        The model cannot be used, or no worm can; the log says why each worm was skipped.
    """
    # with more threads PyTorch sums in another order, which would change results
    torch.set_num_threads(1)
    trained, facts = load(model)
    neurons = table.read(neurons)
    neurons = neurons.assign(row=np.arange(len(neurons), dtype=np.int64))
    differences = [
        difference
        for _, rows in neurons.groupby(table.WORM)
        for difference in scope.differences(rows, facts)
    ]
    neurons, skipped_worms = scale.usable(neurons, facts)
    named, worms, failed = _named_where_possible(trained, facts, neurons)
    newly_skipped = pd.DataFrame(skipped_worms + failed, columns=list(SKIPPED))
    all_skipped = pd.concat([skipped.read(skipped_sources), newly_skipped])
    if named.empty:
        reasons = skipped.log_reasons(all_skipped)
        raise InputError("config key 'worms'", "no usable worm", "at least one", reasons)
    skipped.log_reasons(newly_skipped)
    skipped.write(all_skipped, out_skipped)
    usable = set(named[table.WORM].itertuples(index=False, name=None))
    differences = [
        difference
        for difference in differences
        if (difference["lab"], difference["worm"]) in usable
    ]
    for difference in differences:
        LOGGER.warning("%s", scope.describe(difference))
    write_parquet(named, out_neurons)
    write_parquet(worms, out_worms)
    write_csv(pd.DataFrame(differences, columns=list(SCOPE)), out_scope)
    LOGGER.info("%d worms named, %d neurons", len(worms), len(named))


def _named_where_possible(
    trained, facts: dict, neurons: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, list[dict]]:
    """Name all worms; where that fails, find the worms at fault and name the others without them.

    Worms of a laboratory are named together. Each is tried alone only after a failure.

    Returns
    -------
    named, worms : pandas.DataFrame
        As `_named` returns them; without rows if no worm can be named.
    failed : list of dict
        `skipped.entry` of each worm that cannot be named.
    """
    if neurons.empty:
        return neurons, pd.DataFrame(), []
    try:
        return *_named(trained, facts, neurons), []
    except FAILURES as error:
        LOGGER.warning("worms are tried one by one (%s)", error)
    good, failed = [neurons[:0]], []
    for (lab, worm), rows in neurons.groupby(table.WORM, sort=False):
        try:
            _named(trained, facts, rows)
            good.append(rows)
        except FAILURES as error:
            file = rows["file"].iloc[0]
            line = InputError(
                f"{file}, worm {worm!r}",
                f"positions or counts that cannot be named ({' '.join(str(error).split())[:80]})",
                "those of a worm",
            )
            failed.append(skipped.entry(file, lab, worm, line))
    if len(good) == 1:
        return neurons[:0], pd.DataFrame(), failed
    return *_named(trained, facts, pd.concat(good)), failed


def _named(trained, facts: dict, neurons: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    probabilities, position, worms = trained.identifier.probabilities(neurons)
    colour, deviation = trained.coloured(neurons, probabilities, position)
    if not all(np.isfinite(each).all() for each in (probabilities.numpy(), position, colour)):
        raise FloatingPointError("a name, a position or a colour is no number")
    known = np.array([*trained.identifier.transformer.classes_, ""])
    names = np.full((len(neurons), len(ASSIGNED)), "", dtype=object)
    chance = np.zeros(names.shape)
    for rows in neurons.groupby(table.WORM).indices.values():
        answers = answer(probabilities[rows])
        names[rows], chance[rows] = known[answers.best], answers.probability
    displayed = display(colour, facts["normaliser"]["colour_scale"])
    columns = [*table.COLUMNS, "file", "row", "name"]
    return neurons[columns].assign(
        **dict(zip(BODY, position.T, strict=True)),
        **dict(zip(ASSIGNED, names.T, strict=True)),
        **dict(zip(PROBABILITY, chance.T, strict=True)),
        **dict(zip(RGB, colour.T, strict=True)),
        **dict(zip(RGB_SD, deviation.T, strict=True)),
        **dict(zip(RGB_SHOWN, displayed.T, strict=True)),
    ), worms
