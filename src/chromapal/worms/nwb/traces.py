"""Which calcium traces of an NWB file belong to which of its NeuroPAL neurons."""

import logging
import os

import numpy as np
import pandas as pd
from pynwb import NWBFile
from pynwb.ophys import DfOverF, Fluorescence, RoiResponseSeries

from chromapal.worms.nwb import contents, masks
from chromapal.worms.table import clean_id

LOGGER = logging.getLogger("chromapal")
NUMBERS = ("ROI_IDs", "ROI_ID")


def joined(content: NWBFile, path: str | os.PathLike) -> list[dict]:
    """List the traces that can be told to be a NeuroPAL neuron's.

    A trace is a neuron's where its series points at the neurons' own table; where that table
    states the numbers of regions in a column `ROI_IDs`; or where both sides bear the same label
    and nobody else there does. A series that cannot be read is left out with a warning.

    Returns
    -------
    list of dict
        series (below `processing`), trace (its number in the series, from 0), row (of the table
        of neurons).
    """
    _, neurons = masks.find(content, path)
    names = masks.read(content, path).names
    found = []
    for series, item in _series(content):
        try:
            picked = np.asarray(item.rois.data[:], dtype=np.int64)
            rows = _rows(item.rois.table, neurons, names, path)
        except contents.DAMAGE as error:
            LOGGER.warning("%s: no traces of processing/%s (%s)", path, series, error)
            continue
        found += [
            {"series": series, "trace": trace, "row": rows[int(region)]}
            for trace, region in enumerate(picked)
            if int(region) in rows
        ]
    return found


def _rows(regions, neurons, names: list[str], path: str | os.PathLike) -> dict[int, int]:
    """Map regions of a table to neurons."""
    if regions.name == neurons.name and regions.object_id == neurons.object_id:
        return {row: row for row in range(len(regions.id))}
    numbered = _by_number(neurons, regions)
    return numbered or _by_label(names, masks.labels(regions, regions.name, path))


def _series(content: NWBFile):
    """Yield every series of traces, with its place below `processing`."""
    for module_name, module in content.processing.items():
        for name, item in module.data_interfaces.items():
            if isinstance(item, RoiResponseSeries):
                yield f"{module_name}/{name}", item
            elif isinstance(item, DfOverF | Fluorescence):
                for inner, series in item.roi_response_series.items():
                    yield f"{module_name}/{name}/{inner}", series


def _by_number(neurons, regions) -> dict[int, int]:
    """Map regions to neurons by the numbers that the table of neurons states."""
    name = next((name for name in NUMBERS if name in neurons.colnames), None)
    if name is None:
        return {}
    stated = pd.to_numeric(
        pd.Series([np.ravel(value)[0] if np.size(value) else np.nan for value in neurons[name][:]]),
        errors="coerce",
    )
    spots = {int(number): spot for spot, number in enumerate(regions.id[:])}
    known = stated.dropna().astype(int)
    if not known.isin(list(spots)).all() or known.duplicated().any():
        return {}
    return {spots[number]: row for row, number in known.items()}


def _by_label(names: list[str], labels: list[str] | None) -> dict[int, int]:
    """Map regions to neurons of the same label, where both are the only ones of that label."""
    mine, theirs = (clean_id(pd.Series(part, dtype="str")) for part in (names, labels or []))
    mine, theirs = (part[part.ne("") & ~part.duplicated(keep=False)] for part in (mine, theirs))
    rows = {label: row for row, label in mine.items()}
    return {region: rows[label] for region, label in theirs.items() if label in rows}
