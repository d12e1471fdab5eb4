"""Read the calcium traces of an NWB file's NeuroPAL neurons."""

import logging
import math
import os

import numpy as np
import pandas as pd
from pynwb import NWBFile
from pynwb.ophys import DfOverF, Fluorescence, RoiResponseSeries

from chromapal.worms.nwb import contents, masks
from chromapal.worms.table import clean_id

LOGGER = logging.getLogger("chromapal")
NUMBERS = ("ROI_IDs", "ROI_ID")
COLUMNS = ("series", "trace", "row", "time", "value", "unit")
MOST_VALUES = 5_000_000  # of a series: an hour of 200 neurons at 7 Hz


def read(content: NWBFile, path: str | os.PathLike) -> pd.DataFrame:
    """Read the traces that can be assigned to a NeuroPAL neuron.

    A trace belongs to a neuron where its series points at the neurons' own table, where that
    table gives the numbers of the traced regions in a column `ROI_IDs`, or where region and neuron
    have the same label and it is unique in both tables. A series that cannot be read is skipped
    with a warning.

    Returns
    -------
    pandas.DataFrame
        A row per trace and point in time, in the order of the file: series (below `processing`),
        trace (its number in the series, from 0), row (in the table of neurons), time [s, on the
        file's clock], value, unit (of value, as stated).
    """
    _, neurons = masks.find(content, path)
    names = masks.read(content, path).names
    parts = [pd.DataFrame(columns=list(COLUMNS))]
    for series, item in _series(content):
        try:
            picked = np.asarray(item.rois.data[:], dtype=np.int64)
            rows = _rows(item.rois.table, neurons, names, path)
            traces = [trace for trace, region in enumerate(picked) if int(region) in rows]
            if traces:
                values = _values(item, len(picked))
                time = _times(item, len(values))
                # a trace's points follow one another
                table = pd.DataFrame(
                    {
                        "series": series,
                        "trace": np.repeat(traces, len(time)),
                        "row": np.repeat([rows[int(picked[k])] for k in traces], len(time)),
                        "time": np.tile(time, len(traces)),
                        "value": values[:, traces].T.ravel(),
                        "unit": contents.word(item.unit),
                    }
                )
                parts.append(table)
        except contents.DAMAGE as error:
            LOGGER.warning("%s: no traces of processing/%s (%s)", path, series, error)
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _values(item: RoiResponseSeries, traces: int) -> np.ndarray:
    """Read the values of a series in its unit, shape (times, traces)."""
    shape = tuple(np.shape(item.data))
    if math.prod(shape) > MOST_VALUES:
        raise ValueError(f"found {math.prod(shape)} values; expected at most {MOST_VALUES:.0e}")
    values = np.asarray(item.data[:], dtype=np.float64) * item.conversion + item.offset
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim == 2 and values.shape[1] != traces == values.shape[0]:
        LOGGER.warning("%s: found traces in rows; expected in columns; they are turned", item.name)
        values = values.T
    if values.ndim != 2 or values.shape[1] != traces:
        raise ValueError(f"found values of shape {shape}; expected {traces} columns, one a trace")
    return values


def _times(item: RoiResponseSeries, count: int) -> np.ndarray:
    """Return when values were taken [s]: as stated, or by the rate."""
    if item.timestamps is not None:
        times = np.asarray(item.timestamps[:], dtype=np.float64)
        if times.shape != (count,) or not np.isfinite(times).all():
            raise ValueError(f"found {times.size} timestamps; expected {count} numbers in seconds")
        return times
    rate = float(item.rate)
    if not 0 < rate < np.inf:
        raise ValueError(f"found a rate of {rate:g}; expected values per second, above 0")
    return float(item.starting_time or 0) + np.arange(count) / rate


def _rows(regions, neurons, names: list[str], path: str | os.PathLike) -> dict[int, int]:
    """Map regions of a table to neurons."""
    if regions.name == neurons.name and regions.object_id == neurons.object_id:
        return {row: row for row in range(len(regions.id))}
    numbered = _by_number(neurons, regions)
    return numbered or _by_label(names, masks.labels(regions, regions.name, path))


def _series(content: NWBFile):
    """Yield every series of traces, with its path below `processing`."""
    for module_name, module in content.processing.items():
        for name, item in module.data_interfaces.items():
            if isinstance(item, RoiResponseSeries):
                yield f"{module_name}/{name}", item
            elif isinstance(item, DfOverF | Fluorescence):
                for inner, series in item.roi_response_series.items():
                    yield f"{module_name}/{name}/{inner}", series


def _by_number(neurons, regions) -> dict[int, int]:
    """Map regions to neurons by the numbers given in the table of neurons."""
    name = next((name for name in NUMBERS if name in neurons.colnames), None)
    if name is None:
        return {}
    stated = pd.to_numeric(
        pd.Series([np.ravel(value)[0] if np.size(value) else np.nan for value in neurons[name][:]]),
        errors="coerce",
    )
    indices = {int(number): index for index, number in enumerate(regions.id[:])}
    known = stated.dropna().astype(int)
    if not known.isin(list(indices)).all() or known.duplicated().any():
        return {}
    return {indices[number]: row for row, number in known.items()}


def _by_label(names: list[str], labels: list[str] | None) -> dict[int, int]:
    """Map regions to neurons of the same label, where that label is unique in both tables."""
    neuron_labels, region_labels = (
        clean_id(pd.Series(part, dtype="str")) for part in (names, labels or [])
    )
    neuron_labels, region_labels = (
        part[part.ne("") & ~part.duplicated(keep=False)] for part in (neuron_labels, region_labels)
    )
    rows = {label: row for row, label in neuron_labels.items()}
    return {region: rows[label] for region, label in region_labels.items() if label in rows}
