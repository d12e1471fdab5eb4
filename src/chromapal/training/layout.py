"""The JSON half of a model folder: which method, which parameters, which layout."""

import dataclasses
import json
from pathlib import Path

from chromapal.errors import InputError
from chromapal.files import read_json, write_json

LAYOUT = 2
FILE = "params.json"


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
        What a method without a network learnt.
    """
    content = {
        "layout": LAYOUT,
        "colorizer": colorizer,
        "dense": dense,
        "params": dataclasses.asdict(params),
        **learnt,
    }
    write_json(content, Path(folder) / FILE)


def peek(folder: Path, file: str = FILE) -> dict:
    """Read `params.json`, or another file that states the layout.

    Raises
    ------
    InputError
        No such file, no JSON, or a layout of another version.
    """
    path = Path(folder) / file
    try:
        saved = read_json(path)
    except FileNotFoundError:
        raise InputError(path, "no file", "a model folder") from None
    except json.JSONDecodeError as error:
        raise InputError(path, f"no JSON ({error})", "a model's parameters") from None
    found = saved.get("layout") if isinstance(saved, dict) else None
    if found != LAYOUT:
        raise InputError(path, f"layout {found}", f"layout {LAYOUT}", "train the model again")
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
