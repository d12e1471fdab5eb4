"""Fetch parts of one file over HTTP, with retries for errors that may pass."""

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
from chromapal.worms.dandi import key

LOGGER = logging.getLogger(__name__)
# Attempts without progress; with the waits below they take about two minutes.
TRIES = 9
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds
LONGEST_STATED_WAIT = 600.0  # longest wait that a server may request, in seconds
TIMEOUT = (15.0, 60.0)  # seconds to connect, and between two chunks
PIECE = 1 << 16
# After this many bytes an attempt counts as a success: the count of attempts starts again.
PROGRESS = 1 << 20
EXPIRED = (400, 401, 403, 404, 410)
LOG_INTERVAL = 10.0  # seconds


class _Retry(Exception):
    """An error that may not occur at the next attempt."""

    def __init__(self, cause: str, wait: float | None = None):
        super().__init__(cause)
        self.wait = wait


class Transfer:
    """Fetch ranges of one file.

    A redirect is followed once and remembered, so that later requests go directly to the archive's
    store; when that address expires, the archive is asked again. The token is sent only to hosts
    of the archive (`chromapal.worms.dandi.key`). 429, 5xx, time-outs and broken connections are
    tried again, after a wait that doubles, with jitter, or after the time in `Retry-After`; data
    received before that is kept.

    Parameters
    ----------
    url : str
        The archive's address of the file.
    name : str
        The file's name in messages. No message shows an address: it may contain a signature.
    size : int
        Size of the file in bytes.
    token : str, optional
        The archive's API key.
    whole : bool, optional
        Whether a server that ignores ranges is acceptable, as the whole file is wanted.
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
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, key.KeyGuard())
        self._logged = time.monotonic()

    def close(self):
        """Close the connection."""
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
            progress after `TRIES` attempts.
        """
        position = mark = start
        failures = 0
        while position < stop:
            try:
                for piece in self._request(position, stop):
                    position += len(piece)
                    self.received += len(piece)
                    if time.monotonic() - self._logged > LOG_INTERVAL:
                        self.log_progress(" so far")
                    yield piece
                if position < stop:
                    raise _Retry("a broken connection")
            except (requests.RequestException, _Retry) as error:
                if position - mark >= PROGRESS:
                    failures, mark = 0, position
                failures += 1
                self._wait(error, failures)

    def log_progress(self, more: str):
        """Log how much was fetched."""
        self._logged = time.monotonic()
        LOGGER.info(
            "%s: fetched %.2f of %.1f MB in %d requests%s",
            *(self.name, self.received / 1e6, self.size / 1e6, self.requests, more),
        )

    def _request(self, start: int, stop: int) -> Iterator[bytes]:
        url = self._direct or self.url
        # a compressed response would not be the file's own bytes
        headers = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        if self._token and not self._direct:
            headers["Authorization"] = f"token {self._token}"
        self.requests += 1
        with self._session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            self._check(response, start)
            self._direct = response.url if response.url != self.url else ""
            unwanted = start if response.status_code == 200 else 0
            left = stop - start
            for piece in response.iter_content(min(PIECE, left)):
                wanted = piece[unwanted : unwanted + left]
                unwanted = max(unwanted - len(piece), 0)
                left -= len(wanted)
                yield wanted
                if not left:
                    break

    def _check(self, response: requests.Response, start: int):
        status = response.status_code
        if status == 200 and self._whole:
            return
        if status == 206:
            self._check_range(response.headers.get("Content-Range", ""), start)
        elif status == 200:
            raise InputError(
                self.name,
                "a server that ignores ranges and sends the whole file",
                "one that answers range requests",
                "fetch whole files instead: dandi.download: true",
            )
        elif status in (408, 429) or status >= 500:
            raise _Retry(f"status {status}", stated_wait(response.headers.get("Retry-After", "")))
        elif self._direct and status in EXPIRED:
            self._direct = ""
            raise _Retry(f"status {status} of the file's store", 0.0)
        elif status in (401, 403):
            raise InputError(
                self.name,
                f"no access (status {status})",
                key.expected(self.url),
            )
        elif status in (404, 410):
            raise InputError(
                self.name,
                f"no such file in the archive (status {status})",
                "the file that the manifest lists",
                "remove the manifest to list the files again, or exclude this one",
            )
        else:
            raise InputError(self.name, f"status {status}", "the file's bytes")

    def _check_range(self, text: str, start: int):
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", text.strip())
        if not found or int(found[1]) != start:
            raise _Retry(f"an unrequested range {text!r}")
        if found[2] not in ("*", str(self.size)):
            raise InputError(
                self.name,
                f"a file of {found[2]} bytes",
                f"{self.size}, as the manifest says",
                "remove the manifest to list the files again",
            )

    def _wait(self, error: Exception, failures: int):
        reason = str(error) if isinstance(error, _Retry) else cause(error)
        stated = error.wait if isinstance(error, _Retry) else None
        if failures >= TRIES or (stated or 0) > LONGEST_STATED_WAIT:
            found = f"no success in {failures} attempts ({reason})"
            if (stated or 0) > LONGEST_STATED_WAIT:
                found = f"{reason}, with a requested wait of {stated:.0f} s"
            raise InputError(
                self.name,
                found,
                "a server that sends the file",
                "start the study again later; what was received is kept",
            )
        backoff = min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT) * random.uniform(0.5, 1.5)
        wait = backoff if stated is None else stated + random.uniform(0.0, 0.5)
        LOGGER.info("%s: %s; trying again in %.1f s", self.name, reason, wait)
        self._sleep(wait)


def stated_wait(text: str) -> float | None:
    """Read a `Retry-After`: seconds, or a date; None if it is neither.

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
