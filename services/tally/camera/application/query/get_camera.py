"""Finds one camera."""

from dataclasses import dataclass
from datetime import datetime

from tally.camera.domain.model import Camera, CameraView
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCamera(Query[CameraView]):
    """Finds one camera, as it is or as it was.

    Attributes:
        camera_id: The camera.
        past: The version that it had, or the time, to show it as it was then; None for the present.
        sites: Where the caller may see cameras. It counts where the camera is now, or was last.
    """

    camera_id: str
    past: int | datetime | None = None
    sites: Sites


async def get_camera(query: GetCamera, work: UnitOfWork) -> CameraView:
    """The camera.

    Raises:
        CameraNotFound: There is no such camera there, or it did not exist then.
    """
    if query.past is None:
        view = await work.read_model.get(query.camera_id)
        view.camera.require_at(query.sites)
        return view
    life = await work.cameras.life(query.camera_id)
    Camera.from_events([recorded.event for recorded in life]).require_at(query.sites)
    return CameraView(Camera.at_moment(life, query.past), None)
