"""Bytes travel once, survive what can be survived, and end in one line otherwise."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest

from chromapal.errors import InputError
from chromapal.provenance import PACKAGE
from chromapal.worms.dandi import ranges, transfer
from chromapal.worms.dandi.ranges import BLOCK, RangeFile
from chromapal.worms.dandi.transfer import TRIES, Transfer, stated_wait
from tests.archive import Archive

SIZE = 300_001
KEY = "secret-key"


@pytest.fixture
def archive():
    with Archive() as archive:
        yield archive


@pytest.fixture
def data(tmp_path, archive):
    """Publish a file of random bytes."""
    path = tmp_path / "file"
    path.write_bytes(np.random.default_rng(1).bytes(SIZE))
    archive.identifier = archive.add("000001", "0.240101.0000", "sub/f.nwb", path)
    return path.read_bytes()


@pytest.fixture
def waits():
    return []


@pytest.fixture
def connected(archive, data, waits):
    """Return the published file's transfer, which notes waits instead of waiting."""
    url = f"{archive.api}/assets/{archive.identifier}/download/"
    link = Transfer(url, "dandi:f", SIZE, KEY, sleep=waits.append)
    yield link
    link.close()


def line_of(action) -> str:
    with pytest.raises(InputError) as caught:
        action()
    line = str(caught.value)
    assert "\n" not in line and "127.0.0.1" not in line and "signature" not in line
    assert KEY not in line and line.startswith("dandi:f: ")
    return line


def test_a_range_is_fetched_and_the_redirect_followed_once(archive, data, connected):
    assert connected.read(10, 20) == data[10:20]
    assert connected.read(SIZE - 5, SIZE) == data[-5:]
    assert connected.read(0, SIZE) == data
    assert archive.count("download") == 1 and archive.count("blob") == 3
    assert connected.received == archive.sent["blob"] == 15 + SIZE


def test_the_key_goes_to_the_archive_alone(archive, connected, caplog):
    archive.token = KEY
    with caplog.at_level("DEBUG"):
        connected.read(0, 10)
        connected.read(10, 20)
    sent = {kind: headers.get("Authorization") for kind, headers in archive.asked}
    assert sent == {"download": f"token {KEY}", "blob": None}
    assert KEY not in caplog.text


@pytest.mark.parametrize("kind", ["download", "blob"])
@pytest.mark.parametrize("fault", [429, 500, 503, 408])
def test_a_passing_fault_is_waited_for(archive, data, connected, waits, kind, fault):
    archive.faults[kind].extend([fault, fault, fault])
    assert connected.read(5, 50) == data[5:50]
    bounds = [(0.25, 0.75), (0.5, 1.5), (1.0, 3.0)]
    assert len(waits) == 3
    assert all(low <= wait <= high for wait, (low, high) in zip(waits, bounds, strict=True))


def test_the_server_says_how_long_to_wait(archive, data, connected, waits):
    archive.faults["blob"].append((429, {"Retry-After": "7"}))
    assert connected.read(5, 50) == data[5:50]
    assert len(waits) == 1 and 7 <= waits[0] <= 7.5


def test_a_wait_that_nobody_would_sit_through_ends_the_transfer(archive, connected, waits):
    archive.always["blob"] = (429, {"Retry-After": "86400"})
    assert "status 429, with a requested wait of 86400 s" in line_of(lambda: connected.read(0, 9))
    assert waits == []


def test_retry_after_may_be_a_date_or_nonsense():
    assert stated_wait("12") == 12
    assert 25 < stated_wait(format_datetime(datetime.now(UTC) + timedelta(seconds=30))) <= 30
    assert stated_wait(format_datetime(datetime.now(UTC) - timedelta(days=1))) == 0
    assert stated_wait("") is None and stated_wait("soon") is None
    assert stated_wait("Mon, 01 Jan 2024 00:00:00 +" + "9" * 20) is None


def test_what_came_before_a_cut_is_kept(archive, data, connected, waits):
    archive.faults["blob"].extend(["cut", "cut"])
    assert connected.read(0, SIZE) == data
    assert len(waits) == 2
    # half, then half of the rest, then the rest; a piece on the wire may be lost
    assert archive.sent["blob"] < SIZE + 2 * transfer.PIECE


@pytest.mark.parametrize("fault", [500, "cut", "shifted"])
def test_a_fault_that_stays_ends_in_one_line(archive, connected, waits, fault):
    archive.always["blob"] = fault
    line = line_of(lambda: connected.read(0, 2))
    assert f"no success in {TRIES} attempts" in line and "what was received is kept" in line
    assert len(waits) == TRIES - 1 and max(waits) <= 90


def test_nobody_there(archive, connected, waits):
    archive.__exit__()
    line = line_of(lambda: connected.read(0, 2))
    assert "no connection (ConnectionError)" in line
    archive.__enter__()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (404, "no such file in the archive (status 404)"),
        (403, "a valid token in DANDI_API_KEY"),
        (418, "status 418"),
    ],
)
def test_a_fault_that_no_try_can_mend_is_told_at_once(archive, connected, waits, fault, told):
    archive.always["download"] = fault
    assert told in line_of(lambda: connected.read(0, 9))
    assert waits == [] and archive.count("download") == 1


def test_a_server_that_ignores_ranges_is_not_listened_to(archive, connected, tmp_path):
    big = tmp_path / "big"
    with open(big, "wb") as file:
        file.truncate(200_000_000)
    archive.files[archive.identifier] |= {"file": big, "size": 200_000_000}
    archive.always["blob"] = "whole"
    line = line_of(lambda: connected.read(4096, 8192))
    assert "ignores ranges" in line and "dandi.download: true" in line
    # what the sockets' buffers hold may be under way
    assert archive.sent["blob"] < 20_000_000 and archive.count("blob") == 1


def test_a_file_that_changed_its_size_is_refused(archive, connected):
    archive.files[archive.identifier]["size"] = SIZE - 1
    assert f"a file of {SIZE - 1} bytes" in line_of(lambda: connected.read(0, 9))


def test_an_address_that_expires_is_asked_for_again(archive, data, connected, waits):
    connected.read(0, 9)
    archive.signature += 1
    assert connected.read(9, 20) == data[9:20]
    assert archive.count("download") == 2 and max(waits) < 1


@pytest.fixture
def remote(connected, tmp_path):
    with RangeFile(connected, tmp_path / "cache/log") as remote:
        yield remote


def test_a_remote_file_reads_like_a_local_one(remote, data):
    generator = np.random.default_rng(2)
    for _ in range(50):
        start, length = (int(generator.integers(0, limit)) for limit in (SIZE, 30_000))
        assert remote.seek(start) == start
        assert remote.read(length) == data[start : start + length]
        assert remote.tell() == min(start + length, SIZE)
    assert remote.seek(-7, os.SEEK_END) == SIZE - 7 and remote.read() == data[-7:]
    assert remote.read(5) == b""
    assert remote.seek(0) == 0 and remote.seek(3, os.SEEK_CUR) == 3
    assert remote.transfer.received == sum(
        min(BLOCK, SIZE - block * BLOCK) for block in remote._offsets
    )


def again(archive, path) -> RangeFile:
    url = f"{archive.api}/assets/{archive.identifier}/download/"
    return RangeFile(Transfer(url, "dandi:f", SIZE, sleep=lambda _: None), path)


def test_what_was_fetched_once_is_not_fetched_again(archive, data, remote, tmp_path):
    remote.read(50_000)
    remote.close()
    with again(archive, tmp_path / "cache/log") as other:
        assert other.read(50_000) == data[:50_000]
        assert other.transfer.requests == 0
        other.seek(SIZE - 10)
        assert other.read(10) == data[-10:] and other.transfer.requests == 1


@pytest.mark.parametrize("harm", ["half", "head", "zeros", "flip", "junk", "huge"])
def test_a_half_written_entry_is_cut_off(archive, data, remote, tmp_path, harm):
    log = tmp_path / "cache/log"
    remote.read(50_000)
    first = log.stat().st_size
    remote.seek(200_000)
    remote.read(50_000)
    remote.close()
    raw = bytearray(log.read_bytes())
    {
        "half": lambda: raw.__delitem__(slice(first + 9000, None)),
        "head": lambda: raw.__delitem__(slice(first + 5, None)),
        "zeros": lambda: raw.__setitem__(slice(first, None), bytes(len(raw) - first)),
        "flip": lambda: raw.__setitem__(-1, raw[-1] ^ 1),
        "junk": lambda: raw.extend(os.urandom(5000)),
        "huge": lambda: raw.extend(ranges._HEAD.pack(0, 0xFFFFFFFF, 0)),
    }[harm]()
    log.write_bytes(raw)
    with again(archive, log) as other:
        assert other.read(50_000) == data[:50_000] and other.transfer.requests == 0
        other.seek(200_000)
        assert other.read(50_000) == data[200_000:250_000]
        assert other.transfer.requests == (0 if harm in ("junk", "huge") else 1)
    with again(archive, log) as third:
        third.seek(200_000)
        assert third.read(50_000) == data[200_000:250_000] and third.transfer.requests == 0


def test_a_killed_process_leaves_what_it_fetched(archive, data, tmp_path):
    log = tmp_path / "log"
    code = f"""
from chromapal.worms.dandi.ranges import RangeFile
from chromapal.worms.dandi.transfer import Transfer
url = "{archive.api}/assets/{archive.identifier}/download/"
with RangeFile(Transfer(url, "dandi:f", {SIZE}), {str(log)!r}) as remote:
    while remote.read(5000):
        pass
    while True:
        remote.seek(0)
        remote._offsets.clear()
        remote.read({SIZE})
"""
    source = {"PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), *filter(None, sys.path)])}
    process = subprocess.Popen([sys.executable, "-c", code], env=source)
    while not log.exists() or log.stat().st_size < 4 * SIZE:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    with again(archive, log) as other:
        assert other.read(SIZE) == data and other.transfer.requests == 0


def test_a_failed_range_is_remembered_and_not_asked_for_again(archive, remote):
    archive.always["download"] = 404
    assert "no such file" in line_of(lambda: remote.read(10))
    with pytest.raises(OSError, match="no such file"):
        remote.read(10)
    assert archive.count("download") == 1
    assert isinstance(remote.failure, InputError)


def test_long_transfers_tell_how_far_they_are(archive, connected, monkeypatch, caplog):
    monkeypatch.setattr(transfer, "LOG_INTERVAL", 0.0)
    with caplog.at_level("INFO"):
        time.sleep(0.01)
        connected.read(0, SIZE)
    assert "dandi:f: fetched 0.07 of 0.3 MB in 1 requests so far" in caplog.text
