"""What is no fault of a file stops the job that reads it; the next run reads the file."""

import errno
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from chromapal.apply import read as apply_read
from chromapal.apply.plan import Source
from chromapal.console import job
from chromapal.errors import InputError, PassingError, passing
from chromapal.worms import load, registry, table
from chromapal.worms.dandi import ranges
from chromapal.worms.nwb import contents, reader
from tests.nwb_files import write_nwb

pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")
PASSING = {
    errno.EAGAIN: "open in another program",
    errno.EACCES: "no permission to read it",
    errno.EIO: "a disk that fails (Input/output error)",
    errno.ESTALE: "a disk that fails",
    errno.ETIMEDOUT: "a disk that fails",
    errno.ENOLCK: "a disk without locks (error 37)",
    524: "a disk without locks (error 524)",
}


@pytest.fixture
def path(tmp_path):
    return write_nwb(tmp_path / "EY" / "w.nwb")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "t.parquet", tmp_path / "s.csv"


@pytest.mark.parametrize("number", PASSING)
def test_an_error_is_known_by_its_number_or_by_the_number_in_its_text(number):
    for error in (
        OSError(number, "text"),
        OSError(f"Unable to open file (unable to lock file, errno = {number}, message = '')"),
        OSError(f"[Errno {number}] Failed to open local file"),
    ):
        assert PASSING[number] in str(passing(error, "w.csv"))


def test_damage_is_no_passing_error():
    for error in (
        OSError("truncated file: eof = 96, sblock->base_addr = 0, stored_eof = 2048"),
        FileNotFoundError(errno.ENOENT, "No such file"), ValueError("errno = 5"),
        OSError(errno.EINVAL, "Invalid argument"), InputError("w", "a", "b"),
    ):  # fmt: skip
        assert passing(error, "w") is None


def test_a_file_open_in_another_program_is_read_by_the_next_run(path, out):
    with (
        h5py.File(path, "r+"),
        pytest.raises(PassingError, match=r"w\.nwb: found a file that is open in another program"),
    ):
        load.load([(str(path), "")], "nwb", {}, *out)
    assert not out[0].exists() and not out[1].exists()
    load.load([(str(path), "")], "nwb", {}, *out)
    assert len(table.read(out[0])) == 3


def test_a_batch_is_read_to_its_end_before_it_stops(tmp_path, out, monkeypatch, caplog):
    paths = [tmp_path / "EY" / f"{name}.csv" for name in "abcd"]
    paths[0].parent.mkdir()
    own = registry.source("tables")
    attempts = []

    def read(path, lab, full_scales):
        attempts.append(Path(path).stem)
        if attempts[-1] in "ac":
            raise OSError(errno.EACCES, "Permission denied", path)
        raise InputError(path, "nothing", "rows")

    monkeypatch.setattr(type(own), "read", staticmethod(read))
    with pytest.raises(PassingError, match=r"c\.csv: found no permission to read it"):
        load.load([(str(path), "") for path in paths], "tables", {}, *out)
    assert attempts == list("abcd") and "a.csv: found no permission to read it" in caplog.text
    assert not out[0].exists() and not out[1].exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, 524])
def test_a_disk_without_locks_is_read_without_them(path, monkeypatch, number):
    own = h5py.File

    def no_locks(*arguments, **options):
        if options.get("locking") is not False:
            raise OSError(f"unable to lock file, errno = {number}, error message = ''")
        return own(*arguments, **options)

    expected = reader.read(path)
    monkeypatch.setattr(contents.h5py, "File", no_locks)
    assert reader.read_here(path).equals(expected)


def volume(path):
    tifffile.imwrite(path, np.zeros((2, 3, 4), np.uint16))
    path.with_suffix(".csv").write_text("x,y,z\n1,1,1\n")


def text(path):
    path.write_text("worm,x\n")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
@pytest.mark.parametrize(
    ("name", "kind", "make"),
    [
        ("w.csv", "tables", text),
        ("w.parquet", "tables", lambda path: table.write(table.empty(), path)),
        ("w.tif", "volumes", volume),
    ],
)
def test_every_reader_stops_for_what_passes(tmp_path, out, monkeypatch, number, name, kind, make):
    path = tmp_path / name
    make(path)

    def denied(*_, **__):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "open", denied)
    monkeypatch.setattr("pyarrow.parquet.ParquetFile", denied)
    monkeypatch.setattr(tifffile, "TiffFile", denied)
    centres = str(path.with_suffix(".csv")) if kind == "volumes" else ""
    source = Source(str(path), kind, centres)
    with pytest.raises(PassingError, match="then give the same command again"):
        options = apply_read.ReadOptions()
        apply_read.load({"w": vars(source)}, options, out[0], tmp_path / "facts", out[1])
    with pytest.raises(PassingError, match="then give the same command again"):
        apply_read.read(path)
    if kind == "tables":
        with pytest.raises(PassingError, match=name):
            load.load([(str(path), "")], kind, {}, *out)
    assert not out[0].exists() and not out[1].exists()


def test_the_job_ends_with_the_line(tmp_path, capsys):
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        raise PassingError("w.nwb", "a lock", "none", "wait")
    assert capsys.readouterr().err == "error: w.nwb: found a lock; expected none; wait\n"


def test_a_cache_on_a_disk_without_locks_is_one_line(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(ranges.fcntl, "flock", refused)
    with pytest.raises(PassingError, match=r"log: found a disk without locks \(error 37\)"):
        ranges.RangeFile(None, tmp_path / "log")
