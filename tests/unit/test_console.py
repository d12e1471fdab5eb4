"""A user's mistake is one line; a log says what code ran, and when."""

import time

import pytest

from chromapal import console
from chromapal.console import job
from chromapal.errors import InputError
from chromapal.evaluate.tables.timings import write_timings


def test_a_mistake_is_one_line_without_traceback(tmp_path, capsys):
    with pytest.raises(SystemExit) as end, job(tmp_path / "a.log", "abc script.py"):
        raise InputError("worm.nwb", "no\nvolume", "a volume", "see nwb")
    assert end.value.code == 1
    line = "error: worm.nwb: found no volume; expected a volume; see nwb\n"
    assert capsys.readouterr().err == line
    assert (tmp_path / "a.log").read_text() == "code abc script.py\n" + line


def test_a_fault_of_ours_keeps_its_traceback_in_the_log(tmp_path):
    with pytest.raises(SystemExit), job(tmp_path / "a.log"):
        raise KeyError("row")
    assert "Traceback" in (tmp_path / "a.log").read_text()


def test_a_full_disk_is_one_line_even_where_the_log_has_no_room(capsys):
    with pytest.raises(SystemExit) as end, job("/dev/full"):
        pytest.fail("a job whose log cannot be written must not run")
    assert end.value.code == 1
    assert capsys.readouterr().err == (
        "error: /dev/full: found no space left on its disk; expected room for this file; make "
        "some, then give the same command again: what is finished stays\n"
    )


def test_a_log_that_cannot_be_written_is_one_line(tmp_path, capsys):
    (tmp_path / "logs").touch()
    with pytest.raises(SystemExit), job(tmp_path / "logs/a.log"):
        pytest.fail("a job whose log cannot be written must not run")
    told = capsys.readouterr().err
    assert told.startswith(f"error: {tmp_path}/logs/a.log: found no way to write it (a file is")
    assert told.count("\n") == 1


def test_timings_come_from_the_logs_of_finished_jobs(tmp_path):
    logs = {
        "train/fold0": "started 2026-11-26 18:00:10.250+01:00, ended 2026-11-26 18:00:15.750+01:00",
        # the clock went back by an hour while this one ran: 17:00:00 to 17:00:02 in UTC
        "load": "started 2026-11-26 19:00:00.000+02:00, ended 2026-11-26 18:00:02.000+01:00",
    }
    (tmp_path / "logs/train").mkdir(parents=True)
    for (name, dates), seconds in zip(logs.items(), ("5.50", "2.00"), strict=True):
        (tmp_path / f"logs/{name}.log").write_text(f"code x\n{dates}, took {seconds} s\n")
    (tmp_path / "logs/failed.log").write_text("code x\nerror: no\n")
    write_timings(tmp_path / "logs", tmp_path / "timings.csv")
    assert (tmp_path / "timings.csv").read_text() == (
        "job,started,seconds\nload,0,2\ntrain/fold0,10.25,5.5\n"
    )


@pytest.fixture(params=["UTC0", "HERE-5:30"])
def zone(request, monkeypatch):
    """Set the time zone; the sign is that of POSIX, west of Greenwich is positive."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield {"UTC0": "+00:00", "HERE-5:30": "+05:30"}[request.param]
    monkeypatch.undo()
    time.tzset()


def test_a_finished_job_says_when_it_ran(tmp_path, zone, monkeypatch):
    # 2026-11-26 18:07:44.38 UTC
    started = 1795716464.38
    monkeypatch.setattr(console.psutil.Process, "create_time", lambda process: started)
    monkeypatch.setattr(console.time, "time", lambda: started + 77.3)
    with job(tmp_path / "logs/a.log") as logger:
        logger.info("half way")
    lines = (tmp_path / "logs/a.log").read_text().splitlines()
    assert lines[1] == "half way"
    said = {
        "+00:00": ("2026-11-26 18:07:44.380+00:00", "2026-11-26 18:09:01.680+00:00"),
        "+05:30": ("2026-11-26 23:37:44.380+05:30", "2026-11-26 23:39:01.680+05:30"),
    }
    assert lines[2:] == ["started {}, ended {}, took 77.30 s".format(*said[zone])]
    write_timings(tmp_path / "logs", tmp_path / "timings.csv")
    assert (tmp_path / "timings.csv").read_text() == "job,started,seconds\na,0,77.3\n"
