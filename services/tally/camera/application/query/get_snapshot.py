"""Shows what a camera sees."""

from dataclasses import dataclass

from tally.api.camera.v1 import stream_pb2
from tally.api.camera.v1.snapshot_pb2 import Snapshot
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.workers import Look, Workers
from tally.camera.domain.counting import HidePeople
from tally.camera.domain.errors import (
    CameraInactive,
    NoFrame,
    PeopleAlwaysHidden,
    PeopleHidden,
)
from tally.camera.domain.model import CameraState
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import MessageBus


@dataclass(frozen=True, slots=True)
class GetSnapshot:
    """Has a camera's worker show what it sees. No unit of work is open meanwhile: a frame may take long."""

    use_cases: MessageBus[UnitOfWork]
    workers: Workers

    async def __call__(
        self, camera_id: str, look: Look, *, sites: Sites, people_sites: Sites
    ) -> Snapshot:
        """The camera's next frame.

        Args:
            camera_id: The camera.
            look: How to look at it.
            sites: Where the caller may see cameras.
            people_sites: Where the caller may see people as they are.

        Raises:
            CameraNotFound: There is no such camera there.
            PeopleHidden: The caller may not see people as they are.
            PeopleAlwaysHidden: Nobody may.
            CameraInactive: Nobody watches the camera.
            NoFrame: Its worker gets no frames.
            NoWorker: No worker runs it.
            WorkerSilent: Its worker does not answer.
        """
        camera = (await self.use_cases.execute(GetCamera(camera_id=camera_id, sites=sites))).camera
        if look.show_people:
            if people_sites is not None and camera.spec.site_id not in people_sites:
                raise PeopleHidden
            if camera.spec.counting.privacy.hide_people is HidePeople.ALWAYS:
                raise PeopleAlwaysHidden
        if camera.state is not CameraState.ACTIVE:
            raise CameraInactive
        found = await self.workers.snapshot(camera.id, look)
        if isinstance(found, Snapshot):
            return found
        raise NoFrame(stream_pb2.StreamState.Name(found.state), found.reason)
