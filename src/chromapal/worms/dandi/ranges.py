"""A file object for a remote file that fetches the parts being read, and caches them on disk."""

import fcntl
import io
import os
import struct
import zlib
from pathlib import Path

from chromapal.errors import InputError, passing
from chromapal.files import writable
from chromapal.worms.dandi.transfer import Transfer

# Whole blocks of this many bytes are fetched and cached.
BLOCK = 4096
# Such small reads are HDF5's own records, which lie close together: fetch more at once.
SMALL, AHEAD = 4096, 8
_HEAD = struct.Struct("<QII")  # first byte, number of bytes, checksum


class RangeFile(io.RawIOBase):
    """Read a remote file by ranges.

    Ranges are cached in one log file per remote file, each with its offset, length and CRC-32. A
    process killed while writing leaves a broken last entry, which the next process removes; nothing
    else is fetched again. A lock prevents two processes from writing the same log; the second one
    waits, and then uses what the first has fetched.

    Parameters
    ----------
    transfer : Transfer
        Fetches ranges.
    log : path-like
        The log file; parent folders are created, with an `InputError` if that fails.

    Attributes
    ----------
    failure : InputError or None
        Why a range could not be fetched; every later read fails with it. HDF5 and its
        users wrap read errors in their own, so that callers check this attribute.
    """

    def __init__(self, transfer: Transfer, log: str | os.PathLike):
        super().__init__()
        self.transfer = transfer
        self.failure: InputError | None = None
        self._position = 0
        self._offsets: dict[int, int] = {}  # block -> where its bytes begin in the log
        with writable(log):
            Path(log).parent.mkdir(parents=True, exist_ok=True)
            self._log = open(log, "a+b", buffering=0)  # noqa: SIM115 (closed by `close`)
        try:
            fcntl.flock(self._log, fcntl.LOCK_EX)
        except OSError as error:
            self._log.close()
            raise passing(error, log) or error from None
        self._end = self._recover()
        self.cached = self._end

    def _recover(self) -> int:
        """Index what earlier processes have fetched; remove a broken end."""
        size, position = os.fstat(self._log.fileno()).st_size, 0
        while position + _HEAD.size <= size:
            head = os.pread(self._log.fileno(), _HEAD.size, position)
            first, length, checksum = _HEAD.unpack(head)
            uneven = length % BLOCK and first + length != self.transfer.size
            if not length or position + _HEAD.size + length > size or first % BLOCK or uneven:
                break
            data = os.pread(self._log.fileno(), length, position + _HEAD.size)
            if _checksum(first, data) != checksum:
                break
            self._index(first, length, position + _HEAD.size)
            position += _HEAD.size + length
        self._log.truncate(position)
        return position

    def _index(self, first: int, length: int, start_in_log: int):
        for offset in range(0, length, BLOCK):
            self._offsets[(first + offset) // BLOCK] = start_in_log + offset

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position [bytes]."""
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
            A range could not be written, or an earlier one could not be fetched.
        """
        start = self._position
        stop = min(start + len(buffer), self.transfer.size)
        if stop <= start:
            return 0
        blocks = range(start // BLOCK, -(-stop // BLOCK))
        self._fetch(blocks, AHEAD if stop - start <= SMALL else 0)
        # blocks adjacent in the file are often adjacent in the log: read those at once
        data = b"".join(self._cached(blocks))
        buffer[: stop - start] = data[start - blocks.start * BLOCK :][: stop - start]
        self._position = stop
        return stop - start

    def _cached(self, blocks: range):
        run, length = self._offsets[blocks.start], 0
        for block in blocks:
            if self._offsets[block] != run + length:
                yield os.pread(self._log.fileno(), length, run)
                run, length = self._offsets[block], 0
            length += min(BLOCK, self.transfer.size - block * BLOCK)
        yield os.pread(self._log.fileno(), length, run)

    def _fetch(self, blocks: range, ahead: int):
        if self.failure is not None:
            raise OSError(str(self.failure))
        missing = [block for block in blocks if block not in self._offsets]
        while missing and len(missing) < ahead and missing[-1] + 1 not in self._offsets:
            missing.append(missing[-1] + 1)
        ends = [k for k, block in enumerate(missing, 1) if block + 1 not in missing[k : k + 1]]
        for begin, end in zip([0, *ends], ends, strict=False):
            self._fetch_run(missing[begin] * BLOCK, (missing[end - 1] + 1) * BLOCK)

    def _fetch_run(self, start: int, stop: int):
        try:
            self._store(start, self.transfer.read(start, min(stop, self.transfer.size)))
        except InputError as error:
            # a copy: the traceback of the raised error refers to HDF5's objects, and HDF5 crashes
            # if these still exist at the end of the process
            self.failure = InputError(error.where, error.found, error.expected, error.advice)
            raise
        except OSError as error:
            found = f"no way to write ({error.strerror})"
            self.failure = InputError(self._log.name, found, "free space on the disk")
            raise

    def _store(self, first: int, data: bytes):
        entry = _HEAD.pack(first, len(data), _checksum(first, data)) + data
        if self._log.write(entry) != len(entry):
            raise OSError(0, "the disk is full")
        self._index(first, len(data), self._end + _HEAD.size)
        self._end += len(entry)

    def close(self):
        """Close the log and the connection."""
        if not self.closed:
            self._log.close()
            self.transfer.close()
        super().close()


def _checksum(first: int, data: bytes) -> int:
    return zlib.crc32(data, first & 0xFFFFFFFF)
