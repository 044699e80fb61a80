"""What the use cases need of workers, who alone reach the cameras."""

from typing import Protocol

from tally.api.camera.v1.probe_pb2 import StreamProbe
from tally.kernel.errors import Unavailable


class NoWorker(Unavailable):
    """No worker is there that could do it."""

    reason = "NO_WORKER"


class WorkerSilent(Unavailable):
    """The worker did not answer in time, or has too much to do."""

    reason = "WORKER_SILENT"


class Workers(Protocol):
    """The workers."""

    async def probe(
        self, site_id: str, uri: str, sealed_credentials: bytes, sealed_for: str
    ) -> StreamProbe:
        """Have a stream looked at.

        Args:
            site_id: The site whose workers are to look, or, if it has none, those that take cameras of all sites;
                empty: these.
            uri: The stream.
            sealed_credentials: What it asks for, encrypted; empty if nothing.
            sealed_for: What they were encrypted for: the id of a camera, or one made up.

        Raises:
            NoWorker: There is none.
            WorkerSilent: It does not answer.
        """
