"""Has a camera counted."""

from dataclasses import dataclass

from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import Begin
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class ActivateCamera:
    """Has a camera counted; an active one stays as it is."""

    begin: Begin
    clock: Clock

    async def __call__(self, camera_id: str, etag: str = "", *, sites: Sites) -> CameraView:
        """The active camera.

        Raises:
            CameraNotFound: There is no such camera at the sites where the caller may change cameras.
            EtagMismatch: `etag` is set and the camera has another one.
            ConcurrentChange: Somebody else changed it at the same moment.
        """
        async with self.begin() as work:
            camera = await work.cameras.get(camera_id)
            camera.require_at(sites)
            camera.require_etag(etag)
            activated = camera.activate(self.clock())
            if activated.changes:
                await work.cameras.save(activated)
            return await work.read_model.get(camera_id)
