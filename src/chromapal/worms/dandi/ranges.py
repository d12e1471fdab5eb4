"""A file object over a remote file: fetches what is read of it, and keeps that on disk."""

import fcntl
import io
import os
import struct
import zlib
from pathlib import Path

from chromapal.errors import InputError
from chromapal.files import writable
from chromapal.worms.dandi.transfer import Transfer

# What is fetched and kept is whole blocks of this many bytes.
BLOCK = 4096
# A read as small as this is one of HDF5's own records, which lie close together: fetch more.
SMALL, AHEAD = 4096, 8
_HEAD = struct.Struct("<QII")  # first byte, number of bytes, checksum


class RangeFile(io.RawIOBase):
    """Read a remote file by ranges.

    Ranges are kept in one file per remote file, as a log: each with its place, length and
    CRC-32, one after another. A process killed while it writes leaves a broken last entry, which
    the next one cuts off; nothing else is fetched again. A lock keeps two processes from writing
    the same log; the second waits, and then finds what the first has fetched.

    Parameters
    ----------
    transfer : Transfer
        Fetches ranges.
    log : path-like
        The file of ranges; parent folders are created, and it is an `InputError` where they cannot
        be.

    Attributes
    ----------
    failure : InputError or None
        Why a range could not be fetched; every later read fails with it. HDF5 and what reads
        with it wrap the errors of a read in their own, so that readers look here.
    """

    def __init__(self, transfer: Transfer, log: str | os.PathLike):
        super().__init__()
        self.transfer = transfer
        self.failure: InputError | None = None
        self._position = 0
        self._places: dict[int, int] = {}  # block -> where its bytes begin in the log
        with writable(log):
            Path(log).parent.mkdir(parents=True, exist_ok=True)
            self._log = open(log, "a+b", buffering=0)  # noqa: SIM115 (closed by `close`)
        fcntl.flock(self._log, fcntl.LOCK_EX)
        self._end = self._recover()
        self.kept = self._end

    def _recover(self) -> int:
        """Index what earlier processes have fetched; cut off what is broken."""
        size, at = os.fstat(self._log.fileno()).st_size, 0
        while at + _HEAD.size <= size:
            head = os.pread(self._log.fileno(), _HEAD.size, at)
            first, length, checksum = _HEAD.unpack(head)
            uneven = length % BLOCK and first + length != self.transfer.size
            if not length or at + _HEAD.size + length > size or first % BLOCK or uneven:
                break
            data = os.pread(self._log.fileno(), length, at + _HEAD.size)
            if _checksum(first, data) != checksum:
                break
            self._index(first, length, at + _HEAD.size)
            at += _HEAD.size + length
        self._log.truncate(at)
        return at

    def _index(self, first: int, length: int, place: int):
        for offset in range(0, length, BLOCK):
            self._places[(first + offset) // BLOCK] = place + offset

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def seekable(self) -> bool:
        """Say that this can be read anywhere."""
        return True

    def tell(self) -> int:
        """Give the position [bytes]."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position [bytes]."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.transfer.size}
        self._position = origin[whence] + offset
        return self._position

    def readinto(self, buffer) -> int:
        """Fill a buffer, short only at the end of the file.

        Raises
        ------
        InputError
            A range could not be fetched.
        OSError
            A range could not be kept, or one could not be fetched before.
        """
        start = self._position
        stop = min(start + len(buffer), self.transfer.size)
        if stop <= start:
            return 0
        blocks = range(start // BLOCK, -(-stop // BLOCK))
        self._fetch(blocks, AHEAD if stop - start <= SMALL else 0)
        # neighbours in the file are often neighbours in the log: read those at once
        data = b"".join(self._kept(blocks))
        buffer[: stop - start] = data[start - blocks.start * BLOCK :][: stop - start]
        self._position = stop
        return stop - start

    def _kept(self, blocks: range):
        run, length = self._places[blocks.start], 0
        for block in blocks:
            if self._places[block] != run + length:
                yield os.pread(self._log.fileno(), length, run)
                run, length = self._places[block], 0
            length += min(BLOCK, self.transfer.size - block * BLOCK)
        yield os.pread(self._log.fileno(), length, run)

    def _fetch(self, blocks: range, ahead: int):
        if self.failure is not None:
            raise OSError(str(self.failure))
        missing = [block for block in blocks if block not in self._places]
        while missing and len(missing) < ahead and missing[-1] + 1 not in self._places:
            missing.append(missing[-1] + 1)
        ends = [k for k, block in enumerate(missing, 1) if block + 1 not in missing[k : k + 1]]
        for begin, end in zip([0, *ends], ends, strict=False):
            self._fetch_run(missing[begin] * BLOCK, (missing[end - 1] + 1) * BLOCK)

    def _fetch_run(self, start: int, stop: int):
        try:
            self._keep(start, self.transfer.read(start, min(stop, self.transfer.size)))
        except InputError as error:
            # one of its own: that which is raised holds on to HDF5's objects, by its traceback,
            # and HDF5 does not survive such objects at the end of the process
            self.failure = InputError(error.where, error.found, error.expected, error.advice)
            raise
        except OSError as error:
            found = f"no way to write ({error.strerror})"
            self.failure = InputError(self._log.name, found, "room on the disk")
            raise

    def _keep(self, first: int, data: bytes):
        entry = _HEAD.pack(first, len(data), _checksum(first, data)) + data
        if self._log.write(entry) != len(entry):
            raise OSError(0, "the disk is full")
        self._index(first, len(data), self._end + _HEAD.size)
        self._end += len(entry)

    def close(self):
        """Let go of the log and of the connection."""
        if not self.closed:
            self._log.close()
            self.transfer.close()
        super().close()


def _checksum(first: int, data: bytes) -> int:
    return zlib.crc32(data, first & 0xFFFFFFFF)
