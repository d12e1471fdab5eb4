"""Errors that are reported in a single clear line: a user's mistake, and a full disk."""

import errno
import os
from collections.abc import Sequence

# Characters of a line that a person reads at a glance.
LONGEST = 300 - len("error: ")
CUT = " … "


def one_line(text: str) -> str:
    r"""Write a text as one line of at most `LONGEST` characters, which any terminal can show.

    Parameters
    ----------
    text : str
        Any text; it may quote a file's content or name.

    Returns
    -------
    str
        White space is one space; what cannot be printed is written as in Python, such as `\x1b`. A
        longer line loses its middle: at its start stands what is wrong, at its end what to do.
    """
    return _cut(_printable(text), LONGEST)


def _printable(text: str) -> str:
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in line
    )


def _cut(line: str, longest: int) -> str:
    """Leave out the middle of a line that is too long."""
    if len(line) <= longest:
        return line
    kept = longest - len(CUT)
    return line[: kept - kept // 2] + CUT + line[-(kept // 2) :]


def _fitted(parts: Sequence[str], room: int) -> list[str]:
    """Cut parts of a line such that all fit: only the longest lose something."""
    parts = [_printable(part) for part in parts]
    longest = left = room
    for count, length in zip(range(len(parts), 0, -1), sorted(map(len, parts)), strict=True):
        longest = left // count
        if length > longest:
            break
        left -= length
    else:
        return parts
    return [_cut(part, longest) for part in parts]


class InputError(ValueError):
    """The user's input cannot be used; said in one line of at most `LONGEST` characters.

    Parameters
    ----------
    where : object
        The file, worm or config key at fault.
    found : str
        What was found there.
    expected : str
        What was expected instead.
    advice : str, optional
        What to do about it.
    """

    def __init__(self, where: object, found: str, expected: str, advice: str = ""):
        self.where = str(where)
        self.found = found
        self.expected = expected
        self.advice = advice
        words = "{}: found {}; expected {}" + ("; {}" if advice else "{}")
        parts = self.where, found, expected, advice
        super().__init__(words.format(*_fitted(parts, LONGEST - len(words.replace("{}", "")))))


class NoSpaceError(InputError):
    """A disk or a quota is full; the study can go on once there is space.

    Parameters
    ----------
    where : object
        The file that could not be written.
    """

    def __init__(self, where: object):
        super().__init__(
            where,
            "no space left on its disk",
            "room for this file",
            "make some, then give the same command again: what is finished stays",
        )


def disk_is_full(error: BaseException) -> bool:
    """Return whether an error, from any library, means that a disk or a quota is full."""
    if isinstance(error, InputError):
        return isinstance(error, NoSpaceError)
    full = (errno.ENOSPC, errno.EDQUOT)
    # Some libraries pass on the system's message without its error number.
    return getattr(error, "errno", None) in full or any(
        os.strerror(number) in str(error) for number in full
    )
