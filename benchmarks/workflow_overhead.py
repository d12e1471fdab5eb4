"""What the workflow itself costs: a run with nothing to do, and time between the jobs.

Needs the finished default study (`make run`); nothing of it runs again. The share is the part of
the study's wall time in which no job's process was alive: scheduling, and the workflow's start,
taken as long as a run with nothing to do.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks._measure import ROOT

TIMINGS = ROOT / "results/default/tables/timings.csv"
NOTHING = "Nothing to be done"


def run() -> list[dict]:
    """Time a run with nothing to do, and find the idle share of the last default study."""
    if not TIMINGS.exists():
        print("workflow_overhead: no finished default study; `make run` first", file=sys.stderr)
        return []
    # The first call brings file times up to date and does not count.
    nothing = statistics.median([_nothing_to_do() for _ in range(4)][1:])
    busy, span = alive(pd.read_csv(TIMINGS))
    common = {"benchmark": "workflow_overhead", "baseline": None, "ratio": None}
    return [
        common | {"measure": "run with nothing to do [s]", "value": nothing, "goal": "value <= 4"},
        common
        | {
            "measure": "wall time outside jobs [%]",
            "value": 100 * (1 - busy / (span + nothing)),
            "goal": "value <= 15",
        },
    ]


def alive(timings: pd.DataFrame) -> tuple[float, float]:
    """Return the seconds during which a job ran, and those from first start to last end."""
    start = np.sort(timings["started"].to_numpy())
    order = np.argsort(timings["started"].to_numpy(), kind="stable")
    end = np.maximum.accumulate((timings["started"] + timings["seconds"]).to_numpy()[order])
    gaps = np.maximum(start[1:] - end[:-1], 0).sum()
    span = end[-1] - start[0]
    return float(span - gaps), float(span)


def _nothing_to_do() -> float:
    snakemake = Path(sys.executable).parent / "snakemake"
    started = time.perf_counter()
    done = subprocess.run(
        [snakemake, "--cores", str(os.cpu_count())], cwd=ROOT, capture_output=True, text=True
    )
    seconds = time.perf_counter() - started
    if done.returncode or NOTHING not in done.stdout + done.stderr:
        raise SystemExit("workflow_overhead: the default study is not finished; `make run` first")
    return seconds


if __name__ == "__main__":
    print(run())
