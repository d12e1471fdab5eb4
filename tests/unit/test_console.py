"""A user's mistake is one line; a log says what code ran, and when."""

import re

import pytest

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


def test_timings_come_from_the_logs_of_finished_jobs(tmp_path):
    (tmp_path / "logs/train").mkdir(parents=True)
    (tmp_path / "logs/train/fold0.log").write_text("code x\nran from 110.00 to 115.50\n")
    (tmp_path / "logs/load.log").write_text("code x\nran from 100.00 to 102.00\n")
    (tmp_path / "logs/failed.log").write_text("code x\nerror: no\n")
    write_timings(tmp_path / "logs", tmp_path / "timings.csv")
    assert (tmp_path / "timings.csv").read_text() == (
        "job,started,seconds\nload,0,2\ntrain/fold0,10,5.5\n"
    )


def test_a_finished_job_says_when_it_ran(tmp_path):
    with job(tmp_path / "a.log") as logger:
        logger.info("half way")
    lines = (tmp_path / "a.log").read_text().splitlines()
    assert lines[1] == "half way"
    start, end = map(float, re.fullmatch(r"ran from ([\d.]+) to ([\d.]+)", lines[-1]).groups())
    assert start <= end
