"""Of a file in the archive little travels, and its table is that of the same file on a disk."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from chromapal.columns import SKIPPED
from chromapal.errors import InputError
from chromapal.provenance import PACKAGE
from chromapal.worms import skipped, table
from chromapal.worms.dandi import manifest, ranges, source, transfer
from chromapal.worms.dandi.manifest import Asset
from chromapal.worms.nwb import reader
from tests.archive import Archive
from tests.nwb_files import write_big, write_nwb

VERSION = "0.240101.0000"
DATA = Path(
    os.environ.get("CHROMAPAL_DATA", Path(__file__).resolve().parents[2] / "../shared/data")
)
REAL = DATA / "nwb/SK2/sub-2021-12-03-w00-NP1_ophys.nwb"
ANY = "sha256:" + "0" * 64
pytestmark = pytest.mark.filterwarnings("ignore::hdmf.build.warnings.MissingRequiredBuildWarning")


@pytest.fixture
def archive(monkeypatch):
    monkeypatch.setattr(transfer, "FIRST_WAIT", 0.0)
    with Archive() as archive:
        yield archive


class Study:
    """One published file, its manifest, and where its table goes."""

    def __init__(self, archive: Archive, folder: Path, file: Path, digest: dict | None = None):
        self.archive, self.folder, self.file = archive, folder, file
        self.asset = archive.add("000001", VERSION, "sub/w.nwb", file, digest or {"none": ""})
        self.manifest = folder / "m.csv"
        checksum = next((f"sha256:{value}" for value in (digest or {}).values()), ANY)
        facts = ("LAB", "000001", VERSION, self.asset, "sub/w.nwb", file.stat().st_size)
        manifest.write([Asset(*facts, checksum)], self.manifest)
        self.out = folder / "out/t.parquet", folder / "out/s.csv"

    def stream(self, **scales):
        source.stream(
            *(self.manifest, "LAB", self.asset, self.archive.api, self.folder / "cache"),
            *(scales, *self.out),
        )
        return table.read(self.out[0])

    def share(self) -> float:
        """Return the share of the file's bytes that travelled."""
        return self.archive.sent["blob"] / self.file.stat().st_size


def same(streamed: pd.DataFrame, local: pd.DataFrame) -> bool:
    return streamed.drop(columns=["file", "lab"]).equals(local.drop(columns="lab"))


@pytest.fixture
def study(archive, tmp_path):
    return Study(archive, tmp_path, write_nwb(tmp_path / "LAB/w.nwb"))


def test_a_streamed_table_is_that_of_the_file(study, caplog):
    with caplog.at_level("INFO"):
        streamed = study.stream(LAB=5000)
    assert same(streamed, reader.read(study.file, "LAB", {"LAB": 5000}))
    assert set(streamed["lab"]) == {"LAB"}
    assert set(streamed["file"]) == {f"dandi:000001/{VERSION}/sub/w.nwb"}
    assert skipped.read(study.out[1]).empty
    assert f"dandi:000001/{VERSION}/sub/w.nwb: fetched " in caplog.text


def test_a_second_table_fetches_nothing(study):
    first = study.stream()
    asked = len(study.archive.asked)
    assert study.stream().equals(first)
    assert len(study.archive.asked) == asked


@pytest.mark.skipif(not REAL.is_file(), reason=f"no real data in {DATA} (set CHROMAPAL_DATA)")
def test_a_quarter_of_a_real_file_is_enough(archive, tmp_path):
    study = Study(archive, tmp_path, REAL)
    assert same(study.stream(), reader.read(REAL))
    print(f"{archive.sent['blob']} bytes, {study.share():.4f}, {archive.count('blob')} requests")
    assert study.share() < 0.25


def test_five_per_cent_of_a_large_volume_are_enough(archive, tmp_path):
    study = Study(archive, tmp_path, write_big(tmp_path / "big.nwb"))
    assert study.file.stat().st_size > 395e6
    streamed = study.stream()
    print(f"{archive.sent['blob']} bytes, {study.share():.4f}, {archive.count('blob')} requests")
    assert study.share() < 0.05
    assert len(streamed) > 150 and same(streamed, reader.read(study.file))


@pytest.mark.parametrize("fault", [429, 500, "cut"])
def test_passing_faults_change_nothing(study, fault):
    local = reader.read(study.file)
    study.archive.faults["blob"].extend([None, fault, None, fault, fault])
    assert same(study.stream(), local)


@pytest.mark.parametrize(
    ("fault", "told"),
    [(500, "no success in"), ("cut", "a connection that was cut"), ("whole", "ignores ranges")],
)
def test_a_transfer_that_fails_leaves_no_table_and_loses_no_worm(study, monkeypatch, fault, told):
    # short reads, so that there are many that can fail: of metadata, of masks and of chunks
    monkeypatch.setattr(ranges, "AHEAD", 1)
    whole = study.stream()
    total = study.archive.count("blob")
    assert total > 6
    for good in (0, 1, total // 2, total - 1):
        for path in (*study.out, *(study.folder / "cache/ranges").iterdir()):
            path.unlink()
        study.archive.faults["blob"].extend([None] * good)
        study.archive.always["blob"] = fault
        with pytest.raises(InputError, match=told) as caught:
            study.stream()
        assert str(caught.value).startswith(f"dandi:000001/{VERSION}/sub/w.nwb: ")
        assert "\n" not in str(caught.value)
        assert not study.out[0].exists() and not study.out[1].exists()
        # the next run goes on where this one broke off
        study.archive.always.clear()
        before = study.archive.count("blob")
        assert study.stream().equals(whole)
        assert study.archive.count("blob") - before == total - good


def test_a_cache_that_cannot_be_written_to_is_one_line(study):
    (study.folder / "cache").write_text("a file where a folder belongs")
    with pytest.raises(InputError, match=r"cache/ranges/.*found no way to write it \(a file is"):
        study.stream()
    assert not study.out[0].exists()


@pytest.mark.parametrize("good", [0, 5])
def test_a_job_ends_with_one_line_whenever_its_transfer_fails(study, good):
    study.archive.faults["blob"].extend([None] * good)
    study.archive.always["blob"] = 418
    where = (str(study.manifest), "LAB", study.asset, study.archive.api, str(study.folder / "c"))
    code = f"""
from chromapal.console import job
from chromapal.worms.dandi import source
with job({str(study.folder / "log")!r}):
    source.stream(*{where!r}, {{}}, *{tuple(map(str, study.out))!r})
"""
    path = os.pathsep.join([str(PACKAGE.parent), *filter(None, sys.path)])
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(
        command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    # HDF5 that still holds a remote file when the process ends kills it with a signal
    assert done.returncode == 1
    line = f"error: dandi:000001/{VERSION}/sub/w.nwb: found status 418; expected the file's bytes"
    assert done.stderr.splitlines() == [line]


@pytest.mark.parametrize("kind", ["no hdf5", "cut short", "no nwb", "no volume"])
def test_a_file_that_cannot_be_used_is_left_out_with_its_reason(archive, tmp_path, kind):
    file = tmp_path / "w.nwb"
    if kind == "no hdf5":
        file.write_bytes(b"x" * 9000)
    elif kind == "no nwb":
        h5py.File(file, "w").close()
    else:
        write_nwb(file, volume=kind != "no volume")
    if kind == "cut short":
        file.write_bytes(file.read_bytes()[:-100])
    reason = {
        "no hdf5": "no HDF5 file", "cut short": "truncated", "no nwb": "an HDF5 file that is no",
        "no volume": "found no volume",
    }[kind]  # fmt: skip
    study = Study(archive, tmp_path, file)
    assert study.stream().empty
    (entry,) = skipped.read(study.out[1]).to_dict("records")
    assert entry["lab"] == "LAB" and entry["file"] == f"dandi:000001/{VERSION}/sub/w.nwb"
    assert reason in entry["reason"] and entry["reason"].startswith(entry["file"])


def test_what_the_study_leaves_out_is_listed_with_its_reason(study):
    out = study.folder / "left.csv"
    source.write_skipped_files(
        study.manifest, {"LAB": {"sub/w.nwb": "blurred"}, "X": {"y": "z"}}, out
    )
    (entry,) = skipped.read(out).to_dict("records")
    assert (entry["lab"], entry["stage"]) == ("LAB", "source")
    assert entry["reason"] == f"dandi:000001/{VERSION}/sub/w.nwb: blurred"
    assert np.array_equal(sorted(entry), sorted(SKIPPED))
