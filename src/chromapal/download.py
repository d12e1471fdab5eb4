"""Files by path or URL: downloaded once if needed, and checked."""

import hashlib
import logging
import re
import sys
import urllib.parse
from pathlib import Path

from chromapal.errors import InputError, NoSpaceError, disk_is_full
from chromapal.files import whole

LOGGER = logging.getLogger(__name__)
TIMEOUT = 60.0  # seconds to connect, and between two pieces
ALGORITHMS = ("sha256", "md5")
LONGEST = 100  # characters kept of an address's file name


def fetch(
    source: str, checksum: str, cache: str | Path, expected: str = "a file", advice: str = ""
) -> Path:
    """Return the path of a file, downloading it once if it is a URL.

    Parameters
    ----------
    source : str
        A path, or an http(s) URL.
    checksum : str
        `sha256:` or `md5:` and hexadecimal digits, digits alone for sha256; empty: not checked.
    cache : path-like
        Folder for downloaded files.
    expected, advice : str
        Parts of error messages: what was expected, and what to do.

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
    # With a digest of the address: two addresses may end in the same file name.
    digest = hashlib.sha256(source.encode()).hexdigest()[:8]
    path = Path(cache).expanduser() / f"{digest}-{name}"
    if path.is_file():
        check(path, checksum, path)
    else:
        with whole(path) as temporary:
            _download(source, temporary, expected, advice)
            check(temporary, checksum, _without_secrets(source))
    return path


def check(path: str | Path, checksum: str, where: object):
    """Check a file's checksum; an empty checksum accepts every file.

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
        digest = hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False))
    if digest.hexdigest() != digits.lower():
        raise InputError(where, f"{kind} {digest.hexdigest()}", f"{kind} {digits.lower()}")


def _without_secrets(url: str) -> str:
    """Remove from an address what may be secret: a password, a signature."""
    return re.sub(r"//[^/?#]*@", "//", re.split("[?#]", url)[0])


def _name(url: str, expected: str) -> str:
    """Return the last part of an address's path; raise an error for an invalid address."""
    try:
        parts = urllib.parse.urlsplit(url)
        # a user name and password could be mistaken for the host's
        host = parts.hostname and parts.username is None and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        host = False
    if not host or not re.fullmatch("[!-~]+", url):
        raise InputError(
            repr(_without_secrets(url)),
            "no address that can be asked",
            expected,
            "an address has no spaces (write %20), foreign letters or passwords",
        )
    return parts.path.rsplit("/", 1)[-1][-LONGEST:]


def _download(url: str, path: Path, expected: str, advice: str):
    # imported here: slow, and only needed to download
    import pooch

    address = _without_secrets(url)
    LOGGER.info("downloading %s", address)
    download = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(),
        timeout=TIMEOUT,
        # an archive compressed again by a server would have another checksum
        headers={"Accept-Encoding": "identity"},
    )
    try:
        download(url, str(path), None)
    except (OSError, ValueError) as error:
        if disk_is_full(error):
            raise NoSpaceError(path) from None
        raise InputError(address, f"a failed download ({cause(error)})", expected, advice) from None


def cause(error: Exception) -> str:
    """Return why a request failed, without the address that the error's message may contain."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"status {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "no safe connection (TLS)"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "a connection that was cut"
    if isinstance(error, requests.exceptions.InvalidSchema):
        return "a redirect to what is no web address"
    if isinstance(error, requests.ConnectionError):
        return f"no connection ({type(error).__name__})"
    if isinstance(error, requests.RequestException):
        return f"no answer that can be read, {type(error).__name__}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"no answer that can be read, {type(error).__name__}"
