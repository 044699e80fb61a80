"""Changes what a camera is."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.credentials import Credentials
from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import Sealer, UnitOfWork
from tally.camera.domain.spec import CameraSpec
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command
from tally.kernel.stream_address import StreamNetworks


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCamera(Command[CameraView]):
    """Changes parts of a camera and leaves the rest as it is at that moment.

    Attributes:
        camera_id: The camera.
        revise: Makes the wanted spec of the present one; its errors end the change.
        etag: The etag that the camera must still have; empty for any.
        credentials: What the camera asks for from now on; None leaves what it asked for before.
        validate_only: Whether to answer as if it were done, and to change nothing.
        sites: Where the caller may change cameras.
    """

    camera_id: str
    revise: Callable[[CameraSpec], CameraSpec]
    etag: str = ""
    credentials: Credentials | None = None
    validate_only: bool = False
    sites: Sites


@dataclass(frozen=True, slots=True)
class UpdateCameraHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
        sealer: Encrypts what the camera asks for.
        networks: Where cameras may be.
    """

    clock: Clock
    sealer: Sealer
    networks: StreamNetworks

    async def __call__(self, command: UpdateCamera, work: UnitOfWork) -> CameraView:
        """The changed camera.

        Raises:
            CameraNotFound: There is no such camera at the sites where the caller may change cameras.
            EtagMismatch: The camera has another etag.
            ConcurrentChange: Somebody else changed it at the same moment.
            InvalidInput: The stream cannot be read, has an address that it may not have, takes no credentials, or
                would show those that it has to another host; or a zone encloses nothing.
            StreamKeysMissing: There is no key to encrypt the credentials with.
            CameraNameTaken: Another camera has the new name.
            SiteForbidden: The caller may not put cameras at the new site.
            SiteUnknown: There is no such site.
            AreaUnknown: That site has no such area.
        """
        camera = await work.cameras.get(command.camera_id)
        camera.require_at(command.sites)
        camera.require_etag(command.etag)
        spec = command.revise(camera.spec)
        spec.require_site(command.sites)
        spec.require_valid()  # or its URI names nothing to seal for
        if spec.stream != camera.spec.stream:
            spec.require_allowed(self.networks)
        sealed = (
            None
            if command.credentials is None
            else self.sealer.seal(camera.id, spec.stream.uri, command.credentials)
        )
        revised = camera.revise(spec, self.clock(), sealed)
        if revised.changes:
            await work.cameras.save(revised)
        return CameraView(revised, await work.stream_statuses.of(revised))
