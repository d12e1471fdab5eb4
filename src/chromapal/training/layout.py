"""The JSON files of a model folder: its method, parameters, layout version and checksums."""

import dataclasses
import hashlib
import json
from pathlib import Path

from chromapal.columns import TRAINED_ON
from chromapal.errors import InputError
from chromapal.files import read_json, write_json

LAYOUT = 4
SEALED = 5  # layout of the file with the checksums of a whole folder
FILE = "params.json"
FACTS = "model.json"  # the file with the checksums, and what is known about the model
READ = (".json", ".safetensors")  # suffixes of the files that models consist of
RETRAIN = "remove the model's folder and run its study again, or copy the folder whole"


def write(folder: Path, colorizer: str, params: object, dense: bool, **learned: object):
    """Write `params.json`.

    Parameters
    ----------
    folder : Path
        The model folder; created if absent.
    colorizer : str
        The method's file name.
    params : dataclass instance
        The method's parameters.
    dense : bool
        Whether it was built for `worm` samples.
    **learned
        Values learned by a method without a network; for a method with networks, the device and
        precision of training (`Device.trained_on`).
    """
    content = {
        "layout": LAYOUT,
        "colorizer": colorizer,
        "dense": dense,
        "params": dataclasses.asdict(params),
        **learned,
    }
    write_json(content, Path(folder) / FILE)


def trained_on(folder: Path) -> dict[str, str]:
    """Return device and precision of training: `TRAINED_ON`, "" for a model without networks."""
    saved = read_header(folder)
    return {name: saved.get(name, "") for name in TRAINED_ON}


def read_header(
    folder: Path,
    file: str = FILE,
    layout: int = LAYOUT,
    advice: str = "train the model again",
    finite: bool = False,
) -> dict:
    """Read `params.json`, or another JSON file with a layout version, and check that version.

    Raises
    ------
    InputError
        The file does not exist, is not JSON, or has another layout version; with `finite` also if
        a number is NaN or infinite.
    """
    path = Path(folder) / file
    saved = read_json(path, advice, finite)
    version = saved.get("layout") if isinstance(saved, dict) else None
    if version != layout:
        raise InputError(path, f"layout {version}", f"layout {layout}", advice)
    return saved


def read(folder: Path, colorizer: str, params: object, dense: bool) -> dict:
    """Read `params.json`, and check that it belongs to a colorizer already built.

    Raises
    ------
    InputError
        As `read_header`; or the model is of another method, or has other parameters.
    """
    saved = read_header(folder)
    expected = {"colorizer": colorizer, "dense": dense, "params": dataclasses.asdict(params)}
    for key, value in expected.items():
        if saved.get(key) != value:
            raise InputError(Path(folder) / FILE, f"{key} {saved.get(key)}", f"{key} {value}")
    return saved


def seal(folder: Path, file: str, facts: dict):
    """Write facts about a finished folder, with checksums of its files and of the facts.

    Parameters
    ----------
    folder : Path
        The folder.
    file : str
        Name of the JSON file in it.
    facts : dict
        Must be valid JSON.
    """
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    digests = {path.relative_to(folder).as_posix(): _digest(path) for path in paths}
    content = {**facts, "layout": SEALED, "files": digests}
    write_json({**content, "digest": _digest_of(content)}, Path(folder) / file)


def sealed(folder: Path, file: str) -> dict:
    """Read the facts that `seal` wrote, and check that no file has changed since.

    The checksums prove that files belong together, not who wrote them: whoever changes a file can
    compute them again. What reads the model therefore trusts none of its numbers.

    Raises
    ------
    InputError
        As `read_header`; or the facts or a file have changed, or a file is missing, or there is one
        that was not there.
    """
    folder = Path(folder)
    content = read_header(folder, file, SEALED, RETRAIN, finite=True)
    if content.pop("digest", "") != _digest_of(content):
        raise InputError(
            folder / file, "a damaged or edited file", "it as its study wrote it", RETRAIN
        )
    files = content.get("files")
    if not isinstance(files, dict):
        raise InputError(folder / file, "no list of files", "one of every file", RETRAIN)
    for name, digest in files.items():
        path = folder / name
        if not path.is_file() or ".." in Path(name).parts:
            raise InputError(path, "no file", "every file of the model", RETRAIN)
        if _digest(path) != digest:
            raise InputError(path, "a damaged or other file", "the one its study wrote", RETRAIN)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix in READ and name not in files and name != file:
            raise InputError(path, "a file that the model does not list", "none", RETRAIN)
    return content


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
