"""In a browser: the page solves a worm again as Python does."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from chromapal.evaluate.pages import worm_page
from chromapal.identify.anchors import Anchors
from chromapal.identify.assign import Calibration
from chromapal.identify.corrected import correct
from chromapal.identify.queue import worth
from chromapal.worms.names import PAIRS, denoted
from tests.browser import driven, needs_chromium

pytestmark = needs_chromium
CASES, LARGEST = 200, 5
SOLVER = Path(worm_page.__file__).with_name("solve.js")
DRIVER = """
const solved = JSON.parse(document.getElementById("cases").textContent).map((one) => {
  const stated = new Map(one.stated.map(([neuron, columns, only]) => [neuron, { columns, only }]));
  const chances = Float64Array.from(one.chances);
  const found = solve(chances, one.count, one.names, stated);
  const helps = worth(found.chances, one.count, one.names, one.positions);
  return { chances: [...found.chances], names: found.names, best: found.best,
    worth: [...helps] };
});
const saw = document.createElement("pre");
saw.id = "saw";
saw.textContent = JSON.stringify(solved);
document.body.replaceChildren(saw);
"""


def case(number):
    """Return a worm's probabilities, positions and statements; the last ones are large."""
    rng = np.random.default_rng(number)
    large = number >= CASES - LARGEST
    count, pairs = (200, 100) if large else (int(rng.integers(1, 40)), int(rng.integers(1, 20)))
    known = [stem + side for stem in sorted(PAIRS)[:pairs] for side in "LR"]
    log = torch.from_numpy(rng.normal(0, rng.uniform(0.5, 8), (count, len(known))))
    chances = Calibration(1.0, float(rng.normal(-3, 2))).probabilities(log)
    chances = torch.where(chances > 1e-7, chances, 0.0).to(torch.float32).to(torch.float64)
    names, excluded, partial = {}, set(), {}
    some = rng.permutation(count)[: rng.integers(0, 12)]
    for neuron, name in zip(some.tolist(), rng.permutation(known), strict=False):
        kind = rng.integers(4)
        if kind == 0:
            excluded.add(neuron)
        elif kind == 1:
            partial[neuron] = str(name)[:-1]
        else:
            names[neuron] = str(name) if kind == 2 or rng.random() < 0.8 else f"HYP{neuron}"
    return (
        chances,
        known,
        Anchors(names, frozenset(excluded), {}, partial),
        rng.normal(0, 20, (count, 3)),
    )


def statements(known, anchors):
    columns = {name: column for column, name in enumerate(known)}
    named = [[k, [columns[n]] if n in columns else [], True] for k, n in anchors.names.items()]
    none = [[k, [], False] for k in anchors.excluded]
    open_ = [
        [k, sorted(columns[n] for n in denoted(word, known) if n in columns), False]
        for k, word in anchors.partial.items()
    ]
    return [*named, *none, *open_]


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    torch.set_num_threads(1)
    cases = [case(number) for number in range(CASES)]
    content = [
        {
            "count": len(chances), "names": len(known), "chances": chances.flatten().tolist(),
            "positions": positions.tolist(), "stated": statements(known, anchors),
        }
        for chances, known, anchors, positions in cases
    ]  # fmt: skip
    page = (
        f'<!DOCTYPE html><body><script type="application/json" id="cases">{json.dumps(content)}'
        f"</script><script>{SOLVER.read_text(encoding='utf-8')}</script></body>"
    )
    return cases, driven(page, DRIVER, tmp_path_factory.mktemp("solve"))


def test_the_page_solves_as_python_does(solved):
    stated = different = 0
    for (chances, known, anchors, positions), found in zip(*solved, strict=True):
        expected = correct(chances.log(), known, anchors)
        shared = np.reshape(found["chances"], chances.shape)
        np.testing.assert_allclose(shared, expected.probabilities, atol=1e-6)
        columns = np.where(expected.answers.assigned, expected.answers.best[:, 0], -1)
        assert found["names"] == columns.tolist()
        best = [[k for k in row if k >= 0] for row in expected.answers.best.tolist()]
        assert found["best"] == best
        helps = worth(expected.probabilities, torch.from_numpy(positions))
        np.testing.assert_allclose(found["worth"], helps, atol=1e-6)
        stated += len(anchors.names) + len(anchors.excluded) + len(anchors.partial)
        different += int((expected.probabilities - chances).abs().max() > 0.01)
    assert stated > 3 * CASES and different > CASES / 2
