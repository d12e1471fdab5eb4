"""Run one side of a comparison in a process of its own."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
STUDIES = ("model_scores", "identity", "default")


def studies() -> list[Path]:
    """List the finished studies to measure on: CHROMAPAL_STUDY, or else those of `STUDIES`."""
    chosen = os.environ.get("CHROMAPAL_STUDY")
    return [Path(chosen)] if chosen else [Path("results") / name for name in STUDIES]


def in_own_process(module: str, *arguments: str) -> dict:
    """Run `python -m module arguments`, and read the JSON of its last line of output."""
    finished = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        text=True,
    )
    return json.loads(finished.stdout.splitlines()[-1])


def peak_memory_mb() -> float:
    """Return this process's largest resident memory [MB].

    From the kernel's high-water mark: `ru_maxrss` of a child also counts what its parent held
    when it was started.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def median_seconds(call: Callable[[], object], repeats: int) -> float:
    """Time a call several times, after one that does not count."""
    call()
    return statistics.median(_seconds(call) for _ in range(repeats))


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
