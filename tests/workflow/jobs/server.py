"""A process that has loaded what jobs need of other projects, and forks one for each job.

It knows nothing of the workflow and its package: a job imports those of its own project.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import random
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from types import ModuleType

LIBRARIES = (
    *("imblearn.over_sampling", "imblearn.pipeline", "jsonschema", "lightning.pytorch"),
    *("matplotlib.pyplot", "pandas", "pandera.pandas", "pyarrow.parquet", "rich.progress"),
    *("safetensors.torch", "scipy.optimize", "scipy.spatial", "scipy.stats", "seaborn"),
    *("skimage.color", "skimage.metrics", "sklearn.ensemble", "sklearn.linear_model"),
    *("sklearn.neighbors", "sklearn.neural_network", "sklearn.svm", "snakemake.script"),
    *("tifffile", "torch._dynamo", "h5py", "PIL.Image", "snakemake.iocontainers"),
)
THREADS = "OMP_NUM_THREADS"
INSTALLED = sys.path[:]


def serve(place: str) -> dict | None:
    """Fork until nobody holds this server any more; in a fork it returns the job to run."""
    signal.signal(signal.SIGCHLD, reap)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(place)
    listener.listen(64)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    holders = 0
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection = listener.accept()[0]
                selector.register(connection, selectors.EVENT_READ)
                holders += 1
                continue
            connection = key.fileobj
            selector.unregister(connection)
            holders -= 1
            words, streams, _, _ = socket.recv_fds(connection, 2**20, 3)
            if words and os.fork() == 0:
                listener.close()
                selector.close()
                return watched(connection, json.loads(words), streams)
            for stream in streams:
                os.close(stream)
            connection.close()
        if not holders:
            return None


def reap(*signalled: object):
    """Take leave of the forks that have ended; their time counts as this process's children's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def watched(connection: socket.socket, job: dict, streams: list[int]) -> dict:
    """Fork once more and tell the client how that ends; only the second fork returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process:
        _, status = os.waitpid(process, 0)
        with contextlib.suppress(OSError):
            connection.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    return job


def run(job: dict):
    """Run a job's script as Python does that is started for it."""
    script, environment = job["script"], job["environment"]
    os.chdir(job["folder"])
    if environment.get(THREADS) != os.environ[THREADS]:
        # libraries look at it when they are loaded
        os.execve(sys.executable, [sys.executable, script], environment)
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    random.seed()
    sys.modules["numpy"].random.seed()
    tempfile.tempdir = None
    search = environment.get("PYTHONPATH", "")
    sys.argv[:] = [script]
    sys.path[:] = [str(Path(script).parent), *filter(None, search.split(":")), *INSTALLED]
    main = sys.modules["__main__"] = ModuleType("__main__")
    main.__file__ = script
    exec(compile(Path(script).read_bytes(), script, "exec"), main.__dict__)


def ended(job: dict) -> int:
    """Run a job; returns its status, without taking apart all that was loaded."""
    code = 0
    try:
        run(job)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if code and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    # the folder of this file is none that a job looks into
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    if job := serve(sys.argv[1]):
        os._exit(ended(job))
    shutil.rmtree(Path(sys.argv[1]).parent)
