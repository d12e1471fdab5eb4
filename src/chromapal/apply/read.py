"""Read the new worms that a trained model is applied to, from files of all sources."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from chromapal.apply.plan import Source, source_of
from chromapal.errors import InputError, passing
from chromapal.files import whole, write_json, write_parquet
from chromapal.worms import load as load_source
from chromapal.worms import plausible, registry, skipped, stack, table
from chromapal.worms.collect import HANDEDNESS, merged
from chromapal.worms.registry import ReadOptions

LOGGER = logging.getLogger("chromapal")


def read(
    path: str | os.PathLike,
    lab: str = "",
    handedness: str = "",
    centres: str | os.PathLike = "",
    channels: Mapping[str, int] | None = None,
    spacing: Sequence[float] = (),
    full_scales: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Read one file with new worms: an NWB file, a table of neurons, or a volume with centres.

    Parameters
    ----------
    path : path-like
        A `.nwb` file, a `.csv` or `.parquet` table with one or many worms, or a `.tif`, `.tiff`,
        `.nd2` or `.czi` volume.
    lab : str
        The laboratory of all worms; "" for a table's own, or the name of the file's parent folder.
    handedness : {"right", "mirrored", ""}
        The handedness of the worms' axes; "" if unknown.
    centres : path-like
        The table of a volume's neuron centres; "" for the one of the same name beside it.
    channels : mapping of str to int, optional
        Which channels of a volume are R, G, B, W, from 0; by default found by the names of the
        dyes, and a single channel is W.
    spacing : sequence of float
        Voxel size of a volume along x, y, z [um]; the file's own where it is empty.
    full_scales : mapping of str to float, optional
        Largest count per laboratory, where a model's colour scale depends on it
        (`model.facts["full_scales"]`); by default inferred from the counts.

    Returns
    -------
    pandas.DataFrame
        A row per neuron, as in the file: worm, lab, x, y, z [voxel], xr, yr, zr [um], weight,
        R, G, B, W [counts] (gray is W), full_scale [counts], ID (the label) and what
        is known about the worm; file, handedness (1, -1, 0 for unknown) and name (the label as it
        is compared). Warnings in the log say which worms of a table cannot be used.

    Raises
    ------
    InputError
        There is no such file, or nothing in it can be used.
    PassingError
        It cannot be read now.
    """
    if handedness not in {*HANDEDNESS, ""}:
        raise InputError("handedness", repr(handedness), "right, mirrored or nothing")
    source = source_of(path)
    if centres:
        source = replace(source, centres=str(centres))
    options = ReadOptions(
        lab, dict(full_scales or {}), channels=dict(channels or {}), spacing=list(spacing)
    )
    try:
        neurons, unusable, _ = _read_file(source, options)
    except (InputError, OSError) as error:
        raise passing(error, path) or error from None
    neurons, impossible = plausible.without_impossible(neurons.assign(file=source.path))
    reasons = [entry["reason"] for entry in (*unusable, *impossible)]
    if neurons.empty:
        raise InputError(path, "no usable worm", "at least one", reasons[0] if reasons else "")
    for reason in reasons:
        LOGGER.warning("skipped: %s", reason)
    return completed(neurons.assign(handedness=HANDEDNESS[handedness or None]))


def _read_file(source: Source, options: ReadOptions) -> tuple[pd.DataFrame, list[dict], dict]:
    """Read one file; see `chromapal.worms.registry.Source.read_new`."""
    of_file = {"centres": source.centres, "folder_lab": source.folder_lab or None}
    return registry.source(source.kind).read_new(source.path, replace(options, **of_file))


def completed(neurons: pd.DataFrame) -> pd.DataFrame:
    """Add what naming needs and a neuron table need not have.

    Parameters
    ----------
    neurons : pandas.DataFrame
        Neuron tables of one or many worms.

    Returns
    -------
    pandas.DataFrame
        With each laboratory's largest full_scale [counts], since it has one camera; the column
        `name`, the label as it is compared; and, where they are missing, `handedness` (0, unknown)
        and `file` ("").
    """
    missing = {"handedness": 0, "file": ""}
    return neurons.assign(
        full_scale=neurons.groupby("lab")["full_scale"].transform("max"),
        name=table.clean_name(neurons["ID"]),
        **{name: value for name, value in missing.items() if name not in neurons},
    )


def traces_beside(facts: str | os.PathLike) -> Path:
    """Return where a source's traces are, from its file of facts; not there if it has none."""
    return Path(facts).with_suffix(".traces.parquet")


def stack_beside(facts: str | os.PathLike) -> Path:
    """Return where the shown part of a source's volume is; not there if it has none."""
    return Path(facts).with_suffix(".stack.safetensors")


def load(
    files: Mapping[str, dict],
    options: ReadOptions,
    out_table: str | os.PathLike,
    out_facts: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Read a batch of new worms; what cannot be used is listed with the reason.

    Parameters
    ----------
    files : mapping of str to dict
        By file-safe key, the attributes of a `chromapal.apply.plan.Source`.
    options : ReadOptions
        What the user sets for all of them.
    out_table : path-like
        Parquet neuron table with a column `file`; gray is in W.
    out_facts : path-like
        Folder with `KEY.json` of each file, for a volume its shape and spacing; and with
        `KEY.traces.parquet` where the file says which neuron a trace belongs to; and with
        `KEY.stack.safetensors` of a volume.
    out_skipped : path-like
        CSV list of `chromapal.columns.SKIPPED`.

    Raises
    ------
    PassingError
        See `chromapal.worms.load.read_each`.
    """
    sources = {facts["path"]: Source(**facts) for facts in files.values()}

    def read_or_skip(path: str) -> tuple[pd.DataFrame, list[dict], dict]:
        try:
            return _read_file(sources[path], options)
        except (InputError, OSError) as error:
            lab = options.lab or sources[path].folder_lab
            return *load_source.nothing(path, lab, error), {}

    results = load_source.read_each(sources, read_or_skip)
    worms = {path: result[:2] for path, result in results.items()}
    load_source.write(worms, out_table, out_skipped)
    with whole(out_facts) as folder:
        folder.mkdir()
        for key, path in zip(files, sources, strict=True):
            facts = dict(results[path][2])
            traces, shown = facts.pop("traces", None), facts.pop("stack", None)
            write_json(facts, folder / f"{key}.json")
            if traces is not None:
                write_parquet(traces, traces_beside(folder / f"{key}.json"))
            if shown is not None:
                stack.write(shown, stack_beside(folder / f"{key}.json"))


def collect(
    paths: Sequence[str | os.PathLike],
    skipped_parts: Sequence[str | os.PathLike],
    no_files: Sequence[tuple[str, str, str]],
    handedness: str,
    out_neurons: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Combine the worms of all sources in one table, each worm once; the table may be empty.

    Parameters
    ----------
    paths, skipped_parts : sequence of path-like
        Tables and lists written by `load`.
    no_files : sequence of (str, str, str)
        See `apply.plan.no_files`.
    handedness : {"right", "mirrored", ""}
        The stated handedness of the worms' axes; "" if unknown.
    out_neurons, out_skipped : path-like
        Parquet, with the columns `name` and `handedness` that a study's neurons have too; CSV.
    """
    neurons, entries = merged(paths, skipped_parts)
    entries.append(skipped.of_no_files(no_files))
    neurons = completed(neurons.assign(handedness=HANDEDNESS[handedness or None]))
    table.write(neurons, out_neurons)
    skipped.write(pd.concat(entries, ignore_index=True), out_skipped)
