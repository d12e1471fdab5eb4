"""A file fetched whole is the archive's, byte for byte, or is not there."""

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from dandischema.digests.dandietag import DandiETag

from chromapal.errors import InputError
from chromapal.worms.dandi import manifest, source, transfer
from chromapal.worms.dandi.manifest import Asset
from tests.archive import Archive

VERSION = "0.240101.0000"
SIZE = 2_500_000
NAME = f"dandi:000001/{VERSION}/sub/w.nwb"


@pytest.fixture
def archive(monkeypatch, tmp_path):
    monkeypatch.setattr(transfer, "FIRST_WAIT", 0.0)
    with Archive() as archive:
        file = tmp_path / "published"
        file.write_bytes(np.random.default_rng(1).bytes(SIZE))
        archive.data = file.read_bytes()
        archive.identifier = archive.add("000001", VERSION, "sub/w.nwb", file)
        yield archive


@pytest.fixture
def out(tmp_path):
    return tmp_path / "files/LAB/w.nwb"


def fetch(archive, out, checksum=None, size=SIZE):
    checksum = checksum or f"sha256:{hashlib.sha256(archive.data).hexdigest()}"
    listed = out.parents[2] / "m.csv"
    asset = Asset("LAB", "000001", VERSION, archive.identifier, "sub/w.nwb", size, checksum)
    manifest.write([asset], listed)
    source.fetch(listed, "LAB", archive.identifier, archive.api, out)


def part(out):
    return out.with_name(".w.nwb.part")


def test_a_file_arrives_whole(archive, out):
    fetch(archive, out)
    assert out.read_bytes() == archive.data
    assert os.listdir(out.parent) == ["w.nwb"]
    assert archive.sent["blob"] == SIZE


def test_the_archives_own_digest_serves_too(archive, out, tmp_path):
    fetch(archive, out, f"dandi-etag:{DandiETag.from_file(tmp_path / 'published').as_str()}")
    assert out.read_bytes() == archive.data


@pytest.mark.parametrize("fault", [429, 500, "cut"])
def test_a_passing_fault_costs_little(archive, out, fault):
    archive.faults["blob"].extend([fault, fault])
    fetch(archive, out)
    assert out.read_bytes() == archive.data
    assert archive.sent["blob"] < SIZE + 3 * transfer.PIECE


def test_a_broken_transfer_is_taken_up(archive, out):
    archive.faults["blob"].extend(["cut"])
    archive.always["blob"] = 500
    with pytest.raises(InputError, match=f"^{NAME}: found no success.*what was received is kept"):
        fetch(archive, out)
    assert not out.exists() and 1_200_000 < part(out).stat().st_size <= SIZE // 2
    archive.always.clear()
    before = archive.sent["blob"]
    fetch(archive, out)
    assert out.read_bytes() == archive.data
    assert archive.sent["blob"] - before <= SIZE // 2 + 2 * transfer.PIECE


@pytest.mark.parametrize("begun", [0, 1_000_000])
def test_a_server_that_ignores_ranges_will_do(archive, out, begun):
    out.parent.mkdir(parents=True)
    part(out).write_bytes(archive.data[:begun])
    archive.always["blob"] = "whole"
    fetch(archive, out)
    assert out.read_bytes() == archive.data


@pytest.mark.parametrize("begun", [0, 1, SIZE - 1, SIZE, SIZE + 1])
def test_whatever_was_left_behind(archive, out, begun):
    out.parent.mkdir(parents=True)
    part(out).write_bytes((archive.data + b"x")[:begun])
    fetch(archive, out)
    assert out.read_bytes() == archive.data and not part(out).exists()
    assert archive.sent["blob"] == (SIZE - begun if begun <= SIZE else SIZE)


def test_a_damaged_beginning_is_fetched_anew(archive, out, caplog):
    out.parent.mkdir(parents=True)
    part(out).write_bytes(b"y" + archive.data[1:1_000_000])
    fetch(archive, out)
    assert out.read_bytes() == archive.data
    assert "the partial file of an earlier run is damaged" in caplog.text


def test_two_jobs_that_fetch_one_file_do_not_hurt_each_other(archive, out, monkeypatch, caplog):
    """The first stalls half way; the second must neither append to its beginning nor remove it."""
    stalled, waiting = threading.Event(), threading.Event()
    monkeypatch.setattr(source.LOGGER, "info", lambda text, *_: "waiting" in text and waiting.set())
    pieces = transfer.Transfer.pieces

    def slow(self, start, stop):
        for piece in pieces(self, start, stop):
            yield piece
            if not stalled.is_set():
                stalled.set()
                waiting.wait(5)

    monkeypatch.setattr(transfer.Transfer, "pieces", slow)
    with ThreadPoolExecutor(2) as jobs:
        first = jobs.submit(fetch, archive, out)
        assert stalled.wait(10)
        second = jobs.submit(fetch, archive, out)
        first.result(), second.result()
    assert waiting.is_set()
    assert out.read_bytes() == archive.data
    assert os.listdir(out.parent) == ["w.nwb"]
    assert archive.sent["blob"] == SIZE and caplog.text == ""


def test_a_place_that_cannot_be_written_to_is_one_line(archive, out):
    out.parent.parent.write_text("a file where a folder belongs")
    with pytest.raises(InputError, match=r"LAB/w\.nwb: found no way to write it \(a file is where"):
        fetch(archive, out)
    assert archive.count("blob") == 0


def test_what_lies_there_damaged_is_replaced(archive, out):
    out.parent.mkdir(parents=True)
    out.write_bytes(archive.data[:-1])
    fetch(archive, out)
    assert out.read_bytes() == archive.data


def test_a_wrong_checksum_is_refused(archive, out):
    with pytest.raises(InputError, match=f"^{NAME}: found sha256 [0-9a-f]{{64}}; expected 0000"):
        fetch(archive, out, "sha256:" + "0" * 64)
    assert list(out.parent.iterdir()) == []
    assert archive.count("blob") == 1


@pytest.mark.parametrize(
    ("kind", "fault", "told"),
    [
        ("download", 404, "no such file in the archive"),
        ("blob", 429, "no success in 9 attempts"),
    ],
)
def test_a_fault_that_stays_leaves_no_file(archive, out, kind, fault, told):
    archive.always[kind] = fault
    with pytest.raises(InputError, match=told):
        fetch(archive, out)
    assert not out.exists()
