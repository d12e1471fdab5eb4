"""A study that was killed or terminated goes on to the same tables."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.workflow.conftest import TINY, copy_project, snakemake, table_bytes
from tests.workflow.watched import Run

RESULTS = Path("results/tiny")
# What dies, and by which signal; trainings first, while there are some left.
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
    """Return a copy of the workflow that keeps a checkpoint of every epoch, however short."""
    copy = copy_project(tmp_path_factory.mktemp("workflow"))
    loop = copy / "src/chromapal/training/loop.py"
    rarely, always = "CHECKPOINT_SECONDS = 30\n", "CHECKPOINT_SECONDS = 0\n"
    text = loop.read_text(encoding="utf-8")
    assert rarely in text
    loop.write_text(text.replace(rarely, always), encoding="utf-8")
    return copy


@pytest.mark.cluster
def test_a_study_killed_at_random_moments_goes_on_to_the_same_tables(
    study, checkpointing, tmp_path
):
    # this also says that two runs of one study give the same bytes
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
    assert any("resuming from" in log for log in logs)
    kept = [path for path in (tmp_path / RESULTS / "checkpoints").rglob("*") if path.is_file()]
    assert kept == []
