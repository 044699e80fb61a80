"""The workers, asked over NATS."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

from google.protobuf.message import Message

from tally.api.camera.v1.discovery_pb2 import DeviceDescription, DiscoveredDevice
from tally.api.camera.v1.probe_pb2 import StreamProbe
from tally.api.camera.v1.snapshot_pb2 import MissingFrame, Snapshot
from tally.api.worker.v1.requests_pb2 import (
    DescribeReply,
    DescribeRequest,
    DiscoverReply,
    DiscoverRequest,
    ProbeReply,
    ProbeRequest,
    SnapshotReply,
    SnapshotRequest,
)
from tally.camera.application.workers import Look, NoWorker, WorkerSilent
from tally.camera.domain.counting import Privacy
from tally.camera.mapping.values import privacy_to_proto
from tally.kernel.bus import Bus, NobodyListens, ask, request_subject
from tally.kernel.errors import DeadlineExceeded, Unavailable
from tally.kernel.grpc.deadline import onward_timeout

LOOK_S = 20.0
"""Longer than a worker looks at a stream, or around, at most."""

SNAPSHOT_S = 10.0
"""Longer than a worker waits for a frame."""

_Answer = TypeVar("_Answer", bound=Message)


class NatsWorkers:
    """Asks whichever worker listens.

    Args:
        bus: The connection to NATS.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def probe(
        self,
        site_id: str,
        uri: str,
        sealed_credentials: bytes,
        sealed_for: str,
        privacy: Privacy,
    ) -> StreamProbe:
        """Have a stream looked at."""
        request = ProbeRequest(
            uri=uri,
            sealed_credentials=sealed_credentials,
            sealed_for=sealed_for,
            privacy=privacy_to_proto(privacy),
        )
        return (await self._ask_at(site_id, "probe", request, ProbeReply)).probe

    async def discover(self, site_id: str) -> Sequence[DiscoveredDevice]:
        """Have the network searched for cameras."""
        return (await self._ask_at(site_id, "discover", DiscoverRequest(), DiscoverReply)).devices

    async def describe(
        self, site_id: str, address: str, sealed_credentials: bytes, sealed_for: str
    ) -> DeviceDescription:
        """Have an ONVIF device asked what it is."""
        request = DescribeRequest(
            address=address, sealed_credentials=sealed_credentials, sealed_for=sealed_for
        )
        return (await self._ask_at(site_id, "describe", request, DescribeReply)).description

    async def snapshot(self, camera_id: str, look: Look) -> Snapshot | MissingFrame:
        """Have the worker that runs a camera show what it sees."""
        request = SnapshotRequest(
            camera_id=camera_id,
            overlays=look.overlays,
            show_people=look.show_people,
            max_width=look.max_width,
        )
        subject = request_subject("worker", "v1", "snapshot", camera_id)
        timeout_s = onward_timeout(SNAPSHOT_S) or SNAPSHOT_S
        try:
            reply = await ask(self._bus, subject, request, SnapshotReply, timeout_s)
        except NobodyListens:
            raise NoWorker(
                "no worker runs the camera: start one, or see `tally workers list`"
            ) from None
        except (DeadlineExceeded, Unavailable) as error:
            raise WorkerSilent(f"the camera's worker shows nothing: {error}") from error
        return reply.snapshot if reply.HasField("snapshot") else reply.missing

    async def _ask_at(
        self, site_id: str, kind: str, request: Message, answer: type[_Answer]
    ) -> _Answer:
        """Ask a worker of the site or, if it has none, one that takes cameras of all sites and may reach it too."""
        subject = request_subject("worker", "v1", kind)
        timeout_s = onward_timeout(LOOK_S) or LOOK_S
        try:
            if site_id:
                with suppress(NobodyListens):
                    return await ask(self._bus, f"{subject}.{site_id}", request, answer, timeout_s)
            return await ask(self._bus, subject, request, answer, timeout_s)
        except NobodyListens:
            where = f"of the site {site_id}" if site_id else "of all sites"
            raise NoWorker(f"no worker runs that takes cameras {where}: start one") from None
        except (DeadlineExceeded, Unavailable) as error:
            raise WorkerSilent(f"no worker answered: {error}") from error
