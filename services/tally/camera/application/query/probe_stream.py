"""Finds out what a stream shows."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.api.camera.v1.probe_pb2 import StreamProbe
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.workers import Workers
from tally.camera.domain.counting import Privacy
from tally.camera.domain.credentials import Credentials
from tally.camera.domain.errors import SiteForbidden
from tally.camera.domain.ports import Sealer, UnitOfWork
from tally.camera.domain.stream import uri_problem
from tally.kernel.errors import FieldViolation, InvalidInput
from tally.kernel.identity import Sites
from tally.kernel.message_bus import MessageBus
from tally.kernel.stream_address import StreamNetworks


@dataclass(frozen=True, slots=True)
class ProbeStream:
    """Has a worker look at a stream. No unit of work is open meanwhile: it may take long."""

    use_cases: MessageBus[UnitOfWork]
    workers: Workers
    sealer: Sealer
    networks: StreamNetworks
    new_id: Callable[[], str]

    async def of_camera(self, camera_id: str, *, sites: Sites) -> StreamProbe:
        """What a camera's stream shows.

        Args:
            camera_id: The camera.
            sites: Where the caller may probe.

        Raises:
            CameraNotFound: There is no such camera there.
            NoWorker: No worker could look.
            WorkerSilent: It does not answer.
        """
        camera = (await self.use_cases.execute(GetCamera(camera_id=camera_id, sites=sites))).camera
        spec = camera.spec
        return await self.workers.probe(
            spec.site_id,
            spec.stream.uri,
            camera.sealed_credentials,
            camera.id,
            spec.counting.privacy,
        )

    async def of_uri(
        self, uri: str, credentials: Credentials, site_id: str, *, sites: Sites
    ) -> StreamProbe:
        """What a stream shows that need be no camera's.

        Args:
            uri: The stream.
            credentials: What it asks for.
            site_id: Where it is; empty: at no site.
            sites: Where the caller may probe.

        Raises:
            InvalidInput: The URI cannot be read, or has an address that cameras may not have.
            SiteForbidden: The caller may not probe there.
            StreamKeysMissing: There is no key to encrypt the credentials with.
            NoWorker: No worker could look.
            WorkerSilent: It does not answer.
        """
        if sites is not None and site_id not in sites:
            raise SiteForbidden(site_id)
        if problem := uri_problem(uri) or self.networks.uri_problem(uri):
            raise InvalidInput([FieldViolation("stream.uri", problem)])
        probe_id = self.new_id()
        sealed = self.sealer.seal(probe_id, uri, credentials)
        return await self.workers.probe(site_id, uri, sealed, probe_id, Privacy())
