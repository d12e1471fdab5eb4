"""From a command to the page of one worm, by the model that comes with the software.

A simulated worm is named, and named again after a person has stated eight of its names. Both are
timed from the command to its end, everything that `make apply` writes included.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from benchmarks._measure import ROOT

from chromapal.worms.simulate import example

ANSWERS = 8
REPEATS = 3


def run() -> list[dict]:
    """Time naming one worm, and correcting it."""
    named, corrected = [], []
    for repeat in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            worms, anchors = Path(folder) / "worms", Path(folder) / "anchors"
            example.main([str(worms)])
            named.append(_apply(folder, f"worms={worms}"))
            (table,) = Path(folder).rglob("named/*/*/neurons.csv")
            anchors.mkdir()
            _state(table, anchors / "anchors.csv")
            corrected.append(_apply(folder, f"worms={worms}", f"anchors={anchors}"))
        print(f"correction: {repeat + 1} of {REPEATS}", file=sys.stderr)
    rows = {
        "naming one worm, from the command to its page [s]": (named, "value <= 60"),
        f"correcting {ANSWERS} of its names, the same [s]": (corrected, "value <= 10"),
    }
    return [
        {
            "benchmark": "correction", "measure": measure, "value": statistics.median(seconds),
            "baseline": None, "ratio": None, "goal": goal,
        }
        for measure, (seconds, goal) in rows.items()
    ]  # fmt: skip


def _apply(folder: str, *keys: str) -> float:
    start = [sys.executable, ROOT / "workflow/start.py", "--snakefile", ROOT / "Snakefile"]
    started = time.perf_counter()
    subprocess.run(
        [*start, "--directory", folder, "--cores", str(os.cpu_count()), "apply", "--config",
         "handedness=right", *keys],
        check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - started


def _state(table: Path, out: Path):
    """State the labels of the neurons that were named wrong with most certainty."""
    neurons = pd.read_csv(table, keep_default_na=False)
    wrong = neurons[neurons["right"].eq("no")].nlargest(ANSWERS, "probability")
    wrong.assign(says=wrong["name"])[["neuron", "says", "lab", "worm"]].to_csv(out, index=False)


if __name__ == "__main__":
    print(run())
