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
from chromapal.worms.discover import discover, laboratory, no_files
from chromapal.worms.slugs import slugs

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).with_name("sources")


@dataclass(frozen=True)
class ReadOptions:
    """What a user sets for reading new worms.

    Attributes
    ----------
    lab : str or None
        Laboratory of all worms; None or "" for a table's own, or `folder_lab`.
    full_scales : dict of str to float
        Largest count per laboratory, if the model's colour scale depends on it.
    centres : str
        Table of the neurons' centres for a volume; "" if there is none.
    channels : dict of str to int
        Which channels of a volume are R, G, B, W, from 0; a single channel is W.
    spacing : sequence of float
        Voxel size of volumes along x, y, z [um]; the file's own where it is empty.
    folder_lab : str or None
        Laboratory where neither is stated; None for the name of the file's parent folder.
    with_stack : bool
        Whether a part of the volume is kept for the worm's page; see `chromapal.worms.stack`.
    """

    lab: str | None = None
    full_scales: dict[str, float] = field(default_factory=dict)
    centres: str = ""
    channels: dict[str, int] = field(default_factory=dict)
    spacing: Sequence[float] = ()
    folder_lab: str | None = None
    with_stack: bool = False


class Source:
    """Where worms come from, and how to read its files as neuron tables.

    Modules that read files are imported in the methods that need them: the workflow uses sources
    while it is parsed, which must be fast.

    Attributes
    ----------
    suffixes : tuple of str
        Suffixes of its files, in lower case, unique to this source; empty if its files are not
        found in a folder.
    key : str
        The config key that names the folder of its files.
    words : str
        How the report describes the origin of the worms.
    has_volumes : bool
        Whether its files are NWB files, whose colour volumes are shown in figures.
    real : bool
        Whether its worms are real, so that results can be compared with published ones.
    centres : str
        The source that reads the table of neuron centres next to each file; "" if files contain
        their own.
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
        keys = slugs(str(path.relative_to(folder)) for path in paths)
        return {keys[str(path.relative_to(folder))]: str(path) for path in paths}

    def no_files(self, config: dict) -> list[tuple[str, str, str]]:
        """List what lies among a study's files, is called like one, and is none.

        Returns
        -------
        list of (str, str, str)
            Path, laboratory, and one line that says what it is and how to go on.
        """
        found = no_files(config[self.key], self.suffixes) if self.suffixes else []
        return [(error.where, self.laboratory(error.where, config), str(error)) for error in found]

    def laboratory(self, path: str | os.PathLike, config: dict) -> str:
        """Return the laboratory of one of a study's files, unless the file states another.

        Parameters
        ----------
        path : path-like
            The file.
        config : dict
            The study's validated keys.
        """
        folder = config.get(self.key, "") if self.suffixes else ""
        return laboratory(path, config["laboratory"], folder)

    def count(self, config: dict, files: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
        """Count the worms in a study's files, without validating them.

        Parameters
        ----------
        config : dict
            The study's validated keys.
        files : sequence of str
            Its source files, one worm each unless the source says otherwise.

        Returns
        -------
        worms : dict of str to int
            Number of worms per laboratory, at most: invalid worms are found when they are read.
        folds : tuple of str
            The distinct numeric folds that the files state, sorted.
        """
        labs = Counter(self.laboratory(path, config) for path in files)
        return dict(sorted(labs.items())), ()

    def read(
        self, path: str | os.PathLike, lab: str | None, full_scales: dict[str, float]
    ) -> tuple["pd.DataFrame", list[dict]]:
        """Read one file of training worms.

        Parameters
        ----------
        path : path-like
            The file.
        lab : str or None
            The laboratory of its worms if the file does not state it; None for the name of its
            parent folder.
        full_scales : dict of str to float
            Largest count per laboratory, where the study states it.

        Returns
        -------
        neurons : pandas.DataFrame
            A neuron table, as `chromapal.worms.table.validate` returns it.
        skipped_worms : list of dict
            A `chromapal.worms.skipped.entry` for each worm that cannot be used.

        Raises
        ------
        InputError
            Nothing of the file can be used.
        """
        raise NotImplementedError(f"{self.name} is not a source of training worms")

    def read_new(
        self, path: str | os.PathLike, options: ReadOptions
    ) -> tuple["pd.DataFrame", list[dict], dict]:
        """Read one file of new worms, which may need fewer columns.

        Returns
        -------
        neurons, skipped_worms
            As `read` returns them; gray is in column W.
        facts : dict
            For a volume its `shape` [voxel] and `spacing` [um], and `traces` where the file says
            which neuron a calcium trace belongs to (`chromapal.worms.nwb.traces.read`).

        Raises
        ------
        InputError
            Nothing of the file can be used.
        """
        return *self.read(path, options.lab, options.full_scales), {}


@cache
def names() -> tuple[str, ...]:
    """List the sources, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("[a-z]*.py")))


def source(name: str) -> Source:
    """Return a source by name.

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
