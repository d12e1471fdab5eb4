"""A study that ran out of disk space says so in a line, and goes on when there is room again."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workflow.conftest import TINY, snakemake, table_bytes

RESULTS = Path("results/tiny")
# tables of what is computed again, colours; names would take as long once more and say no more
TABLES = ("colour.csv", "losses.csv")


@pytest.fixture
def small_disk(tmp_path):
    """Return a disk of 1 MB, and what makes it larger [MB]."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk that is small enough to fill")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"this machine mounts no tmpfs: {mounted.stderr.strip()}")

    def resize(megabytes):
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", disk], check=True)

    yield disk, resize
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(study, small_disk):
    disk, resize = small_disk
    resize(1000)
    shutil.copytree(study, disk, dirs_exist_ok=True)
    shutil.rmtree(disk / RESULTS / "tables")
    cell = "resnet18_fusion/no_background/worm/grid16"
    for fold in ("fold0", "fold1"):
        shutil.rmtree(disk / RESULTS / "models" / cell / fold)
        (disk / RESULTS / "losses" / cell / f"{fold}.csv").unlink()
        (disk / RESULTS / "colours" / cell / f"{fold}.parquet").unlink()
    used = sum(path.stat().st_blocks * 512 for path in disk.rglob("*")) // 2**20
    # room for one network of 46 MB, not for two
    resize(used + 70)
    targets = [str(RESULTS / "tables" / name) for name in TABLES]
    told = snakemake(disk, TINY, *targets)
    said = told.stdout + told.stderr
    assert told.returncode != 0
    assert "Traceback" not in said
    lines = {line for line in said.splitlines() if line.startswith("error: ")}
    # while the network of one job fills the disk, the other may be writing what comes after it
    expected = (
        r"error: results/tiny/(models|losses|colours)/resnet18_fusion/\S+/grid16/fold[01](\.\w+)?: "
        r"found no space left on its disk; expected room for this file; make some, then give the "
        r"same command again: "
        r"what is finished stays"
    )
    assert lines and all(re.fullmatch(expected, line) for line in lines), said
    resize(1000)
    done = snakemake(disk, TINY, *targets)
    assert done.returncode == 0, done.stdout + done.stderr
    finished = table_bytes(study)
    assert table_bytes(disk) == {name: finished[name] for name in TABLES}
