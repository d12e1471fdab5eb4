"""A file from elsewhere: by path as it is, by URL downloaded once, and checked either way."""

import hashlib
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from chromapal.console import progress
from chromapal.errors import InputError, NoSpaceError, disk_is_full
from chromapal.files import whole

CHUNK = 1 << 20
ALGORITHMS = ("sha256", "md5")
LONGEST = 100  # characters kept of an address's file name


def fetch(
    source: str, checksum: str, cache: str | Path, expected: str = "a file", advice: str = ""
) -> Path:
    """Give the path of a file, downloading it once where it is a URL.

    Parameters
    ----------
    source : str
        A path, or an http(s) URL.
    checksum : str
        `sha256:` or `md5:` and hexadecimal digits, digits alone for sha256; empty: not checked.
    cache : path-like
        Folder that keeps what was downloaded.
    expected, advice : str
        What messages say was expected, and how to go on.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        No such file, no such address, a failed download, another checksum, or a checksum of an
        unknown kind.
    """
    if not source.startswith(("http://", "https://")):
        path = Path(source).expanduser()
        if not path.is_file():
            raise InputError(path, "no file", expected, advice)
        check(path, checksum, path)
        return path
    name = _name(source, expected)
    # Under the address's own digest: two addresses may end in the same file name.
    digest = hashlib.sha256(source.encode()).hexdigest()[:8]
    path = Path(cache).expanduser() / f"{digest}-{name}"
    if path.is_file():
        check(path, checksum, path)
    else:
        with whole(path) as part:
            _download(source, part, expected, advice)
            check(part, checksum, _shown(source))
    return path


def check(path: str | Path, checksum: str, where: object):
    """Refuse a file with another checksum; an empty checksum refuses none.

    Raises
    ------
    InputError
        The line names `where`, what was found and what was expected.
    """
    if not checksum:
        return
    kind, _, digits = checksum.rpartition(":")
    kind = kind or "sha256"
    if kind not in ALGORITHMS:
        raise InputError("checksum", repr(checksum), f"{' or '.join(ALGORITHMS)}, a colon, digits")
    with Path(path).open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False))
    if found.hexdigest() != digits.lower():
        raise InputError(where, f"{kind} {found.hexdigest()}", f"{kind} {digits.lower()}")


def _shown(url: str) -> str:
    """Leave out of an address what may be a secret: a password, a signature."""
    return re.sub(r"//[^/?#]*@", "//", re.split("[?#]", url)[0])


def _name(url: str, expected: str) -> str:
    """Give the end of an address's path, which its suffix ends; refuse what is no address."""
    try:
        parts = urllib.parse.urlsplit(url)
        # a name and a password would be taken for the host's
        host = parts.hostname and parts.username is None and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        host = False
    if not host or not re.fullmatch("[!-~]+", url):
        raise InputError(
            repr(_shown(url)),
            "no address that can be asked",
            expected,
            "an address has no spaces (write %20), foreign letters or passwords",
        )
    return parts.path.rsplit("/", 1)[-1][-LONGEST:]


def _download(url: str, path: Path, expected: str, advice: str):
    shown = _shown(url)
    try:
        with urllib.request.urlopen(url, timeout=60) as response, path.open("wb") as file:
            size = int(response.headers.get("Content-Length", 0))
            for chunk in progress(_chunks(response), -(-size // CHUNK), f"downloading {shown}"):
                file.write(chunk)
            received = file.tell()
    except (OSError, http.client.HTTPException, ValueError) as error:
        if disk_is_full(error):
            raise NoSpaceError(path) from None
        raise InputError(shown, f"a failed download ({_cause(error)})", expected, advice) from None
    if size and received != size:
        raise InputError(shown, f"{received} of {size} bytes", "the whole file", "try again")


def _cause(error: Exception) -> str:
    """Say what failed, without the error's own text where that may show an address."""
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    if isinstance(error, http.client.IncompleteRead):
        return "a connection that was cut"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"no answer that can be read, {type(error).__name__}"


def _chunks(response) -> Iterator[bytes]:
    while chunk := response.read(CHUNK):
        yield chunk
