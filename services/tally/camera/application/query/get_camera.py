"""Finds one camera."""

from dataclasses import dataclass

from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class GetCamera:
    """Finds one camera."""

    begin: Begin

    async def __call__(self, camera_id: str) -> CameraView:
        """The camera.

        Raises:
            CameraNotFound: There is no such camera.
        """
        async with self.begin() as work:
            return await work.read_model.get(camera_id)
