"""Outputs appear whole or not at all, and equal content is equal bytes."""

import csv
import errno
import os
import re
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.torch import save_file

from chromapal import files
from chromapal.errors import InputError, NoSpaceError
from chromapal.evaluate.tables.read import read_csv
from chromapal.provenance import PACKAGE


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.whole(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_the_old_folder_as_a_whole(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/old.json").touch()
    with files.whole(tmp_path / "model") as part:
        part.mkdir()
        (part / "new.json").touch()
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["new.json"]


def test_of_two_writers_of_one_folder_the_later_one_stays(tmp_path):
    with files.whole(tmp_path / "model") as late:
        late.mkdir()
        (late / "late.json").touch()
        with files.whole(tmp_path / "model") as early:
            early.mkdir()
            (early / "early.json").touch()
        assert (tmp_path / "model/early.json").exists()
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["late.json"]
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]


def test_writers_of_one_folder_at_once_do_each_other_no_harm(tmp_path):
    def write(number):
        with files.whole(tmp_path / "model") as part:
            part.mkdir()
            for name in ("a", "b"):
                (part / name).write_text(str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(400)))
    first, second = (tmp_path / "model/a", tmp_path / "model/b")
    assert first.read_text() == second.read_text()
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]


@pytest.fixture(params=[0o022, 0o027, 0o002], ids="{:03o}".format)
def umask(request):
    """Set the umask of this process for one test."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_follows_the_umask_whatever_a_library_made_of_it(tmp_path, umask):
    with files.whole(tmp_path / "weights.safetensors") as part:
        save_file({"weight": torch.zeros(2)}, part)
    with files.whole(tmp_path / "open.csv") as part:
        part.touch()
        part.chmod(0o666)
    for name in ("weights.safetensors", "open.csv"):
        assert mode(tmp_path / name) == 0o666 & ~umask


def test_all_within_a_folder_follows_the_umask(tmp_path, umask):
    with files.whole(tmp_path / "model") as part:
        part.mkdir(mode=0o700)
        (part / "inner").mkdir(mode=0o700)
        with files.whole(part / "inner/weights.safetensors") as inner:
            save_file({"weight": torch.zeros(2)}, inner)
        for name, bits in (("table", 0o600), ("inner/program", 0o700)):
            (part / name).touch()
            (part / name).chmod(bits)
    model = tmp_path / "model"
    assert {str(path.relative_to(model)): mode(path) for path in model.rglob("*")} == {
        "inner": 0o777 & ~umask,
        "inner/program": 0o777 & ~umask,
        "inner/weights.safetensors": 0o666 & ~umask,
        "table": 0o666 & ~umask,
    }
    assert mode(model) == 0o777 & ~umask
    assert list(tmp_path.iterdir()) == [model]


def test_a_folder_that_hands_down_its_group_goes_on_doing_so(tmp_path, umask):
    with files.whole(tmp_path / "model") as part:
        part.mkdir()
        part.chmod(0o2700)
    assert mode(tmp_path / "model") == 0o2777 & ~umask


def test_what_a_link_in_an_output_leads_to_is_left_alone(tmp_path, umask):
    (tmp_path / "given").touch()
    (tmp_path / "given").chmod(0o400)
    with files.whole(tmp_path / "model") as part:
        part.mkdir()
        (part / "link").symlink_to(tmp_path / "given")
    assert mode(tmp_path / "given") == 0o400


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        SafetensorError("Error while serializing: I/O error: No space left on device"),
    ],
    ids=["disk", "quota", "library"],
)
def test_a_full_disk_names_the_outermost_output_and_leaves_no_rest(tmp_path, error):
    path = tmp_path / "model"
    line = f"{path}: found no space left on its disk; expected room for this file; make some"
    with pytest.raises(NoSpaceError, match=re.escape(line)), files.whole(path) as part:
        part.mkdir()
        with files.whole(part / "weights") as inner:
            inner.write_text("half")
            raise error
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_that_speaks_of_space_keeps_its_own_words(tmp_path):
    mistake = InputError("worm.nwb", "No space left on device", "a copy")
    with pytest.raises(InputError) as raised, files.whole(tmp_path / "table"):
        raise mistake
    assert raised.value is mistake


def test_csv_is_sorted_with_six_digits_and_plain_line_ends(tmp_path):
    table = pd.DataFrame({"name": ["b", "a"], "value": [1 / 3, 2.0]})
    files.write_csv(table, tmp_path / "t.csv", sort_by=["name"])
    assert (tmp_path / "t.csv").read_bytes() == b"name,value\na,2\nb,0.333333\n"


def test_json_does_not_depend_on_the_order_of_keys(tmp_path):
    files.write_json({"b": 1, "a": [2]}, tmp_path / "one.json")
    files.write_json({"a": [2], "b": 1}, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert files.read_json(tmp_path / "one.json") == {"a": [2], "b": 1}


KILLED = """
import os, pathlib, signal, sys
from chromapal import files
with files.whole(sys.argv[1]) as part:
    part.mkdir()
    (part / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_a_writer_of(path) -> list:
    """Return what a killed writer leaves beside an output."""
    env = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    left = [found for found in path.parent.iterdir() if found.name.startswith(f".{path.name}.")]
    assert len(left) == 1 and (left[0] / path.name / "half").exists()
    return left


def test_what_a_killed_writer_left_goes_when_its_output_is_written_again(tmp_path):
    kill_a_writer_of(tmp_path / "named")
    kept = kill_a_writer_of(tmp_path / "other")
    with files.whole(tmp_path / "named") as part:
        part.mkdir()
    assert sorted(tmp_path.iterdir()) == sorted([*kept, tmp_path / "named"])


def test_all_that_killed_writers_left_goes_and_what_is_being_written_stays(tmp_path):
    kill_a_writer_of(tmp_path / "named")
    kill_a_writer_of(tmp_path / "a/b/table.csv")
    mine = [tmp_path / name for name in (".hidden", ".keep.abcdefgh.txt", ".a.b", "x.abcdefgh")]
    for path in mine:
        path.mkdir()
    (tmp_path / ".link.abcdefgh").symlink_to(tmp_path / "a")
    (tmp_path / ".file.abcdefgh").touch()
    # the start of another writer: no lock yet
    (tmp_path / ".new.abcdefgh").mkdir()
    with files.whole(tmp_path / "named") as part:
        part.write_text("whole")
        files.remove_orphans(tmp_path)
        assert len(list(tmp_path.glob(".named.*"))) == 1
    assert (tmp_path / "named").read_text() == "whole"
    assert {path.name for path in tmp_path.rglob("*")} == {
        "named", "a", "b", ".link.abcdefgh", ".file.abcdefgh", ".new.abcdefgh",
        *(path.name for path in mine),
    }  # fmt: skip


@pytest.mark.parametrize("locks", [True, False])
@pytest.mark.parametrize(("days", "stays"), [(0.5, True), (1.5, False)])
def test_an_orphan_of_another_machine_goes_after_a_day(tmp_path, monkeypatch, locks, days, stays):
    (left,) = kill_a_writer_of(tmp_path / "named")
    (left / files.LOCK).write_text("elsewhere")
    if not locks:
        error = OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        monkeypatch.setattr(files.fcntl, "flock", mock.Mock(side_effect=error))
    then = time.time() - days * 86400
    for path in (left, *left.iterdir()):
        os.utime(path, (then, then))
    with files.whole(tmp_path / "named") as part:
        part.mkdir()
    assert left.exists() is stays


def test_a_writer_makes_another_folder_if_its_own_was_taken_for_an_orphan(tmp_path, monkeypatch):
    flock, taken = files.fcntl.flock, []

    def late(file, how):
        if not taken:
            taken.extend(tmp_path.glob(".table.csv.*"))
            monkeypatch.setattr(files.fcntl, "flock", flock)
            files.remove_orphans(tmp_path)
        return flock(file, how)

    monkeypatch.setattr(files.fcntl, "flock", late)
    with files.whole(tmp_path / "table.csv") as part:
        assert len(taken) == 1 and not taken[0].exists()
        part.write_text("whole")
    assert list(tmp_path.iterdir()) == [tmp_path / "table.csv"]


@pytest.mark.parametrize("results", ["results/tiny", "results"])
def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path, results):
    (tmp_path / "results").touch()
    line = f"{tmp_path / results}: found no way to write it (a file is where its folder belongs)"
    with pytest.raises(InputError, match=re.escape(line)):
        files.require_writable(tmp_path / results)
    # where even root may write nothing
    with pytest.raises(InputError, match=r"^/proc/self/results: found no way to write it \("):
        files.require_writable("/proc/self/results")
    files.require_writable(tmp_path / "new/results")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


FORMULAS = [
    *("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t1", "\n1", " =1", "-x"),
    *("\uff1d1+1", "'=1", "''=1"),
]


def test_no_cell_of_a_table_is_a_formula(tmp_path):
    names = [*FORMULAS, "AVAL", "O'Brien", "'quoted'", "-", "+", "-1.5", "+3e-4", "1", ""]
    table = pd.DataFrame({"name": names, "number": -1.5, "count": range(len(names))})
    files.write_csv(table, tmp_path / "t.csv")
    with open(tmp_path / "t.csv", newline="", encoding="utf-8") as lines:
        cells = [row[0] for row in csv.reader(lines)][1:]
    assert cells == [f"'{name}" for name in FORMULAS] + names[len(FORMULAS) :]
    assert read_csv(tmp_path / "t.csv", ("number", "count"))["name"].tolist() == names
    assert (pd.read_csv(tmp_path / "t.csv")["number"] == -1.5).all()


@given(st.text(st.sampled_from("'=+-@\t\r\n1.ex \uff1d"), max_size=6))
def test_a_cell_made_inert_comes_back(text):
    assert files.live(files.inert(text)) == text
    inert = files.inert(text)
    if inert.lstrip()[:1] in tuple("=+-@\uff1d") and inert.strip() not in ("+", "-"):
        float(inert)
    assert files.inert(-1.5) == -1.5 and files.inert(None) is None
