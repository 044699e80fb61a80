"""One file of the spool: records, each behind its length and its checksum."""

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

_LENGTH = struct.Struct("<I")
_HEADER = struct.Struct(
    "<II"
)  # the payload's length, then the CRC-32 of that length and the payload
MAX_PAYLOAD = 8 * 1024 * 1024
"""Longest payload in bytes; a greater length in a file is damage."""


class Segment:
    """A file that records are appended to and read from by position.

    Positions are those of the whole spool: this file's first byte stands at `start`.

    Args:
        folder: Where the file is, or is created.
        start: Position of its first byte; the file is named after it.
    """

    def __init__(self, folder: Path, start: int) -> None:
        self.start = start
        self._path = folder / f"{start:016x}.records"
        is_new = not self._path.exists()
        self._file = self._path.open("ab", buffering=0)
        self.end = start + self._path.stat().st_size
        if is_new:
            sync_folder(folder)

    @staticmethod
    def starts(folder: Path) -> list[int]:
        """Start positions of all segments in a folder, in order."""
        return sorted(int(path.stem, 16) for path in folder.glob("*.records"))

    def append(self, payloads: Sequence[bytes]) -> None:
        """Add records and wait until the disk has them: all of them, or none.

        Raises:
            OSError: The disk is full or broken.
        """
        left = memoryview(b"".join(map(_framed, payloads)))
        end = self.end + len(left)
        try:
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._cut(self.end)
            raise
        self.end = end

    def read(self, position: int) -> Iterator[tuple[bytes, int]]:
        """Yields payloads from `position` on, each with the position behind it, up to the end or to damage.

        What another thread is appending meanwhile is left for the next time.
        """
        end = self.end
        with self._path.open("rb") as file:
            file.seek(position - self.start)
            while position < end:
                header = file.read(_HEADER.size)
                if len(header) < _HEADER.size:
                    return
                length, checksum = _HEADER.unpack(header)
                payload = file.read(length) if length <= MAX_PAYLOAD else b""
                if len(payload) < length or _checksum(payload) != checksum:
                    return
                position += _HEADER.size + length
                yield payload, position

    def cut_torn_tail(self) -> int:
        """Remove what a crash left half written; returns how many bytes that were."""
        whole = max((end for _, end in self.read(self.start)), default=self.start)
        torn = self.end - whole
        if torn:
            self._cut(whole)
            self.end = whole
        return torn

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def remove(self) -> None:
        """Delete the file."""
        self.close()
        self._path.unlink()

    def _cut(self, position: int) -> None:
        os.ftruncate(self._file.fileno(), position - self.start)
        os.fsync(self._file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's list of files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _framed(payload: bytes) -> bytes:
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a record of {len(payload)} bytes is too long for the spool")
    return _HEADER.pack(len(payload), _checksum(payload)) + payload


def _checksum(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(len(payload))))
