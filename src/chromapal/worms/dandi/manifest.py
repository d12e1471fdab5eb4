"""The list of archive files that a study uses, saved so that the study can be repeated.

Standard library only: the workflow reads it while it is parsed.
"""

import csv
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from chromapal.errors import InputError
from chromapal.files import inert, live, whole
from chromapal.worms.slugs import slug

_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|dandi-etag:[0-9a-f]{32}-[0-9]+")
_ADVICE = "remove it to list the archive's files again"


@dataclass(frozen=True)
class Asset:
    """One file of a dandiset.

    Parameters
    ----------
    lab : str
        The laboratory's name in the study.
    dandiset, version : str
        Where it is published: `000541`, `0.241009.1457`.
    asset : str
        The archive's identifier of exactly these bytes.
    path : str
        Its path in the dandiset.
    size : int
        Bytes.
    checksum : str
        `sha256:` or `dandi-etag:` and hexadecimal digits.
    """

    lab: str
    dandiset: str
    version: str
    asset: str
    path: str
    size: int
    checksum: str

    @property
    def name(self) -> str:
        """The file's name in messages and tables."""
        return f"dandi:{self.dandiset}/{self.version}/{self.path}"

    @property
    def file(self) -> str:
        """A path that is safe on disk, unique for each asset: `LAB/name-ASSET.nwb`."""
        return f"{slug(self.lab)}/{slug(self.path.removesuffix('.nwb'))}-{self.asset}.nwb"


COLUMNS = tuple(field.name for field in fields(Asset))


def read(path: str | os.PathLike) -> list[Asset]:
    """Read a manifest.

    Raises
    ------
    InputError
        It cannot be read, lacks a column, or a row is not a valid asset.
    """
    expected = f"a manifest with the columns {', '.join(COLUMNS)}"
    try:
        with open(path, encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines)
            rows = [{key: live(cell) for key, cell in row.items()} for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"no readable file ({error})", expected, _ADVICE) from None
    if not rows or set(table.fieldnames) != set(COLUMNS):
        raise InputError(path, "different columns" if rows else "no row", expected, _ADVICE)
    return [_asset(row, number, path) for number, row in enumerate(rows, start=2)]


def _asset(row: dict[str | None, str], number: int, path: str | os.PathLike) -> Asset:
    if None in row:
        found = f"{len(COLUMNS) + len(row[None])} values in line {number}"
        raise InputError(path, found, f"{len(COLUMNS)}, one for each column", _ADVICE)
    # identifiers become parts of addresses and of file names
    tests = {
        "asset": _IDENTIFIER.fullmatch,
        "size": re.compile(r"[0-9]{1,15}").fullmatch,
        "checksum": _CHECKSUM.fullmatch,
        "lab": bool,
        "path": bool,
    }
    for column, test in tests.items():
        if not test(row[column] or ""):
            raise InputError(
                path, f"{column} {row[column]!r} in line {number}", "a valid value", _ADVICE
            )
    return Asset(**{**row, "size": int(row["size"])})


def write(assets: Iterable[Asset], path: str | os.PathLike):
    """Write a manifest, sorted, whole or not at all."""
    rows = sorted((asdict(asset) for asset in assets), key=lambda row: (row["lab"], row["path"]))
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: inert(cell) for key, cell in row.items()} for row in rows)


def find(path: str | os.PathLike, lab: str, identifier: str) -> Asset:
    """Return one asset of a manifest, for one laboratory.

    Raises
    ------
    InputError
        The manifest cannot be read, or does not list it.
    """
    for asset in read(path):
        if (asset.lab, asset.asset) == (lab, identifier):
            return asset
    raise InputError(
        path,
        f"no asset {identifier} of laboratory {lab}",
        "an asset that it lists",
        "start the study again",
    )
