"""Read the new worms that a trained model is applied to, from files of all sources."""

import os
from collections.abc import Mapping, Sequence

import pandas as pd

from chromapal.apply.plan import Source
from chromapal.errors import InputError
from chromapal.files import whole, write_json
from chromapal.worms import load as load_source
from chromapal.worms import registry, skipped, table
from chromapal.worms.collect import HANDEDNESS, merged


def load(
    files: Mapping[str, dict],
    lab: str,
    channels: dict[str, int],
    spacing: list[float],
    full_scales: dict[str, float],
    out_table: str | os.PathLike,
    out_facts: str | os.PathLike,
    out_skipped: str | os.PathLike,
):
    """Read a batch of new worms; what cannot be used is listed with the reason.

    Parameters
    ----------
    files : mapping of str to dict
        By file-safe key, the attributes of a `chromapal.apply.plan.Source`.
    lab : str
        The laboratory of all worms; "" for a table's own, or the name of the file's parent folder.
    channels : dict of str to int
        Which channels of a volume are R, G, B, W, from 0; a single channel is W.
    spacing : list of float
        Voxel size of volumes along x, y, z [um]; the file's own where it is empty.
    full_scales : dict of str to float
        Largest count per laboratory, if the model's colour scale depends on it.
    out_table : path-like
        Parquet neuron table with a column `file`; gray is in W.
    out_facts : path-like
        Folder with `KEY.json` of each file: for a volume its shape and spacing, and the traces of
        its neurons.
    out_skipped : path-like
        CSV list of `chromapal.columns.SKIPPED`.

    Raises
    ------
    PassingError
        See `chromapal.worms.load.read_each`.
    """
    lab = lab or None
    sources = {facts["path"]: Source(**facts) for facts in files.values()}

    def read(path: str) -> tuple[pd.DataFrame, list[dict], dict]:
        file = sources[path]
        options = registry.ReadOptions(
            lab, full_scales, file.centres, channels, spacing, file.folder_lab or None
        )
        try:
            return registry.source(file.kind).read_new(path, options)
        except (InputError, OSError) as error:
            return *load_source.nothing(path, lab or file.folder_lab, error), {}

    results = load_source.read_each(sources, read)
    worms = {path: result[:2] for path, result in results.items()}
    load_source.write(worms, out_table, out_skipped)
    with whole(out_facts) as folder:
        folder.mkdir()
        for key, path in zip(files, sources, strict=True):
            write_json(results[path][2], folder / f"{key}.json")


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
    neurons = neurons.assign(
        full_scale=neurons.groupby("lab")["full_scale"].transform("max"),
        name=table.clean_name(neurons["ID"]),
        handedness=HANDEDNESS[handedness or None],
    )
    table.write(neurons, out_neurons)
    skipped.write(pd.concat(entries, ignore_index=True), out_skipped)
