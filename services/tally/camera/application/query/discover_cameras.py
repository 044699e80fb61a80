"""Finds cameras that are there and need not be known."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.api.camera.v1.discovery_pb2 import DiscoveredDevice
from tally.camera.application.workers import Workers
from tally.camera.domain.errors import SiteForbidden
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class DiscoverCameras:
    """Has a worker search its network."""

    workers: Workers

    async def __call__(self, site_id: str, *, sites: Sites) -> Sequence[DiscoveredDevice]:
        """What is there.

        Args:
            site_id: Where to search; empty: at no site.
            sites: Where the caller may search.

        Raises:
            SiteForbidden: The caller may not search there.
            NoWorker: No worker could search.
            WorkerSilent: It does not answer.
        """
        if sites is not None and site_id not in sites:
            raise SiteForbidden(site_id)
        return await self.workers.discover(site_id)
