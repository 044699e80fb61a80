"""Has a camera counted no longer."""

from dataclasses import dataclass

from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import Begin
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class DeactivateCamera:
    """Has a camera counted no longer; an inactive one stays as it is."""

    begin: Begin
    clock: Clock

    async def __call__(self, camera_id: str, etag: str = "", *, sites: Sites) -> CameraView:
        """The inactive camera, of whose stream nothing is said any more.

        Raises:
            CameraNotFound: There is no such camera at the sites where the caller may change cameras.
            EtagMismatch: `etag` is set and the camera has another one.
            ConcurrentChange: Somebody else changed it at the same moment.
        """
        async with self.begin() as work:
            camera = await work.cameras.get(camera_id)
            camera.require_at(sites)
            camera.require_etag(etag)
            deactivated = camera.deactivate(self.clock())
            if deactivated.changes:
                await work.cameras.save(deactivated)
                await work.stream_statuses.clear(camera_id)
            return await work.read_model.get(camera_id)
