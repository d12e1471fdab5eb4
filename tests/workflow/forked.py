"""Runs of the workflow that skip seconds of imports for each of their processes.

Snakemake is forked from a process that has it loaded, and jobs from one that has loaded the large
libraries (`jobs/server.py`), each with the folder, environment and streams that a process of its
own would have. The first job of each kind among all tests starts as a user's does, so that no
library that is loaded anyhow hides an import that is missing.

Nothing of this package may be imported here: the workflow's own copy is what a run has to find.
"""

import contextlib
import multiprocessing
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

from filelock import FileLock

# A server of its own: a process has one by default, which the reader of NWB files loads otherwise.
SERVER = forkserver.ForkServer()
# What Snakemake has imported at the end of a dry run.
LOADED = [
    *("jsonschema", "nbformat", "requests", "smart_open", "snakemake.cli", "snakemake.profiles"),
    *("snakemake.report", "snakemake.storage", "yte"),
]
SCRIPTS = Path(__file__).parent / "jobs"
# All processes that share the tests share the servers of jobs; other tests may run beside them.
TESTS = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:16]
# Jobs of one rule that differ in these may import other libraries; folds and batches do not matter.
KIND = ("colorizer", "classifier", "variant")
HELD: dict[Path, socket.socket] = {}


@dataclass(frozen=True)
class Jobs:
    """Where jobs are forked, and where it is noted of what kinds there were some.

    Parameters
    ----------
    server : Path
        The socket of the server.
    kinds : tuple of Path
        Folders; a job that is the first of its kind in one of them is not forked.
    """

    server: Path
    kinds: tuple[Path, ...]

    @classmethod
    def of_all_tests(cls, again: bool, kinds: Path | None):
        """Return the server of jobs, or of those that repeat others, with another seed of hashes.

        What depends on the order of a set would otherwise be the same in both.
        """
        first, second = (
            Path(tempfile.gettempdir(), f"chromapal-{TESTS}-{name}") for name in ("jobs", "again")
        )
        folder = second if again else first
        folder.mkdir(exist_ok=True)
        if folder not in HELD:
            with FileLock(folder / "lock"):
                HELD[folder] = _connected(folder / "socket") or _started(folder / "socket")
        return cls(folder / "socket", (folder / "kinds", *([kinds] if kinds else [])))

    def first_of_its_kind(self, kind: str) -> bool:
        """Note a kind of job; returns whether it is new."""
        return sum(_noted(folder / kind) for folder in self.kinds) > 0


def run(
    args: list[str], cwd: Path, env: dict[str, str], jobs: Jobs | None = None
) -> subprocess.CompletedProcess:
    """Do what `subprocess.run` does with a command of `conftest.command`.

    Parameters
    ----------
    args, cwd, env
        As `conftest.command` returns them.
    jobs : Jobs, optional
        Where jobs are forked; a dry run has none.
    """
    context = multiprocessing.get_context("forkserver")
    SERVER.set_forkserver_preload(LOADED)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("stdout", "stderr")]
        words = args[args.index("snakemake") + 1 :]
        process = context.Process(target=_snakemake, args=(words, str(cwd), env, files, jobs))
        with mock.patch.object(forkserver, "connect_to_new_process", SERVER.connect_to_new_process):
            process.start()
        process.join()
        output = [file.read_text() for file in files]
    return subprocess.CompletedProcess(args, process.exitcode, *output)


def _snakemake(
    words: list[str], cwd: str, env: dict[str, str], files: list[Path], jobs: Jobs | None
):
    for number, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    # as `python -m` has it: the folder and what is installed, none of what tests are found by
    installed = (sys.prefix, sys.base_prefix)
    sys.path[:] = [cwd, *(path for path in sys.path if path.startswith(installed))]
    from snakemake.cli import main

    sys.argv[:] = ["snakemake", *words]
    with _forked(jobs) if jobs else contextlib.nullcontext():
        main(words)


@contextlib.contextmanager
def _forked(jobs: Jobs) -> Iterator[None]:
    """Have Snakemake start a small client for a job, in place of a Python that is to import all."""
    from snakemake.script import PythonScript

    execute = PythonScript._execute_cmd
    client = shlex.join([sys.executable, "-I", "-S", str(SCRIPTS / "client.py"), str(jobs.server)])

    def forked(self, command, **settings):
        wildcards = dict(self.wildcards.items())
        kind = "-".join([self.rulename, *(wildcards.get(name, "") for name in KIND)])
        if not jobs.first_of_its_kind(kind):
            settings["py_exec"] = client
        return execute(self, command, **settings)

    with mock.patch.object(PythonScript, "_execute_cmd", forked):
        yield


def _noted(path: Path) -> bool:
    """Make a file; returns whether it is new."""
    path.parent.mkdir(exist_ok=True)
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _connected(place: Path) -> socket.socket | None:
    """Hold a server, which ends when nobody holds it any more; returns None where there is none."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(str(place))
    except OSError:
        connection.close()
        return None
    return connection


def _started(place: Path) -> socket.socket:
    """Start a server; libraries are told of as many threads as a job gets."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    server = subprocess.Popen(
        [sys.executable, "-I", str(SCRIPTS / "server.py"), str(place)],
        stdin=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, **threads, "OMP_WAIT_POLICY": "passive"},
    )  # fmt: skip
    while not (connection := _connected(place)):
        assert server.poll() is None, "the server of jobs did not start"
        time.sleep(0.05)
    return connection
