"""Brings a camera into service: activated, held by a worker, seen, told of."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from tally.camera.application.command.activate_camera import ActivateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.domain.errors import CameraInactive, CameraNotFound
from tally.camera.domain.model import CameraState
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.stream import StreamState, StreamStatus
from tally.kernel.message_bus import MessageBus
from tally.kernel.saga import Plan, Saga, Step, Wait

KIND = "provision-camera"
CAMERA_NAME = "camera_name"
"""Key of the camera's name among a saga's data."""


class Notifier(Protocol):
    """Tells people."""

    async def notify(self, request_id: str, title: str, *, site_id: str, camera_id: str) -> None:
        """Tell them once, however often it is called with this request id.

        Args:
            request_id: A UUID.
            title: What happened.
            site_id: Whose people to tell; empty: those who may see all sites.
            camera_id: The camera that it is about.

        Raises:
            Unavailable: Nobody can be told now.
            FailedPrecondition: The server may not tell anybody.
        """


@dataclass(frozen=True, slots=True)
class Provisioning:
    """The steps of a camera's provisioning, each a use case or a question.

    Attributes:
        use_cases: Those of the context.
        notifier: Tells people in the end.
    """

    use_cases: MessageBus[UnitOfWork]
    notifier: Notifier

    @property
    def plan(self) -> Plan:
        """The steps. The camera itself was created with the saga; once it was seen it stays, told of or not."""
        return Plan(
            KIND,
            (
                Step("activate the camera", self.activate, self.delete),
                Step("find it a worker", self.await_worker),
                Step("see its first frame", self.await_frame),
                Step("tell people", self.notify, retriable=True),
            ),
        )

    async def activate(self, saga: Saga) -> None:
        """Have workers told of the camera."""
        await self.use_cases.execute(ActivateCamera(camera_id=saga.subject_id, sites=None))

    async def delete(self, saga: Saga) -> None:
        """Delete the camera, unless somebody already has."""
        with suppress(CameraNotFound):
            await self.use_cases.execute(DeleteCamera(camera_id=saga.subject_id, sites=None))

    async def await_worker(self, saga: Saga) -> Wait | None:
        """Ask whether a worker has said anything about the camera."""
        return None if await self._status(saga) else Wait("no worker has taken the camera")

    async def await_frame(self, saga: Saga) -> Wait | None:
        """Ask whether its worker has seen a frame, or will not before its hours begin."""
        status = await self._status(saga)
        if status and (status.last_frame_time or status.state is StreamState.RESTING):
            return None
        why = status.reason if status else ""
        return Wait(f"no frame has come from the camera{why and ': '}{why}")

    async def notify(self, saga: Saga) -> None:
        """Tell people that the camera is in service."""
        await self.notifier.notify(
            saga.id,
            f"The camera {saga.data[CAMERA_NAME]} is in service",
            site_id=saga.site_id,
            camera_id=saga.subject_id,
        )

    async def _status(self, saga: Saga) -> StreamStatus | None:
        view = await self.use_cases.execute(GetCamera(camera_id=saga.subject_id, sites=None))
        if view.camera.state is not CameraState.ACTIVE:
            raise CameraInactive
        return view.stream_status
