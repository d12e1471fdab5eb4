"""Errors that are reported in a single clear line: a user's mistake, and a full disk."""

import errno
import os


class InputError(ValueError):
    """The user's input cannot be used.

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
        line = f"{where}: found {found}; expected {expected}"
        if advice:
            line += f"; {advice}"
        super().__init__(" ".join(line.split()))


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
