"""What HDF5 does to its process is one line about one file, and the next file is read."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from chromapal.errors import InputError, NoSpaceError, PassingError
from chromapal.provenance import PACKAGE
from chromapal.worms.nwb import reader, worker
from tests.nwb_files import write_nwb

pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
LOGGER = logging.getLogger("chromapal.tests")


def process_of(_):
    return os.getpid(), os.getcwd(), sorted(os.listdir("/proc/self/fd"), key=int)


def modules_of(_):
    return sorted(sys.modules), sys.modules["__main__"].__dict__.get("__file__")


def loop(_):
    worker.CPU_S = 1
    worker.step()
    while True:
        pass


def work_in_steps(_):
    """Use more time than the limit, which each step starts again."""
    worker.CPU_S = 1
    began = time.process_time()
    while time.process_time() - began < 2.5:
        worker.step()
    worker.CPU_S = 30
    return "done"


def fall(_, number):
    os.kill(os.getpid(), number)
    time.sleep(60)


def sleep(_, seconds):
    time.sleep(seconds)
    return "awake"


def fill(_, size):
    return int(np.ones(size, dtype=np.uint8)[-1])


def give(path, kind):
    raise {
        "input": InputError(path, "this", "that", "so"),
        "space": NoSpaceError(path),
        "passing": PassingError(path, "a lock", "none"),
        "bug": ZeroDivisionError("one by none"),
    }[kind]


def speak(_):
    LOGGER.info("said %d", 5)
    print("printed")
    os.write(2, b"written")


@pytest.fixture
def path(tmp_path):
    return write_nwb(tmp_path / "EY" / "w.nwb")


def test_one_worker_reads_a_batch_where_its_job_stands(tmp_path, monkeypatch):
    number, here, _ = worker.run(process_of, "a.nwb")
    assert number != os.getpid() and here == os.getcwd()
    monkeypatch.chdir(tmp_path)
    again, here, files = worker.run(process_of, "b.nwb")
    assert again == number and here == str(tmp_path)
    assert len(files) < 12, "files of the job are open in its worker"


def test_a_worker_has_what_reading_needs_and_no_torch():
    names, main = worker.run(modules_of, "a.nwb")
    assert {"pynwb", "chromapal.worms.nwb.masks"} <= set(names) and "torch" not in names
    assert main is None or Path(main).name == "forkserver.py"


def test_a_loop_without_end_is_one_line_and_the_next_file_is_read(path):
    started = time.process_time()
    with pytest.raises(InputError, match=r"w\.nwb: found damaged data \(HDF5 came to no end"):
        worker.run(loop, path)
    assert time.process_time() - started < 1, "the job waits without work"
    assert len(reader.read(path)) == 3


def test_a_long_task_that_goes_on_is_not_ended():
    assert worker.run(work_in_steps, "w.nwb") == "done"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_is_the_files_fault(path, number):
    with pytest.raises(InputError, match=rf"HDF5 crashed: {number.name}\); expected an NWB"):
        worker.run(fall, path, int(number))
    assert len(reader.read(path)) == 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_reader_killed_from_outside_is_not_the_files_fault(number):
    with pytest.raises(PassingError, match=r"w\.nwb: found a reader that was killed"):
        worker.run(fall, "w.nwb", int(number))


def test_a_disk_that_does_not_answer_is_not_the_files_fault(monkeypatch):
    monkeypatch.setattr(worker, "POLL_S", 0.1)
    assert worker.run(sleep, "w.nwb", 0.5) == "awake"
    monkeypatch.setattr(worker, "IDLE_S", 1.0)
    with pytest.raises(PassingError, match="no answer from its disk or its server for 1 s"):
        worker.run(sleep, "w.nwb", 60)


def test_more_memory_than_the_limit_is_one_line_and_a_new_worker(path):
    assert worker.run(fill, path, 10**9) == 1
    before, *_ = worker.run(process_of, path)
    with pytest.raises(InputError, match=r"found data that need more than 1\.2 GB of memory"):
        worker.run(fill, path, 2 * 10**9)
    assert len(reader.read(path)) == 3
    assert worker.run(process_of, path)[0] == before, "memory was given back: the worker stays"


@pytest.mark.parametrize(
    ("kind", "error"), [("input", InputError), ("space", NoSpaceError), ("passing", PassingError)]
)
def test_lines_travel_as_they_are(kind, error):
    with pytest.raises(error) as caught:
        worker.run(give, "w.nwb", kind)
    assert type(caught.value) is error and caught.value.where == "w.nwb"
    with pytest.raises(error) as here:
        give("w.nwb", kind)
    assert str(caught.value) == str(here.value)


def test_a_mistake_of_ours_keeps_its_kind_and_place():
    with pytest.raises(ZeroDivisionError, match="one by none") as caught:
        worker.run(give, "w.nwb", "bug")
    assert "in give" in caught.value.__notes__[0]


def test_what_a_worker_logs_is_logged_by_its_job_and_nothing_is_printed(caplog, capfd):
    with caplog.at_level("INFO"):
        worker.run(speak, "w.nwb")
    assert [record.getMessage() for record in caplog.records] == ["said 5"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("busy", ["loop", "sleep"])
def test_a_killed_job_leaves_no_process(tmp_path, busy):
    """Not even while HDF5 loops, and whatever script the job is."""
    script = tmp_path / "job.py"
    script.write_text(
        "import sys, time\n"
        "sys.stderr.write('begun ')\n"
        "from chromapal.worms.nwb import worker\n"
        "from tests.unit import test_nwb_worker as tasks\n"
        "print(worker.run(tasks.process_of, 'w.nwb')[0], flush=True)\n"
        + ("worker.run(tasks.sleep, 'w.nwb', 600)\n" if busy == "sleep" else "")
        + ("worker.run(tasks.busy, 'w.nwb')\n" if busy == "loop" else "")
    )
    paths = os.pathsep.join([str(PACKAGE.parent), str(PACKAGE.parents[1])])
    environment = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(tmp_path / ("d" * 90))}
    Path(environment["TMPDIR"]).mkdir()
    job = subprocess.Popen(
        [sys.executable, script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    reads = psutil.Process(int(job.stdout.readline()))
    server = reads.parent()
    time.sleep(0.3)
    job.kill()
    _, said = job.communicate()
    assert said == "begun ", "the script ran once, in the job alone"
    _, alive = psutil.wait_procs([reads, server], timeout=20)
    assert not alive


def busy(_):
    while True:
        pass
