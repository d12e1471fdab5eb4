"""A study on a real Slurm, with a cancelled job and a killed Snakemake, gives a local run's tables.

`make test-cluster` takes the tiny study, `make test-slurm` the default one. Slurm is started by
`up.sh` and stopped by `down.sh` of the folder that CHROMAPAL_SLURM names.
"""

import importlib.util
import itertools
import os
import random
import re
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from tests.workflow.conftest import ROOT, TINY, snakemake, table_bytes
from tests.workflow.watched import PATIENCE, Run

SCRIPTS = Path(os.environ.get("CHROMAPAL_SLURM", ROOT / "../shared/slurm"))
CONFIG = TINY
if study_file := os.environ.get("CHROMAPAL_SLURM_STUDY"):
    CONFIG = yaml.safe_load((ROOT / study_file).read_text(encoding="utf-8"))
PROFILE = ["--workflow-profile", str(ROOT / "profiles/slurm")]
# An idle cluster need not be asked as seldom as a shared one; few jobs are left when one is killed.
QUICKLY = ["--slurm-init-seconds-before-status-checks", "2", "--jobs", "6"]

pytestmark = pytest.mark.cluster


def slurm_says(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def slurm():
    """Start a Slurm of one node with one GPU, and stop it in the end."""
    if not (SCRIPTS / "up.sh").is_file():
        pytest.skip(f"no {SCRIPTS}/up.sh; CHROMAPAL_SLURM names a folder with one")
    if os.geteuid() != 0:
        pytest.skip("only root can start a Slurm")
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("snakemake-executor-plugin-slurm is not installed")
    up = subprocess.run(["bash", SCRIPTS / "up.sh"], capture_output=True, text=True, check=False)
    if up.returncode != 0:
        pytest.skip(f"{SCRIPTS}/up.sh starts no Slurm here: {(up.stderr or up.stdout)[-300:]}")
    yield
    subprocess.run(["bash", SCRIPTS / "down.sh"], check=True)


@pytest.fixture(scope="module")
def unbroken(request, tmp_path_factory):
    """Return the folder of the same study, run without a break on this machine."""
    if CONFIG is TINY:
        return request.getfixturevalue("study")
    folder = tmp_path_factory.mktemp("local")
    done = snakemake(folder, CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def submitted(run: Run) -> dict[str, str]:
    """Map the Slurm jobs of one start to what they run, a rule or a group."""
    found = run.find(r"submitted with SLURM jobid (\d+) \(log: \S*/slurm_logs/([^/]+)/")
    return dict(found)


def submissions(run: Run, slurm_job: str) -> list[str]:
    """List all Slurm jobs of one start that ran the same as one of them."""
    found = run.find(r"^Job (\S+) has been submitted with SLURM jobid (\d+)")
    work = {number: job for job, number in found}
    return [number for number, job in work.items() if job == work[slurm_job]]


def running_trainings(run: Run) -> list[str]:
    ours = submitted(run)
    now = slurm_says("squeue", "--noheader", "--states=RUNNING", "--format=%i").split()
    return [job for job in now if ours.get(job) == "rule_train_colorizer"]


def job_log() -> dict[str, dict[str, str]]:
    """Read Slurm's own log of finished jobs: fields by job."""
    place = re.search(r"JobCompLoc\s*=\s*(\S+)", slurm_says("scontrol", "show", "config"))[1]
    lines = Path(place).read_text().splitlines()
    jobs = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines]
    return {job["JobId"]: job for job in jobs}


@pytest.fixture(scope="module")
def ordeal(slurm, tmp_path_factory):
    """Take a study through a cancelled job and two killed submitters, to its end."""
    dice = random.Random(CONFIG["seed"])
    folder = tmp_path_factory.mktemp("slurm")
    first = Run(folder, CONFIG, *PROFILE, *QUICKLY)
    first.wait(lambda: running_trainings(first))
    cancelled = running_trainings(first)[0]
    time.sleep(dice.uniform(0.5, 2))
    slurm_says("scancel", cancelled)
    first.wait(lambda: len(submissions(first, cancelled)) == 2)
    first.wait(lambda: running_trainings(first))
    time.sleep(dice.uniform(1, 5))
    first.process.kill()
    first.end()
    # its jobs go on, beside those of a run that is started at once
    assert snakemake(folder, CONFIG, "--unlock").returncode == 0
    second = Run(folder, CONFIG, *PROFILE, *QUICKLY)
    second.wait(lambda: running_trainings(second))
    time.sleep(dice.uniform(1, 5))
    second.process.kill()
    second.end()
    # the documented way: its jobs are cancelled first
    slurm_says("scancel", "--name", second.find(r"SLURM run ID: (\S+)")[0])
    assert snakemake(folder, CONFIG, "--unlock").returncode == 0
    third = Run(folder, CONFIG, *PROFILE, *QUICKLY)
    assert third.end() == 0, third.told.read_text()
    # the log has a job once it is over, those that the first run left behind too
    deadline = time.monotonic() + PATIENCE
    while slurm_says("squeue", "--noheader"):
        assert time.monotonic() < deadline
        time.sleep(1)
    return SimpleNamespace(folder=folder, starts=[first, second, third], cancelled=cancelled)


def test_the_tables_are_those_of_an_unbroken_local_run(ordeal, unbroken):
    name = CONFIG["study"]
    tables = table_bytes(ordeal.folder, name)
    assert tables
    assert tables == table_bytes(unbroken, name)


def test_a_cancelled_job_is_submitted_again(ordeal):
    again = submissions(ordeal.starts[0], ordeal.cancelled)
    assert [ordeal.cancelled] == again[:-1]
    log = job_log()
    assert log[ordeal.cancelled]["JobState"] == "CANCELLED"
    # with more memory
    memory = [int(re.search(r"mem=(\d+)M", log[job]["Tres"])[1]) for job in again]
    assert len(memory) > 1 and memory == sorted(set(memory))


def test_all_is_done_by_slurm_and_the_last_run_without_a_failure(ordeal):
    last, log = submitted(ordeal.starts[-1]), job_log()
    assert {log[job]["JobState"] for job in last} == {"COMPLETED"}
    kinds = {re.match("(rule|group)_[a-z]+", name)[0] for name in last.values()}
    assert {"rule_train", "group_names", "group_report"} <= kinds


def test_small_rules_share_jobs(ordeal):
    first, *_, last = ordeal.starts
    assert len(submitted(last)) < last.planned()
    assert not {
        name for name in {**submitted(first), **submitted(last)}.values()
        if name.startswith("rule_") and name != "rule_train_colorizer"
    }  # fmt: skip


def test_trainings_have_the_one_gpu_in_turn(ordeal):
    log = job_log()
    path = r"SLURM jobid (\d+) \(log: \S*/rule_train_colorizer/\w+_resnet18_fusion_"
    ours = {job for start in ordeal.starts for job in start.find(path)}
    times = sorted(
        (log[job]["StartTime"], log[job]["EndTime"])
        for job in ours & set(log)
        if log[job]["JobState"] == "COMPLETED"
    )
    assert len(times) > 2
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(times))


def test_what_a_killed_run_had_finished_is_not_computed_again(ordeal):
    first, second, last = ordeal.starts
    assert first.finished() > 0
    assert second.planned() <= first.planned() - first.finished()
    assert last.planned() <= second.planned() - second.finished()
