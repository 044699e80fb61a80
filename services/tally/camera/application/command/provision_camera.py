"""Begins to bring a camera into service."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tally.camera.application.command.create_camera import CreateCamera, CreateCameraHandler
from tally.camera.application.saga.provisioning import CAMERA_NAME, KIND
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest
from tally.kernel.message_bus import Command
from tally.kernel.saga import Saga

TIMEOUT = timedelta(minutes=2)
"""Time until the first frame, if the caller names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionCamera(Command[Saga]):
    """Creates a camera and begins the saga that follows it; a repeated request does neither.

    Attributes:
        camera: The camera, whose own request is no named one.
        timeout: How long it may take until the first frame is seen.
        request: What asks for it.
    """

    camera: CreateCamera
    timeout: timedelta = TIMEOUT
    request: CreateRequest = UNNAMED

    def require_valid(self) -> None:
        """Refuse what no camera can be.

        Raises:
            SiteForbidden: The caller may not put cameras at its site.
            InvalidInput: The stream cannot be read, or a zone encloses nothing.
        """
        self.camera.require_valid()


@dataclass(frozen=True, slots=True)
class ProvisionCameraHandler:
    """Handles it.

    Attributes:
        create: Creates the camera, in the transaction that keeps the saga.
        clock: Stamps the saga.
        new_id: Makes its id.
    """

    create: CreateCameraHandler
    clock: Clock
    new_id: Callable[[], str]

    async def __call__(self, command: ProvisionCamera, work: UnitOfWork) -> Saga:
        """The saga, or the one that the same request began before, as it is now.

        Raises:
            DomainError: What stands in the way of the camera's creation.
            RequestIdReused: The request id stands for another request.
            SagaNotFound: The same request began a saga at a site that is out of sight since.
        """
        saga_id, now = self.new_id(), self.clock()
        before = await work.create_requests.claim(command.request, saga_id, now)
        if before is not None:
            known = await work.sagas.get(before)
            known.require(KIND, command.camera.sites)
            return known
        camera = (await self.create(command.camera, work)).camera
        saga = Saga(
            id=saga_id,
            kind=KIND,
            subject_id=camera.id,
            site_id=camera.spec.site_id,
            data={CAMERA_NAME: camera.spec.name},
            deadline=now + command.timeout,
            next_time=now,
            create_time=now,
            update_time=now,
        )
        await work.sagas.save(saga)
        return saga
