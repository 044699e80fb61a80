"""Finds one camera."""

from dataclasses import dataclass
from datetime import datetime

from tally.camera.domain.model import Camera, CameraView
from tally.camera.domain.ports import Begin
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class GetCamera:
    """Finds one camera, as it is or as it was."""

    begin: Begin

    async def __call__(
        self, camera_id: str, past: int | datetime | None = None, *, sites: Sites
    ) -> CameraView:
        """The camera.

        Args:
            camera_id: The camera.
            past: The version that it had, or the time, to show it as it was then; None for the present.
            sites: Where the caller may see cameras. It counts where the camera is now, or was last.

        Raises:
            CameraNotFound: There is no such camera there, or it did not exist then.
        """
        async with self.begin() as work:
            if past is None:
                view = await work.read_model.get(camera_id)
                view.camera.require_at(sites)
                return view
            life = await work.cameras.life(camera_id)
        Camera.from_events([recorded.event for recorded in life]).require_at(sites)
        return CameraView(Camera.at_moment(life, past), None)
