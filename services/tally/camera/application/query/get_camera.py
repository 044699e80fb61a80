"""Finds one camera."""

from dataclasses import dataclass

from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import Begin
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class GetCamera:
    """Finds one camera."""

    begin: Begin

    async def __call__(self, camera_id: str, *, sites: Sites) -> CameraView:
        """The camera.

        Raises:
            CameraNotFound: There is no such camera at the sites where the caller may see cameras.
        """
        async with self.begin() as work:
            view = await work.read_model.get(camera_id)
        view.camera.require_at(sites)
        return view
