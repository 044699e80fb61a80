"""Has a camera counted no longer."""

from dataclasses import dataclass

from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivateCamera(Command[CameraView]):
    """Has a camera counted no longer; an inactive one stays as it is.

    Attributes:
        camera_id: The camera.
        etag: The etag that the camera must still have; empty for any.
        sites: Where the caller may change cameras.
    """

    camera_id: str
    etag: str = ""
    sites: Sites


@dataclass(frozen=True, slots=True)
class DeactivateCameraHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
    """

    clock: Clock

    async def __call__(self, command: DeactivateCamera, work: UnitOfWork) -> CameraView:
        """The inactive camera, of whose stream nothing is said any more.

        Raises:
            CameraNotFound: There is no such camera at the sites where the caller may change cameras.
            EtagMismatch: The camera has another etag.
            ConcurrentChange: Somebody else changed it at the same moment.
        """
        camera = await work.cameras.get(command.camera_id)
        camera.require_at(command.sites)
        camera.require_etag(command.etag)
        deactivated = camera.deactivate(self.clock())
        if deactivated.changes:
            await work.cameras.save(deactivated)
            await work.stream_statuses.clear(command.camera_id)
        return CameraView(deactivated, await work.stream_statuses.of(deactivated))
