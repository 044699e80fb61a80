"""Answers what the camera context asks of workers."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress

import structlog

from tally.api.worker.v1.requests_pb2 import ProbeRequest, SnapshotRequest
from tally.kernel.backoff import Backoff
from tally.kernel.bus import Bus, Responder, request_subject
from tally.kernel.bus.nats import ConnectionGone
from tally.kernel.errors import Unavailable
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.probing.probe import Prober
from tally.worker.agent.snapshots import Snapshots

QUEUE = "workers"
PROBES_AT_ONCE = 2
"""Each takes a process and, at worst, a core."""
SNAPSHOTS_AT_ONCE = 4
CHECK_S = 5.0

_log = structlog.get_logger(__name__)


class Answering:
    """Listens for requests while the worker runs.

    Args:
        nats_url: URL of the server, with user and password.
        name: What the server calls this client.
        sites: Ids of the sites whose streams the worker reaches; empty: all.
        probe: Looks at streams.
        cameras: Those that run.
        changed: Set when others may run.
    """

    def __init__(
        self,
        nats_url: str,
        name: str,
        sites: Sequence[str],
        probe: Prober,
        cameras: Cameras,
        changed: asyncio.Event,
    ) -> None:
        self._nats_url = nats_url
        self._name = name
        self._probes = frozenset(
            request_subject("worker", "v1", "probe", *([site] if site else []))
            for site in sites or [""]
        )
        self._probe = probe
        self._cameras = cameras
        self._changed = changed

    async def run(self) -> None:
        """Answer until cancelled. Nobody can ask while NATS is away, and cameras are counted all the same."""
        backoff = Backoff(first_s=0.5, longest_s=5.0)
        while True:
            try:
                async with Bus.connect(self._nats_url, name=self._name) as bus:
                    backoff.reset()
                    await self._answer(bus)
            except (Unavailable, ConnectionGone) as error:
                _log.warning("nobody_can_ask", error=str(error))
            await asyncio.sleep(backoff.next_s())

    async def _answer(self, bus: Bus) -> None:
        snapshot = Snapshots(self._cameras)
        probes = Responder(bus, QUEUE, ProbeRequest, self._probe, limit=PROBES_AT_ONCE)
        snapshots = Responder(bus, QUEUE, SnapshotRequest, snapshot, limit=SNAPSHOTS_AT_ONCE)
        async with aclosing(probes), aclosing(snapshots):
            await probes.listen(self._probes)
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
