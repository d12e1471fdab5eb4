"""Read NWB files in a process of its own, with limits of time and memory.

On damaged metadata HDF5 loops for ever or ends its process with a signal; neither can be caught.
One worker reads the files of a job one after another. One that overran, died or lost memory is
replaced, which takes little: a server that has imported pynwb forks it.
"""

import fcntl
import logging
import logging.handlers
import math
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection as connections
from pathlib import Path
from types import ModuleType

import psutil

from chromapal.errors import InputError, PassingError

CPU_S = 30  # processor time for a file, or between two of its `step`s
MEMORY = 1_200_000_000  # bytes above those that the worker starts with
# Longer than a server may ask the archive's client to wait.
IDLE_S = 900.0  # without a sign of work: a disk or a network that does not answer
POLL_S = 5.0
_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM, 255)  # who ended it; 255: its server was killed
# BLAS would reserve memory for a thread per core, and Arrow a gigabyte at once.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
_LONGEST_FOLDER = 60  # characters: paths of sockets end at about 100
_READABLE = "an NWB file that can be read"
_AGAIN = "download the file again, or leave it out"

_inside = False  # whether this process is a worker
_worker: "_Worker | None" = None
_lock = threading.Lock()


def run(function: Callable, path: str | os.PathLike, *args: object):
    """Call `function(path, *args)` in the worker; in a worker, call it at once.

    What the function logs is logged here.

    Parameters
    ----------
    function : callable
        Of a module, so that the worker can import it.
    path : path-like
        The file that it reads, for messages.
    *args
        Further arguments; they and the result are pickled.

    Raises
    ------
    InputError
        The worker died, or needed more than `CPU_S` or `MEMORY`.
    PassingError
        It was killed by somebody, or waited in vain for `IDLE_S`.
    Exception
        What the function raises, with its traceback as a note if it is no `InputError`.
    """
    global _worker
    if _inside:
        return function(path, *args)
    with _lock:
        # a forked process must not talk to its parent's worker
        if _worker is None or _worker.owner != os.getpid() or not _worker.process.is_alive():
            _worker = _Worker()
        try:
            return _worker.ask(function, path, args)
        finally:
            if not _worker.usable:
                _worker.end()
                _worker = None


def step():
    """Say in a worker that a part of a long task is done: the limit of time starts again."""
    if _inside:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + CPU_S)


class _Worker:
    """The process that reads, seen from the one that asks."""

    def __init__(self):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["chromapal.worms.nwb.preloaded"])
        self.owner, self.usable = os.getpid(), False
        self._connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _plain_start():
            self.process.start()
        theirs.close()
        if not self._connection.poll(IDLE_S):
            raise RuntimeError("the process that reads NWB files does not start")
        self._connection.recv()
        self.usable = True

    def ask(self, function: Callable, path: str | os.PathLike, args: tuple):
        """Send a task, pass on what is logged, and return or raise what comes of it."""
        self.usable = False
        self._connection.send((function, path, args, os.getcwd()))
        seen, since = (), time.monotonic()
        while True:
            if connections.wait([self._connection, self.process.sentinel], POLL_S):
                try:
                    kind, value, self.usable = self._connection.recv()
                except (EOFError, OSError):
                    raise self._death(path) from None
                since = time.monotonic()
                if kind == "result":
                    return value
                if kind == "error":
                    raise value
                _log(value)
                continue
            signs = self._signs()
            if signs != seen:
                seen, since = signs, time.monotonic()
            elif time.monotonic() - since > IDLE_S:
                raise PassingError(
                    path,
                    f"no answer from its disk or its server for {IDLE_S:.0f} s",
                    "a file that can be read",
                    "give the same command again once it can",
                )

    def _signs(self) -> tuple:
        """Return what changes while the worker computes, reads or writes."""
        signs: list = []
        with suppress(psutil.Error, AttributeError):
            process = psutil.Process(self.process.pid)
            signs.append(process.cpu_times()[:2])
            signs.append(process.io_counters()[:])  # not on macOS
        return tuple(signs)

    def _death(self, path: str | os.PathLike) -> InputError | PassingError:
        self.process.join(POLL_S)
        code = self.process.exitcode
        if code == -signal.SIGXCPU:
            return InputError(
                path, f"damaged data (HDF5 came to no end in {CPU_S} s)", _READABLE, _AGAIN
            )
        if code in _OUTSIDE:
            return PassingError(
                path,
                "a reader that was killed from outside",
                "enough memory, and nobody who ends it",
                "give the same command again",
            )
        reason = f"code {code}"
        if code is not None and code < 0:
            reason = signal.Signals(-code).name
        return InputError(path, f"damaged data (HDF5 crashed: {reason})", _READABLE, _AGAIN)

    def end(self):
        """End the process, whatever it does."""
        self._connection.close()
        if self.owner == os.getpid():
            self.process.kill()
            self.process.join(POLL_S)


def _log(record: logging.LogRecord):
    logger = logging.getLogger(record.name)
    if logger.isEnabledFor(record.levelno):
        logger.handle(record)


@contextmanager
def _plain_start() -> Iterator[None]:
    """Start processes that know this package and not what was started here.

    They would run the script of the job again as their main module, and the folder of their socket
    may have too long a path.
    """
    package = str(Path(__file__).parents[3])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    changed = {**_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(paths)}
    before = {name: os.environ.get(name) for name in changed}
    main, folder = sys.modules["__main__"], tempfile.tempdir
    os.environ.update(changed)
    sys.modules["__main__"] = ModuleType("__main__")
    if len(tempfile.gettempdir()) > _LONGEST_FOLDER:
        tempfile.tempdir = "/tmp"
    try:
        yield
    finally:
        tempfile.tempdir = folder
        sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Sender(logging.handlers.QueueHandler):
    """Send what is logged to the process that asked."""

    def enqueue(self, record: logging.LogRecord):
        self.queue.send(("log", record, False))


def _serve(connection: connections.Connection):
    """Do one task after another until the process that asks is gone."""
    global _inside
    _inside = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the job, which then ends this
    _end_with_parent()
    _silence()
    start = _data_bytes()
    if start:
        _limit(resource.RLIMIT_DATA, start + MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    logger = logging.getLogger("chromapal")
    logger.setLevel(logging.INFO)
    logger.handlers[:] = [_Sender(connection)]
    logger.propagate = False
    connection.send("ready")
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        except Exception as error:  # a function or an argument that cannot be imported here
            connection.send(("error", error, False))
            return
        step()
        kind, value = _answer(*task)
        # memory that was not given back would be missing to the next file
        usable = _data_bytes() - start < MEMORY / 4
        try:
            connection.send((kind, value, usable))
        except Exception as error:  # what cannot be pickled, or finds no memory for it
            connection.send(("error", RuntimeError(f"{type(error).__name__}: {error}"), False))
        del value, task


def _answer(function: Callable, path, args: tuple, folder: str) -> tuple[str, object]:
    try:
        os.chdir(folder)
        return "result", function(path, *args)
    except (InputError, PassingError) as error:
        return "error", error.with_traceback(None)
    except MemoryError:
        return "error", InputError(
            path, f"data that need more than {MEMORY / 1e9:.1f} GB of memory", _READABLE, _AGAIN
        )
    except Exception as error:
        error.add_note(traceback.format_exc())
        return "error", error


def _end_with_parent():
    """Let the kernel end this process with the one that asks, even in a loop of HDF5."""
    parent = multiprocessing.parent_process()
    if parent is not None and hasattr(fcntl, "F_SETSIG"):  # Linux
        pipe = parent.sentinel
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


def _silence():
    """Drop what libraries print about damaged files; all that matters is sent."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _limit(what: int, value: int):
    """Set a limit of this process, which may not be above the one that the system sets."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _data_bytes() -> int:
    """Return the memory that counts for the limit, 0 where the system does not tell."""
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
    return 0
