"""Copies of new worms' NWB files with their predictions."""

import logging
import os
from pathlib import Path

import pandas as pd

from chromapal.apply.predicted_volume import FULL, painted
from chromapal.errors import InputError, NoSpaceError, disk_is_full
from chromapal.files import read_json, whole
from chromapal.worms import skipped
from chromapal.worms.nwb import worker
from chromapal.worms.nwb.attributes import told
from chromapal.worms.nwb.predicted import PredictedVolume, write_predicted
from chromapal.worms.nwb.predictions import COLOURS
from chromapal.worms.table import WORM

LOGGER = logging.getLogger("chromapal")
ANSWERS = ("answer", "second", "third", "fourth", "fifth")
MEANING = "the scale 0 to 1 on which figures show the study's colours, a blob at each neuron"


def predicted(neurons: pd.DataFrame) -> pd.DataFrame:
    """Return the named neurons of one file with the columns of `predictions.COLUMNS`."""
    columns = {}
    for name in COLOURS:
        colour = name.removesuffix("_predicted")
        columns[name] = neurons[colour].to_numpy()
        columns[name.replace("_", "_sd_")] = neurons[f"{colour}_sd"].to_numpy()
    for rank, answer in enumerate(ANSWERS, start=1):
        chance = "probability" if rank == 1 else f"probability{rank}"
        columns[f"name{rank}_predicted"] = neurons[answer].to_numpy()
        columns[f"probability{rank}_predicted"] = neurons[chance].to_numpy()
    columns |= {"status_predicted": neurons["status"], "stated": neurons["anchor"]}
    return pd.DataFrame({"row": neurons["neuron"].to_numpy(), **columns})


def write_copies(
    neurons: str | os.PathLike,
    facts: dict[str, str],
    model: dict[str, str],
    worms: str | os.PathLike,
    date: str,
    out: str | os.PathLike,
):
    """Write a copy of every NWB file whose worm was named, in the same subfolders.

    Parameters
    ----------
    neurons : path-like
        Parquet of answers, as `chromapal.apply.write` writes it.
    facts : dict
        Files of facts about sources, by source; see `chromapal.apply.read.load`.
    model : dict
        study, version, code_digest and lock_digest of the model.
    worms : path-like
        The folder of the sources.
    date : str
        Date of the predictions in the copies.
    out : path-like
        The folder, written whole or not at all. A file that cannot be copied is listed in
        `skipped.csv` there, with its reason.

    Raises
    ------
    NoSpaceError
        The disk of the folder is full.
    InputError
        A copy cannot be written; its file is not skipped, as the file is not at fault.
    """
    neurons = pd.read_parquet(neurons)
    named = set(neurons["file"])
    files = [file for file in facts if file.lower().endswith(".nwb") and file in named]
    skipped_worms = []
    with whole(out) as folder:
        folder.mkdir()
        for file in files:
            rows = neurons[neurons["file"].eq(file)]
            relative = Path(file).relative_to(worms)
            of_worm = {key: rows[key].iloc[0] for key in ("worm", "channels_used")}
            provenance = {**model, "date": date, **of_worm}
            copied = rows, read_json(facts[file]), provenance, folder / relative
            try:
                worker.run(_copy, file, *copied)
            except NoSpaceError:
                raise
            except InputError as error:
                if error.where != file:
                    # the folder has a temporary name until it is complete
                    message = error.found, error.expected, error.advice
                    raise InputError(Path(out) / relative, *message) from None
                LOGGER.warning("skipped: %s", error)
                lab, worm = rows[WORM].iloc[0]
                skipped_worms.append(skipped.entry(file, lab, worm, error))
        skipped.write(skipped_worms, folder / "skipped.csv")
    LOGGER.info("wrote %d NWB copies", len(files) - len(skipped_worms))


def _copy(
    file: str,
    rows: pd.DataFrame,
    facts: dict,
    provenance: dict[str, str],
    out: str | os.PathLike,
):
    """Write one copy, in the worker: a damaged file may end the process that copies it, too."""
    volume = PredictedVolume(painted(rows, facts["shape"], facts["spacing"]), FULL, MEANING)
    try:
        write_predicted(file, predicted(rows), provenance, out, volume)
    except InputError:
        raise
    except (KeyError, ValueError, RuntimeError, OSError) as error:
        # HDF5 may read a file that it cannot add to
        if disk_is_full(error):
            raise
        found = f"a damaged file, nothing can be added to its copy ({told(error)})"
        raise InputError(file, found, "a whole file", "download the file again") from None
