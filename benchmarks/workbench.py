"""Seconds that a new worm's page takes to solve it again, in headless Chromium, beside Python."""

import json
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from benchmarks._measure import median_seconds
from tests.browser import CHROMIUM, driven
from tests.new_worm import new_worm

from chromapal.evaluate.pages import workbench
from chromapal.identify.anchors import Anchors
from chromapal.identify.assign import Calibration
from chromapal.identify.corrected import correct

SOLVER = Path(workbench.__file__).with_name("solve.js")
NEURONS, REPEATS, ANCHORS = 200, 9, 8
DRIVER = """
const one = JSON.parse(document.getElementById("worm").textContent);
const stated = new Map(one.stated.map(([neuron, column]) =>
  [neuron, { columns: [column], only: true }]));
const chances = Float64Array.from(one.chances);
const seconds = [];
for (let turn = 0; turn <= one.repeats; turn++) {
  const started = performance.now();
  const found = solve(chances, one.count, one.count, stated);
  worth(found.chances, one.count, one.count, one.positions);
  seconds.push((performance.now() - started) / 1000);
}
const saw = document.createElement("pre");
saw.id = "saw";
saw.textContent = JSON.stringify(seconds.slice(1));
document.body.replaceChildren(saw);
"""

KEYS = """
const seconds = ["w", " ", "x", "e", " ", "r", " "].map((key) => {
  const started = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  return (performance.now() - started) / 1000;
});
const saw = document.createElement("pre");
saw.id = "saw";
saw.textContent = JSON.stringify(seconds.slice(1));
document.body.replaceChildren(saw);
"""


def run() -> list[dict]:
    """Time `solve.js` and `chromapal.identify.corrected.correct`, and a key of a whole page."""
    if not CHROMIUM:
        print("workbench: no Chromium to open the page in", file=sys.stderr)
        return []
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    log = torch.from_numpy(rng.normal(0, 4, (NEURONS, NEURONS)))
    chances = Calibration().probabilities(log)
    known = [f"N{number:03d}" for number in range(NEURONS)]
    columns = rng.permutation(NEURONS)[:ANCHORS].tolist()
    anchors = Anchors({neuron: known[column] for neuron, column in enumerate(columns)})
    content = {
        "count": NEURONS, "repeats": REPEATS, "chances": chances.flatten().tolist(),
        "positions": rng.normal(0, 20, (NEURONS, 3)).tolist(),
        "stated": list(enumerate(columns)),
    }  # fmt: skip
    page = (
        f'<!DOCTYPE html><body><script type="application/json" id="worm">{json.dumps(content)}'
        f"</script><script>{SOLVER.read_text(encoding='utf-8')}</script></body>"
    )
    with tempfile.TemporaryDirectory() as folder:
        ours = statistics.median(driven(page, DRIVER, Path(folder)))
        whole = workbench.page(new_worm())
        key = statistics.median(driven(whole, KEYS, Path(folder), "--window-size=1280,800"))
    python = median_seconds(lambda: correct(chances.log(), known, anchors), REPEATS)
    return [
        {
            "benchmark": "workbench",
            "measure": f"seconds to solve {NEURONS} neurons again in the page; in Python",
            "value": ours,
            "baseline": python,
            "ratio": python / ours,
            "goal": "value <= 0.1",
        },
        {
            "benchmark": "workbench",
            "measure": "seconds from a key to the page drawn anew",
            "value": key,
            "baseline": None,
            "ratio": None,
            "goal": "value <= 0.25",
        },
    ]
