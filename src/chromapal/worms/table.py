"""The neuron table: one row per segmented neuron, validated on every read and write."""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from chromapal.errors import InputError
from chromapal.files import write_parquet
from chromapal.worms import names
from chromapal.worms.session import is_day
from chromapal.worms.slugs import fault

if TYPE_CHECKING:
    # Takes almost as long to import as pandas, and most jobs validate nothing.
    import pandera.pandas as pa
    from pandera.errors import SchemaError

CHANNELS = ("R", "G", "B", "W")
COLUMNS = (
    "worm", "lab", "x", "y", "z", "xr", "yr", "zr", "weight", "R", "G", "B", "W",
    "full_scale", "ID", "fold", "session", "strain", "sex", "stage", "part",
)  # fmt: skip
# what is known about the worm: its strain, sex, larval stage and the part of the body recorded
SUBJECT = ("strain", "sex", "stage", "part")
TEXT = ("worm", "lab", "ID", "fold", "session", *SUBJECT)
# one value for all neurons of a worm; a missing one means ""
PER_WORM = ("fold", "session", *SUBJECT)
FULL_SCALES = (255, 4095, 65535)
# the side of a voxel [um], from finer than light resolves to coarser than a neuron is long
VOXEL_UM = (0.01, 100.0)
# what arithmetic can carry, far beyond what a microscope gives: positions [um] from wherever a
# stage counts, a worm's extent [um] (a grown one is 1,500 um long), voxel indices, counts
FARTHEST_UM, LARGEST_UM, LAST_VOXEL, LARGEST_COUNT = 1e7, 1e4, 2**20, 1e12
# identifies a worm: laboratories use the same worm names
WORM = ["lab", "worm"]
# where a neuron's centre is: as an index into the volume, and in um
VOXELS, MICROMETRES = ["x", "y", "z"], ["xr", "yr", "zr"]


def _printable(values: pd.Series) -> pd.Series:
    good = {text: not fault(text) for text in values.unique()}
    return values.map(good).astype(bool)


def _printable_or_empty(values: pd.Series) -> pd.Series:
    good = {text: text == "" or not fault(text) for text in values.unique()}
    return values.map(good).astype(bool)


def _day_or_empty(values: pd.Series) -> pd.Series:
    good = {text: text == "" or is_day(text) for text in values.unique()}
    return values.map(good).astype(bool)


def _all_or_none(values: pd.Series, table: pd.DataFrame) -> pd.Series:
    missing = values.isna()
    return missing == missing.groupby([table["lab"], table["worm"]]).transform("all")


def _position(values: pd.Series) -> pd.Series:
    return values.abs() <= FARTHEST_UM


def _count(values: pd.Series) -> pd.Series:
    return values.between(0, LARGEST_COUNT)


_NAME = "a name without control characters"
_COUNT = f"a number from 0 to {LARGEST_COUNT:.3g}"
# type, what is expected, the check, and whether values may be missing
_EXPECTED = {
    "worm": (str, _NAME, _printable, False),
    "lab": (str, _NAME, _printable, False),
    **dict.fromkeys(
        VOXELS,
        (
            np.int64,
            f"a voxel index from 0 to {LAST_VOXEL}",
            lambda values: values.between(0, LAST_VOXEL),
            False,
        ),
    ),
    **dict.fromkeys(
        MICROMETRES,
        (np.float64, f"a position in um, at most {FARTHEST_UM:.0e} from 0", _position, False),
    ),
    "weight": (np.float64, _COUNT, _count, False),
    **dict.fromkeys(CHANNELS, (np.float64, _COUNT, _count, True)),
    "full_scale": (
        np.float64,
        f"a number above 0, at most {LARGEST_COUNT:.3g}",
        lambda values: (values > 0) & (values <= LARGEST_COUNT),
        False,
    ),
    "ID": (str, "a neuron name without control characters", _printable_or_empty, False),
    "fold": (str, "a fold name without control characters", _printable_or_empty, False),
    "session": (str, "a date YYYY-MM-DD, or nothing where unknown", _day_or_empty, False),
    **dict.fromkeys(SUBJECT, (str, "text without control characters", _printable_or_empty, False)),
}


@cache
def schema() -> "pa.DataFrameSchema":
    """Return the schema of the columns."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            name: pa.Column(
                kind, pa.Check(check, error=expected, ignore_na=nullable), nullable=nullable
            )
            for name, (kind, expected, check, nullable) in _EXPECTED.items()
        }
    )


def validate(table: pd.DataFrame, origin: object) -> pd.DataFrame:
    """Check a neuron table and sort its columns.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of neurons with at least `COLUMNS`; a missing one of `PER_WORM` becomes "" (no fold,
        day unknown, ...). Further columns follow them.
    origin : object
        The file (or worm) that an error names.

    Returns
    -------
    pandas.DataFrame
        The table, `COLUMNS` first, rows in the order given.

    Raises
    ------
    InputError
        A column is missing, of another type, or holds an invalid value; the message names
        the column and the first such value with its worm.
    """
    table = table.assign(**{column: "" for column in PER_WORM if column not in table})
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise InputError(origin, f"no column {', '.join(missing)}", f"columns {', '.join(COLUMNS)}")
    table = table.astype(dict.fromkeys(TEXT, "str")).reset_index(drop=True)
    # one name may be stored in two ways: an umlaut as one character, or as two
    table = table.assign(**{key: table[key].str.normalize("NFC") for key in WORM})
    from pandera.errors import SchemaError

    try:
        schema().validate(table)
    except SchemaError as error:
        raise _explain(error, table, origin) from None
    for channel in CHANNELS:
        _require(
            _all_or_none(table[channel], table),
            table, channel, origin, "a count for every neuron of the worm or for none",
        )  # fmt: skip
        _require(
            ~(table[channel] > table["full_scale"]),
            table, channel, origin, "at most the laboratory's full_scale",
        )  # fmt: skip
    for column in MICROMETRES:
        middle = table.groupby(WORM)[column].transform("median")
        _require(
            (table[column] - middle).abs() <= LARGEST_UM / 2,
            table, column, origin,
            f"a position in um within {LARGEST_UM / 2:.0e} of the worm's middle",
        )  # fmt: skip
    for column in PER_WORM:
        _require(
            table[column] == table.groupby(WORM)[column].transform("first"),
            table, column, origin, f"one {column} per worm",
        )  # fmt: skip
    order = [*COLUMNS, *(column for column in table if column not in COLUMNS)]
    return table[order]


def _require(good: pd.Series, table: pd.DataFrame, column: str, origin: object, expected: str):
    if not good.all():
        raise _offence(table, int(np.flatnonzero(~good.to_numpy())[0]), column, origin, expected)


def _offence(
    table: pd.DataFrame, row: int, column: str, origin: object, expected: str
) -> InputError:
    value = table[column].iloc[row]
    text = repr(value) if isinstance(value, str) else f"{value}"
    return InputError(
        origin, f"{column} = {text} at neuron {row} (worm {table['worm'].iloc[row]!r})", expected
    )


def _explain(error: "SchemaError", table: pd.DataFrame, origin: object) -> InputError:
    column = error.schema.name
    cases = error.failure_cases
    rows = [] if not isinstance(cases, pd.DataFrame) else cases["index"].dropna().tolist()
    if rows:
        expected = getattr(error.check, "error", None) or "a value"
        return _offence(table, int(min(rows)), column, origin, expected)
    return InputError(
        origin,
        f"column {column} of type {table[column].dtype} (first value "
        f"{table[column].iloc[0] if len(table) else 'none'!r})",
        f"type {error.schema.dtype}",
    )


def empty() -> pd.DataFrame:
    """Return a neuron table with all columns but no rows."""
    kinds = {name: "str" if kind is str else kind for name, (kind, *_) in _EXPECTED.items()}
    return pd.DataFrame({name: pd.Series([], dtype=kinds[name]) for name in COLUMNS})


def read(path: str | os.PathLike) -> pd.DataFrame:
    """Read and validate a neuron table written by `write`.

    Raises
    ------
    InputError
        The file is not a Parquet file, or its table is not valid.
    """
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(path, f"no readable Parquet file ({error})", "a neuron table") from None
    return validate(table, path)


def write(table: pd.DataFrame, path: str | os.PathLike):
    """Validate a neuron table and write it as Parquet, whole or not at all."""
    write_parquet(validate(table, path), path)


def full_scale_of(counts: np.ndarray | pd.DataFrame, origin: object = "counts") -> int:
    """Infer the largest count a camera can give from the counts observed.

    Parameters
    ----------
    counts : array-like
        Counts of one laboratory, any shape; NaN is ignored.
    origin : object
        The file that an error names.

    Returns
    -------
    int
        255, 4095 or 65535 (8, 12, 16 bits): the first that no count exceeds.

    Raises
    ------
    InputError
        A count exceeds 65535.
    """
    values = np.asarray(counts, dtype=np.float64)
    largest = np.nanmax(values, initial=0.0, where=~np.isnan(values))
    for scale in FULL_SCALES:
        if largest <= scale:
            return scale
    raise InputError(
        origin,
        f"a count of {largest:g}",
        f"counts of at most {FULL_SCALES[-1]}",
        "set the laboratory's full_scale under config key 'laboratories'",
    )


def clean_id(labels: pd.Series) -> pd.Series:
    """Return labels as people wrote them, "" (unlabelled) where none did; see `names.label`."""
    return _each(labels, names.label)


def clean_name(labels: pd.Series) -> pd.Series:
    """Convert labels to the form in which names are scored; see `names.name`.

    Parameters
    ----------
    labels : pandas.Series of str
        Labels as in the source.

    Returns
    -------
    pandas.Series of str
        Names, "" where unlabelled.
    """
    return _each(labels, names.name)


def _each(labels: pd.Series, form: Callable[[str], str]) -> pd.Series:
    texts = labels.astype("str").fillna("")
    return texts.map({text: form(text) for text in texts.unique()}).astype("str")


def neuron_class(cleaned: pd.Series) -> pd.Series:
    """Remove the side from names of left/right pairs.

    A trailing L or R is removed if the rest is in `names.PAIRS`; every other name stays, such as
    `AVL`, `RIR`, `AQR`, partial names and unknown names. Dorsal and ventral parts stay
    (`RMDDL` is `RMDD`, and `RMED`, `RMEV` stay apart from `RME`), because they differ in colour and
    in wiring.

    Parameters
    ----------
    cleaned : pandas.Series of str
        Cleaned names.

    Returns
    -------
    pandas.Series of str
        Names without side.
    """
    classes = {name: name[:-1] if names.side(name) else name for name in cleaned.unique()}
    return cleaned.map(classes)


def is_voxel_size(sides: ArrayLike) -> bool:
    """Return whether all sides [um] are within `VOXEL_UM`, as a light microscope's are."""
    return bool(np.all((np.asarray(sides) >= VOXEL_UM[0]) & (np.asarray(sides) <= VOXEL_UM[1])))


def voxel_size(neurons: pd.DataFrame) -> list[float]:
    """Estimate the voxel size from positions given both ways: the slope of um over voxels.

    Parameters
    ----------
    neurons : pandas.DataFrame
        One worm: x, y, z [voxel]; xr, yr, zr [um].

    Returns
    -------
    list of float
        Sides along x, y and z [um]; 1 along an axis where the estimate is not within `VOXEL_UM`.
    """
    sides = []
    for voxel, position in zip(VOXELS, MICROMETRES, strict=True):
        steps = neurons[voxel] - neurons[voxel].mean()
        slope = abs(float(steps @ neurons[position])) / float(steps @ steps) if steps.any() else 0.0
        sides.append(slope if is_voxel_size(slope) else 1.0)
    return sides
