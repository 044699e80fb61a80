"""Deletes a camera."""

from dataclasses import dataclass

from tally.camera.domain.ports import Begin
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class DeleteCamera:
    """Deletes a camera, which frees its name."""

    begin: Begin
    clock: Clock

    async def __call__(self, camera_id: str, etag: str = "", *, sites: Sites) -> None:
        """Delete it.

        Raises:
            CameraNotFound: There is no such camera at the sites where the caller may change cameras.
            EtagMismatch: `etag` is set and the camera has another one.
            ConcurrentChange: Somebody else changed it at the same moment.
        """
        async with self.begin() as work:
            camera = await work.cameras.get(camera_id)
            camera.require_at(sites)
            camera.require_etag(etag)
            await work.cameras.save(camera.delete(self.clock()))
            await work.stream_statuses.clear(camera_id)
