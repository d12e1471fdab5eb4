"""Errors that are reported in a single clear line: a user's mistake, and what passes."""

import errno
import os
import re
from collections.abc import Iterator, Sequence

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


# Numbers of errors that say nothing about a file's content. HDF5 gives them only in its text.
_LOCKED = {errno.EAGAIN, errno.EDEADLK, errno.EBUSY, errno.ETXTBSY}
# ENOTSUPP has no name in Python: NFS and Cray's DVS give it for locks.
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, 524}
_DENIED = {errno.EACCES, errno.EPERM}
_TROUBLE = {
    getattr(errno, name)
    for name in (
        "EIO", "ESTALE", "ETIMEDOUT", "EMFILE", "ENFILE", "EINTR", "ENXIO", "ENODEV", "ENOLINK",
        "ECOMM", "EPROTO", "EREMOTEIO", "ENOTCONN", "ECONNRESET", "ECONNREFUSED", "ECONNABORTED",
        "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH", "ESHUTDOWN",
    )
    if hasattr(errno, name)
}  # fmt: skip
_NUMBER = re.compile(r"errno[ =:]*(\d+)", re.IGNORECASE)


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
        super().__init__(_line(where, found, expected, advice))

    def __reduce__(self):
        """Travel from the process that reads a file to the one that asked for it."""
        return type(self), (self.where, self.found, self.expected, self.advice)


class PassingError(Exception):
    """What keeps a file from being read is no fault of its content, and may pass.

    A lock, a permission, a disk or a network: the job that meets it fails, so that the next run
    reads the file. No `InputError`: what reads a batch skips a worm for such an error, for ever.

    Parameters
    ----------
    where, found, expected, advice
        As for an `InputError`.
    """

    def __init__(self, where: object, found: str, expected: str, advice: str = ""):
        self.where = str(where)
        self.found = found
        self.expected = expected
        self.advice = advice
        super().__init__(_line(where, found, expected, advice))

    def __reduce__(self):
        """Travel between processes."""
        return type(self), (self.where, self.found, self.expected, self.advice)


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

    def __reduce__(self):
        """Travel between processes."""
        return type(self), (self.where,)


def _line(where: object, found: str, expected: str, advice: str) -> str:
    words = "{}: found {}; expected {}" + ("; {}" if advice else "{}")
    parts = [str(part) for part in (where, found, expected, advice)]
    return words.format(*_fitted(parts, LONGEST - len(words.replace("{}", ""))))


def passing(error: BaseException, where: object) -> PassingError | None:
    """Return what a reader's error means if nothing is wrong with the file itself.

    Readers turn the errors of many libraries into their own; those an error was raised for are
    looked at too, whatever it says.

    Parameters
    ----------
    error : BaseException
        From any reader.
    where : object
        The file, for the message.

    Returns
    -------
    PassingError or None
        None if the file is at fault, as far as the error tells.
    """
    for cause in _causes(error):
        if isinstance(cause, PassingError):
            return cause
        if not isinstance(cause, OSError):
            continue
        number = number_of(cause)
        expected, retry = "a file that can be read", "then give the same command again"
        if number in _LOCKED:
            return PassingError(
                where,
                "a file that is open in another program",
                expected,
                f"close it there, {retry}",
            )
        if number in NO_LOCKS:
            return PassingError(
                where,
                f"a disk without locks (error {number})",
                expected,
                f"set HDF5_USE_FILE_LOCKING=FALSE, or use another disk, {retry}",
            )
        if number in _DENIED:
            return PassingError(where, "no permission to read it", expected, f"allow it, {retry}")
        if number in _TROUBLE:
            text = os.strerror(number)
            return PassingError(where, f"a disk that fails ({text})", expected, f"mend it, {retry}")
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those it was raised for, `from None` too."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def number_of(error: OSError) -> int | None:
    """Return the system's number of an error, which HDF5 may give in its text only."""
    if error.errno:
        return error.errno
    found = _NUMBER.search(str(error))
    return int(found[1]) if found else None


def disk_is_full(error: BaseException) -> bool:
    """Return whether an error, from any library, means that a disk or a quota is full."""
    if isinstance(error, InputError):
        return isinstance(error, NoSpaceError)
    full = (errno.ENOSPC, errno.EDQUOT)
    # Some libraries pass on the system's message without its error number.
    return getattr(error, "errno", None) in full or any(
        os.strerror(number) in str(error) for number in full
    )
