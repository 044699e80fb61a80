"""Answers what a stream is, by having a confined process look at it."""

from collections.abc import Sequence
from pathlib import Path

import structlog
from google.protobuf.message import DecodeError

from tally.api.camera.v1 import probe_pb2
from tally.api.worker.v1.requests_pb2 import ProbeReply, ProbeRequest
from tally.kernel.sealing import KeyRing
from tally.worker.agent.credentials import open_credentials
from tally.worker.agent.mapping import privacy_from_proto
from tally.worker.agent.probing import child
from tally.worker.agent.probing.sandbox import ChildFailed, Failure, run_confined
from tally.worker.agent.sources import SourceError

ANSWER_WITHIN_S = 15.0
"""Longer than it takes until a silent camera is given up, and shorter than who asks waits."""

_FAILURES = {
    Failure.TIMEOUT: (
        probe_pb2.STREAM_FAILURE_REASON_TIMEOUT,
        "showed no picture in time; check that the camera is streaming",
    ),
    Failure.CPU: (
        probe_pb2.STREAM_FAILURE_REASON_TOO_LARGE,
        "takes more computing than a probe may use; give the URL of a smaller stream",
    ),
    Failure.CRASHED: (
        probe_pb2.STREAM_FAILURE_REASON_CRASHED,
        "is no sound video: the decoder crashed over it",
    ),
}

_log = structlog.get_logger(__name__)


class Prober:
    """Looks at streams.

    Args:
        keys: Open credentials.
        networks: Where cameras may be, as `StreamNetworks` takes it.
        recordings: Files that may be read, and folders all of whose files may be.
        timeout_s: When a look is given up.
    """

    def __init__(
        self,
        keys: KeyRing,
        networks: str,
        recordings: Sequence[Path],
        *,
        timeout_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._keys = keys
        self._networks = networks
        self._recordings = tuple(map(str, recordings))
        self._timeout_s = timeout_s

    async def __call__(self, request: ProbeRequest) -> ProbeReply:
        """What the stream is, or why it shows nothing."""
        try:
            credentials = open_credentials(
                self._keys, request.sealed_credentials, request.sealed_for, request.uri
            )
        except SourceError as error:
            return ProbeReply(probe=child.failure(error))
        task = child.Task(
            uri=request.uri,
            credentials=(credentials.username, credentials.password) if credentials else None,
            networks=self._networks,
            recordings=self._recordings,
            privacy=privacy_from_proto(request.privacy),
        )
        try:
            found = await run_confined(child.__name__, task.packed(), self._timeout_s)
            return ProbeReply(probe=probe_pb2.StreamProbe.FromString(found))
        except ChildFailed as error:
            _log.warning("probe_failed", failure=error.failure.value, how=str(error))
            return ProbeReply(probe=child.failed(*_FAILURES[error.failure]))
        except DecodeError:
            return ProbeReply(probe=child.failed(*_FAILURES[Failure.CRASHED]))
