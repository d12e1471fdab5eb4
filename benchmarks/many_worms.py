"""Load 1,000 neuron tables of one worm each: in batches, against a job for each table.

Processor time and memory are those of the whole run, Snakemake's own included. The peer's are those
of one job, times the number of tables. The dry run is what a user waits for before anything starts.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._measure import ROOT, in_own_process

WORMS, LABORATORIES, SIMULATED, REPEATS = 1000, 10, 20, 5
TARGET = "results/many/neurons.parquet"


def run() -> list[dict]:
    """Measure one load of all tables, and the dry run of the whole study."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = make(folder / "worms")
        dry = statistics.median(in_own_process(__spec__.name, "dry", name)["s"] for _ in range(3))
        loaded = in_own_process(__spec__.name, "load", name)
        alone = statistics.median(
            in_own_process(__spec__.name, "one", path, name)["cpu"] for path in paths[:REPEATS]
        )
    common = {"benchmark": f"{WORMS} tables of one worm", "baseline": None, "ratio": None}
    return [
        common
        | {
            "measure": "processor time to load, minutes",
            "value": loaded["cpu"] / 60,
            "baseline": WORMS * alone / 60,
            "ratio": WORMS * alone / loaded["cpu"],
            "goal": "value <= 4",
        },
        common | {"measure": "peak memory, MB", "value": loaded["memory"], "goal": "value <= 500"},
        common | {"measure": "dry run, seconds", "value": dry, "goal": "value <= 5"},
    ]


def make(folder: Path) -> list[str]:
    """Write the tables; few worms are simulated, each has many names."""
    from chromapal.worms.simulate.worms import SimulationParams, simulate_worm

    params = SimulationParams(worms=SIMULATED, laboratories=1)
    simulated = [simulate_worm(params, 1, index)[0] for index in range(SIMULATED)]
    paths = []
    for number in range(WORMS):
        path = folder / f"LAB{number % LABORATORIES}" / f"worm{number:04d}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = simulated[number % SIMULATED].drop(columns="lab")
        table.assign(worm=path.stem).to_csv(path, index=False)
        paths.append(str(path))
    return paths


def dry(folder: str) -> dict:
    """Time a dry run of the study."""
    started = time.perf_counter()
    _snakemake(folder, "--dry-run", "--quiet")
    return {"s": time.perf_counter() - started}


def load(folder: str) -> dict:
    """Load all tables, as a study does."""
    _snakemake(folder, "--", TARGET)
    return _used()


def one(path: str, folder: str) -> dict:
    """Load one table, in a process of its own."""
    code = (
        "from chromapal.worms.load import load; "
        f"load([({path!r}, '')], 'tables', {{}}, '{folder}/t.parquet', '{folder}/s.csv')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return _used()


def _snakemake(folder: str, *arguments: str):
    command = [
        *(sys.executable, "-m", "snakemake", "--cores", str(os.cpu_count())),
        *("--snakefile", str(ROOT / "Snakefile"), "--directory", folder),
        *("--configfile", str(ROOT / "config/tables.yaml")),
        *("--config", "study=many", f"tables={folder}/worms"),
    ]
    subprocess.run([*command, *arguments], check=True, capture_output=True)


def _used() -> dict:
    """Return processor time [s] and largest memory [MB] of the processes started here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss * 1024 / 1e6}


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(json.dumps(run(), indent=2))
    else:
        print(json.dumps({"dry": dry, "load": load, "one": one}[sys.argv[1]](*sys.argv[2:])))
