"""Names and paths of user files: which are refused, and how to make file names of them.

Standard library only: the workflow needs it while it is parsed.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from chromapal.errors import InputError

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_HASHED = re.compile(r"-[0-9a-f]{8}$")
_LONGEST = 80


def fault(text: str) -> str:
    """Return what makes a name unusable.

    Spaces, quotes, slashes and markup are usable: they are never used as a path.

    Parameters
    ----------
    text : str
        The name of a worm, laboratory or neuron.

    Returns
    -------
    str
        "an empty name", "a control character in …", or "" if nothing is wrong.
    """
    if not text.strip():
        return "an empty name"
    return "" if text.isprintable() else f"a control character in {text!r}"


def path_fault(path: str | Path) -> str:
    """Return what makes a path unusable as the input of a job.

    Spaces, quotes, markup and letters of any alphabet are usable.

    Parameters
    ----------
    path : path-like
        The path of a file or folder.

    Returns
    -------
    str
        Such as "braces", or "" if nothing is wrong.
    """
    text = str(path)
    # the workflow would put other text in their place
    if set("{}") & set(text):
        return "braces"
    if re.search("<[a-z][a-z0-9_]*>", text):
        return "a word in angle brackets"
    kinds = {unicodedata.category(char) for char in text}
    if "Cs" in kinds:
        return "bytes that are no UTF-8 text"
    return "a control character" if kinds & {"Cc", "Zl", "Zp"} else ""


def require_path(path: str | Path):
    """Refuse a path that no job could be given.

    Raises
    ------
    InputError
        See `path_fault`.
    """
    if fault := path_fault(path):
        raise InputError(path, f"{fault} in its path", "a path without", "rename it")


def slug(text: str) -> str:
    """Return a name that is safe as one part of a path, unique for each text.

    Letters, digits, `.`, `_` and `-` stay. If anything had to change, eight digits of the
    text's hash are appended; a text that already ends like such a hash gets one too, so that
    names stay unique.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        At most 89 characters, never empty, `.`, `..`, hidden or with a separator.
    """
    safe = _UNSAFE.sub("_", text).lstrip(".-")[:_LONGEST]
    if safe == text and safe and not _HASHED.search(text):
        return safe
    return f"{safe or 'name'}-{_digest(text)}"


def slugs(texts: Iterable[str]) -> dict[str, str]:
    """Return the slug of each text, unique also on disks that ignore case.

    Texts whose slugs differ in case only get their hash in any case.
    """
    found = {text: slug(text) for text in texts}
    alike = Counter(name.casefold() for name in found.values())
    return {
        text: name if alike[name.casefold()] == 1 else f"{name}-{_digest(text)}"
        for text, name in found.items()
    }


def worm_paths(worms: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return `{lab}/{worm}` as a path for each worm, unique also on disks that ignore case.

    Parameters
    ----------
    worms : iterable of (lab, worm)
        All worms whose files lie in one folder.

    Returns
    -------
    dict of (str, str) to str
        Slugs of laboratory and worm. Worms whose paths differ in case only get the hash of both
        names.
    """
    found = {(lab, worm): f"{slug(lab)}/{slug(worm)}" for lab, worm in worms}
    alike = Counter(path.casefold() for path in found.values())
    return {
        worm: path if alike[path.casefold()] == 1 else f"{path}-{_digest('/'.join(worm))}"
        for worm, path in found.items()
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
