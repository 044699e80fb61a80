"""Finds out which streams an ONVIF device offers."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.api.camera.v1.discovery_pb2 import DeviceDescription
from tally.camera.application.workers import Workers
from tally.camera.domain.credentials import Credentials
from tally.camera.domain.errors import SiteForbidden
from tally.camera.domain.ports import Sealer
from tally.camera.domain.stream import uri_problem
from tally.kernel.errors import FieldViolation, InvalidInput
from tally.kernel.identity import Sites
from tally.kernel.stream_address import StreamNetworks


@dataclass(frozen=True, slots=True)
class DescribeDevice:
    """Has a worker ask a device what it is."""

    workers: Workers
    sealer: Sealer
    networks: StreamNetworks
    new_id: Callable[[], str]

    async def __call__(
        self, address: str, credentials: Credentials, site_id: str, *, sites: Sites
    ) -> DeviceDescription:
        """What the device says.

        Args:
            address: URL of its device service.
            credentials: What it asks for.
            site_id: Where it is; empty: at no site.
            sites: Where the caller may ask.

        Raises:
            InvalidInput: The address cannot be read, or is one that cameras may not have.
            SiteForbidden: The caller may not ask there.
            StreamKeysMissing: There is no key to encrypt the credentials with.
            NoWorker: No worker could ask.
            WorkerSilent: It does not answer.
        """
        if sites is not None and site_id not in sites:
            raise SiteForbidden(site_id)
        if not address.startswith(("http://", "https://")):
            problem: str | None = "is no URL of a device service: write http://host/path"
        else:
            problem = uri_problem(address) or self.networks.uri_problem(address)
        if problem:
            raise InvalidInput([FieldViolation("address", problem)])
        request_id = self.new_id()
        sealed = self.sealer.seal(request_id, address, credentials)
        return await self.workers.describe(site_id, address, sealed, request_id)
