"""Changes what a camera is."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.credentials import Credentials
from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import Begin, Sealer
from tally.camera.domain.spec import CameraSpec
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.kernel.stream_address import StreamNetworks


@dataclass(frozen=True, slots=True)
class UpdateCamera:
    """Changes parts of a camera and leaves the rest as it is at that moment."""

    begin: Begin
    clock: Clock
    sealer: Sealer
    networks: StreamNetworks

    async def __call__(
        self,
        camera_id: str,
        revise: Callable[[CameraSpec], CameraSpec],
        etag: str = "",
        credentials: Credentials | None = None,
        *,
        sites: Sites,
    ) -> CameraView:
        """The changed camera.

        Args:
            camera_id: The camera.
            revise: Makes the wanted spec of the present one; its errors end the change.
            etag: The etag that the camera must still have; empty for any.
            credentials: What the camera asks for from now on; None leaves what it asked for before.
            sites: Where the caller may change cameras.

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
        """
        async with self.begin() as work:
            camera = await work.cameras.get(camera_id)
            camera.require_at(sites)
            camera.require_etag(etag)
            spec = revise(camera.spec)
            spec.require_site(sites)
            spec.require_valid()  # or its URI names nothing to seal for
            if spec.stream != camera.spec.stream:
                spec.require_allowed(self.networks)
            sealed = (
                None
                if credentials is None
                else self.sealer.seal(camera.id, spec.stream.uri, credentials)
            )
            revised = camera.revise(spec, self.clock(), sealed)
            if revised.changes:
                await work.cameras.save(revised)
            return await work.read_model.get(camera_id)
