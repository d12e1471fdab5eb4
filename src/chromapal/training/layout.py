"""The JSON files of a model folder: its method, parameters, layout version and checksums."""

import dataclasses
import hashlib
import json
from pathlib import Path

from chromapal.columns import TRAINED_ON
from chromapal.errors import InputError
from chromapal.files import read_json, write_json

LAYOUT = 2
SEALED = 3  # layout of the file with the checksums of a whole folder
FILE = "params.json"
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
    folder: Path, file: str = FILE, layout: int = LAYOUT, advice: str = "train the model again"
) -> dict:
    """Read `params.json`, or another JSON file with a layout version, and check that version.

    Raises
    ------
    InputError
        The file does not exist, is not JSON, or has another layout version.
    """
    path = Path(folder) / file
    try:
        saved = read_json(path)
    except FileNotFoundError:
        raise InputError(path, "no file", "a model folder", advice) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"invalid JSON ({error})", "a model's parameters", advice) from None
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

    Raises
    ------
    InputError
        As `read_header`; or the facts or a file have changed, or a file is missing.
    """
    folder = Path(folder)
    content = read_header(folder, file, SEALED, RETRAIN)
    if content.pop("digest", "") != _digest_of(content):
        raise InputError(
            folder / file, "a damaged or edited file", "it as its study wrote it", RETRAIN
        )
    for name, digest in content["files"].items():
        path = folder / name
        if not path.is_file():
            raise InputError(path, "no file", "every file of the model", RETRAIN)
        if _digest(path) != digest:
            raise InputError(path, "a damaged or other file", "the one its study wrote", RETRAIN)
    return content


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
