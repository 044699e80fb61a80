"""Keeps what a worker says of a camera's stream."""

from dataclasses import dataclass

from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.stream import StreamStatus
from tally.kernel.clock import Clock
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStreamStatus(Command[None]):
    """Keeps the newest status of each active camera's stream, in whatever order they arrive.

    Attributes:
        camera_id: The camera.
        epoch: The assignment under which the worker runs it.
        status: What the worker said.
    """

    camera_id: str
    epoch: int
    status: StreamStatus


@dataclass(frozen=True, slots=True)
class RecordStreamStatusHandler:
    """Handles it.

    Attributes:
        clock: Says when a saga that waited for it is looked at.
    """

    clock: Clock

    async def __call__(self, command: RecordStreamStatus, work: UnitOfWork) -> None:
        """Keep the status unless something newer is known or the camera is not counted any more."""
        await work.stream_statuses.record(command.camera_id, command.epoch, command.status)
        await work.sagas.wake(command.camera_id, self.clock())
