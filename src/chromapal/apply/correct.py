"""Name new worms again under what a person states about them."""

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.special import expit

from chromapal import sheet
from chromapal.apply import scale
from chromapal.apply.answers import Given, leave_unnamed, other_axes, tables
from chromapal.apply.name import Model, NamedBy, load_model
from chromapal.columns import NO_NEURON
from chromapal.errors import InputError
from chromapal.files import write_parquet
from chromapal.identify.adapt import from_table
from chromapal.identify.anchored import odds_of
from chromapal.identify.anchors import NO_CELL, Anchors
from chromapal.identify.handedness import CERTAIN, DOUBTFUL
from chromapal.identify.solver import Solver
from chromapal.identify.worms import worms_of
from chromapal.prepare.features import channels
from chromapal.worms import table
from chromapal.worms.slugs import worm_paths
from chromapal.worms.table import MICROMETRES, WORM

LOGGER = logging.getLogger("chromapal")
APART_UM = 1.0  # a statement about a neuron further away is about another segmentation
ANCHORS = "anchors"  # what decided on a worm's axes


def correct_worms(
    named_by: NamedBy,
    anchors: Sequence[str],
    neurons: str | os.PathLike,
    named: Sequence[str],
    adapted: str | os.PathLike,
    out: Sequence[str],
):
    """Name those of the new worms again about which a person has stated something.

    Other worms keep their answers. What the worms of a laboratory decided together stays as it is:
    how their channels differ, and their axes, unless an anchor speaks against those.

    Parameters
    ----------
    named_by : NamedBy
        The model.
    anchors : sequence of path-like
        Files of anchors; see `stated`.
    neurons : path-like
        What `chromapal.apply.read.collect` wrote.
    named : sequence of path-like
        What `chromapal.apply.name.name_all` wrote: answers, probabilities, worms, mirrored.
    adapted : path-like
        What it wrote about the channels of laboratories that the model does not know.
    out : sequence of path-like
        The same four, corrected; `worms` with `statements`, JSON for the page of each worm.
    """
    # PyTorch adds up in another order with more threads, which must change no result
    torch.set_num_threads(1)
    answers, probabilities, worms, mirrored = map(pd.read_parquet, named)
    worms = worms.assign(statements="[]")
    model, counts = load_model(named_by.model), table.read(neurons)
    identifier = model.colorizer.identifier
    identifier.transformer = from_table(identifier.transformer, pd.read_parquet(adapted))
    for (lab, worm), statements in stated(anchors, counts, answers).items():
        count = len(statements.words()) + bool(statements.axes)
        LOGGER.info("%s %s: %d statements", lab, worm, count)
        own = (answers[WORM] == [lab, worm]).all(axis=1)
        of_worm = (worms[WORM] == [lab, worm]).all(axis=1)
        own_counts = counts[(counts[WORM] == [lab, worm]).all(axis=1)]
        before = probabilities[own].assign(spurious=answers.loc[own, "spurious_probability"])
        corrected = correct_worm(model, own_counts, worms[of_worm], before, statements)
        answers = _replaced(answers, own, corrected[0])
        probabilities = _replaced(probabilities, own, corrected[1])
        worms = _replaced(worms, of_worm, corrected[2])
        mirrored = _replaced(mirrored, own, corrected[3])
    for content, path in zip((answers, probabilities, worms, mirrored), out, strict=True):
        write_parquet(content, path)


def _replaced(content: pd.DataFrame, rows: pd.Series, part: pd.DataFrame) -> pd.DataFrame:
    """Put other rows in the place of some, in the same order."""
    content = content.copy()
    content.loc[rows] = part[content.columns].set_axis(content.index[rows])
    return content


def correct_worm(
    model: Model,
    counts: pd.DataFrame,
    decided: pd.DataFrame,
    before: pd.DataFrame,
    anchors: Anchors,
) -> tuple[pd.DataFrame, ...]:
    """Name one worm again.

    Parameters
    ----------
    model : Model
        The model.
    counts : pandas.DataFrame
        The worm's neuron table.
    decided : pandas.DataFrame
        One row: what was decided about its axes and shape, and its `features`; see
        `chromapal.identify.identifier.Identified`.
    before : pandas.DataFrame, shape (n, K + 1)
        The probabilities of all names without anchors, and of being spurious (`spurious`), which
        stays as it was where nothing is stated.
    anchors : Anchors
        What a person states.

    Returns
    -------
    answers, probabilities, worms, mirrored : pandas.DataFrame
        As `chromapal.apply.name.Named` has them.
    """
    identifier, features = model.colorizer.identifier, decided["features"].iloc[0]
    scaled, _ = scale.usable(counts, model.facts)
    scaled = scaled.assign(
        features=features, row=np.arange(len(scaled)), misshapen=decided["misshapen"].iloc[0]
    )
    worm = worms_of(scaled.assign(name=""), channels(features))[0]
    alignment = identifier.alignments[features]
    solver = Solver(
        alignment.aligner, identifier.calibrations[features], features, identifier.transformer
    )
    odds = float(odds_of(decided).iloc[0])
    spoken = anchors.words()
    silent = np.array([number not in spoken for number in range(len(scaled))])
    spurious = np.where(silent, before["spurious"].to_numpy(), 0.0)
    none = spurious >= NO_NEURON
    none_too = anchors.excluded | set(np.flatnonzero(none).tolist())
    stated_or_none = replace(anchors, excluded=none_too)
    solved = solver.solve(worm, odds, stated_or_none)
    sure = expit(abs(solved.odds))
    axes = decided.assign(
        chosen=int(solved.mirror),
        probability=sure,
        doubtful=int(sure < DOUBTFUL),
        source=decided["source"] if solved.odds == odds else ANCHORS,
        statements=json.dumps(anchors.statements()),
    )
    known = identifier.transformer.classes_
    columns = np.searchsorted(known, solver.aligner.atlas.names)
    probabilities, turned = np.zeros((2, len(scaled), len(known)))
    probabilities[:, columns] = solved.probabilities.numpy()
    mirrored, turned_position = np.full(len(scaled), "", dtype=object), np.zeros((len(scaled), 3))
    if axes["doubtful"].iloc[0]:
        other = solver.solve(worm, -CERTAIN * solved.mirror, stated_or_none)
        mirrored, turned_position = other.names, other.position.numpy()
        turned[:, columns] = other.probabilities.numpy()
    for each in (probabilities, turned):
        each *= (1 - spurious)[:, None]
    # what a centre that gets no name was thought to be stays as it was
    probabilities[none] = before.drop(columns="spurious").to_numpy()[none]
    names, chance = solved.five(solver.aligner.atlas.names)
    # what a person states is certain, whatever the centre looks like
    chance = np.where(silent[:, None], chance * (1 - spurious)[:, None], chance)
    leave_unnamed(names, chance, known, probabilities, none)
    anchor = np.array([spoken.get(number, "") for number in range(len(scaled))], dtype=object)
    given = Given(names, chance, mirrored, anchor, np.where(anchor == NO_CELL, 1.0, spurious))
    position = solved.position.numpy()
    named = tables(
        model.colorizer, model.colour_scale, scaled, probabilities, position, axes, given
    )
    return *named, axes, other_axes(known, turned, turned_position)


def stated(
    paths: Sequence[str | os.PathLike], counts: pd.DataFrame, answers: pd.DataFrame
) -> dict[tuple[str, str], Anchors]:
    """Read files of anchors; what cannot be used is left out with a line that says why.

    Parameters
    ----------
    paths : sequence of path-like
        CSV files; see `chromapal.identify.anchors.Anchors.read`. Which worm a file is about is in
        its columns `lab` and `worm`, or else in its path, `{lab}/{worm}.csv` as in the folder
        `named`. With columns x, y, z [um], or xr, yr, zr as in the worm's own table, each statement
        is about the neuron at that position.
    counts : pandas.DataFrame
        Neuron tables of all new worms.
    answers : pandas.DataFrame
        lab, worm, xr, yr, zr [um] of those that were named, in the order of their numbers.

    Returns
    -------
    dict of (lab, worm) to Anchors
        Of worms that were named.
    """
    named = dict(iter(answers.groupby(WORM, sort=True)))
    by_path = {path: worm for worm, path in worm_paths(named).items()}
    everyone = set(counts[WORM].itertuples(index=False, name=None))
    found: dict[tuple[str, str], tuple[Anchors, str | os.PathLike]] = {}
    twice = set()
    for path in paths:
        try:
            header, lines, rows = sheet.read(path, short=True)
            worm = _worm(Path(path), header, rows, by_path)
            if worm not in named:
                reason = "skipped" if worm in everyone else "not among these worms"
                raise InputError(path, f"worm {' '.join(worm)!r}, {reason}", "a worm that is named")
            anchors = Anchors.read(path, len(named[worm]))
            _check_positions(path, (header, lines, rows), named[worm])
        except InputError as error:
            LOGGER.warning("left out: %s", error)
            continue
        if worm in found:
            twice.add(worm)
            LOGGER.warning(
                "left out: %s",
                InputError(
                    path,
                    f"statements about worm {' '.join(worm)!r}, as in {found[worm][1]}",
                    "one file a worm",
                    "remove the older one",
                ),
            )
        found.setdefault(worm, (anchors, path))
    return {worm: anchors for worm, (anchors, _) in found.items() if worm not in twice}


def _worm(
    path: Path, header: list[str], rows: list[list[str]], by_path: dict[str, tuple[str, str]]
) -> tuple[str, str]:
    """Return the worm that a file is about."""
    if {"lab", "worm"} <= set(header):
        at = [header.index(name) for name in WORM]
        worms = sorted({tuple(row[place].strip() for place in at) for row in rows})
        if len(worms) != 1:
            raise InputError(path, f"{len(worms)} worms in columns lab and worm", "one")
        return worms[0]
    name = f"{path.parent.name}/{path.stem}"
    if name not in by_path:
        raise InputError(
            path,
            "no columns lab and worm, and no new worm of this path",
            "{lab}/{worm}.csv as in the folder of names",
        )
    return by_path[name]


def _check_positions(path: str | os.PathLike, cells: tuple, neurons: pd.DataFrame):
    """Refuse statements about neurons that lie elsewhere: a new segmentation numbers anew.

    `cells` is what `chromapal.sheet.read` returned.
    """
    header, lines, rows = cells
    # a copy of the worm's own table has voxels in x, y and z, and micrometres beside them
    axes = MICROMETRES if set(MICROMETRES) <= set(header) else tuple("xyz")
    if not {*axes, "neuron"} <= set(header):
        return
    places = [header.index(name) for name in ("neuron", *axes)]
    positions = neurons[list(MICROMETRES)].to_numpy(dtype=float)
    for line, row in zip(lines, rows, strict=True):
        try:
            number, *stated_position = (float(row[place]) for place in places)
        except ValueError:
            continue
        apart = np.linalg.norm(positions - stated_position, axis=1)
        if apart[int(number)] > APART_UM:
            nearest = int(apart.argmin())
            near = apart[nearest] <= APART_UM
            raise InputError(
                f"{path}, line {line}",
                f"neuron {int(number)} {apart[int(number)]:.1f} um away",
                f"a neuron within {APART_UM:g} um",
                f"neuron {nearest} lies there: the worm was segmented anew, number it so"
                if near
                else "the worm was segmented anew, and no neuron lies there",
            )
