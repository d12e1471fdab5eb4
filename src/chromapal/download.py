"""A file from elsewhere: by path as it is, by URL downloaded once, and checked either way."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from chromapal.console import progress
from chromapal.errors import InputError, NoSpaceError, disk_is_full
from chromapal.files import whole

CHUNK = 1 << 20
ALGORITHMS = ("sha256", "md5")


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
        No such file, a failed download, another checksum, or a checksum of an unknown kind.
    """
    if not source.startswith(("http://", "https://")):
        path = Path(source).expanduser()
        if not path.is_file():
            raise InputError(path, "no file", expected, advice)
        check(path, checksum, path)
        return path
    # Under the address's own digest: two addresses may end in the same file name.
    name = f"{hashlib.sha256(source.encode()).hexdigest()[:8]}-{source.rsplit('/', 1)[-1]}"
    path = Path(cache).expanduser() / name
    if path.is_file():
        check(path, checksum, path)
    else:
        with whole(path) as part:
            _download(source, part, expected, advice)
            check(part, checksum, source)
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


def _download(url: str, path: Path, expected: str, advice: str):
    try:
        with urllib.request.urlopen(url, timeout=60) as response, path.open("wb") as file:
            size = int(response.headers.get("Content-Length", 0))
            for chunk in progress(_chunks(response), -(-size // CHUNK), f"downloading {url}"):
                file.write(chunk)
            received = file.tell()
    except (urllib.error.URLError, OSError) as error:
        if disk_is_full(error):
            raise NoSpaceError(path) from None
        raise InputError(url, f"a failed download ({error})", expected, advice) from None
    if size and received != size:
        raise InputError(url, f"{received} of {size} bytes", "the whole file", "try again")


def _chunks(response) -> Iterator[bytes]:
    while chunk := response.read(CHUNK):
        yield chunk
