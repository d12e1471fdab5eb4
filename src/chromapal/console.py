"""Output of a job: a log file, a progress bar, and one line for a mistake."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psutil

from chromapal.errors import InputError, NoSpaceError, PassingError, disk_is_full
from chromapal.files import writable

LOGGER = logging.getLogger("chromapal")


class LogFile(logging.FileHandler):
    """A log that ends its job if it cannot be written, instead of a traceback for each line."""

    def handleError(self, record: logging.LogRecord):
        """Raise the error."""
        raise

    def close(self):
        """Close the file; lines that a full disk did not accept are lost."""
        with suppress(OSError):
            super().close()


@contextmanager
def job(log: str | Path, code: str = "") -> Iterator[logging.Logger]:
    """Log to a file, and end with one line if the user's input was at fault.

    The log keeps, in its first line, the digest of the code that ran, and in its last one when
    the process started and ended, in local time with its offset from UTC (ISO 8601), and how many
    seconds it took: `provenance.stale` and `timings.csv` read them.

    Parameters
    ----------
    log : path-like
        The job's log file; its messages also go to standard error.
    code : str, optional
        Digest of the code behind the job.

    Yields
    ------
    logging.Logger
        The package's logger.
    """
    screen = logging.StreamHandler(sys.stderr)
    screen.setFormatter(logging.Formatter("%(message)s"))
    original = LOGGER.level, LOGGER.propagate, LOGGER.handlers[:]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    LOGGER.handlers[:] = []
    try:
        with writable(log):
            Path(log).parent.mkdir(parents=True, exist_ok=True)
            file = LogFile(log, mode="w", encoding="utf-8", errors="backslashreplace")
        file.setFormatter(logging.Formatter("%(message)s"))
        LOGGER.handlers[:] = [file]
        LOGGER.info("code %s", code)
        LOGGER.addHandler(screen)
        yield LOGGER
        LOGGER.removeHandler(screen)
        started, ended = psutil.Process().create_time(), time.time()
        dates = map(_local, (started, ended))
        LOGGER.info("started %s, ended %s, took %.2f s", *dates, ended - started)
    except Exception as error:
        LOGGER.addHandler(screen)
        mistake = error if isinstance(error, InputError | PassingError) else None
        if mistake is None and disk_is_full(error):
            mistake = NoSpaceError(getattr(error, "filename", None) or log)
        # the screen first: writing the file may fail on a full disk
        LOGGER.handlers.sort(key=lambda handler: handler is not screen)
        with suppress(OSError):
            if mistake is None:
                LOGGER.exception("unexpected error; please report it with this log: %s", log)
            else:
                LOGGER.error("error: %s", mistake)
        raise SystemExit(1) from None
    finally:
        for handler in LOGGER.handlers:
            handler.close()
        level, LOGGER.propagate, LOGGER.handlers[:] = original
        LOGGER.setLevel(level)


def _local(seconds: float) -> str:
    """Write a time [s since 1970] as a date and time of day, such as 2026-11-26 18:07:44.380+01:00.

    With milliseconds, because jobs are sorted by it.
    """
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "milliseconds")


def progress(items: Iterable, total: int, label: str) -> Iterator:
    """Iterate over items with a progress bar and an estimate of the remaining time.

    Without a bar if standard error is not a terminal, since it would fill a log.
    """
    # Imported here: most jobs show no bar.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    ]
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield from bar.track(items, total=total, description=label)
