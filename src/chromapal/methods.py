"""Discovery of colorizers and classifiers by file name; standard library only.

A method is a file in `colorizers/` or `classifiers/` that defines `Params` (a frozen dataclass)
and `build`. Adding the file is all it takes: workflow wildcards, contract tests, code digests
and table rows follow from here.
"""

import ast
import dataclasses
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from chromapal.errors import InputError

PACKAGE = Path(__file__).parent


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
    return tuple(sorted(path.stem for path in (PACKAGE / kind).glob("*.py") if _is_method(path)))


def _is_method(path: Path) -> bool:
    defined = {
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    return {"Params", "build"} <= defined


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


def whole_animals(module: ModuleType) -> bool:
    """Say whether a method sees all neurons of an animal, whichever of them a variant scores."""
    return getattr(module, "whole_animals", False)


@cache
def accepting(given: str) -> tuple[str, ...]:
    """List the colorizers that take neurons, or images; none of their files is imported for it.

    Parameters
    ----------
    given : {"neurons", "images"}
        What is to be coloured.
    """
    return tuple(name for name in names("colorizers") if given in _accepts(name))


def _accepts(colorizer: str) -> tuple[str, ...]:
    text = (PACKAGE / "colorizers" / f"{colorizer}.py").read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "accepts":
            return ast.literal_eval(node.value)
    return ()


def check_accepts(colorizer: str, given: str):
    """Refuse a colorizer of something else.

    Raises
    ------
    InputError
        It does not take what is given; the line lists those that do.
    """
    if colorizer not in accepting(given):
        known = ", ".join(accepting(given))
        raise InputError("config key 'colorizers'", repr(colorizer), f"for {given}, one of {known}")


def lacks_weights(module: ModuleType, params: object) -> bool:
    """Say whether a method needs weights from elsewhere that its `Params` do not name."""
    return getattr(module, "needs_weights", False) and params.weights in ("", "none")


def params(kind: str, name: str, changes: dict | None = None) -> object:
    """Give a method's `Params`, with the study's changes to its defaults.

    Raises
    ------
    InputError
        A key that `Params` does not have, or a value of another type.
    """
    blank = module(kind, name).Params
    fields = {field.name: field for field in dataclasses.fields(blank)}
    for key, value in (changes or {}).items():
        where = f"config key 'params.{kind}.{name}.{key}'"
        if key not in fields:
            raise InputError(where, "an unknown key", f"one of {', '.join(fields) or 'none'}")
        default = fields[key].default
        kinds = (int, float) if isinstance(default, float) else type(default)
        if default is not None and (
            not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool)
        ):
            raise InputError(where, repr(value), f"a value like {default!r}")
    return blank(**(changes or {}))
