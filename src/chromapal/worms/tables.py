"""Read a user's own neuron tables: CSV or Parquet files with one or many worms each."""

import csv
import logging
import os
from pathlib import Path

import numpy as np
import pandas as pd

from chromapal.errors import InputError
from chromapal.worms import skipped, table
from chromapal.worms.discover import REQUIRED, fold_name, laboratory
from chromapal.worms.session import date_in

LOGGER = logging.getLogger(__name__)
VOXELS = ("x", "y", "z")
NUMBERS = (*VOXELS, "xr", "yr", "zr", "weight", *table.CHANNELS, "full_scale")
MISSING = ("", "nan", "na", "null", "none", "<na>")


def read(
    path: str | os.PathLike, lab: str | None = None, full_scales: dict[str, float] | None = None
) -> tuple[pd.DataFrame, list[dict]]:
    """Read one file of neuron tables.

    Columns as in `table.COLUMNS`; `lab`, `full_scale` and `table.PER_WORM` may be missing,
    further columns are ignored. Names are text as it stands: `007`, `1e5` and `NA` are worms like
    others. The full scale of a laboratory is the one stated by the study, else the one in the
    file, else inferred from the file's counts and logged. Without a `session` column the day of
    recording is the date in the worm's `path`, where a column of that name holds one, else the
    date in the worm's name.

    Parameters
    ----------
    path : path-like
        A `.csv` (UTF-8, commas) or `.parquet` file.
    lab : str, optional
        The laboratory where the file has no `lab` column; its parent folder's name without it.
    full_scales : dict of str to float, optional
        Largest count per laboratory.

    Returns
    -------
    neurons : pandas.DataFrame
        The validated table of the usable worms, rows in the file's order.
    skipped_worms : list of dict
        One `skipped.entry` per worm that could not be used.

    Raises
    ------
    InputError
        The file cannot be read, lacks a column or holds no row.
    """
    text = cells(path)
    missing = [column for column in REQUIRED if column not in text]
    if missing:
        raise InputError(
            path,
            f"no column {', '.join(missing)}",
            f"columns {', '.join(REQUIRED)}",
            "a channel that was not recorded is a column of empty cells",
        )
    return parsed(text, path, lab, full_scales)


def cells(path: str | os.PathLike) -> pd.DataFrame:
    """Read a file's cells, those of a CSV as text, whatever its columns are called.

    Raises
    ------
    InputError
        The file cannot be read, or names a column twice.
    """
    return _read_parquet(path) if Path(path).suffix.lower() == ".parquet" else _read_csv(path)


def parsed(
    text: pd.DataFrame,
    path: str | os.PathLike,
    lab: str | None = None,
    full_scales: dict[str, float] | None = None,
) -> tuple[pd.DataFrame, list[dict]]:
    """Make neurons of cells that have all required columns; see `read`."""
    if text.empty:
        raise InputError(path, "no row", "at least one neuron")
    neurons, faults = _typed(text, laboratory(path, lab), path)
    neurons["full_scale"] = _full_scales(neurons, full_scales or {}, path)
    if not faults:
        try:
            return table.validate(neurons, path), []
        except InputError:
            pass  # some worm is at fault: the others go on below
    good, skipped_worms = [], []
    for (lab_name, worm), rows in neurons.groupby(table.WORM, sort=False):
        try:
            first = min(faults.keys() & set(rows.index), default=None)
            if first is not None:
                found, expected = faults[first]
                raise InputError(path, f"{found} at neuron {first} (worm {worm!r})", expected)
            good.append(table.validate(rows, path).set_axis(rows.index))
        except InputError as error:
            skipped_worms.append(skipped.entry(path, lab_name, worm, error))
    return table.validate(pd.concat([table.empty(), *good]).sort_index(), path), skipped_worms


def _read_csv(path: str | os.PathLike) -> pd.DataFrame:
    """Read every cell as text; pandas would make numbers of names, and NaN of `NA`."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, [])
            rows = []
            for row in reader:
                if row and len(row) != len(header):
                    raise InputError(
                        f"{path}, line {reader.line_num}",
                        f"{len(row)} cells",
                        f"{len(header)}, as in the header",
                    )
                rows += [row] if row else []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"no readable CSV file ({error})", "UTF-8 text") from None
    _require_once(header, path)
    return pd.DataFrame(rows, columns=header, dtype="str")


def _read_parquet(path: str | os.PathLike) -> pd.DataFrame:
    try:
        columns = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(path, f"no readable Parquet file ({error})", "a neuron table") from None
    _require_once([str(name) for name in columns], path)
    for name in ("worm", "lab"):
        if name in columns and pd.api.types.is_float_dtype(columns[name]):
            raise InputError(path, f"column {name} of type {columns[name].dtype}", "text")
    return columns.reset_index(drop=True)


def _require_once(header: list[str], path: str | os.PathLike):
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(path, f"two columns {', '.join(twice)}", "each column once")


def _typed(
    text: pd.DataFrame, lab: str, path: str | os.PathLike
) -> tuple[pd.DataFrame, dict[int, tuple[str, str]]]:
    """Return typed columns, and what was found and expected where a cell could not be read."""
    absent = pd.Series("", index=text.index, dtype="str")
    labs = _text(text.get("lab", absent)).str.strip()
    folds = _text(text.get("fold", absent))
    neurons = {
        "worm": _text(text["worm"]).str.strip(),
        "lab": labs.mask(labs == "", lab),
        "ID": table.clean_id(_text(text["ID"])),
        "fold": folds.map({fold: fold_name(fold) for fold in folds.unique()}).astype("str"),
        **{fact: _stated(text.get(fact, absent)) for fact in table.SUBJECT},
    }
    faults: dict[int, tuple[str, str]] = {}
    for name in NUMBERS:
        cells = text.get(name, absent)
        values = pd.to_numeric(cells, errors="coerce").astype(np.float64)
        texts = _text(cells).str.strip()
        unread = values.isna() & ~texts.str.lower().isin(MISSING)
        _record_faults(faults, name, texts, unread, "a number")
        if name in VOXELS:
            broken = ~unread & ~((values % 1 == 0) & (values.abs() < 2**53))
            _record_faults(faults, name, texts, broken, "a whole voxel index")
            values = values.mask(unread | broken, 0).astype(np.int64)
        neurons[name] = values
    neurons["session"] = _sessions(text, neurons["lab"], neurons["worm"])
    return pd.DataFrame(neurons), faults


def _sessions(text: pd.DataFrame, labs: pd.Series, worms: pd.Series) -> pd.Series:
    """Return the day of recording: as stated, else the one in the worm's path or name."""
    if "session" in text:
        cells = text["session"]
        if pd.api.types.is_datetime64_any_dtype(cells):
            cells = cells.dt.strftime("%Y-%m-%d")
        return _stated(cells)
    days = _dates(_text(text.get("path", pd.Series("", index=text.index, dtype="str"))))
    days = days.mask(days == "", _dates(worms))
    # nobody stated these days, so rows that disagree are no reason to refuse the worm
    return days.where(days.groupby([labs, worms]).transform("nunique") == 1, "")


def _stated(cells: pd.Series) -> pd.Series:
    texts = _text(cells).str.strip()
    return texts.mask(texts.str.lower().isin(MISSING), "")


def _dates(texts: pd.Series) -> pd.Series:
    return texts.map({text: date_in(text) for text in texts.unique()}).astype("str")


def _record_faults(
    faults: dict[int, tuple[str, str]], name: str, texts: pd.Series, bad: pd.Series, expected: str
):
    for row, value in texts[bad].items():
        faults.setdefault(row, (f"{name} = {value!r}", expected))


def _text(cells: pd.Series) -> pd.Series:
    return cells.astype("object").where(cells.notna(), "").astype("str")


def _full_scales(
    neurons: pd.DataFrame, stated: dict[str, float], path: str | os.PathLike
) -> pd.Series:
    """Find each row's full scale: the study's for its laboratory, the file's, or inferred."""
    scales = neurons["full_scale"]
    for lab, rows in neurons.groupby("lab"):
        if lab in stated:
            scales = scales.mask(neurons["lab"] == lab, float(stated[lab]))
        elif rows["full_scale"].isna().any():
            counts = rows[list(table.CHANNELS)]
            # a count that no camera gives is one worm's mistake, found when it is validated
            scale = table.full_scale_of(counts.where(counts <= table.FULL_SCALES[-1]), path)
            scales = scales.mask((neurons["lab"] == lab) & scales.isna(), float(scale))
            LOGGER.info("%s: full scale of laboratory %s inferred as %d counts", path, lab, scale)
    return scales
