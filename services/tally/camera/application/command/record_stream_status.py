"""Keeps what a worker says of a camera's stream."""

from dataclasses import dataclass

from tally.camera.domain.ports import Begin
from tally.camera.domain.stream import StreamStatus


@dataclass(frozen=True, slots=True)
class RecordStreamStatus:
    """Keeps the newest status of each active camera's stream, in whatever order they arrive."""

    begin: Begin

    async def __call__(self, camera_id: str, epoch: int, status: StreamStatus) -> None:
        """Keep `status` unless something newer is known or the camera is not counted any more.

        Args:
            camera_id: The camera.
            epoch: The assignment under which the worker runs it.
            status: What the worker said.
        """
        async with self.begin() as work:
            await work.stream_statuses.record(camera_id, epoch, status)
