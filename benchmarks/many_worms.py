"""Load 1,000 neuron tables of one worm each, and tables of many columns.

In batches, against a job for each table; a wide table against one with a quarter of its columns.

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

from benchmarks._measure import ROOT, in_own_process, median_seconds

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
        {
            "benchmark": "a table of 20,000 columns",
            "measure": "seconds by those of 5,000 columns",
            "value": wide(20_000) / wide(5_000),
            "goal": "value <= 6",
        },
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


def wide(columns: int) -> float:
    """Time the reading of a table with so many columns that nobody asked for."""
    from chromapal.worms import tables
    from chromapal.worms.simulate.worms import SimulationParams, simulate_worm

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.csv"
        worm = simulate_worm(SimulationParams(worms=1, laboratories=1), 1, 0)[0].head(3)
        header, *rows = worm.to_csv(index=False).splitlines()
        more = ",".join(f"c{number}" for number in range(columns))
        path.write_text("\n".join(f"{line},{more}" for line in (header, *rows)) + "\n")
        return median_seconds(lambda: tables.read(path, "LAB", {}), REPEATS)


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
