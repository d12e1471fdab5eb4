"""One start of a study's Snakemake, watched and killed from outside."""

import contextlib
import re
import signal
import subprocess
import time
from pathlib import Path

import psutil

from tests.workflow.conftest import ROOT, command

PATIENCE = 3600  # seconds that anything may take on a busy machine


class Run:
    """A started study; what it says goes to `runN.txt` in its folder."""

    def __init__(self, folder: Path, config: dict, *arguments: str, project: Path = ROOT):
        self.told = folder / f"run{len(list(folder.glob('run*.txt')))}.txt"
        with self.told.open("w") as told:
            self.process = subprocess.Popen(
                **command(folder, config, *arguments, project=project),
                stdout=told, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.family = psutil.Process(self.process.pid)

    def find(self, pattern: str) -> list:
        return re.findall(pattern, self.told.read_text(), re.MULTILINE)

    def finished(self) -> int:
        return len(self.find(r"^Finished jobid"))

    def planned(self) -> int:
        """Count the jobs that were still to be done at the start; waits until that is known."""
        pattern = r"^total +(\d+)$"
        if self.process.poll() is None:
            self.wait(lambda: self.find(pattern))
        return int(self.find(pattern)[0])

    def wait(self, ready):
        """Wait until `ready()`; the run must not end before."""
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert self.process.poll() is None, self.told.read_text()
            assert time.monotonic() < deadline, self.told.read_text()
            time.sleep(0.1)

    def end(self) -> int:
        """Wait for the end; returns the status."""
        return self.process.wait(PATIENCE)

    def trainings(self) -> list[tuple[psutil.Process, int]]:
        """List the processes that train now, each with the number of epochs it has finished."""
        found = []
        for process in self.family.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                logs = [
                    Path(file.path).read_text()
                    for file in process.open_files()
                    if "/logs/train_colorizer/" in file.path
                ]
                # Snakemake itself has none open
                if logs:
                    found.append((process, max(log.count("\nepoch ") for log in logs)))
        return found

    def kill(self, what: str, number: signal.Signals):
        """Send a signal to what trains, to Snakemake, or to both and all that they started."""
        doomed = [process for process, _ in self.trainings()] if what == "training" else []
        if what == "both":
            doomed += self.family.children(recursive=True)
        if what != "training":
            doomed.append(self.family)
        for process in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
