"""Find new worms and the model to apply before any job runs.

Standard library only, since the workflow calls this while it is parsed.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chromapal.errors import InputError
from chromapal.files import read_json
from chromapal.provenance import PACKAGE
from chromapal.training.layout import FACTS
from chromapal.worms import discover, registry
from chromapal.worms.discover import laboratory
from chromapal.worms.slugs import require_path, slug, slugs

MODEL = "model"
APPLIED = "applied.json"
HEAD = PACKAGE / "models/head"  # the model that comes with the software
# The config key of what a model is applied to, and where its results go.
HOMES = {"worms": "results/applied", "images": "results/coloured"}
OUT, ELSEWHERE = "config key 'out'", "choose another folder with out=FOLDER"


@dataclass(frozen=True)
class Source:
    """One file with new worms.

    Attributes
    ----------
    path : str
        The file.
    kind : str
        The source that reads it; see `chromapal.worms.registry`.
    centres : str
        The table of a volume's neuron centres, "" if there is none.
    folder_lab : str
        The laboratory by the folders that the file is in; "" for the name of its parent folder.
    """

    path: str
    kind: str
    centres: str = ""
    folder_lab: str = ""


def sources(folder: str) -> dict[str, Source]:
    """List a folder's files with new worms, of all sources, by file-safe key.

    A table with the same name as a volume except for the suffix contains the volume's centres
    and is not a separate source.

    Raises
    ------
    InputError
        There is no such folder, or it contains no such file.
    """
    found = _with_kinds(discover.discover(folder, tuple(registry.by_suffix()), "worms"))
    beside = _by_stem(found)
    centres = {(kind.centres, _stem(path)) for path, kind in found.items() if kind.centres}
    keys = slugs(str(path.relative_to(folder)) for path in found)
    return {
        keys[str(path.relative_to(folder))]: Source(
            str(path),
            kind.name,
            beside.get((kind.centres, _stem(path)), ""),
            laboratory(path, folder=folder),
        )
        for path, kind in found.items()
        if (kind.name, _stem(path)) not in centres
    }


def source_of(path: str | os.PathLike) -> Source:
    """Describe one file with new worms; the centres of a volume lie beside it.

    Raises
    ------
    InputError
        There is no such file, or no source reads files of its suffix.
    """
    path, suffixes = Path(path), ", ".join(registry.by_suffix())
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise InputError(path, found, f"one file with new worms: {suffixes}")
    if path.suffix.lower() not in registry.by_suffix():
        raise InputError(path, f"a file of suffix {path.suffix!r}", f"one of {suffixes}")
    same = (each for each in sorted(path.parent.iterdir()) if _stem(each) == _stem(path))
    beside = _with_kinds(each for each in same if each.is_file())
    kind = beside[path]
    centres = _by_stem(beside).get((kind.centres, _stem(path)), "")
    return Source(str(path), kind.name, centres)


def _with_kinds(paths: Iterable[Path]) -> dict[Path, registry.Source]:
    """Return the files that some source reads, each with its source."""
    kinds = registry.by_suffix()
    return {path: kinds[path.suffix.lower()] for path in paths if path.suffix.lower() in kinds}


def _by_stem(found: dict[Path, registry.Source]) -> dict[tuple[str, Path], str]:
    """Return files by the name of their source and their path without suffix."""
    return {(kind.name, _stem(path)): str(path) for path, kind in found.items()}


def no_files(folder: str, lab: str) -> list[tuple[str, str, str]]:
    """List what is called like a file of new worms and is none; see `Source.no_files`."""
    found = discover.no_files(folder, tuple(registry.by_suffix()))
    return [(e.where, laboratory(e.where, lab, folder), str(e)) for e in found]


def _stem(path: Path) -> Path:
    name = path.stem
    return path.with_name(name[:-4] if name.lower().endswith(".ome") else name)


def anchor_files(folder: str) -> list[str]:
    """List the files of anchors in a folder and all below it.

    Raises
    ------
    InputError
        There is no such folder, or it has no CSV file, or a path that no job can be given.
    """
    if not folder:
        return []
    key = "config key 'anchors'"
    if not Path(folder).is_dir():
        raise InputError(key, f"no folder {folder!r}", "a folder with CSV files of anchors")
    found = sorted(str(path) for path in Path(folder).rglob("*.csv") if path.is_file())
    if not found:
        raise InputError(key, f"no CSV file in {folder!r}", "files of anchors")
    for path in found:
        require_path(path)
    return found


def model_folder(study: str | os.PathLike, where: str = "config key 'model'") -> Path:
    """Find the trained model of a study, or the one that comes with the software.

    Parameters
    ----------
    study : path-like
        The folder of the study's results, or of the model itself; "" for `HEAD`.
    where : str
        Where the folder was stated, for messages.

    Raises
    ------
    InputError
        There is no such folder, or it is not a study, or the study has no trained model.
    """
    folder = Path(study) if str(study) else HEAD
    for found in (folder, folder / MODEL):
        if (found / FACTS).is_file():
            return found
    if not folder.is_dir():
        raise InputError(where, f"no folder {str(study)!r}", "results/STUDY of a finished study")
    if not (folder / "neurons.parquet").is_file():
        raise InputError(where, f"no study in {str(study)!r}", "results/STUDY of a finished study")
    raise InputError(
        where,
        f"a study without a trained model for naming ({study})",
        "one with align: nonrigid or pose",
        "run it again with that key; a study that has not finished has no model yet",
    )


def results_folder(config: dict) -> str:
    """Return the folder of results: as stated, else one called like the folder of worms or images.

    Raises
    ------
    InputError
        It is inside the folder of worms or images, where a second run would read its own results
        as new ones, or contains that folder.
    """
    what = next(key for key in HOMES if key in config)
    given = config[what]
    folder = config["out"] or f"{HOMES[what]}/{slug(Path(given).resolve().name)}"
    require_apart(folder, given, what)
    return folder


def applied(results: str, model: Path, given: str, what: str = "worms") -> dict[str, str]:
    """Return the paths of the model and of what it is applied to.

    Parameters
    ----------
    results : str
        Folder of the results.
    model : Path
        Folder of the model.
    given, what : str
        The folder of worms or images, and which of the two it is: a key of `HOMES`.

    Returns
    -------
    dict of str to str
        `model` and `what`; relative to the working directory if inside it.

    Raises
    ------
    InputError
        The folder of results contains the model, or results of another model or of other worms or
        images.
    """
    require_apart(results, model, "the model")
    paths = {"model": _relative_path(model), what: _relative_path(given)}
    record = Path(results) / APPLIED
    before = read_json(record, ELSEWHERE) if record.is_file() else paths
    if not isinstance(before, dict):
        raise InputError(record, "other text than a run writes", f"model and {what}", ELSEWHERE)
    for key, path in paths.items():
        if before.get(key) != path:
            raise InputError(
                OUT,
                f"{results!r}, with results of {key} {before.get(key)}",
                f"a folder of {key} {path}, or a new one",
                f"{ELSEWHERE}, or remove that one",
            )
    return paths


def require_apart(results: str | Path, folder: str | Path, what: str):
    """Refuse a folder of results that is inside another folder, or around it; links are followed.

    Raises
    ------
    InputError
        The line names both; `what` says what the other folder is.
    """
    out, other = Path(results).resolve(), Path(folder).resolve()
    if out.is_relative_to(other):
        found = f"{str(results)!r} inside {what} ({folder})"
    elif other.is_relative_to(out):
        found = f"{str(results)!r} around {what} ({folder})"
    else:
        return
    raise InputError(OUT, found, "a separate folder", ELSEWHERE)


def _relative_path(path: str | Path) -> str:
    path, here = Path(path).resolve(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
