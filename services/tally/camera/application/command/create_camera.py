"""Creates a camera."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.credentials import NO_CREDENTIALS, Credentials
from tally.camera.domain.model import Camera, CameraView
from tally.camera.domain.ports import Begin, Sealer
from tally.camera.domain.spec import CameraSpec
from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest
from tally.kernel.identity import Sites
from tally.kernel.stream_address import StreamNetworks


@dataclass(frozen=True, slots=True)
class CreateCamera:
    """Creates a camera, inactive; a repeated request creates none."""

    begin: Begin
    clock: Clock
    sealer: Sealer
    networks: StreamNetworks
    new_id: Callable[[], str]

    async def __call__(
        self,
        spec: CameraSpec,
        request: CreateRequest = UNNAMED,
        credentials: Credentials = NO_CREDENTIALS,
        *,
        sites: Sites,
    ) -> CameraView:
        """The new camera, or the one that the same request created before, as it is now.

        Args:
            spec: What it is to be.
            request: What asks for it.
            credentials: What the camera asks for.
            sites: Where the caller may create cameras.

        Raises:
            InvalidInput: The stream cannot be read, has an address that it may not have, or takes no credentials; or
                a zone encloses nothing.
            StreamKeysMissing: There is no key to encrypt the credentials with.
            CameraNameTaken: Another camera has its name.
            RequestIdReused: The request id stands for another request.
            CameraNotFound: The same request created a camera that was deleted, or moved out of sight, since.
            SiteForbidden: The caller may not put cameras at its site.
            SiteUnknown: There is no such site.
        """
        spec.require_site(sites)
        camera_id = self.new_id()
        spec.require_valid()  # or its URI names nothing to seal for
        spec.require_allowed(self.networks)
        sealed = self.sealer.seal(camera_id, spec.stream.uri, credentials)
        now = self.clock()
        camera = Camera.create(camera_id, spec, now, sealed)
        async with self.begin() as work:
            before = await work.create_requests.claim(request, camera.id, now)
            if before is not None:
                known = await work.read_model.get(before)
                known.camera.require_at(sites)
                return known
            await work.cameras.save(camera)
        return CameraView(camera, None)
