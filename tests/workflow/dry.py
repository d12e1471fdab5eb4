"""Dry runs that skip a second of imports each: forked from one process that has Snakemake loaded.

Nothing of this package may be imported here: the workflow's own copy is what a run has to find.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

# A server of its own: a process has one by default, which the reader of NWB files loads otherwise.
SERVER = forkserver.ForkServer()


def run(args: list[str], cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess:
    """Do what `subprocess.run` does with a command of `conftest.command`."""
    context = multiprocessing.get_context("forkserver")
    SERVER.set_forkserver_preload(["jsonschema", "snakemake.cli"])
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("stdout", "stderr")]
        words = args[args.index("snakemake") + 1 :]
        process = context.Process(target=_snakemake, args=(words, str(cwd), env, files))
        with mock.patch.object(forkserver, "connect_to_new_process", SERVER.connect_to_new_process):
            process.start()
        process.join()
        output = [file.read_text() for file in files]
    return subprocess.CompletedProcess(args, process.exitcode, *output)


def _snakemake(words: list[str], cwd: str, env: dict[str, str], files: list[Path]):
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
    main(words)
