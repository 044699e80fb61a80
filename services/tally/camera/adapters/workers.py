"""The workers, asked over NATS."""

from tally.api.camera.v1.probe_pb2 import StreamProbe
from tally.api.worker.v1.requests_pb2 import ProbeReply, ProbeRequest
from tally.camera.application.workers import NoWorker, WorkerSilent
from tally.kernel.bus import Bus, NobodyListens, ask, request_subject
from tally.kernel.errors import DeadlineExceeded, Unavailable
from tally.kernel.grpc.deadline import onward_timeout

PROBE_S = 20.0
"""Longer than a worker looks at a stream, at most."""


class NatsWorkers:
    """Asks whichever worker listens.

    Args:
        bus: The connection to NATS.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def probe(
        self, site_id: str, uri: str, sealed_credentials: bytes, sealed_for: str
    ) -> StreamProbe:
        """Have a stream looked at."""
        request = ProbeRequest(
            uri=uri, sealed_credentials=sealed_credentials, sealed_for=sealed_for
        )
        try:
            if site_id:
                try:
                    return await self._probe(request, site_id)
                except NobodyListens:
                    pass  # workers that take cameras of all sites may reach it too
            return await self._probe(request)
        except NobodyListens:
            where = f"of the site {site_id}" if site_id else "of all sites"
            raise NoWorker(f"no worker runs that takes cameras {where}: start one") from None
        except (DeadlineExceeded, Unavailable) as error:
            raise WorkerSilent(f"no worker looked at the stream: {error}") from error

    async def _probe(self, request: ProbeRequest, *site: str) -> StreamProbe:
        subject = request_subject("worker", "v1", "probe", *site)
        timeout_s = onward_timeout(PROBE_S) or PROBE_S
        return (await ask(self._bus, subject, request, ProbeReply, timeout_s)).probe
