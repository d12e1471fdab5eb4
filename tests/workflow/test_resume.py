"""A study that was killed, terminated or out of disk space goes on to the same tables."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.workflow.conftest import TINY, copy_project, snakemake, table_bytes
from tests.workflow.watched import Run

RESULTS = Path("results/tiny")
# What dies at a random moment, and by which signal; trainings first, while there are some left.
DEATHS = [
    ("training", signal.SIGKILL),
    ("snakemake", signal.SIGKILL),
    ("training", signal.SIGTERM),
    ("both", signal.SIGKILL),
    ("training", signal.SIGKILL),
    ("snakemake", signal.SIGTERM),
    ("training", signal.SIGTERM),
    ("both", signal.SIGTERM),
    ("snakemake", signal.SIGKILL),
    ("both", signal.SIGKILL),
    ("snakemake", signal.SIGTERM),
    ("both", signal.SIGTERM),
]


@pytest.fixture(scope="module")
def checkpointing(tmp_path_factory):
    """Give a copy of the workflow that keeps a checkpoint of every epoch, however short."""
    copy = copy_project(tmp_path_factory.mktemp("workflow"))
    loop = copy / "src/chromapal/training/loop.py"
    rarely, always = "CHECKPOINT_SECONDS = 30\n", "CHECKPOINT_SECONDS = 0\n"
    text = loop.read_text(encoding="utf-8")
    assert rarely in text
    loop.write_text(text.replace(rarely, always), encoding="utf-8")
    return copy


def test_a_study_killed_at_random_moments_goes_on_to_the_same_tables(
    study, checkpointing, tmp_path
):
    dice = random.Random(TINY["seed"])
    epochs = TINY["params"]["colorizers"]["resnet18_fusion"]["epochs"]
    run = Run(tmp_path, TINY, project=checkpointing)
    for what, number in DEATHS:
        if what == "training":
            doomed = dice.randint(1, epochs - 1)
            run.wait(lambda: any(epoch >= doomed for _, epoch in run.trainings()))  # noqa: B023
            run.kill(what, number)
            continue
        left = run.planned()
        enough = run.finished() + dice.randint(0, 3)
        run.wait(lambda: run.finished() >= enough)  # noqa: B023
        time.sleep(dice.uniform(0, 1))
        run.kill(what, number)
        assert run.end() != 0
        left -= run.finished()
        assert snakemake(tmp_path, TINY, "--unlock", project=checkpointing).returncode == 0
        run = Run(tmp_path, TINY, project=checkpointing)
        # no finished result is computed again
        assert run.planned() <= left
    assert run.end() == 0, run.told.read_text()
    assert table_bytes(tmp_path) == table_bytes(study)
    logs = [log.read_text() for log in (tmp_path / RESULTS / "logs/train_colorizer").rglob("*.log")]
    assert any("going on from" in log for log in logs)
    kept = [path for path in (tmp_path / RESULTS / "checkpoints").rglob("*") if path.is_file()]
    assert kept == []


@pytest.fixture
def small_disk(tmp_path):
    """Give a disk of 1 MB, and what makes it larger [MB]."""
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
    for made in ("report", "tables", "figures", "identities"):
        shutil.rmtree(disk / RESULTS / made)
    cell = "resnet18_fusion/no_background/worm/grid16"
    for fold in ("fold0", "fold1"):
        shutil.rmtree(disk / RESULTS / "models" / cell / fold)
        (disk / RESULTS / "losses" / cell / f"{fold}.csv").unlink()
        (disk / RESULTS / "colours" / cell / f"{fold}.parquet").unlink()
    used = sum(path.stat().st_blocks * 512 for path in disk.rglob("*")) // 2**20
    # room for one network of 46 MB, not for two
    resize(used + 70)
    told = snakemake(disk, TINY)
    said = told.stdout + told.stderr
    assert told.returncode != 0
    assert "Traceback" not in said
    lines = {line for line in said.splitlines() if line.startswith("error: ")}
    expected = (
        r"error: results/tiny/models/resnet18_fusion/\S+/grid16/fold[01]: found no space left on "
        r"its disk; expected room for this file; make some, then give the same command again: "
        r"what is finished stays"
    )
    assert lines and all(re.fullmatch(expected, line) for line in lines), said
    resize(1000)
    done = snakemake(disk, TINY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert table_bytes(disk) == table_bytes(study)
