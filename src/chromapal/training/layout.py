"""The JSON half of a model folder: which method, which parameters, which layout, which files."""

import dataclasses
import hashlib
import json
from pathlib import Path

from chromapal.columns import TRAINED_ON
from chromapal.errors import InputError
from chromapal.files import read_json, write_json

LAYOUT = 2
SEALED = 3  # of the file that vouches for a whole folder
FILE = "params.json"
AGAIN = "remove the model's folder and run its study again, or copy the folder whole"


def write(folder: Path, colorizer: str, params: object, dense: bool, **learnt: object):
    """Write `params.json`.

    Parameters
    ----------
    folder : Path
        The model folder; created where absent.
    colorizer : str
        The method's file name.
    params : dataclass instance
        The method's parameters.
    dense : bool
        Whether it was built for `worm` samples.
    **learnt
        What a method without a network learnt; of one with networks, what they were trained with
        (`Device.trained_on`).
    """
    content = {
        "layout": LAYOUT,
        "colorizer": colorizer,
        "dense": dense,
        "params": dataclasses.asdict(params),
        **learnt,
    }
    write_json(content, Path(folder) / FILE)


def trained_on(folder: Path) -> dict[str, str]:
    """Say what a model's networks were trained with: `TRAINED_ON`, "" where it has none."""
    saved = peek(folder)
    return {name: saved.get(name, "") for name in TRAINED_ON}


def peek(
    folder: Path, file: str = FILE, layout: int = LAYOUT, advice: str = "train the model again"
) -> dict:
    """Read `params.json`, or another file that states its layout.

    Raises
    ------
    InputError
        No such file, no JSON, or a layout of another version.
    """
    path = Path(folder) / file
    try:
        saved = read_json(path)
    except FileNotFoundError:
        raise InputError(path, "no file", "a model folder", advice) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"no JSON ({error})", "a model's parameters", advice) from None
    found = saved.get("layout") if isinstance(saved, dict) else None
    if found != layout:
        raise InputError(path, f"layout {found}", f"layout {layout}", advice)
    return saved


def read(folder: Path, colorizer: str, params: object, dense: bool) -> dict:
    """Read `params.json` for a colorizer that is already built.

    Raises
    ------
    InputError
        As `peek`; or the folder holds another method, or one built with other parameters.
    """
    saved = peek(folder)
    wanted = {"colorizer": colorizer, "dense": dense, "params": dataclasses.asdict(params)}
    for key, value in wanted.items():
        if saved.get(key) != value:
            raise InputError(Path(folder) / FILE, f"{key} {saved.get(key)}", f"{key} {value}")
    return saved


def seal(folder: Path, file: str, facts: dict):
    """Write facts about a folder that is whole, with the digests of its files and their own.

    Parameters
    ----------
    folder : Path
        The folder.
    file : str
        Name of the JSON file in it.
    facts : dict
        What JSON can hold.
    """
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    digests = {path.relative_to(folder).as_posix(): _digest(path) for path in paths}
    content = {**facts, "layout": SEALED, "files": digests}
    write_json({**content, "digest": _digest_of(content)}, Path(folder) / file)


def sealed(folder: Path, file: str) -> dict:
    """Read the facts that `seal` wrote, if every file is as it was then.

    Raises
    ------
    InputError
        As `peek`; or the facts or a file have changed, or a file is missing.
    """
    folder = Path(folder)
    content = peek(folder, file, SEALED, AGAIN)
    if content.pop("digest", "") != _digest_of(content):
        raise InputError(
            folder / file, "a damaged or edited file", "it as its study wrote it", AGAIN
        )
    for name, digest in content["files"].items():
        path = folder / name
        if not path.is_file():
            raise InputError(path, "no file", "every file of the model", AGAIN)
        if _digest(path) != digest:
            raise InputError(path, "a damaged or other file", "the one its study wrote", AGAIN)
    return content


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
