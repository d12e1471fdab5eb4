"""The file that simulated worms are drawn from: what is in it, and that nothing else reads it."""

import ast
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chromapal import provenance
from chromapal.worms.names import FULL
from chromapal.worms.simulate import statistics
from chromapal.worms.simulate.statistics import FILE, SHA256, symmetric
from tests.worm_batch import table

PACKAGE = provenance.PACKAGE
ROOM = PACKAGE / "worms" / "simulate"
MODULE = ROOM / "statistics.py"
# What a module has to say to get at the file without importing its reader.
WORDS = (FILE.name, "worms.simulate", "worms/simulate")
KNOWN = statistics.read()


def test_the_file_is_the_one_whose_digest_the_code_states():
    """So that what was made with other numbers counts as made by other code."""
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == SHA256
    assert FILE.stat().st_size < 150_000


def test_the_file_says_where_it_is_from_and_under_which_licence():
    about = KNOWN.about
    assert "WormND" in about["source"] and "WormID" in about["source"]
    assert "Sprague" in about["citation"] and "10.1101/2024.04.28.591397" in about["citation"]
    assert about["licence"].startswith("CC BY 4.0") and about["licence_url"].startswith("https")
    assert "Derived" in about["changes"] and "worm_statistics.learn" in about["made_by"]
    assert (about["worms"], about["laboratories"]) == (87, 6)
    assert about["named_neurons"] < about["segmented_neurons"] == 11_323


def test_names_are_neurons_of_the_head_and_enough_for_a_study():
    assert set(KNOWN.names) <= FULL and len(set(KNOWN.names)) == len(KNOWN.names)
    assert KNOWN.names.tolist() == sorted(KNOWN.names)
    assert 189 <= len(KNOWN.names) <= 200
    for share in (KNOWN.seen, KNOWN.named):
        assert ((share >= 0) & (share <= 1)).all()
    # as many as worms of the densely named laboratories have: 167 to 193
    assert 175 < KNOWN.seen.sum() < 190


def test_pairs_mirror_each_other():
    number_of = {name: number for number, name in enumerate(KNOWN.names)}
    paired = np.flatnonzero(KNOWN.partner != "")
    assert len(paired) > 150
    other = [number_of[name] for name in KNOWN.partner[paired]]
    assert {name[:-1] for name in KNOWN.names[paired]} == {
        name[:-1] for name in KNOWN.partner[paired]
    }
    flip = np.array([1.0, 1, -1])
    np.testing.assert_array_equal(KNOWN.position[paired], KNOWN.position[other] * flip)
    np.testing.assert_array_equal(
        KNOWN.position_covariance[paired],
        KNOWN.position_covariance[other] * flip[:, None] * flip,
    )
    for values in (KNOWN.colour, KNOWN.colour_covariance, KNOWN.seen, KNOWN.named):
        np.testing.assert_array_equal(values[paired], values[other])
    # left is left of the midplane, but for a few of the ventral cord, which hardly have sides
    left = KNOWN.position[[name.endswith("L") and bool(KNOWN.partner[number_of[name]])
                           for name in KNOWN.names], 2]  # fmt: skip
    assert (left > 0).mean() > 0.9


def test_covariances_are_positive_definite():
    for covariance in (
        KNOWN.position_covariance, KNOWN.colour_covariance, KNOWN.gradient_covariance,
        KNOWN.stretch_covariance,
    ):  # fmt: skip
        assert (np.linalg.eigvalsh(covariance) > 0).all()
        np.testing.assert_array_equal(covariance, np.swapaxes(covariance, -1, -2))
    # no segmentation places a centre better than half a um, and nothing moves by a head's length
    deviation = np.sqrt(KNOWN.position_covariance.diagonal(axis1=1, axis2=2))
    assert deviation.min() >= 0.5 and deviation.max() < 20


def test_shares_levels_and_lengths_are_what_they_can_be():
    assert all(0 <= share < 1 for share in KNOWN.laboratory_share.values())
    for part in KNOWN.surroundings:
        assert 0 < part.share < 1 and 3 <= part.length_um <= 30
    inside, rest = KNOWN.surroundings
    assert inside.members.sum() == 20 and (inside.members ^ rest.members).all()
    assert KNOWN.tail > 4 and KNOWN.bend_per_um < 0.01
    for lab, levels in KNOWN.levels.items():
        assert levels.shape == (len(KNOWN.fractions), 4)
        assert (np.diff(levels, axis=0) >= 0).all() and levels.min() > 0 and levels.max() <= 1
        assert KNOWN.full_scales[lab] in (4095, 65535)
    # SF has no white
    assert set(KNOWN.levels) == {"EY", "HL", "NP", "SK1", "SK2"}


def test_a_symmetric_matrix_from_its_upper_triangle_by_hand():
    np.testing.assert_array_equal(symmetric(np.array([1, 2, 3])), [[1, 2], [2, 3]])
    found = symmetric(np.array([[1, 2, 3, 4, 5, 6]]))
    np.testing.assert_array_equal(found, [[[1, 2, 3], [2, 4, 5], [3, 5, 6]]])


def readers(paths) -> list[str]:
    """List modules outside the simulator that import the reader, or could get at the file."""
    found = []
    for path in paths:
        closure: set[Path] = set()
        provenance._collect(path.resolve(), closure)
        code = ast.parse(path.read_text(encoding="utf-8"))
        documented = {
            id(node.body[0].value)
            for node in ast.walk(code)
            if isinstance(node, provenance.DOCUMENTED) and ast.get_docstring(node, clean=False)
        }
        texts = [
            node.value
            for node in ast.walk(code)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documented
        ]
        if MODULE in closure or any(word in text for text in texts for word in WORDS):
            found.append(path.stem)
    return found


def outside() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if ROOM not in path.parents]


def test_nothing_but_the_simulator_imports_the_reader():
    assert readers(outside()) == []
    inside = [path.stem for path in ROOM.glob("*.py") if path.name != "__init__.py"]
    assert sorted(inside) == ["body", "example", "file_names", "render", "statistics", "worms"]
    # those that others use know nothing of it
    assert readers([ROOM / "file_names.py", ROOM / "render.py"]) == []


@pytest.mark.parametrize(
    "leak",
    [
        "from chromapal.worms.simulate.statistics import read",
        "from chromapal.worms.simulate import worms",
        "def fit():\n    from chromapal.worms.simulate import body\n",
        'import importlib\nread = importlib.import_module("chromapal.worms.simulate.statistics")',
        'from pathlib import Path\nATLAS = Path("statistics.json").read_text()',
    ],
)
def test_planted_leak_a_module_that_reads_the_file_is_found(tmp_path, leak):
    planted = tmp_path / "planted.py"
    planted.write_text(leak + "\n", encoding="utf-8")
    assert readers([planted]) == ["planted"]


def test_only_rules_that_simulate_call_the_simulator():
    calls = [
        (path.name, line.strip())
        for path in sorted((PACKAGE.parents[1] / "workflow").rglob("*.smk"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "simulate" in line and "calls(" in line
    ]
    call = '**calls("worms.simulate.worms:simulate"),'
    assert calls == [("images.smk", call), ("worms.smk", call)]


STUDY = """
import sys
from pathlib import Path

def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith("worms/simulate/statistics.json"):
        raise RuntimeError("the file was opened")

sys.addaudithook(watch)

import pandas as pd
from chromapal.classifiers.common.feature_tables import Sources, Task
from chromapal.classifiers.common.naming import name_fold
from chromapal.colorizers import identify_then_colour
from chromapal.identify.run import align_fold
from chromapal.prepare.normalise import prepare_fold
from chromapal.prepare.splits import write_splits
from chromapal.prepare.variants import Smote
from chromapal.training.settings import Training
from chromapal.worms.collect import collect
from chromapal.worms.load import load

folder = Path(sys.argv[1])
load([(str(folder / "worms.csv"), "")], "tables", {}, folder / "t.parquet", folder / "t.csv")
outs = [folder / name for name in ("n.parquet", "s.csv")]
lists = [folder / name for name in ("labels.csv", "scope.csv")]
collect([folder / "t.parquet"], *outs, [folder / "t.csv"], {}, [], *lists)
write_splits(outs[0], "worm", 2, 0, 0.2, False, folder / "splits.parquet")
prepare_fold(
    outs[0], folder / "splits.parquet", "fold0", "rank_normal", "luminance",
    folder / "fold.parquet", folder / "normaliser.json", folder / "left.csv",
)
align_fold(
    folder / "fold.parquet", "position+rgb", "pose", "decided", Training("cpu"),
    folder / "body.parquet", folder / "aligned.parquet", folder / "atlas",
)
name_fold(
    folder / "fold.parquet", "fold0", Sources({}, {"position+rgb": str(folder / "body.parquet")}),
    Task("atlas_gaussian", {}, "no_background", ["position+rgb"]), Smote(3, 5.0), Training(),
    folder / "names.parquet",
)
print(len(pd.read_parquet(folder / "names.parquet")))
"""
PLANT = "\nfrom chromapal.worms.simulate import statistics\nstatistics.read()\n"


def run(folder: Path, code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
    )


def test_a_study_of_tables_never_opens_the_file_and_a_planted_reader_is_caught(tmp_path):
    """Splits, scales, alignment, atlas and names, from tables: the same with no file at all."""
    neurons = table()
    few = neurons["worm"].isin(neurons["worm"].unique()[:6]) & neurons["name"].ne("")
    columns = ["worm", "lab", "x", "y", "z", "xr", "yr", "zr", "weight", *"RGBW", "ID"]
    neurons.loc[few, columns].to_csv(tmp_path / "worms.csv", index=False)
    honest = run(tmp_path, STUDY)
    assert honest.returncode == 0, honest.stderr
    assert int(honest.stdout.splitlines()[-1]) > 100
    planted = run(tmp_path, STUDY.replace("import pandas", PLANT + "import pandas", 1))
    assert planted.returncode != 0 and "the file was opened" in planted.stderr


def test_the_file_is_json_of_few_digits_a_neuron_a_line():
    lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line.strip().rstrip(",")) for line in lines if line.startswith(' {"name"')]
    assert [row["name"] for row in rows] == KNOWN.names.tolist()
    for row in rows:
        numbers = np.concatenate([np.ravel(value) for key, value in row.items()
                                  if key not in ("name", "partner")])  # fmt: skip
        assert all(float(f"{number:.4g}") == number for number in numbers)
