"""Damaged files of real layout are read or skipped with one line; `benchmarks` damages 500."""

import pytest
from benchmarks import nwb_mutants as mutants

from chromapal.worms.nwb import reader

DATA = mutants.DATA
pytestmark = pytest.mark.skipif(
    not (DATA / "nwb").is_dir(), reason=f"no real data in {DATA} (set CHROMAPAL_DATA)"
)


def test_twenty_damaged_files_are_one_line_each(tmp_path):
    small = sorted(mutants.sources(), key=lambda path: path.stat().st_size)[:2]
    with mutants.Watch() as watch:
        verdicts = [
            f"{name}: {mutants.judge(path)}"
            for name, path in mutants.mutants(small, tmp_path, 20, seed=7)
        ]
    assert not [verdict for verdict in verdicts if verdict.split(": ")[1][0].isupper()]
    assert len(verdicts) == 20 and 50e6 < watch.peak < mutants.MOST_BYTES
    assert len(reader.read(small[0])) > 80


def test_damage_is_alike_for_a_seed_and_of_every_kind(tmp_path):
    """Or a number of failures would say nothing."""
    small = min(mutants.sources(), key=lambda path: path.stat().st_size)
    count, whole = len(mutants.KINDS), small.read_bytes()
    raw = {"flip", "zero", "noise", "swap", "truncate", "structure"}
    runs = [
        {
            name.split()[1]: path.read_bytes()
            for name, path in mutants.mutants([small], tmp_path, count, seed)
        }
        for seed in (1, 1, 2)
    ]
    assert runs[0].keys() == set(mutants.KINDS)
    assert all(runs[0][kind] == runs[1][kind] != runs[2][kind] for kind in raw)
    assert all(content != whole for content in runs[0].values())
