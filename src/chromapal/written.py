"""Names in config files as they are written: YAML reads 1, NO and 000541 as numbers and words."""

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import yaml

_DEEPEST = 10  # keys within keys; an anchor may hold itself


def with_names(config: dict, paths: Iterable[str | os.PathLike], schema: dict) -> dict:
    """Return keys, and values that are text, the form in which config files have them.

    Parameters
    ----------
    config : dict
        Keys of all files together.
    paths : iterable of path-like
        The files, YAML or JSON; later ones come first.
    schema : dict
        JSON schemas of the keys, by key: where one asks for text, `000541` stays that.

    Returns
    -------
    dict
        The keys in the order given, all of them text in one Unicode form (NFC).
    """
    for path in paths:
        try:
            root = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (OSError, ValueError, yaml.YAMLError, RecursionError):
            continue  # whoever read the keys says what is wrong
        config = _renamed(config, root, schema, _DEEPEST)
    return _composed(config, _DEEPEST)


def stated(arguments: Iterable[str], schema: dict) -> dict[str, str]:
    """Return the keys of a command line (`laboratory=000541`) whose schema asks for text."""
    pairs = (argument.partition("=") for argument in arguments)
    texts = {key for key, known in schema.items() if known.get("type") == "string"}
    # a run inside a run may put quotes around what it hands on
    return {
        key: value for key, _, value in pairs if key in texts and value and value[0] not in "'\""
    }


def _renamed(values: object, node: yaml.Node, schema: dict, depth: int) -> object:
    """Rename the keys of a mapping as its node has them, and those below."""
    if not (isinstance(values, dict) and isinstance(node, yaml.MappingNode) and depth):
        return values
    read = yaml.SafeLoader("")
    written = {
        read.construct_object(key): (key.value, value)
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode) and not key.tag.endswith(":merge")
    }
    result = {}
    for key, value in values.items():
        name, below = written.get(key, (key, None))
        known = schema.get(name) or {}
        if known.get("type") == "string" and isinstance(below, yaml.ScalarNode):
            typed = read.construct_object(below)
            if not isinstance(value, str) and value is not None and value == typed:
                value = below.value
        result[name] = _renamed(value, below, known.get("properties") or {}, depth - 1)
    return result


def _composed(values: object, depth: int) -> object:
    if not isinstance(values, dict) or not depth:
        return values
    return {
        unicodedata.normalize("NFC", key) if isinstance(key, str) else key: _composed(
            value, depth - 1
        )
        for key, value in values.items()
    }
