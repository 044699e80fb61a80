"""Where the runs of live cameras stand, for whoever goes on after a kill or a break of the stream."""

import asyncio
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from google.protobuf.message import DecodeError

from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.worker.agent.task import CameraTask

LONGEST_GAP = timedelta(seconds=10)
"""After a longer time without frames everybody in the picture is a stranger, as for the engine (`gap_s`)."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")

_log = structlog.get_logger(__name__)


def known_at(now: datetime, moment: datetime) -> bool:
    """Whether those who were in the picture at `moment` are still known by now."""
    return timedelta() <= now - moment <= LONGEST_GAP


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run after one of its records.

    Attributes:
        record: The record. It may be on disk, sent and stored already, or not yet.
        activate_time: When the camera had been activated.
        time_s: The engine's time at the record's end.
        engine: What the engine remembered.
    """

    record: CountsRecorded
    activate_time: datetime
    time_s: float
    engine: bytes

    @property
    def moment(self) -> datetime:
        """Capture time of the last frame that was counted on."""
        return self.record.end_time.ToDatetime(UTC)

    def serves(self, task: CameraTask, detector: str, now: datetime) -> bool:
        """Whether a run that begins now can go on from here: the same is counted, and not much was missed."""
        counted = (self.record.config_version, self.activate_time, self.record.detector)
        wanted = (task.config_version, task.activate_time, detector)
        return counted == wanted and known_at(now, self.moment)


class Checkpoints:
    """One file for each camera, replaced as a whole.

    A checkpoint is written before its record goes to the spool, and has the record in it. So whenever the process is
    killed, the last checkpoint is that of the last record in the spool or of the one that was to follow; whoever
    goes on from it spools its record again, under the same id, by which receivers know it. The files are not
    synced, since the kernel keeps them when a process dies; after a crash of the machine they are ignored.

    Args:
        folder: Where they are; created if missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._boot = _BOOT.read_text().strip()

    async def write(self, checkpoint: Checkpoint) -> None:
        """Return when a kill of this process leaves the checkpoint in place.

        Raises:
            OSError: The disk is full or broken.
        """
        await asyncio.to_thread(self._write, checkpoint)

    def forget(self, camera_id: str) -> None:
        """The camera's run is over: nobody goes on from it."""
        (self._folder / camera_id).unlink(missing_ok=True)

    def read(self, camera_id: str) -> Checkpoint | None:
        """The camera's checkpoint since the machine started; None if there is none, or a broken disk took it."""
        try:
            first, _, content = (self._folder / camera_id).read_bytes().partition(b"\n")
            header = json.loads(first)
            if header["boot"] != self._boot:
                return None
            length = header["record_bytes"]
            return Checkpoint(
                CountsRecorded.FromString(content[:length]),
                datetime.fromisoformat(header["activate_time"]),
                header["time_s"],
                content[length:],
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, DecodeError) as error:
            _log.error("checkpoint_unreadable", camera_id=camera_id, reason=str(error))
            return None

    def _write(self, checkpoint: Checkpoint) -> None:
        record = checkpoint.record.SerializeToString()
        header = {
            "boot": self._boot,
            "activate_time": checkpoint.activate_time.isoformat(),
            "time_s": checkpoint.time_s,
            "record_bytes": len(record),
        }
        file = self._folder / checkpoint.record.camera_id
        new = file.with_suffix(".new")
        new.write_bytes(json.dumps(header).encode() + b"\n" + record + checkpoint.engine)
        os.replace(new, file)
