"""Changes what a camera is."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import Begin
from tally.camera.domain.spec import CameraSpec
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class UpdateCamera:
    """Changes parts of a camera and leaves the rest as it is at that moment."""

    begin: Begin
    clock: Clock

    async def __call__(
        self, camera_id: str, revise: Callable[[CameraSpec], CameraSpec], etag: str = ""
    ) -> CameraView:
        """The changed camera.

        Args:
            camera_id: The camera.
            revise: Makes the wanted spec of the present one; its errors end the change.
            etag: The etag that the camera must still have; empty for any.

        Raises:
            CameraNotFound: There is no such camera.
            EtagMismatch: The camera has another etag.
            ConcurrentChange: Somebody else changed it at the same moment.
            InvalidInput: The stream cannot be read or a zone encloses nothing.
            CameraNameTaken: Another camera has the new name.
        """
        async with self.begin() as work:
            camera = await work.cameras.get(camera_id)
            camera.require_etag(etag)
            revised = camera.revise(revise(camera.spec), self.clock())
            if revised.changes:
                await work.cameras.save(revised)
            return await work.read_model.get(camera_id)
