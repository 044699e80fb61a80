"""An append-only journal on disk, with a cursor that says up to where it has been sent."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from tally.worker.agent.spool.segment import Segment

SEGMENT_BYTES = 4 * 1024 * 1024

_log = structlog.get_logger(__name__)


class SpoolFull(Exception):
    """There is no room for another record: what is there must be sent first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as read back.

    Attributes:
        payload: What was appended.
        end: Position behind it, for `acknowledge`.
    """

    payload: bytes
    end: int


class Spool:
    """Records in files of about `segment_bytes`, deleted as soon as all they hold is acknowledged.

    Once `append` returns, a record outlives a crash of the process and of the machine. A crash during
    `append` leaves none of its records or some of the first ones. One thread may append while another
    reads and acknowledges; one process owns the folder.

    Args:
        folder: Where the files are; created if missing.
        max_bytes: Size beyond which nothing more is accepted, so that the oldest is kept.
        segment_bytes: Size at which a new file begins.

    Attributes:
        max_bytes: That size.
        full: Whether there was no room for what was last to be appended.

    Raises:
        OSError: The folder cannot be written, or another process owns it.
    """

    def __init__(self, folder: Path, *, max_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.max_bytes = max_bytes
        self._segment_bytes = segment_bytes
        self._lock = (folder / "lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise OSError(f"another worker uses the spool in {folder}: give each its own") from None
        self._cursor = folder / "cursor"
        sent = self._read_cursor()
        self._segments = [Segment(folder, start) for start in Segment.starts(folder) or [sent]]
        if torn := self._segments[-1].cut_torn_tail():
            _log.warning("spool_tail_cut", bytes=torn, folder=str(folder))
        self.full = False
        self._sent = min(max(sent, self._segments[0].start), self.end)

    @property
    def end(self) -> int:
        """Position behind the last record."""
        return self._segments[-1].end

    @property
    def backlog(self) -> int:
        """Bytes that are not acknowledged yet."""
        return self.end - self._sent

    def append(self, payloads: Sequence[bytes]) -> None:
        """Store records and wait until the disk has them.

        Raises:
            SpoolFull: There is no room.
            OSError: The disk is full or broken; nothing was stored.
        """
        used = self.end - self._segments[0].start
        self.full = used + sum(map(len, payloads)) > self.max_bytes
        if self.full:
            raise SpoolFull(
                f"the spool in {self._folder} holds {self.max_bytes} bytes that NATS has not taken yet"
            )
        if self.end - self._segments[-1].start >= self._segment_bytes:
            self._segments.append(Segment(self._folder, self.end))
        self._segments[-1].append(payloads)

    def read(self, position: int | None = None) -> Iterator[Entry]:
        """Yields the records from `position` on; by default those that are not acknowledged yet."""
        position = self._sent if position is None else position
        for segment in list(self._segments):
            end = segment.end
            if end <= position:
                continue
            begin = position = max(position, segment.start)
            for payload, position in segment.read(begin):
                yield Entry(payload, position)
            if position < end:
                _log.error("spool_damaged", bytes=end - position, folder=str(self._folder))

    def acknowledge(self, position: int) -> None:
        """Remember that everything before `position` has been sent, and delete files that hold nothing else."""
        self._sent = position
        new = self._cursor.with_suffix(".new")
        new.write_text(str(position))
        os.replace(new, self._cursor)
        while len(self._segments) > 1 and self._segments[0].end <= position:
            self._segments.pop(0).remove()

    def _read_cursor(self) -> int:
        """The cursor; 0 if there is none or a crash took it: what is sent again is stored once all the same."""
        try:
            return int(self._cursor.read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def close(self) -> None:
        """Release the files."""
        for segment in self._segments:
            segment.close()
        self._lock.close()
