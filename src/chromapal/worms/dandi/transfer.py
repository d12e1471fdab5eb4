"""Bytes of one file over HTTP: by range, and again where a second try can help."""

import logging
import random
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from chromapal.download import cause
from chromapal.errors import InputError

LOGGER = logging.getLogger(__name__)
# Tries without progress; with the waits below they span about two minutes.
TRIES = 9
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds
LONGEST_STATED_WAIT = 600.0  # seconds that a server may ask for
TIMEOUT = (15.0, 60.0)  # seconds to connect, and between two pieces
PIECE = 1 << 16
# This much makes a try a success: the count of tries starts anew.
PROGRESS = 1 << 20
EXPIRED = (400, 401, 403, 404, 410)
TOLD_EVERY = 10.0  # seconds


class _Again(Exception):
    """Something that the next try may find mended."""

    def __init__(self, cause: str, wait: float | None = None):
        super().__init__(cause)
        self.wait = wait


class Transfer:
    """Fetch ranges of one file.

    A redirect is followed once and remembered, so that the archive is asked once and its store
    does the work; where that address expires, the archive is asked again. The token goes to the
    archive alone. 429, 5xx, time-outs and cut connections are tried again, after a wait that
    doubles, with jitter, or after what `Retry-After` says; what came before a cut is kept.

    Parameters
    ----------
    url : str
        The archive's address of the file.
    name : str
        What messages call the file. No message shows an address: it may hold a signature.
    size : int
        Bytes that the file has.
    token : str, optional
        The archive's API key.
    whole : bool, optional
        The whole file is wanted: a server that ignores ranges will do.
    sleep : callable, optional
        Waits for a number of seconds.
    """

    def __init__(
        self,
        url: str,
        name: str,
        size: int,
        token: str = "",
        whole: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.url, self.name, self.size = url, name, size
        self.received = self.requests = 0
        self._token, self._whole, self._sleep = token, whole, sleep
        self._direct = ""
        self._session = requests.Session()
        self._told = time.monotonic()

    def close(self):
        """Hang up."""
        self._session.close()

    def read(self, start: int, stop: int) -> bytes:
        """Fetch the bytes from `start` up to but not including `stop`."""
        return b"".join(self.pieces(start, stop))

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """Fetch the bytes from `start` up to but not including `stop`, piece by piece.

        Raises
        ------
        InputError
            No such file, no access, a file of another size, a server that ignores ranges, or no
            progress after `TRIES` tries.
        """
        position = mark = start
        failures = 0
        while position < stop:
            try:
                for piece in self._once(position, stop):
                    position += len(piece)
                    self.received += len(piece)
                    if time.monotonic() - self._told > TOLD_EVERY:
                        self.tell(" so far")
                    yield piece
                if position < stop:
                    raise _Again("a connection that was cut")
            except (requests.RequestException, _Again) as error:
                if position - mark >= PROGRESS:
                    failures, mark = 0, position
                failures += 1
                self._wait(error, failures)

    def tell(self, more: str):
        """Log how much was fetched."""
        self._told = time.monotonic()
        LOGGER.info(
            "%s: fetched %.2f of %.1f MB in %d requests%s",
            *(self.name, self.received / 1e6, self.size / 1e6, self.requests, more),
        )

    def _once(self, start: int, stop: int) -> Iterator[bytes]:
        url = self._direct or self.url
        # a compressed answer would not be the file's own bytes
        headers = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        if self._token and not self._direct:
            headers["Authorization"] = f"token {self._token}"
        self.requests += 1
        with self._session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            self._check(answer, start)
            self._direct = answer.url if answer.url != self.url else ""
            unwanted = start if answer.status_code == 200 else 0
            left = stop - start
            for piece in answer.iter_content(min(PIECE, left)):
                wanted = piece[unwanted : unwanted + left]
                unwanted = max(unwanted - len(piece), 0)
                left -= len(wanted)
                yield wanted
                if not left:
                    break

    def _check(self, answer: requests.Response, start: int):
        status = answer.status_code
        if status == 200 and self._whole:
            return
        if status == 206:
            self._check_range(answer.headers.get("Content-Range", ""), start)
        elif status == 200:
            raise InputError(
                self.name,
                "a server that ignores ranges and sends the whole file",
                "one that answers range requests",
                "fetch whole files instead: dandi.download: true",
            )
        elif status in (408, 429) or status >= 500:
            raise _Again(f"status {status}", stated_wait(answer.headers.get("Retry-After", "")))
        elif self._direct and status in EXPIRED:
            self._direct = ""
            raise _Again(f"status {status} of the file's store", 0.0)
        elif status in (401, 403):
            raise InputError(
                self.name,
                f"no access (status {status})",
                "a file that everyone may read, or a valid token in DANDI_API_KEY",
            )
        elif status in (404, 410):
            raise InputError(
                self.name,
                f"no such file in the archive (status {status})",
                "the file that the manifest lists",
                "remove the manifest to list the files again, or leave this one out",
            )
        else:
            raise InputError(self.name, f"status {status}", "the file's bytes")

    def _check_range(self, text: str, start: int):
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", text.strip())
        if not found or int(found[1]) != start:
            raise _Again(f"a range {text!r} that was not asked for")
        if found[2] not in ("*", str(self.size)):
            raise InputError(
                self.name,
                f"a file of {found[2]} bytes",
                f"{self.size}, as the manifest says",
                "remove the manifest to list the files again",
            )

    def _wait(self, error: Exception, failures: int):
        reason = str(error) if isinstance(error, _Again) else cause(error)
        stated = error.wait if isinstance(error, _Again) else None
        if failures >= TRIES or (stated or 0) > LONGEST_STATED_WAIT:
            found = f"no success in {failures} tries ({reason})"
            if (stated or 0) > LONGEST_STATED_WAIT:
                found = f"{reason}, with a wait of {stated:.0f} s asked for"
            raise InputError(
                self.name,
                found,
                "a server that sends the file",
                "start the study again later: what came is kept",
            )
        backoff = min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT) * random.uniform(0.5, 1.5)
        wait = backoff if stated is None else stated + random.uniform(0.0, 0.5)
        LOGGER.info("%s: %s; trying again in %.1f s", self.name, reason, wait)
        self._sleep(wait)


def stated_wait(text: str) -> float | None:
    """Read a `Retry-After`: seconds, or a date; None where it says nothing.

    Returns
    -------
    float or None
        Seconds from now, at least 0.
    """
    if re.fullmatch(r"\s*\d+\s*", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max((until - datetime.now(UTC)).total_seconds(), 0.0)
