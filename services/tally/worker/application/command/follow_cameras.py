"""Takes in what happened to cameras."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.worker.application.assigning import Assigning
from tally.worker.application.changes import Changes
from tally.worker.domain.camera import CameraChange
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class FollowCameras:
    """Brings the pool's knowledge of cameras up to date and assigns anew."""

    begin: Begin
    clock: Clock
    changes: Changes
    assign: Assigning

    async def __call__(self, changes: Sequence[CameraChange]) -> None:
        """Take the changes in, in whatever order and however often they come."""
        async with self.begin() as work:
            await work.alone()
            for change in changes:
                camera = await work.cameras.get(change.camera_id)
                await work.cameras.put(camera.after(change))
            await self.assign(work, self.clock())
        self.changes.notify()
