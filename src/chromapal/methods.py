"""Discovery of colorizers and classifiers by file name; standard library only.

A method is a file in `colorizers/` or `classifiers/` that defines `Params` (a frozen dataclass)
and `build`. Adding the file is enough: workflow wildcards, contract tests, code digests and
table rows are derived from it. Plain assignments in the file declare its properties; see
`DECLARED`.
"""

import ast
import dataclasses
import importlib
import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

from chromapal.errors import InputError

PACKAGE = Path(__file__).parent
# What a method's file may declare, with defaults.
DECLARED = {
    "accepts": (),  # input of a colorizer: "neurons", "images" or both
    "baseline": False,  # a trivial colorizer, to which others are compared
    "gpu": False,  # it trains a network, and requests a GPU on a cluster
    "whole_worms": False,  # it uses all neurons of a worm, not only the scored ones
    "needs_weights": False,  # it requires pretrained weights
    "names_by": "",  # classifier that names the neurons for a colorizer
    "rank": math.inf,  # priority where one method is chosen; 1 is the first
    "words": "",  # its name in reports, if not the file's name
}


FRACTIONS = {"dropout": 0.99, "uniform": 1.0, "ema": 0.9999}
CHOICES = {"schedule": ("plateau", "one_cycle")}
AT_LEAST_1 = (
    "epoch_steps",
    "width",
    "layers",
    "heads",
    "batch",
    "members",
    "trees",
    "neighbours",
    "hidden",
)
MOST_TIMES = 200


@cache
def names(kind: str) -> tuple[str, ...]:
    """List the methods of one kind.

    Parameters
    ----------
    kind : {"colorizers", "classifiers"}
        The folder to look in.

    Returns
    -------
    tuple of str
        File names without suffix, sorted.
    """
    files = (PACKAGE / kind).glob("[a-z]*.py")
    return tuple(sorted(path.stem for path in files))


def declared(kind: str, name: str, key: str) -> object:
    """Return what a method's file declares, else the default in `DECLARED`, without importing it.

    Parameters
    ----------
    kind : {"colorizers", "classifiers"}
        The method's folder.
    name : str
        Its file's name without suffix. A method that does not exist has the defaults, since
        an old table may contain one.
    key : str
        One of `DECLARED`.

    Raises
    ------
    InputError
        The file computes the value instead of stating it.
    """
    default = DECLARED[key]
    return _declarations(kind, name).get(key, default) if name in names(kind) else default


@cache
def _declarations(kind: str, name: str) -> dict[str, object]:
    path = PACKAGE / kind / f"{name}.py"
    declarations = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        key = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
        if key in DECLARED:
            try:
                declarations[key] = ast.literal_eval(node.value)
            except ValueError:
                raise InputError(path, f"{ast.unparse(node)}", f"a plain value of {key}") from None
    return declarations


def ranked(kind: str, chosen: Iterable[str]) -> list[str]:
    """Order methods by the `rank` that they declare; those without one stay in order, last."""
    return sorted(chosen, key=lambda name: declared(kind, name, "rank"))


@cache
def declaring(kind: str, key: str) -> tuple[str, ...]:
    """List the methods of one kind that declare something, by rank."""
    return tuple(ranked(kind, [name for name in names(kind) if declared(kind, name, key)]))


def baselines() -> tuple[str, ...]:
    """List the baseline colorizers, by rank."""
    return declaring("colorizers", "baseline")


def words(kind: str, name: str) -> str:
    """Return the name of a method in reports."""
    return declared(kind, name, "words") or name.replace("_", " ")


def module(kind: str, name: str) -> ModuleType:
    """Import one method's file.

    Raises
    ------
    InputError
        No such method; the line lists those that exist.
    """
    if name not in names(kind):
        raise InputError(f"config key '{kind}'", repr(name), f"one of {', '.join(names(kind))}")
    return importlib.import_module(f"chromapal.{kind}.{name}")


@cache
def accepting(given: str) -> tuple[str, ...]:
    """List the colorizers that accept neurons, or images.

    Parameters
    ----------
    given : {"neurons", "images"}
        The kind of input.
    """
    return tuple(
        name for name in names("colorizers") if given in declared("colorizers", name, "accepts")
    )


def check_accepts(colorizer: str, given: str):
    """Check that a colorizer accepts a kind of input.

    Raises
    ------
    InputError
        It does not; the line lists those that do.
    """
    if colorizer not in accepting(given):
        known = ", ".join(accepting(given))
        raise InputError("config key 'colorizers'", repr(colorizer), f"for {given}, one of {known}")


def lacks_weights(colorizer: str, params: object) -> bool:
    """Return whether a method needs pretrained weights that its `Params` do not name."""
    needed = declared("colorizers", colorizer, "needs_weights")
    return needed and params.weights in ("", "none")


def params(kind: str, name: str, changes: dict | None = None) -> object:
    """Return a method's `Params`, with the study's changes to its defaults.

    Raises
    ------
    InputError
        A key that `Params` does not have, or a value of another type or out of bounds.
    """
    blank = module(kind, name).Params
    fields = {
        field.name: field
        for field in dataclasses.fields(blank)
        if field.metadata.get("config", True)
    }
    for key, value in (changes or {}).items():
        where = f"config key 'params.{kind}.{name}.{key}'"
        if key not in fields:
            raise InputError(where, "an unknown key", f"one of {', '.join(fields) or 'none'}")
        default = fields[key].default
        kinds = (int, float) if isinstance(default, float) else type(default)
        if default is not None and (
            not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool)
        ):
            raise InputError(where, repr(value)[:60], f"a value like {default!r}")
        if value not in CHOICES.get(key, [value]):
            raise InputError(where, repr(value)[:60], f"one of {', '.join(CHOICES[key])}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = _bounds(key, default)
            # NaN is neither
            if not low <= value <= high:
                raise InputError(where, f"{value:.6g}", f"{low:g} to {high:g}")
    return blank(**(changes or {}))


def _bounds(key: str, default: object) -> tuple[float, float]:
    """Bound a parameter, wide enough for any use: what lies beyond would take all memory or time.

    Fractions lie between 0 and 1, counts between 1 (0 where that switches something off) and
    `MOST_TIMES` their default, other numbers between 0 and a million times theirs.
    """
    if key in FRACTIONS:
        return 0, FRACTIONS[key]
    if isinstance(default, int):
        return int(key in AT_LEAST_1), MOST_TIMES * max(default, 10)
    return 0, 1e6 * max(default or 0.0, 1.0)
