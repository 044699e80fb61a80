"""What the use cases need of workers, who alone reach the cameras."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tally.api.camera.v1.discovery_pb2 import DeviceDescription, DiscoveredDevice
from tally.api.camera.v1.probe_pb2 import StreamProbe
from tally.api.camera.v1.snapshot_pb2 import MissingFrame, Snapshot
from tally.camera.domain.counting import Privacy
from tally.kernel.errors import Unavailable


class NoWorker(Unavailable):
    """No worker is there that could do it."""

    reason = "NO_WORKER"


class WorkerSilent(Unavailable):
    """The worker did not answer in time, or has too much to do."""

    reason = "WORKER_SILENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a camera is looked at.

    Attributes:
        overlays: Whether to draw what it counts.
        show_people: Whether to leave people recognisable.
        max_width: How wide the picture may be, in pixels.
    """

    overlays: bool
    show_people: bool
    max_width: int


class Workers(Protocol):
    """The workers."""

    async def probe(
        self,
        site_id: str,
        uri: str,
        sealed_credentials: bytes,
        sealed_for: str,
        privacy: Privacy,
    ) -> StreamProbe:
        """Have a stream looked at.

        Args:
            site_id: The site whose workers are to look, or, if it has none, those that take cameras of all sites;
                empty: these.
            uri: The stream.
            sealed_credentials: What it asks for, encrypted; empty if nothing.
            sealed_for: What they were encrypted for: the id of a camera, or one made up.
            privacy: What is not to be seen in the picture.

        Raises:
            NoWorker: There is none.
            WorkerSilent: It does not answer.
        """

    async def snapshot(self, camera_id: str, look: Look) -> Snapshot | MissingFrame:
        """Have the worker that runs a camera show what it sees.

        Args:
            camera_id: The camera.
            look: How.

        Raises:
            NoWorker: None runs it.
            WorkerSilent: It does not answer.
        """

    async def discover(self, site_id: str) -> Sequence[DiscoveredDevice]:
        """Have the network searched for cameras.

        Args:
            site_id: The site whose workers are to search, as for a probe.

        Raises:
            NoWorker: There is none.
            WorkerSilent: It does not answer.
        """

    async def describe(
        self, site_id: str, address: str, sealed_credentials: bytes, sealed_for: str
    ) -> DeviceDescription:
        """Have an ONVIF device asked what it is.

        Args:
            site_id: The site whose workers are to ask, as for a probe.
            address: URL of its device service.
            sealed_credentials: What it asks for, encrypted; empty if nothing.
            sealed_for: What they were encrypted for: an id made up.

        Raises:
            NoWorker: There is none.
            WorkerSilent: It does not answer.
        """
