"""New worms and the model that is applied to them, found before any job runs.

Standard library only, for the workflow calls this while it is parsed.
"""

from dataclasses import dataclass
from pathlib import Path

from chromapal.errors import InputError
from chromapal.files import read_json
from chromapal.worms import registry
from chromapal.worms.discover import discover
from chromapal.worms.slugs import slug

MODEL, FACTS = "model", "model.json"
APPLIED = "applied.json"
OUT, ELSEWHERE = "config key 'out'", "state another folder, out=FOLDER"


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
        Of a volume the table of its neurons' centres beside it, "" where there is none.
    """

    path: str
    kind: str
    centres: str = ""


def sources(folder: str) -> dict[str, Source]:
    """List a folder's files with new worms, of all sources, by file-safe key.

    A table beside a volume, of the same name but for the suffix, holds the volume's centres and
    is no source of its own.

    Raises
    ------
    InputError
        There is no such folder, or it holds no such file.
    """
    kinds = registry.by_suffix()
    found = {path: kinds[path.suffix.lower()] for path in discover(folder, tuple(kinds), "worms")}
    beside = {(kind.name, _stem(path)): str(path) for path, kind in found.items()}
    centres = {(kind.centres, _stem(path)) for path, kind in found.items() if kind.centres}
    return {
        slug(str(path.relative_to(folder))): Source(
            str(path), kind.name, beside.get((kind.centres, _stem(path)), "")
        )
        for path, kind in found.items()
        if (kind.name, _stem(path)) not in centres
    }


def _stem(path: Path) -> Path:
    name = path.stem
    return path.with_name(name[:-4] if name.lower().endswith(".ome") else name)


def model_folder(study: str) -> Path:
    """Find the model that a study kept.

    Parameters
    ----------
    study : str
        The folder of the study's results, or of the model itself.

    Raises
    ------
    InputError
        There is no such folder, it is no study, or it kept no model.
    """
    where = "config key 'model'"
    folder = Path(study)
    for found in (folder, folder / MODEL):
        if (found / FACTS).is_file():
            return found
    if not folder.is_dir():
        raise InputError(where, f"no folder {study!r}", "results/STUDY of a finished study")
    if not (folder / "neurons.parquet").is_file():
        raise InputError(where, f"no study in {study!r}", "results/STUDY of a finished study")
    raise InputError(
        where,
        f"a study that kept no model for naming ({study})",
        "one with align: nonrigid or pose",
        "run it again with that key; an unfinished study keeps its model at its end",
    )


def results_folder(config: dict) -> str:
    """Give the folder of results: as stated, else `results/applied/{name of the worms' folder}`.

    Raises
    ------
    InputError
        It lies in the folder of worms, where a second run would take its own results for new
        worms, or holds that folder.
    """
    worms = config["worms"]
    folder = config["out"] or f"results/applied/{slug(Path(worms).resolve().name)}"
    _apart(folder, worms, "worms")
    return folder


def applied(results: str, model: Path, worms: str) -> dict[str, str]:
    """Tell which model is applied to which worms: paths, from here where they are below.

    Raises
    ------
    InputError
        The folder of results holds the model, or results of another model or of other worms.
    """
    _apart(results, model, "the model")
    told = {"model": _from_here(model), "worms": _from_here(worms)}
    record = Path(results) / APPLIED
    before = read_json(record) if record.is_file() else told
    for key, path in told.items():
        if before.get(key) != path:
            raise InputError(
                OUT,
                f"{results!r}, with results of {key} {before.get(key)}",
                f"a folder of {key} {path}, or a new one",
                f"{ELSEWHERE}, or remove that one",
            )
    return told


def _apart(results: str, folder: str | Path, what: str):
    out, other = Path(results).resolve(), Path(folder).resolve()
    if out.is_relative_to(other):
        found = f"{results!r} inside {what} ({folder})"
    elif other.is_relative_to(out):
        found = f"{results!r} around {what} ({folder})"
    else:
        return
    raise InputError(OUT, found, "a folder apart", ELSEWHERE)


def _from_here(path: str | Path) -> str:
    path, here = Path(path).resolve(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
