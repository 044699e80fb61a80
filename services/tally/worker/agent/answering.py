"""Answers what the camera context asks of workers."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict

import structlog

from tally.api.camera.v1.discovery_pb2 import DiscoveredDevice
from tally.api.worker.v1.requests_pb2 import (
    DescribeRequest,
    DiscoverReply,
    DiscoverRequest,
    ProbeRequest,
    SnapshotRequest,
)
from tally.kernel.backoff import Backoff
from tally.kernel.bus import Bus, Responder, request_subject
from tally.kernel.bus.nats import ConnectionGone
from tally.kernel.errors import Unavailable
from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.onvif.describing import Describer
from tally.worker.agent.onvif.discovery import discover
from tally.worker.agent.probing.probe import Prober
from tally.worker.agent.snapshots import Snapshots

QUEUE = "workers"
PROBES_AT_ONCE = 2
"""Each takes a process and, at worst, a core."""
SNAPSHOTS_AT_ONCE = 4
DESCRIPTIONS_AT_ONCE = 4
CHECK_S = 5.0

_log = structlog.get_logger(__name__)


class Answering:
    """Listens for requests while the worker runs.

    Args:
        nats_url: URL of the server, with user and password.
        name: What the server calls this client.
        domain: JetStream domain of the centre, if the server is a leaf node.
        sites: Ids of the sites whose streams the worker reaches; empty: all.
        probe: Looks at streams.
        describe: Asks devices what they are.
        networks: Where cameras may be.
        cameras: Those that run.
        changed: Set when others may run.
    """

    def __init__(
        self,
        nats_url: str,
        name: str,
        domain: str,
        sites: Sequence[str],
        probe: Prober,
        describe: Describer,
        networks: StreamNetworks,
        cameras: Cameras,
        changed: asyncio.Event,
    ) -> None:
        self._nats_url = nats_url
        self._name = name
        self._domain = domain
        self._sites = sites
        self._probe = probe
        self._describe = describe
        self._networks = networks
        self._cameras = cameras
        self._changed = changed

    async def run(self) -> None:
        """Answer until cancelled. Nobody can ask while NATS is away, and cameras are counted all the same."""
        backoff = Backoff(first_s=0.5, longest_s=5.0)
        while True:
            try:
                async with Bus.connect(self._nats_url, name=self._name, domain=self._domain) as bus:
                    backoff.reset()
                    await self._answer(bus)
            except (Unavailable, ConnectionGone) as error:
                _log.warning("nobody_can_ask", error=str(error))
            await asyncio.sleep(backoff.next_s())

    async def _answer(self, bus: Bus) -> None:
        snapshot = Snapshots(self._cameras)
        probes = Responder(bus, QUEUE, ProbeRequest, self._probe, limit=PROBES_AT_ONCE)
        snapshots = Responder(bus, QUEUE, SnapshotRequest, snapshot, limit=SNAPSHOTS_AT_ONCE)
        searches = Responder(bus, QUEUE, DiscoverRequest, self._discover, limit=1)
        descriptions = Responder(
            bus, QUEUE, DescribeRequest, self._describe, limit=DESCRIPTIONS_AT_ONCE
        )
        async with (
            aclosing(probes),
            aclosing(snapshots),
            aclosing(searches),
            aclosing(descriptions),
        ):
            await descriptions.listen(self._at_sites("describe"))
            await probes.listen(self._at_sites("probe"))
            await searches.listen(self._at_sites("discover"))
            while True:
                self._changed.clear()
                await snapshots.listen(
                    {
                        request_subject("worker", "v1", "snapshot", camera.task.camera_id)
                        for camera in self._cameras
                    }
                )
                with suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_S):
                        await self._changed.wait()
                bus.check_open()

    def _at_sites(self, kind: str) -> set[str]:
        subject = request_subject("worker", "v1", kind)
        return {f"{subject}.{site}" for site in self._sites} or {subject}

    async def _discover(self, _: DiscoverRequest) -> DiscoverReply:
        try:
            found = await discover(self._networks)
        except OSError as error:
            raise Unavailable(f"the network cannot be searched: {error.strerror}") from error
        return DiscoverReply(devices=[DiscoveredDevice(**asdict(device)) for device in found])
