"""Creates a camera."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.credentials import NO_CREDENTIALS, Credentials
from tally.camera.domain.model import Camera, CameraView
from tally.camera.domain.ports import Sealer, UnitOfWork
from tally.camera.domain.spec import CameraSpec
from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command
from tally.kernel.stream_address import StreamNetworks


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCamera(Command[CameraView]):
    """Creates a camera, inactive; a repeated request creates none.

    Attributes:
        spec: What it is to be.
        request: What asks for it.
        credentials: What the camera asks for.
        validate_only: Whether to answer as if it were done, and to change nothing.
        sites: Where the caller may create cameras.
    """

    spec: CameraSpec
    request: CreateRequest = UNNAMED
    credentials: Credentials = NO_CREDENTIALS
    validate_only: bool = False
    sites: Sites

    def require_valid(self) -> None:
        """Refuse what no camera can be, and where the caller may not put any.

        Raises:
            SiteForbidden: The caller may not put cameras at its site.
            InvalidInput: The stream cannot be read, or a zone encloses nothing.
        """
        self.spec.require_site(self.sites)
        self.spec.require_valid()


@dataclass(frozen=True, slots=True)
class CreateCameraHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
        sealer: Encrypts what the camera asks for.
        networks: Where cameras may be.
        new_id: Makes the camera's id.
    """

    clock: Clock
    sealer: Sealer
    networks: StreamNetworks
    new_id: Callable[[], str]

    async def __call__(self, command: CreateCamera, work: UnitOfWork) -> CameraView:
        """The new camera, or the one that the same request created before, as it is now.

        Raises:
            InvalidInput: The stream has an address that it may not have, or takes no credentials.
            StreamKeysMissing: There is no key to encrypt the credentials with.
            CameraNameTaken: Another camera has its name.
            RequestIdReused: The request id stands for another request.
            CameraNotFound: The same request created a camera that was deleted, or moved out of sight, since.
            SiteUnknown: There is no such site.
            AreaUnknown: That site has no such area.
        """
        spec = command.spec
        spec.require_allowed(self.networks)
        camera_id, now = self.new_id(), self.clock()
        sealed = self.sealer.seal(camera_id, spec.stream.uri, command.credentials)
        camera = Camera.create(camera_id, spec, now, sealed)
        before = await work.create_requests.claim(command.request, camera_id, now)
        if before is not None:
            known = await work.read_model.get(before)
            known.camera.require_at(command.sites)
            return known
        await work.cameras.save(camera)
        return CameraView(camera, None)
