"""Copies of new worms' NWB files: whose fault leaves a file out, and whose ends the job."""

import errno
import os

import pandas as pd
import pytest

from chromapal.apply.nwb import ANSWERS, write_copies
from chromapal.errors import InputError, NoSpaceError
from chromapal.files import write_json
from chromapal.worms import skipped
from chromapal.worms.nwb import reader
from tests.nwb_files import SHAPE, write_nwb

pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
MODEL = {"study": "s", "version": "1", "code_digest": "c", "lock_digest": "l"}


def rows_of(file, worm):
    """What the model said of one worm's three neurons."""
    rows = pd.DataFrame({"file": str(file), "lab": "EY", "worm": worm, "neuron": range(3)})
    for column in "xyz":
        rows[column] = range(3)
    for colour in ("red", "green", "blue"):
        rows[[colour, f"{colour}_sd", f"{colour}_shown"]] = 0.5
    for place, answer in enumerate(ANSWERS, start=1):
        rows[answer] = "AVAL"
        rows["probability" if place == 1 else f"probability{place}"] = 0.2
    return rows.assign(status="model", anchor="", channels_used="gray")


@pytest.fixture
def job(tmp_path):
    """Return what copies two worms, whose files a test may spoil first."""
    worms = tmp_path / "new"
    files = [write_nwb(worms / "EY" / f"w{n}.nwb", identifier=f"w{n}") for n in range(2)]
    write_json({"shape": SHAPE, "spacing": [0.5, 0.25, 2.0]}, tmp_path / "facts.json")
    table = pd.concat([rows_of(file, file.stem) for file in files])
    table.to_parquet(tmp_path / "neurons.parquet")
    facts = {str(file): str(tmp_path / "facts.json") for file in files}

    def run(out="nwb"):
        neurons = tmp_path / "neurons.parquet"
        write_copies(neurons, facts, MODEL, worms, "2026-01-02", tmp_path / out)
        return tmp_path / out

    run.files = files
    return run


def written(folder):
    places = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in places}


def test_every_named_file_is_copied_to_the_folder_it_came_from(job):
    out = job()
    assert sorted(written(out)) == ["EY/w0.nwb", "EY/w1.nwb", "skipped.csv"]
    assert len(reader.read(out / "EY/w0.nwb")) == 3 and skipped.read(out / "skipped.csv").empty


def test_a_damaged_file_is_left_out_in_the_same_bytes_each_time(job):
    job.files[0].write_bytes(job.files[0].read_bytes()[:-1000])
    out = job()
    (entry,) = skipped.read(out / "skipped.csv").to_dict("records")
    assert (entry["file"], entry["lab"], entry["worm"]) == (str(job.files[0]), "EY", "w0")
    assert entry["reason"].startswith(f"{job.files[0]}: found a truncated HDF5 file")
    assert sorted(written(out)) == ["EY/w1.nwb", "skipped.csv"]
    assert written(out) == written(job("again"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.usefixtures("in_this_process")
def test_a_full_disk_ends_the_job_and_leaves_nobody_out(job, tmp_path, monkeypatch, number):
    ask, asked = os.posix_fallocate, []

    def second_is_too_much(*where):
        asked.append(where)
        if len(asked) == 2:
            raise OSError(number, os.strerror(number))
        ask(*where)

    monkeypatch.setattr(os, "posix_fallocate", second_is_too_much)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(NoSpaceError, match="no space left") as caught:
        job()
    assert caught.value.where == str(tmp_path / "nwb") and sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("in_this_process")
def test_a_copy_that_cannot_be_written_ends_the_job_under_its_own_name(job, tmp_path, monkeypatch):
    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "posix_fallocate", denied)
    with pytest.raises(InputError, match=r"no way to write it \(Permission denied\)") as caught:
        job()
    assert caught.value.where == str(tmp_path / "nwb" / "EY" / "w0.nwb")
    assert not isinstance(caught.value, NoSpaceError) and not (tmp_path / "nwb").exists()
