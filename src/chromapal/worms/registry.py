"""The sources of worms, found by file name; standard library only, for parse time.

A source is a file in `sources/` with a class that extends `Source`, and `SOURCE`, its one
instance. With its name among the values of `source` in `workflow/schemas/config.schema.json` it
serves studies, and `apply` reads every file of its suffixes; nothing else names it.
"""

import importlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chromapal.errors import InputError
from chromapal.worms.discover import discover, laboratory
from chromapal.worms.slugs import slug

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).with_name("sources")


@dataclass(frozen=True)
class Stated:
    """What a user states about new worms.

    Attributes
    ----------
    lab : str or None
        Laboratory of all worms; without it a table's own, or the name of the file's parent folder.
    full_scales : dict of str to float
        Largest count per laboratory that the model's scale goes by.
    centres : str
        Table of the neurons' centres beside a file; "" where there is none.
    channels : dict of str to int
        Which channels of a volume are R, G, B, W, from 0; a single channel is W.
    spacing : sequence of float
        Voxel size of volumes along x, y, z [um]; the file's own where it is empty.
    """

    lab: str | None = None
    full_scales: dict[str, float] = field(default_factory=dict)
    centres: str = ""
    channels: dict[str, int] = field(default_factory=dict)
    spacing: Sequence[float] = ()


class Source:
    """Where worms come from, and how its files become neuron tables.

    Modules that read files are imported in the methods that need them: the workflow asks sources
    while it is parsed, which must not wait for them.

    Attributes
    ----------
    suffixes : tuple of str
        Suffixes of its files, in lower case, which no other source has; none where its files are
        not looked for in a folder.
    key : str
        The config key that names the folder of its files.
    words : str
        What the report says that worms come from.
    has_volumes : bool
        Its files are NWB files, whose colour volumes figures show.
    real : bool
        Its worms are real, so that published figures are comparable.
    centres : str
        The source of the table beside each file that holds its neurons' centres; "" where files
        hold their own.
    """

    suffixes: tuple[str, ...] = ()
    key: str = "folder"
    words: str = ""
    has_volumes: bool = False
    real: bool = True
    centres: str = ""

    @property
    def name(self) -> str:
        """Its file's name without suffix, which is its value of the config key `source`."""
        return type(self).__module__.rpartition(".")[2]

    def files(self, config: dict) -> dict[str, str]:
        """Map a file-safe key to each source file of a study.

        Parameters
        ----------
        config : dict
            The study's validated keys.

        Returns
        -------
        dict of str to str
            Paths by key, in the order of paths.

        Raises
        ------
        InputError
            The key that names the folder is missing, or the folder holds no such file.
        """
        if self.key not in config:
            raise InputError(f"config key '{self.key}'", "nothing", f"a folder of {self.words}")
        folder = Path(config[self.key])
        paths = discover(folder, self.suffixes, self.key)
        return {slug(str(path.relative_to(folder))): str(path) for path in paths}

    def count(self, config: dict, files: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
        """Count the worms that a study's files promise, without checking their numbers.

        Parameters
        ----------
        config : dict
            The study's validated keys.
        files : sequence of str
            Its source files, one worm each unless the source says otherwise.

        Returns
        -------
        worms : dict of str to int
            Number of worms per laboratory, at most: bad worms are found when they are read.
        folds : tuple of str
            The distinct numeric folds that the files state, sorted.
        """
        labs = Counter(laboratory(path, config["laboratory"] or None) for path in files)
        return dict(sorted(labs.items())), ()

    def read(
        self, path: str | os.PathLike, lab: str | None, full_scales: dict[str, float]
    ) -> tuple["pd.DataFrame", list[dict]]:
        """Read one file of worms to learn from.

        Parameters
        ----------
        path : path-like
            The file.
        lab : str or None
            The laboratory of its worms, where the file does not tell; the name of its parent
            folder without it.
        full_scales : dict of str to float
            Largest count per laboratory, where the study states it.

        Returns
        -------
        neurons : pandas.DataFrame
            A neuron table, as `chromapal.worms.table.validate` gives it.
        left_out : list of dict
            A `chromapal.worms.skipped.entry` for each worm that cannot be used.

        Raises
        ------
        InputError
            Nothing of the file can be used.
        """
        raise NotImplementedError(f"{self.name} is no source of worms to learn from")

    def read_new(
        self, path: str | os.PathLike, stated: Stated
    ) -> tuple["pd.DataFrame", list[dict], dict]:
        """Read one file of worms to be named; less may be asked of them.

        Returns
        -------
        neurons, left_out
            As `read` gives them; gray stands in W.
        facts : dict
            Of a volume its `shape` [voxel] and `spacing` [um], and the `traces` of its neurons.

        Raises
        ------
        InputError
            Nothing of the file can be used.
        """
        return *self.read(path, stated.lab, stated.full_scales), {}


@cache
def names() -> tuple[str, ...]:
    """List the sources, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("[a-z]*.py")))


def source(name: str) -> Source:
    """Give a source by name.

    Raises
    ------
    InputError
        No such source; the line lists those that exist.
    """
    if name not in names():
        raise InputError("config key 'source'", repr(name), f"one of {', '.join(names())}")
    return importlib.import_module(f"chromapal.worms.sources.{name}").SOURCE


def by_suffix() -> dict[str, Source]:
    """Map the suffix of a file, in lower case, to the source that reads such files."""
    return {suffix: source(name) for name in names() for suffix in source(name).suffixes}
