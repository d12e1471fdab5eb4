"""Name and colour new worms with a trained model."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from chromapal.apply import answers, channels, plan, scale, scope, typical
from chromapal.apply import model as saved
from chromapal.apply.channels import AUTO
from chromapal.apply.expected import expected_names
from chromapal.apply.read import completed
from chromapal.columns import ASSIGNED, NO_NEURON, SCOPE, SKIPPED
from chromapal.errors import InputError
from chromapal.files import write_csv, write_parquet
from chromapal.identify.anchors import FORBIDDEN
from chromapal.identify.assign import answer
from chromapal.worms import skipped, table

# what linear algebra raises over one worm, which must not stop the others
FAILURES = (ArithmeticError, ValueError, RuntimeError, IndexError)
LOGGER = logging.getLogger("chromapal")


@dataclass(frozen=True)
class Named:
    """What a model makes of new worms.

    Attributes
    ----------
    neurons : pandas.DataFrame
        A row per neuron of every worm that was named: the columns of the table `new_neurons` in
        `chromapal.evaluate.dictionary`, and `file`; rows in the order given.
    probabilities : pandas.DataFrame
        The probability of every name, a column each; rows as in `neurons`. What a row lacks to 1
        is the probability of none of these names.
    worms : pandas.DataFrame
        What was decided about each worm's axes.
    mirrored : pandas.DataFrame
        What neurons are if those axes are the other way round; see
        `chromapal.apply.answers.other_axes`. Rows as in `neurons`.
    adapted : pandas.DataFrame
        How the channels of laboratories that the model did not know differ; see
        `chromapal.identify.adapt.to_table`.
    differences : pandas.DataFrame
        `chromapal.columns.SCOPE`: how worms differ from training worms.
    skipped : pandas.DataFrame
        `chromapal.columns.SKIPPED`: worms that cannot be named.
    """

    neurons: pd.DataFrame
    probabilities: pd.DataFrame
    worms: pd.DataFrame
    mirrored: pd.DataFrame
    adapted: pd.DataFrame
    differences: pd.DataFrame
    skipped: pd.DataFrame


class Model:
    """A trained model that names and colours new worms; made by `load_model`.

    Attributes
    ----------
    colorizer : chromapal.colorizers.common.named_colour.NamedColour
        Names and colours normalised neurons.
    facts : dict
        What the model was trained on and how; see `chromapal.apply.model.train_model`.
    """

    def __init__(self, colorizer, facts: dict):
        self.colorizer, self.facts = colorizer, facts

    @property
    def colour_scale(self) -> str:
        """The scale of the colours that it predicts."""
        return self.facts["normaliser"]["colour_scale"]

    def name(self, neurons: pd.DataFrame, channels_used: str = AUTO) -> pd.DataFrame:
        """Name the neurons of new worms.

        Worms of one laboratory decide together whether their axes are mirrored and, where the model
        does not know the laboratory, how its channels differ: name them in one call. Labels in `ID`
        are compared with the answers and have no influence on them.

        Parameters
        ----------
        neurons : pandas.DataFrame
            Neuron tables of one or many whole worms, as `chromapal.read` returns them. Gray is in
            W, or is the luminance of R, G and B [counts].
        channels_used : {"auto", "position", "gray", "colour", "all"}
            What a worm is named by; `auto` is the richest that the model knows and the worm has.

        Returns
        -------
        pandas.DataFrame
            The table that `snakemake apply` writes as `neurons.csv`, of all worms that can be
            named, sorted by laboratory, worm and `review` (1 for a worm's least certain neuron):
            names with probabilities (0 to 1), class, side and ganglion, positions in the body [um],
            predicted colour; every column is described in docs/tables.md. Warnings in the log say
            which worms were skipped, and how others differ from training worms.

        Raises
        ------
        InputError
            The table lacks a column or holds an invalid value, or no worm can be named, or the
            model cannot name worms by these channels.
        """
        named = self.named(completed(table.validate(neurons, "neurons")), channels_used)
        reasons = skipped.log_reasons(named.skipped)
        if named.neurons.empty:
            raise InputError("neurons", "no usable worm", "at least one", reasons)
        _log_differences(named.differences)
        rows = named.neurons.drop(columns="file")
        return rows.sort_values([*table.WORM, "review"], ignore_index=True)

    def named(self, neurons: pd.DataFrame, channels_used: str = AUTO) -> Named:
        """Name new worms, and keep what else was found.

        Parameters
        ----------
        neurons : pandas.DataFrame
            Neuron tables as `chromapal.apply.read.completed` returns them.
        channels_used : str
            As for `name`.

        Returns
        -------
        Named
            Without rows of neurons if no worm can be named.
        """
        neurons = neurons.assign(row=np.arange(len(neurons), dtype=np.int64))
        differences = [
            difference
            for _, rows in neurons.groupby(table.WORM)
            for difference in scope.differences(rows, self.facts)
        ]
        neurons, unusable = scale.usable(neurons, self.facts)
        neurons, without = channels.choose(neurons, self.facts["features"], channels_used)
        threads = torch.get_num_threads()
        # with more threads PyTorch sums in another order, which would change results
        torch.set_num_threads(1)
        try:
            auto = channels_used == AUTO
            (named, *beside), failed = self._named_where_possible(neurons, auto)
        finally:
            torch.set_num_threads(threads)
        usable = set(named[table.WORM].itertuples(index=False, name=None))
        differences = [each for each in differences if (each["lab"], each["worm"]) in usable]
        differences += typical.differences(named, beside[1], self.facts["typical"])
        return Named(
            named,
            *beside,
            pd.DataFrame(differences, columns=list(SCOPE)),
            pd.DataFrame(unusable + without + failed, columns=list(SKIPPED)),
        )

    def _named_where_possible(
        self, neurons: pd.DataFrame, auto: bool
    ) -> tuple[tuple[pd.DataFrame, ...], list[dict]]:
        """Name all worms; where that fails, find the worms at fault and name the others.

        Worms of a laboratory are named together. Each is tried alone only after a failure.

        Returns
        -------
        tables : tuple of pandas.DataFrame
            neurons, probabilities, worms, mirrored and adapted as in `Named`; without rows if no
            worm can be named.
        failed : list of dict
            `skipped.entry` of each worm that cannot be named.
        """
        nothing = neurons[:0], *(pd.DataFrame() for _ in range(4))
        if neurons.empty:
            return nothing, []
        try:
            return self._named(neurons, auto), []
        except FAILURES as error:
            LOGGER.warning("worms are tried one by one (%s)", error)
        good, failed = [neurons[:0]], []
        for (lab, worm), rows in neurons.groupby(table.WORM, sort=False):
            try:
                self._named(rows, auto)
                good.append(rows)
            except FAILURES as error:
                file = rows["file"].iloc[0]
                reason = " ".join(str(error).split())[:80]
                line = InputError(
                    f"{file}, worm {worm!r}",
                    f"positions or counts that cannot be named ({reason})",
                    "those of a worm",
                )
                failed.append(skipped.entry(file, lab, worm, line))
        if len(good) == 1:
            return nothing, failed
        return self._named(pd.concat(good), auto), failed

    def _named(self, neurons: pd.DataFrame, auto: bool) -> tuple[pd.DataFrame, ...]:
        neurons = neurons.sort_values("row", ignore_index=True).assign(misshapen=False)
        identifier = self.colorizer.identifier
        neurons, agreement = typical.with_agreement(
            identifier, self.colorizer.colours, neurons, self.facts["typical"], auto
        )
        found, _ = typical.identify(identifier, neurons, self.facts["typical"])
        known = np.array([*identifier.transformer.classes_, ""])
        assigned = np.full((len(neurons), len(ASSIGNED)), "", dtype=object)
        chance, mirrored = np.zeros(assigned.shape), np.full(len(neurons), "", dtype=object)
        none = found.spurious >= NO_NEURON
        fixed = torch.zeros_like(found.probabilities)
        fixed[torch.from_numpy(none)] = FORBIDDEN
        for rows in neurons.groupby(table.WORM).indices.values():
            best = answer(found.probabilities[rows], fixed[rows])
            assigned[rows], chance[rows] = known[best.best], best.probability
            if found.mirrored[rows].any():
                mirrored[rows] = known[answer(found.mirrored[rows], fixed[rows]).best[:, 0]]
        shares = found.probabilities.numpy()
        answers.leave_unnamed(assigned, chance, known, shares, none)
        stated = np.full(len(neurons), "")
        given = answers.Given(assigned, chance, mirrored, stated, found.spurious)
        named = answers.tables(
            self.colorizer,
            self.colour_scale,
            neurons,
            shares,
            found.position,
            found.worms,
            given,
        )
        other = answers.other_axes(
            identifier.transformer.classes_, found.mirrored.numpy(), found.mirrored_position
        )
        worms = found.worms.merge(agreement, "left", on=table.WORM)
        return *named, worms, other, found.adapted


def load_model(folder: str | os.PathLike | None = None) -> Model:
    """Load a trained model.

    Parameters
    ----------
    folder : path-like, optional
        The folder of a finished study's results (`results/STUDY`), or of its model; by default the
        model that comes with the software.

    Returns
    -------
    Model
        Its method `name` names and colours new worms.

    Raises
    ------
    InputError
        There is no model, or it is damaged or not one that a study wrote.
    """
    return Model(*saved.load(plan.model_folder(folder or "", "load_model()")))


@dataclass(frozen=True)
class NamedBy:
    """What new worms are named by.

    Attributes
    ----------
    model : path-like
        Folder of the trained model.
    channels_used : str
        See `Model.name`.
    """

    model: str | os.PathLike
    channels_used: str


def name_all(
    named_by: NamedBy,
    neurons: str | os.PathLike,
    skipped_sources: str | os.PathLike,
    out_named: Sequence[str | os.PathLike],
    out_adapted: str | os.PathLike,
    out_expected: str | os.PathLike,
    out_scope: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Name all new worms; worms of one laboratory are assigned the same handedness.

    Parameters
    ----------
    named_by : NamedBy
        The model, and the channels that it may look at.
    neurons, skipped_sources : path-like
        What `chromapal.apply.read.collect` wrote.
    out_named : sequence of path-like
        Parquet: neurons, probabilities, worms and mirrored of `Named`.
    out_adapted : path-like
        Parquet: adapted of `Named`, for corrections.
    out_expected : path-like
        Parquet of `chromapal.apply.expected.expected_names`, for pages.
    out_scope, out_skipped : path-like
        CSV of `chromapal.columns.SCOPE`, and of everything skipped.

    Raises
    ------
    InputError
        The model cannot be used, or no worm can; the log says why each worm was skipped.
    """
    model = load_model(named_by.model)
    named = model.named(table.read(neurons), named_by.channels_used)
    all_skipped = pd.concat([skipped.read(skipped_sources), named.skipped])
    if named.neurons.empty:
        reasons = skipped.log_reasons(all_skipped)
        raise InputError("config key 'worms'", "no usable worm", "at least one", reasons)
    skipped.log_reasons(named.skipped)
    skipped.write(all_skipped, out_skipped)
    _log_differences(named.differences)
    for line in channels.describe(named.neurons):
        LOGGER.info("%s", line)
    found = (named.neurons, named.probabilities, named.worms, named.mirrored)
    for content, path in zip(found, out_named, strict=True):
        write_parquet(content, path)
    write_parquet(named.adapted, out_adapted)
    write_parquet(expected_names(model, named.worms), out_expected)
    write_csv(named.differences, out_scope)
    LOGGER.info("%d worms named, %d neurons", len(named.worms), len(named.neurons))


def _log_differences(differences: pd.DataFrame):
    for difference in differences.to_dict("records"):
        LOGGER.warning("%s", scope.describe(difference))
